//! `contend tune --trace`: a recorded load replayed against a pool of real workers.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::schema;

/// Writes a trace with a request every 25 ms that takes 60 ms: 2.4 workers are busy on average.
fn write_trace(path: &Path) {
    let mut text = String::from("arrival_ms,duration_ms\n");
    for nth in 0..800 {
        let _ = writeln!(text, "{},60", nth * 25);
    }
    std::fs::write(path, text).expect("it can be written");
}

fn tune(trace: &Path, options: &[&str]) -> Output {
    let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
    contend.args(["tune", "--anyway", "--trace"]).arg(trace).args(options);
    contend.output().expect("the program starts")
}

#[test]
fn smallest_pool_for_a_trace_is_found_and_times_are_those_of_the_trace() {
    let _alone = crate::measure_alone();
    let dir = tempfile::tempdir().expect("a directory");
    let trace = dir.path().join("requests.csv");
    write_trace(&trace);
    let output = tune(&trace, &["--p99", "150ms", "--speed", "4", "--over", "1..6", "--for", "40s", "--json"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let json: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    assert_eq!(schema::validation_errors(&schema::load_schema("tune"), &json), Vec::<String>::new());

    let replayed = &json["trace"];
    assert_eq!((&replayed["requests"], &replayed["speed"]), (&Value::from(800), &Value::from(4.0)));
    let number = |value: &Value| value.as_f64().expect("a number");
    assert!((number(&replayed["arrivals_per_second"]) - 40.0).abs() < 0.1, "{replayed}");
    assert!((number(&replayed["service_ms"]) - 60.0).abs() < 0.1, "{replayed}");
    // Erlang C for 2.4 Erlang and 3 servers: 0.647 wait, 65 ms on average.
    let theory = replayed["theory"].as_array().expect("a list");
    let three = theory.iter().find(|row| row["value"] == 3.0).expect("3 workers were measured");
    assert!((number(&three["mmc_wait_ms"]) - 64.7).abs() < 1.0, "{three}");
    assert!(theory.iter().filter(|row| number(&row["value"]) < 3.0).all(|row| row["mmc_wait_ms"].is_null()));

    for level in json["levels"].as_array().expect("a list") {
        // 60 ms each: a worker does 16.7/s at most, in the time of the trace.
        let (value, rate) = (number(&level["value"]), &level["per_second"]);
        let rate = number(rate);
        assert!(rate < value * 16.8 && rate > value * 8.0, "{value} workers do {rate}/s");
        if value < 3.0 {
            assert_eq!(level["standing"], "worse", "{value} workers cannot keep up");
        }
        for repetition in level["steady"].as_array().expect("a list") {
            let median = number(&repetition["service_ms"]["p50"]);
            assert!((59.0..120.0).contains(&median), "a task took {median} ms");
        }
    }
    let answer = &json["answer"];
    if answer["kind"] == "keeps-up" {
        assert!((3.0..=5.0).contains(&number(&answer["level"])), "{answer}");
    }
    assert!(json["asked"]["command"].as_str().expect("a command").contains("--speed 4"));
    assert!(said.contains("4 times as fast as recorded") && said.contains("M/M/c"), "{said}");
}

#[test]
fn wrong_trace_is_refused_with_its_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let trace = dir.path().join("requests.csv");
    for (text, reason) in [
        ("1,2\n3\n", "requests.csv`: line 2: the duration is missing"),
        ("1,2\n1,2\n", "all its requests arrived at the same moment"),
    ] {
        std::fs::write(&trace, text).expect("it can be written");
        let output = tune(&trace, &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(reason), "{said}");
    }
    assert_eq!(tune(&dir.path().join("none.csv"), &[]).status.code(), Some(2));
}
