//! Marks set by real threads, processes and tasks.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{EventKind, RunEnd};

const ALL: [&str; 3] = ["thread", "process", "async"];

fn scenario(text: &str) -> Scenario {
    let source = Source { name: "marks".into(), path: None, text: text.to_owned() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

fn completed(text: &str) -> ObservedRun {
    let seen = ObservedRun::run_to_end(&scenario(text));
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    seen
}

/// Returns how often each text was set.
fn texts(seen: &ObservedRun) -> BTreeMap<String, usize> {
    let mut texts = BTreeMap::new();
    for mark in seen.model().named_marks() {
        *texts.entry(mark.text.into_owned()).or_default() += 1;
    }
    texts
}

#[test]
fn marks_have_their_text_their_worker_and_their_moment() {
    for kind in ALL {
        let text = format!(
            "mutex a\n{kind} w count=3 {{ mark \"begins\"; lock a {{ sleep \"2ms\"; mark \"worker {{n}}\" }}\n\
             mark \"begins\" }}"
        );
        let seen = completed(&text);
        let expected = [("begins", 6), ("worker 1", 1), ("worker 2", 1), ("worker 3", 1)];
        assert_eq!(texts(&seen), expected.map(|(text, count)| (text.to_owned(), count)).into(), "{kind}");
        let model = seen.model();
        assert_eq!(model.health().anomalies, 0, "{kind}");
        for mark in model.named_marks() {
            let worker = mark.worker.expect("a worker set it");
            if let Some(number) = mark.text.strip_prefix("worker ") {
                assert_eq!(worker.index() + 1, number.parse::<usize>().expect("a number"), "{kind}");
            }
            assert_eq!(
                model.lane(worker).activity_at(mark.at).map(|activity| activity.state),
                Some(contend::trace::State::Running),
                "{kind}: {mark:?}"
            );
        }
        let counts: Vec<(&str, u64)> = model.mark_counts().map(|mark| (mark.text, mark.count)).collect();
        assert_eq!(counts, [("begins", 6), ("worker {n}", 3)], "{kind}");
        assert!(model.mark_counts().all(|mark| mark.first <= mark.last), "{kind}");
    }
}

#[test]
fn tasks_of_pools_mark_their_number() {
    for of in ["threads", "processes", "async"] {
        let text = format!(
            "pool p of={of} workers=2 queue=4 {{ task {{ mark \"task {{n}}\"; sleep \"500us\" }}; batch count=9 }}"
        );
        let expected = (1..=9).map(|n| (format!("task {n}"), 1)).collect();
        assert_eq!(texts(&completed(&text)), expected, "{of}");
    }
}

#[test]
fn text_of_a_knob_is_a_mark() {
    let text = "knob phase text=#true help=\"its name\"\nthread w { mark \"$phase\" }";
    let seen = completed(text);
    assert_eq!(texts(&seen), [("phase".to_owned(), 1)].into(), "an unset knob has its name");
}

#[test]
fn marks_are_part_of_no_verdict() {
    let text = "mutex a\nmutex b\nthread l { forever { lock a { mark \"has a\"; sleep \"2ms\"; lock b } } }\n\
        thread r { forever { lock b { mark \"has b\"; sleep \"2ms\"; lock a } } }";
    let mut seen = ObservedRun::start(&scenario(text));
    seen.wait_until("a deadlock", |seen| seen.model().deadlocks().len() == 1);
    assert!(seen.count(|kind| matches!(kind, EventKind::Mark { .. })) >= 2);
}

#[test]
fn reports_recordings_and_exports_have_the_marks() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_str().expect("UTF-8").to_owned();
    let text = "title \"Marks\"\nasync w count=2 { repeat 5 { mark \"round, of {n}\"; sleep \"1ms\" } }";
    std::fs::write(path("marks.kdl"), text).expect("a file");
    let contend = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_contend")).args(args).output().expect("the program starts");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let live = json(&contend(&["run", &path("marks.kdl"), "--json", "--record", &path("run.contend")]));
    let marks = live["marks"].as_array().expect("a list");
    assert_eq!(marks.len(), 10);
    assert_eq!(marks.iter().filter(|mark| mark["text"] == "round, of 2" && mark["worker"] == "w-2").count(), 5);
    assert_eq!(json(&contend(&["replay", &path("run.contend"), "--json"]))["marks"], live["marks"]);
    let text = contend(&["replay", &path("run.contend"), "--headless"]);
    assert!(text.contains("\nMarks\n") && text.contains("round, of 1"), "{text}");

    for (form, output) in [("csv", "tables"), ("chrome", "chrome.json"), ("perfetto", "perfetto")] {
        contend(&["export", &path("run.contend"), "--to", form, "-o", &path(output)]);
    }
    let table = std::fs::read_to_string(path("tables/marks.csv")).expect("a table");
    assert_eq!(table.lines().filter(|line| line.contains(",\"round, of 1\",w-1")).count(), 5, "{table}");
    let trace = json(&std::fs::read_to_string(path("chrome.json")).expect("a file"));
    let is_mark = |event: &&Value| event["ph"] == "i" && event["name"] == "mark: round, of 1" && event["tid"] == 0;
    assert_eq!(trace["traceEvents"].as_array().expect("a list").iter().filter(is_mark).count(), 5);
    let bytes = std::fs::read(path("perfetto")).expect("a file");
    let name = b"mark: round, of 2";
    assert_eq!(bytes.windows(name.len()).filter(|window| window == name).count(), 5);
}
