//! Runs that must end, and tasks that must all be accounted for.
#![allow(clippy::print_stdout, reason = "what random runs showed")]

mod random_pools;

use serde_json::Value;

use super::{Report, run, run_text};

/// What became of a pool's tasks: submitted, and how many ended in which way.
fn tasks(pool: &Value) -> (u64, [u64; 6]) {
    let count = |member: &str| pool[member].as_u64().unwrap();
    (count("submitted"), ["done", "failed", "rejected", "cancelled", "lost", "open"].map(count))
}

fn assert_all_accounted_for(report: &Report, what: &str) {
    for pool in report.json["pools"].as_array().unwrap() {
        let (submitted, ends) = tasks(pool);
        assert_eq!(submitted, ends.iter().sum::<u64>(), "{what}: {ends:?} {pool:#}");
    }
}

/// Runs a random scenario; what is wrong with the result, if anything is.
fn wrong_with(seed: u64) -> Option<String> {
    let text = random_pools::scenario(seed);
    let report = run_text(&text, &["--for", "15s"]);
    let ended = report.json["ended"].as_str().unwrap();
    let open: u64 = report.json["pools"].as_array().unwrap().iter().map(|pool| tasks(pool).1[5]).sum();
    let unbalanced = report.json["pools"].as_array().unwrap().iter().any(|pool| {
        let (submitted, ends) = tasks(pool);
        submitted != ends.iter().sum::<u64>()
    });
    let lost = report.json["events"]["lost"].as_u64().unwrap();
    let anomalies = report.json["events"]["anomalies"].as_u64().unwrap_or(0);
    let is_wrong = match ended {
        "completed" => open > 0,
        "stall" | "deadlock" => false,
        _ => true,
    };
    if !is_wrong && !unbalanced && anomalies == 0 && lost == 0 {
        return None;
    }
    Some(format!("seed {seed}: {ended}, open {open}\n{text}\n{:#}\n{:#}", report.json["pools"], report.json["events"]))
}

fn random_runs(seeds: std::ops::Range<u64>) {
    let wrong: Vec<String> = seeds.filter_map(wrong_with).collect();
    for one in &wrong {
        println!("{one}");
    }
    assert!(wrong.is_empty(), "{} runs are wrong", wrong.len());
}

#[test]
fn every_task_of_random_pools_is_accounted_for_and_every_run_ends() {
    let from = std::env::var("CONTEND_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    random_runs(from..from + 30);
}

#[test]
#[ignore = "a thousand runs take minutes"]
fn every_task_of_a_thousand_random_pools_is_accounted_for() {
    random_runs(1_000..2_000);
}

#[test]
fn a_dealt_batch_that_overfills_its_queue_is_a_stall() {
    let report = run("F04_overfull_dealt_queue.kdl", &["--for", "20s"]);
    assert_eq!(report.json["ended"], "stall");
    assert_eq!(report.finding("stall")["workers"].as_array().map(Vec::len), Some(2), "{:#}", report.finding("stall"));
}
