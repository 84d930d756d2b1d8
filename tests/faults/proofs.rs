//! Deadlocks, stalls and orphaned locks that must be proven, and waits that must not be.

use crate::{Report, run, run_text};

/// Long enough for a verdict: a stuck run must end before this limit.
const LIMIT: &[&str] = &["--for", "20s"];

/// Runs of what depends on an order that sleeps make.
const TRIES: usize = 5;

/// Asserts that the run ended as a stall, long before its limit.
fn assert_stalled(report: &Report) {
    assert_eq!(report.json["ended"], "stall", "{:#}", report.json["findings"]);
    assert!(!report.json["stalls"].as_array().unwrap().is_empty());
    // If all workers wait for one lock of a dead worker, the only finding is `orphaned-lock`.
    assert!(report.findings().iter().any(|id| ["stall", "lost-wakeup", "orphaned-lock"].contains(id)));
    assert_sound(report);
}

/// Asserts that no event was impossible, and no verdict was contradicted.
fn assert_sound(report: &Report) {
    let events = &report.json["events"];
    assert_eq!((events["anomalies"].as_u64(), events["disagreements"].as_u64()), (Some(0), Some(0)), "{events}");
}

/// Repeats a run until it stalls: on a busy machine the scheduler may break an order that sleeps make.
fn until_stalled(run: impl Fn() -> Report) -> Report {
    let mut report = run();
    for _ in 1..TRIES {
        if report.json["ended"] == "stall" {
            break;
        }
        report = run();
    }
    assert_stalled(&report);
    report
}

fn stalled(text: &str) -> Report {
    until_stalled(|| run_text(&format!("title \"x\"\n{text}"), LIMIT))
}

/// Asserts that the run completed before its limit without a stuck worker.
fn completed(text: &str) -> Report {
    let report = run_text(&format!("title \"x\"\n{text}"), LIMIT);
    assert_eq!(report.json["ended"], "completed", "{:#}", report.json["findings"]);
    assert!(!report.findings().iter().any(|id| ["stall", "deadlock", "orphaned-lock"].contains(id)));
    assert_sound(&report);
    report
}

#[test]
fn stall_is_proven_with_semaphores_used_as_signals() {
    for file in [
        "F01a_semaphore_rendezvous.kdl",
        "F01b_semaphore_in_mutex.kdl",
        "F01c_leaked_permits.kdl",
        "F01d_permits_gone_headless_never_ends.kdl",
    ] {
        until_stalled(|| run(file, LIMIT));
    }
}

#[test]
fn finite_run_ends_as_stall_when_its_permits_are_gone() {
    until_stalled(|| run("F01d_permits_gone_headless_never_ends.kdl", &[]));
}

#[test]
fn signal_without_a_remaining_giver_is_a_stall() {
    stalled("semaphore s permits=0\nthread a { acquire s; acquire s }\nthread b { sleep \"5ms\"; release s }");
}

#[test]
fn stall_is_proven_with_held_permits_and_permit_signals_mixed() {
    // The holder waits for a signal that only a worker queued behind it would give.
    stalled(
        "semaphore s permits=1\nsemaphore go permits=0\n\
         thread a { acquire s { sleep \"5ms\"; acquire go } }\nthread b { sleep \"20ms\"; acquire s { release go } }\n\
         thread c { when never=yes { release s } }\nknob never no of=\"yes no\"",
    );
}

#[test]
fn stall_is_proven_with_semaphores_of_tasks_and_processes() {
    for kind in ["async", "process"] {
        stalled(&format!(
            "semaphore a permits=0\nsemaphore b permits=0\n\
             {kind} x {{ sleep \"5ms\"; acquire b; release a }}\n{kind} y {{ sleep \"5ms\"; acquire a; release b }}"
        ));
    }
}

#[test]
fn stall_is_proven_for_requests_of_several_permits() {
    stalled(
        "semaphore s permits=3\nthread a { acquire s }\nthread b { sleep \"20ms\"; acquire s permits=3 { compute \"1us\" } }",
    );
    completed(
        "semaphore s permits=3\nthread a { acquire s; sleep \"50ms\"; release s }\nthread b { sleep \"20ms\"; acquire s permits=3 { compute \"1us\" } }",
    );
}

#[test]
fn async_task_takes_a_free_permit_ahead_of_larger_requests() {
    completed(
        "semaphore s permits=2\nevent done\nasync holder { acquire s { wait done } }\n\
         async both { sleep \"10ms\"; acquire s permits=2 { compute \"1us\" } }\n\
         async one { sleep \"20ms\"; acquire s { set done } }",
    );
}

#[test]
fn waiter_that_can_still_get_a_permit_is_not_stuck() {
    completed("semaphore s permits=0\nthread a { acquire s }\nthread b { sleep \"700ms\"; release s }");
    completed("semaphore s permits=1\nthread a count=4 { repeat 200 { acquire s; compute \"10us\"; release s } }");
}

#[test]
fn lock_of_a_dead_worker_ends_the_run() {
    let report = until_stalled(|| run("F02a_killed_with_permit.kdl", LIMIT));
    assert_eq!(
        report.finding("orphaned-lock")["sentence"],
        "a ended without releasing connection: 1 worker waits for it forever."
    );
    let report = until_stalled(|| run("F02c_orphan_is_no_stall.kdl", LIMIT));
    assert_eq!(
        report.finding("orphaned-lock")["sentence"],
        "a ended without releasing m: 3 workers wait for it forever."
    );
    assert!(!report.findings().contains(&"lock-bound"), "it is lost, not busy");
}

