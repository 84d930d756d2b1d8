//! Waits of pools whose mean queueing theory gives, on real runs: M/D/1, D/M/1 and M/M/2 queues, and Little's law.
//!
//! Each has a load of one half and a mean service time of 10 ms. In units of the service time, the mean wait is 0.5 for
//! M/D/1, 0.255 for D/M/1 (the root of `s = exp(-2 (1 - s))`, divided by `1 - s`) and 0.333 for M/M/2 (Erlang C).

use crate::contend;

/// Runs `contend test` on a pool with a task and expectations; returns whether every one was seen, and the output.
fn test_pool(workers: u32, arrive: &str, task: &str, expectations: &str) -> (bool, String) {
    let text = format!(
        "pool work of=threads workers={workers} queue=10000 {{\n    {arrive}\n    task {{ {task} }}\n}}\n\
         test for=\"8s\"\n{expectations}\n"
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("queue.kdl");
    std::fs::write(&file, text).unwrap();
    let output = contend(&["test", file.to_str().unwrap()]);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), printed)
}

/// Little's law, for the tasks in the queue and on workers: as many as arrive per second times the time each stays.
const LITTLE: &str = "expect \"abs(json(queues[queue].depth.mean) + parallel(work) - \
                      json(pools[work].response_ms.total) / json(elapsed_s)) < 0.2 * (json(queues[queue].depth.mean) + \
                      parallel(work))\"";

/// Attempts: a mean of some hundred random waits is off by a third now and then.
const TRIES: usize = 5;

fn assert_mean_wait(workers: u32, arrive: &str, task: &str, in_service_times: f64) {
    let (low, high) = (in_service_times * 10.0 * 0.5, in_service_times * 10.0 * 2.0);
    let mean = "json(queues[queue].wait_ms.total) / json(queues[queue].wait_ms.count)";
    let expectations = format!("{LITTLE}\nexpect \"{mean} > {low}ms and {mean} < {high}ms\"");
    let mut printed = String::new();
    for _ in 0..TRIES {
        let (is_seen, output) = test_pool(workers, arrive, task, &expectations);
        if is_seen {
            return;
        }
        printed += &output;
    }
    panic!("{printed}");
}

#[test]
fn random_arrivals_at_one_worker_of_equal_tasks_wait_as_m_d_1() {
    assert_mean_wait(1, "arrive rate=\"50/s\" pattern=poisson", "sleep \"10ms\"", 0.5);
}

#[test]
fn regular_arrivals_at_one_worker_of_random_tasks_wait_as_d_m_1() {
    assert_mean_wait(1, "arrive rate=\"50/s\"", "sleep \"exponential(10ms)\"", 0.255);
}

#[test]
fn random_arrivals_at_two_workers_of_random_tasks_wait_as_m_m_2() {
    assert_mean_wait(2, "arrive rate=\"100/s\" pattern=poisson", "sleep \"exponential(10ms)\"", 0.333);
}
