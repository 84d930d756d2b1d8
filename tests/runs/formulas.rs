//! Expectations that are conditions over figures, judged on real runs by `contend test`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A pool of workers that wait for their tasks' device, one task each at a time.
const POOL: &str = r#"
knob workers 4 min=1 max=8 help="x"
knob tasks 60 min=1 max=100 help="x"
counter balance
pool work of=threads workers=$workers queue=100 {
    batch count=$tasks
    task { sleep "5ms"; add balance by=1 }
}
test for="1s"
"#;

/// Runs `contend test` on the pool with these expectations; returns the JSON and the exit code.
fn test_pool(expectations: &str) -> (Value, Option<i32>) {
    let dir = tempfile::tempdir().expect("a directory");
    let file: PathBuf = dir.path().join("pool.kdl");
    std::fs::write(&file, format!("{POOL}{expectations}\n")).expect("it is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
    let output = command.arg("test").arg(&file).arg("--json").stdin(Stdio::null()).output().expect("it ran");
    let stderr = String::from_utf8_lossy(&output.stderr);
    (serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}")), output.status.code())
}

/// Returns every verdict: the expectation, whether it was seen, and its evidence.
fn verdicts(json: &Value) -> Vec<(String, bool, String)> {
    let one = |expectation: &Value| {
        let text = |key: &str| expectation[key].as_str().expect("a text").to_owned();
        (text("text"), expectation["seen"].as_bool().expect("a truth value"), text("evidence"))
    };
    let scenario = &json["scenarios"][0];
    let runs = scenario["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .flat_map(|run| run["expectations"].as_array().expect("a list"));
    runs.chain(scenario["comparisons"].as_array().expect("comparisons")).map(one).collect()
}

#[test]
fn conditions_of_one_run_are_judged() {
    let (json, code) = test_pool(
        "expect \"done(work) + failed(work) == $tasks and lost(balance) == 0\"\n\
         expect \"latency-p50(work) >= 5ms and not elapsed > 50s\"\n\
         expect json \"pools[work].service_ms.p50\" above=\"4ms\"\n\
         expect \"json(ended) == completed and json(counters[balance].value) == value(balance)\"",
    );
    let verdicts = verdicts(&json);
    assert_eq!((verdicts.len(), code), (4, Some(0)), "{verdicts:#?}");
    let (text, _, evidence) = &verdicts[0];
    assert_eq!(text, "done(work) + failed(work) == $tasks and lost(balance) == 0");
    let figures = "done(work) + failed(work) = 60 with done(work) = 60 and failed(work) = 0, $tasks = 60";
    assert_eq!(evidence, &format!("{figures}; lost(balance) = 0"));
    assert!(verdicts[2].2.starts_with("json(pools[work].service_ms.p50) = "), "{verdicts:#?}");
    assert_eq!(verdicts[3].2, "json(ended) = completed; json(counters[balance].value) = 60, value(balance) = 60");
}

#[test]
fn missed_condition_fails_the_test_and_shows_the_figures() {
    let (json, code) = test_pool("expect \"done(work) < 0.5 * $tasks\"");
    let verdicts = verdicts(&json);
    assert_eq!(code, Some(1), "{verdicts:#?}");
    assert_eq!(
        verdicts,
        [("done(work) < 0.5 * $tasks".to_owned(), false, "done(work) = 60, 0.5 * $tasks = 30".to_owned())]
    );
}

#[test]
fn conditions_of_several_runs_are_compared() {
    // Sleeping tasks: four workers end them about four times as fast as one.
    let (json, code) = test_pool(
        "expect \"elapsed < 0.7 * elapsed(workers=1) and elapsed(workers=2) < elapsed(workers=1)\"\n\
         expect \"done(work, workers=1) == done(work, workers=2)\"",
    );
    let runs = json["scenarios"][0]["runs"].as_array().expect("runs");
    let set: Vec<&Value> = runs.iter().map(|run| &run["set"]).collect();
    assert_eq!(set, [&serde_json::json!([]), &serde_json::json!(["workers=1"]), &serde_json::json!(["workers=2"])]);
    let verdicts = verdicts(&json);
    assert_eq!((verdicts.len(), code), (2, Some(0)), "{verdicts:#?}");
    let evidence = &verdicts[0].2;
    assert!(evidence.contains("elapsed = ") && evidence.contains("0.7 * elapsed(workers=1) = "), "{evidence}");
    assert_eq!(verdicts[1].2, "done(work, workers=1) = 60, done(work, workers=2) = 60");
}