#[test]
fn lock_is_orphaned_from_the_death_of_its_holder() {
    let report = stalled(
        "mutex m\nthread a { lock m; sleep \"600ms\" }\nthread b { sleep \"10ms\"; lock m { compute \"1us\" } }",
    );
    let at = report.json["stalls"][0]["at_s"].as_f64().unwrap();
    assert!(at > 0.6, "as long as the holder lives it can release the lock: {at}");
    report.finding("orphaned-lock");
}

#[test]
fn rwlock_of_a_dead_process_is_orphaned_for_excluded_workers() {
    for (dead, waits) in [("read", "write"), ("write", "read"), ("write", "write")] {
        let report = stalled(&format!(
            "rwlock r\nprocess a {{ {dead} r {{ sleep \"5ms\"; abort }} }}\n\
             process b {{ sleep \"40ms\"; {waits} r {{ compute \"1us\" }} }}"
        ));
        report.finding("orphaned-lock");
    }
    completed(
        "rwlock r\nprocess a { read r { sleep \"5ms\"; abort } }\nprocess b { sleep \"40ms\"; read r { compute \"1us\" } }",
    );
}

#[test]
fn lost_permits_are_orphaned_only_if_too_few_are_left() {
    let text = |wanted| {
        format!(
            "semaphore s permits=3\nprocess a {{ acquire s {{ sleep \"5ms\"; abort }} }}\n\
             process b {{ sleep \"40ms\"; acquire s permits={wanted} {{ compute \"1us\" }} }}"
        )
    };
    let report = stalled(&text(3));
    assert!(
        report.finding("orphaned-lock")["evidence"].as_str().unwrap().ends_with("1 of the 3 permits of s is lost.")
    );
    completed(&text(2));
}

#[test]
fn mutex_recovered_by_the_system_is_not_orphaned() {
    completed(
        "mutex m\nprocess a { lock m { sleep \"5ms\"; abort } }\nprocess b { sleep \"2ms\"; lock m { compute \"1us\" } }",
    );
}

#[test]
fn lock_held_by_a_former_life_stays_orphaned() {
    let report = stalled(
        "mutex m\nthread main { spawn child; join child; sleep \"10ms\"; spawn child }\n\
         thread child { lock m }",
    );
    report.finding("orphaned-lock");
}

#[test]
fn permit_of_a_replaced_pool_process_is_orphaned() {
    let report = stalled(
        "semaphore s permits=1\n\
         pool p of=processes workers=1 queue=4 retries=0 { batch count=2; task { acquire s { sleep \"5ms\"; abort } } }",
    );
    report.finding("orphaned-lock");
}

#[test]
fn ended_pool_provides_nothing() {
    for close in ["yes", "no"] {
        let set = format!("close={close}");
        let args = [LIMIT, &["--set", &set]].concat();
        until_stalled(|| run("F03_pool_shut_down.kdl", &args));
    }
}

/// Returns a scenario of two pools whose workers wait for each other, with `beside` added.
fn ring_of_pools(beside: &str) -> String {
    format!(
        "{beside}\npool alpha of=threads workers=1 queue=8 {{ task {{ if task below=100 {{ submit beta; result }} }} }}\n\
         pool beta of=threads workers=2 queue=8 {{ task {{ submit alpha task=100; result }} }}\n\
         thread main {{ sleep \"30ms\"; submit alpha; result }}"
    )
}

#[test]
fn pool_after_shutdown_provides_nothing() {
    for (how, of, count) in [
        ("drain", "threads", 6),
        ("cancel", "threads", 6),
        ("abandon", "threads", 6),
        ("abandon", "processes", 6),
        ("abandon", "processes", 1),
    ] {
        stalled(&ring_of_pools(&format!(
            "pool gone of={of} workers=2 queue=8 {{ batch count={count}; task {{ sleep \"10ms\" }} }}\n\
             thread closer {{ sleep \"15ms\"; shutdown gone how={how} }}"
        )));
    }
}

#[test]
fn pool_without_workers_provides_nothing() {
    for crash in ["shrink", "fail-all"] {
        stalled(&ring_of_pools(&format!(
            "pool gone of=processes workers=3 queue=8 on-crash={crash} {{ batch count=2; task {{ sleep \"1ms\"; abort }} }}"
        )));
    }
}

#[test]
fn crashed_worker_without_restart_provides_no_item() {
    stalled(
        "queue q capacity=1\npool p of=processes workers=2 queue=8 on-crash=shrink { batch count=1; task { abort; put q } }\n\
         process taker { take q }",
    );
}

#[test]
fn timed_wait_elsewhere_hides_no_stall() {
    until_stalled(|| run("F08_timed_wait_elsewhere.kdl", LIMIT));
    stalled(
        "mutex m\ncondition c of=m\nthread a { lock m { wait c timeout=\"1ms\" } }\nthread b { lock m { wait c } }",
    );
}

#[test]
fn ongoing_timed_wait_is_no_stall() {
    completed("event e\nevent f\nthread a { wait e timeout=\"600ms\"; set f }\nthread b { wait f }");
}

#[test]
fn process_that_died_in_a_wait_hides_no_stall() {
    // The signal finds no waiter: it must not count as under way.
    let report = run_text(
        "title \"x\"\nmutex m\ncondition c of=m\nprocess dead { spawn bomb; lock m { wait c } }\nthread bomb { sleep \"20ms\"; abort }\n\
         process giver { sleep \"60ms\"; lock m { notify c } }\nprocess late { sleep \"100ms\"; lock m { wait c } }",
        LIMIT,
    );
    assert_eq!(report.json["ended"], "stall", "{:#}", report.json["findings"]);
    assert_eq!(report.json["stalls"][0]["workers"][0]["worker"], "late");
    assert_sound(&report);
}
