//! Options about findings: mutes, and thresholds from which a finding is reported.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::cli::contend;
use contend::model::Threshold;

/// A run that ends by itself, with a finding that does not depend on the machine.
const FAILING: &str = "title \"Failing\"\nprocess a { exit 3 }\nthread b { sleep \"1ms\" }\n\
    test for=\"10s\"\nexpect finding crashed\n";

fn write_scenario(directory: &Path, text: &str) -> String {
    let file = directory.join("failing.kdl");
    fs::write(&file, text).expect("written");
    file.to_str().expect("text").to_owned()
}

fn json(out: &str) -> Value {
    serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn ids(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().map(|finding| finding["id"].as_str().expect("an id")).collect()
}

#[test]
fn every_command_with_findings_refuses_wrong_thresholds() {
    let mistakes = [
        ("lock-bond=3%", "did you mean `lock-bound`?"),
        ("zzz=3", "findings with a threshold: livelock, unfed-queue, lock-bound"),
        ("deadlock=3", "`deadlock` rests on facts and has no threshold"),
        ("lock-bound", "a percentage from 1% to 100%, such as lock-bound=30%"),
        ("lock-bound=0.3", "a percentage from 1% to 100%, such as lock-bound=30%"),
        ("lock-bound=101%", "a percentage from 1% to 100%, such as lock-bound=30%"),
        ("starved=5", "a time from 10ms to 1h, such as starved=500ms"),
        ("starved=2h", "a time from 10ms to 1h, such as starved=500ms"),
        ("unfair=1", "a number from 1.5 to 1000, such as unfair=3"),
    ];
    for command in [&["run", "deadlock"][..], &["test", "deadlock"], &["replay", "x.contend"], &["tune", "thread-pool"]]
    {
        for (setting, words) in mistakes {
            let ran = contend(&[command, &["--threshold", setting]].concat());
            assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{command:?} {setting}: {}", ran.err);
            assert!(ran.err.contains(words), "{command:?} {setting}: {}", ran.err);
        }
        let ran = contend(&[command, &["--mute", "dedlock"]].concat());
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains("'deadlock'"), "{}", ran.err);
    }
}

#[test]
fn thresholds_are_listed_in_help_with_their_defaults() {
    let help = contend(&["replay", "--help"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    for threshold in Threshold::ALL {
        let text = format!("{}={}", threshold.id(), threshold.format_argument(threshold.default));
        assert!(help.contains(&text), "{text}: {help}");
    }
}

#[test]
fn run_and_replay_report_muted_findings_and_thresholds() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = write_scenario(directory.path(), FAILING);
    let recording = directory.path().join("run.contend");
    let recording = recording.to_str().expect("text");
    let options = ["--mute", "crashed", "--threshold", "starved=2s", "--threshold", "lock-bound=85%"];
    let run = ["run", &file, "--headless"];
    let text = contend(&[&run[..], &options, &["--record", recording]].concat());
    assert_eq!(text.code, Some(0), "{} {}", text.out, text.err);
    let replayed = contend(&[&["replay", recording, "--headless"][..], &options].concat());
    assert_eq!(replayed.code, Some(0), "{}", replayed.err);
    for out in [&text.out, &replayed.out] {
        assert!(!out.contains("error crashed"), "{out}");
        assert!(out.contains("\n  1 finding muted: crashed\n"), "{out}");
        let set = "\n  thresholds set: lock-bound 85 % (default 30 %), starved 2.0 s (default 500 ms)\n";
        assert!(out.contains(set), "{out}");
    }
    let report = json(&contend(&[&["replay", recording, "--json"][..], &options].concat()).out);
    assert!(!ids(&report).contains(&"crashed"));
    assert_eq!((&report["muted_findings"], &report["muted"]), (&1.into(), &serde_json::json!(["crashed"])));
    let thresholds = report["thresholds"].as_array().expect("a list");
    let [lock_bound, starved] = thresholds.as_slice() else { panic!("two: {thresholds:?}") };
    assert_eq!((&lock_bound["finding"], &lock_bound["value"]), (&"lock-bound".into(), &0.85.into()));
    assert_eq!((&starved["default"], &starved["unit"]), (&0.5.into(), &"seconds".into()));
    let usual = json(&contend(&["replay", recording, "--json"]).out);
    assert!(ids(&usual).contains(&"crashed"));
    assert_eq!((&usual["muted"], &usual["thresholds"]), (&serde_json::json!([]), &serde_json::json!([])));
}

#[test]
fn test_reports_muted_findings_and_still_judges_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = write_scenario(directory.path(), FAILING);
    let options = ["--mute", "crashed", "--threshold", "unfair=5"];
    let text = contend(&[&["test", &file][..], &options].concat());
    assert_eq!(text.code, Some(0), "{} {}", text.out, text.err);
    assert!(text.out.contains("\n1 finding muted: crashed\n"), "{}", text.out);
    assert!(text.out.contains("\nthresholds set: unfair 5 (default 3)\n"), "{}", text.out);
    let reports = directory.path().join("reports");
    let json_options = ["--json", "--reports", reports.to_str().expect("text")];
    let ran = contend(&[&["test", &file][..], &options, &json_options].concat());
    let tests = json(&ran.out);
    assert_eq!(tests["passed"], true, "{}", ran.out);
    assert_eq!(tests["scenarios"][0]["runs"][0]["muted"], serde_json::json!(["crashed"]));
    assert_eq!(tests["thresholds"][0]["finding"], "unfair");
    let report = fs::read_dir(&reports).expect("reports").next().expect("one").expect("an entry").path();
    let report = json(&fs::read_to_string(report).expect("a report"));
    assert_eq!((&report["muted_findings"], &report["thresholds"][0]["value"]), (&1.into(), &5.0.into()));
}
