//! CPU time by state, and attribution of the load to workers and other programs.

use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::{Report, run, run_text};

/// Lets tests about shares of the cores measure one after another: some of them start a thousand computing threads.
pub fn measure_alone() -> MutexGuard<'static, ()> {
    static MEASURING: Mutex<()> = Mutex::new(());
    MEASURING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the cores that workers kept busy: the sum over the report's workers.
fn cores_by_workers(report: &Report) -> f64 {
    let ran = |worker: &Value| worker["share"]["running"].as_f64().unwrap() * worker["alive_s"].as_f64().unwrap();
    let all: f64 = report.json["workers"].as_array().unwrap().iter().map(ran).sum();
    all / report.json["elapsed_s"].as_f64().unwrap()
}

fn figure(report: &Report, name: &str) -> f64 {
    report.json["cpu"][name].as_f64().unwrap_or_else(|| panic!("no {name} in {}", report.json["cpu"]))
}

fn cores() -> f64 {
    std::thread::available_parallelism().unwrap().get() as f64
}

/// Asserts that the workers' running time equals the CPU time that the kernel counted for their processes, and does
/// not exceed the cores.
fn assert_cpu_time_adds_up(report: &Report) {
    let (by_workers, by_kernel) = (cores_by_workers(report), figure(report, "run"));
    assert!(by_workers <= cores() * 1.02, "{by_workers:.2} cores of {}", cores());
    // The kernel's figure includes the start and the supervising threads, and ends up to 250 ms early.
    let near = 0.1 * by_kernel + 0.1;
    assert!((by_workers - by_kernel).abs() <= near, "{by_workers:.2} cores by workers, {by_kernel:.2} by the kernel");
}

#[test]
fn computing_threads_run_on_no_more_cores_than_exist() {
    let _alone = measure_alone();
    assert_cpu_time_adds_up(&run("F11_running_more_than_cores.kdl", &["--for", "2s"]));
}

#[test]
fn cpu_time_of_short_lived_threads_adds_up() {
    let _alone = measure_alone();
    let text = "thread short count=16 { compute \"9ms\" }
        thread main { repeat 30 { spawn short; join short } }";
    let report = run_text(text, &["--for", "4s"]);
    let lives: u64 = report.json["workers"].as_array().unwrap().iter().map(|w| w["lives"].as_u64().unwrap()).sum();
    assert!(lives > 50, "{lives} lives");
    assert_cpu_time_adds_up(&report);
}

#[test]
fn cpu_time_of_processes_and_tasks_adds_up() {
    let _alone = measure_alone();
    assert_cpu_time_adds_up(&run_text(
        "process worker count=6 { forever { compute \"3ms\"; sleep \"1ms\" } }",
        &["--for", "4s"],
    ));
    assert_cpu_time_adds_up(&run_text(
        "async worker count=6 { forever { compute \"3ms\"; sleep \"1ms\" } }",
        &["--for", "4s"],
    ));
}

/// Busy loops in other processes, killed on drop.
struct Burners(Vec<Child>);

impl Burners {
    /// Starts one for each core, for a minute at most.
    fn one_for_each_core() -> Self {
        let burner = |_| {
            let mut command = Command::new("timeout");
            command.args(["60", "sh", "-c", "while :; do :; done"]).stdin(Stdio::null());
            command.spawn().unwrap()
        };
        Self((0..cores() as usize).map(burner).collect())
    }
}

impl Drop for Burners {
    fn drop(&mut self) {
        for burner in &mut self.0 {
            let _ = Command::new("kill").arg(burner.id().to_string()).status();
            let _ = burner.wait();
        }
    }
}

#[test]
fn load_of_other_programs_is_reported_separately() {
    let _alone = measure_alone();
    let _burners = Burners::one_for_each_core();
    let text = format!("thread worker count={} {{ forever {{ compute \"2ms\" }} }}", cores());
    let report = run_text(&text, &["--for", "3s"]);
    let (run, others) = (figure(&report, "run"), figure(&report, "others"));
    assert!(others >= 0.2 * cores(), "others {others:.2}: {}", report.json["cpu"]);
    let busy: f64 = report.json["cpu"]["cores"].as_array().unwrap().iter().filter_map(Value::as_f64).sum();
    assert!((run + figure(&report, "viewer") + others - busy).abs() < 0.1, "{}", report.json["cpu"]);
    assert_cpu_time_adds_up(&report);
    for finding in report.json["findings"].as_array().unwrap() {
        let sentence = finding["sentence"].as_str().unwrap();
        assert!(finding["id"] != "oversubscribed" || sentence.starts_with("Other programs keep "), "{sentence}");
    }
}

#[test]
fn computing_tasks_of_one_loop_are_limited_to_one_core() {
    let _alone = measure_alone();
    let report = run("F12_oversubscribed_async.kdl", &["--for", "2s"]);
    let sentence = report.finding("loop-bound")["sentence"].as_str().unwrap();
    assert!(sentence.contains("on 1 event-loop thread"), "{sentence}");
    let blames_cores = |id: &&str| *id == "oversubscribed";
    let of_others = || report.finding("oversubscribed")["sentence"].as_str().unwrap().starts_with("Other programs");
    assert!(!report.findings().iter().any(blames_cores) || of_others(), "{:?}", report.findings());
}

#[test]
fn cpu_time_of_a_thousand_threads_is_not_blamed_on_other_programs() {
    let _alone = measure_alone();
    for file in ["thousand-computing.kdl", "thousand-sleeping.kdl", "hot-lock.kdl"] {
        let report = run(file, &["--for", "2s"]);
        // A thousand threads are sampled in turns: the latest part of each figure is an estimate.
        let by_workers = cores_by_workers(&report);
        assert!(by_workers <= cores() * 1.35, "{file}: {by_workers:.2} cores of {}", cores());
        // Null where the sampler had no time.
        let load = |name: &str| report.json["cpu"][name].as_f64();
        let (others, own) = (load("others").unwrap_or(0.0), load("run").unwrap_or(0.0));
        let blamed = report.json["findings"].as_array().unwrap().iter().any(|finding| {
            finding["id"] == "oversubscribed" && finding["sentence"].as_str().unwrap().starts_with("Other programs")
        });
        assert!(!blamed || 2.0 * others > own, "{file}: others use {others:.2}, this run {own:.2}");
        for worker in report.json["workers"].as_array().unwrap() {
            let shares = worker["share"].as_object().unwrap().values();
            let whole: f64 = shares.filter_map(Value::as_f64).sum();
            // On a loaded machine a thread may not begin within 2 s; then it has no time to share out.
            let expected = if worker["lives"] == 0 { 0.0 } else { 1.0 };
            assert!((whole - expected).abs() < 0.01, "{file}: {worker}");
        }
    }
}
