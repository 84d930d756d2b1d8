//! Endings of runs: every task is accounted for, and no process is started in vain or left behind.
#![allow(clippy::print_stdout, reason = "what random runs showed")]

mod helpers;
mod limits;
mod random_pools;

use serde_json::Value;

use super::{LIMIT, Report, contend, run, run_text};

/// Returns a pool's submitted tasks, and its ended tasks by kind of end.
fn tasks(pool: &Value) -> (u64, [u64; 6]) {
    let count = |member: &str| pool[member].as_u64().unwrap();
    (count("submitted"), ["done", "failed", "rejected", "cancelled", "lost", "open"].map(count))
}

/// Asserts that each task is counted once, and none is open at the end.
fn assert_all_over(report: &Report, what: &str) {
    assert_eq!(report.json["ended"], "completed", "{what}: {:#}", report.json);
    for pool in report.json["pools"].as_array().unwrap() {
        let (submitted, ends) = tasks(pool);
        assert_eq!((submitted, 0), (ends.iter().sum(), ends[5]), "{what}: {ends:?} {pool:#}");
    }
}

/// Runs a random scenario and returns the error in its result, if any.
fn accounting_error(seed: u64) -> Option<String> {
    let text = random_pools::scenario(seed);
    let report = run_text(&text, &["--for", "6s"]);
    let (ended, pools) = (report.json["ended"].as_str().unwrap(), report.json["pools"].as_array().unwrap());
    let is_balanced = |(submitted, ends): (u64, [u64; 6])| submitted == ends.iter().sum::<u64>();
    let is_open = pools.iter().any(|pool| tasks(pool).1[5] > 0);
    let ends_well = match ended {
        "completed" => !is_open,
        "stall" | "deadlock" => true,
        // A run continues while a worker can, even if others are known to be stuck.
        "time" => report.findings().iter().any(|id| ["stall", "deadlock"].contains(id)),
        _ => false,
    };
    let is_exact = report.json["events"]["lost"] == 0 && report.json["events"]["anomalies"] == 0;
    if ends_well && is_exact && pools.iter().map(tasks).all(is_balanced) {
        return None;
    }
    Some(format!("seed {seed}: {ended}\n{text}\n{:#}\n{:#}", report.json["pools"], report.json["events"]))
}

fn random_runs(seeds: std::ops::Range<u64>) {
    let wrong: Vec<String> = seeds.filter_map(accounting_error).collect();
    println!("{}", wrong.join("\n"));
    assert!(wrong.is_empty(), "{} runs are wrong", wrong.len());
}

#[test]
fn random_pools_end_and_account_for_every_task() {
    let from = std::env::var("CONTEND_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    random_runs(from..from + 30);
}

#[test]
#[ignore = "a thousand runs take minutes"]
fn thousand_random_pools_end_and_account_for_every_task() {
    random_runs(1_000..2_000);
}

#[test]
fn dealt_batch_larger_than_its_queue_is_a_stall() {
    let report = run("F04_overfull_dealt_queue.kdl", &LIMIT);
    assert_eq!(report.json["ended"], "stall");
    report.finding("stall");
}

/// `a` waits for queue room that only `a` itself could make; `b` is idle and cannot take tasks dealt to `a`.
#[test]
fn worker_without_access_to_dealt_tasks_is_part_of_the_stall() {
    let text = "pool w of=threads workers=2 queue=1 schedule=split {\n    batch count=4\n    \
                task { if task below=2 { submit w task=9 } }\n}\n";
    let report = run_text(text, &LIMIT);
    assert_eq!(report.json["ended"], "stall", "{:#}", report.json["pools"]);
}

#[test]
fn batch_dealt_into_a_closed_pool_is_not_submitted() {
    for how in ["drain", "cancel", "abandon"] {
        for results in ["", "results=ordered", "results=as-completed", "results=ignored"] {
            let text = format!(
                "pool worker of=threads workers=1 queue=8 schedule=split {{ batch count=5 {results}; task {{ sleep \
                    \"1ms\" }} }}\n\
                 thread closer {{ shutdown worker how={how} }}\n"
            );
            assert_all_over(&run_text(&text, &LIMIT), &text);
        }
    }
    (0..4).for_each(|_| assert_all_over(&run("F05_dealt_into_closed_pool.kdl", &LIMIT), "fixture"));
}

#[test]
fn tasks_submitted_by_a_dying_process_are_accounted_for() {
    let report = run("F06_process_dies_in_nested_task.kdl", &LIMIT);
    assert_all_over(&report, "fixture");
    assert_eq!(tasks(&report.json["pools"][0]), (4, [1, 3, 0, 0, 0, 0]));
    for crash in ["restart", "shrink", "fail-all", "lose"] {
        for end in ["abort", "exit 0", "exit 3"] {
            let text = format!(
                "pool w of=processes workers=2 queue=1 policy=caller-runs on-crash={crash} retries=1 {{\n    task \
                    {{\n        \
                 if task below=3 {{ submit w task=\"task + 1\"; submit w task=\"task + 1\"; submit w task=\"task + \
                 1\" }}\n        \
                 if task equals=3 {{ {end} }}\n    }}\n}}\nthread main {{ submit w task=0; submit w task=1 }}\n"
            );
            assert_all_over(&run_text(&text, &LIMIT), &text);
        }
    }
}

/// A process outside of pools, and a thread inside it.
#[test]
fn tasks_run_by_their_own_submitter_are_accounted_for_when_it_dies() {
    for end in ["abort", "exit 0", "exit 3"] {
        // Tasks 1 and 2 keep the pool busy; `inner` runs task 4 itself, and `main` task 7.
        let text = format!(
            "pool w of=threads workers=1 queue=1 policy=caller-runs {{\n    task {{\n        \
             if task equals=7 {{ {end} }}\n        if task equals=4 {{ sleep \"30s\" }}\n        sleep \"900ms\"\n    \
             }}\n}}\n\
             process main {{\n    spawn inner\n    submit w task=1\n    sleep \"100ms\"\n    submit w task=2\n    \
             sleep \"400ms\"\n    submit w task=7\n}}\nthread inner {{ sleep \"300ms\"; submit w task=4 }}\n"
        );
        let report = run_text(&text, &LIMIT);
        assert_all_over(&report, &text);
        assert_eq!(tasks(&report.json["pools"][0]), (4, [2, 2, 0, 0, 0, 0]), "{text}");
    }
}

#[test]
fn too_deep_task_recursion_fails_without_killing_the_runner() {
    let report = run("F14_caller_runs_recursion.kdl", &["--for", "6s"]);
    assert_eq!(report.json["ended"], "time");
    let (submitted, ends) = tasks(&report.json["pools"][0]);
    assert_eq!(submitted, ends.iter().sum::<u64>());
    let failure = report.json["failures"]["first"].to_string();
    assert!(failure.contains("the queue of worker is full") && failure.contains("policy=block"), "{failure}");
}

#[test]
fn task_recursion_300_deep_completes() {
    let text = "pool w of=threads workers=1 queue=1 policy=caller-runs {\n    \
                task { if task below=300 { submit w task=\"task + 1\" }; if task above=999 { sleep \"2s\" } }\n}\n\
                thread main { submit w task=1000; sleep \"100ms\"; submit w task=1000; submit w task=0; result; \
                result; result }\n";
    let report = run_text(text, &LIMIT);
    assert_all_over(&report, text);
    assert_eq!(tasks(&report.json["pools"][0]), (303, [303, 0, 0, 0, 0, 0]));
}

#[test]
fn task_that_would_exit_the_runner_fails_instead() {
    for end in ["abort", "exit 0", "exit 3"] {
        let text = format!(
            "pool w of=processes workers=1 queue=1 policy=caller-runs on-crash=shrink {{\n    batch count=8\n    \
             task {{ if task equals=7 {{ {end} }}; sleep \"100ms\" }}\n}}\n"
        );
        let report = run_text(&text, &LIMIT);
        assert_all_over(&report, &text);
    }
}

#[test]
fn unread_results_keep_their_capacity() {
    let text = "pool w of=threads workers=2 queue=4 { batch count=12 results=ignored; task { sleep \"1ms\" } }\n";
    let results = &run_text(text, &LIMIT).json["pools"][0]["results"];
    let count = |member: &str| results[member].as_u64().unwrap();
    assert_eq!((count("there"), count("read"), count("held_max")), (12, 0, 12));
}

/// A process killed while submitting has queued the task without recording it: the task number reveals it.
#[test]
fn done_tasks_never_exceed_submitted_tasks_after_abandon() {
    let text = "pool w of=processes workers=3 queue=20 {\n    task { repeat 30 { submit v task=1 } }\n}\n\
                pool v of=threads workers=2 queue=200 { task { compute \"20us\" } }\n\
                thread main { repeat 12 { submit w }; sleep \"3ms\"; shutdown w how=abandon }\n";
    for _ in 0..5 {
        assert_all_over(&run_text(text, &LIMIT), text);
    }
}

/// The first panic of a thread must not print a backtrace: resolving its symbols takes a fifth of a second.
#[test]
fn panic_step_prints_no_backtrace() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_contend"));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("panics.kdl");
    std::fs::write(&file, "thread w { panic \"on purpose\" }\nprocess p { panic \"on purpose\" }\n").unwrap();
    let output = command.args(["run", "--headless"]).arg(&file).env("RUST_BACKTRACE", "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("on purpose") && !text.contains("stack backtrace"), "{text}");
}

#[test]
fn scenario_with_a_non_utf8_path_runs() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(std::ffi::OsStr::from_bytes(b"own\xff.kdl"));
    std::fs::write(&file, "thread w { sleep \"1ms\" }\n").unwrap();
    for command in ["run", "check", "show", "test"] {
        let mut contend = std::process::Command::new(env!("CARGO_BIN_EXE_contend"));
        let output = contend.arg(command).arg(&file).stdin(std::process::Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let missing = contend(&["run", "./none.kdl"]);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("does not exist"));
}
