//! Programs reduced from public bug reports and textbooks. The third line of each names the workers that are stuck
//! forever: `// stuck: a b`, or `none`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use super::{Report, fixture, run, run_text};

/// Long enough for any of them to get stuck or end; only a program in which other workers continue uses all of it.
const LIMIT: &str = "6s";

/// Returns the stuck workers of a report: those of deadlocks and those of stalls.
fn stuck_workers(report: &Report) -> BTreeSet<String> {
    let list = |of: &str| report.json[of].as_array().unwrap().clone();
    let mut names = BTreeSet::new();
    for deadlock in list("deadlocks") {
        names.extend(
            deadlock["ring"].as_array().unwrap().iter().map(|link| link["worker"].as_str().unwrap().to_owned()),
        );
        names.extend(deadlock["victims"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()));
    }
    for stall in list("stalls") {
        names.extend(stall["workers"].as_array().unwrap().iter().map(|w| w["worker"].as_str().unwrap().to_owned()));
    }
    names
}

fn expected_workers(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("// stuck: ")).unwrap();
    line.split_whitespace().filter(|name| *name != "none").map(str::to_owned).collect()
}

/// Returns the error in a program's verdict, `None` if it is right.
fn verdict_error(name: &str) -> Option<String> {
    let report = run(&format!("reports/{name}"), &["--for", LIMIT]);
    let (found, right) = (stuck_workers(&report), expected_workers(&fixture("reports").join(name)));
    let ended = report.json["ended"].as_str().unwrap();
    let blamed = ["deadlock", "stall", "orphaned-lock", "lost-wakeup"].iter().any(|id| report.findings().contains(id));
    let is_right = found == right && (right.is_empty() || blamed) && (ended != "completed" || right.is_empty());
    (!is_right)
        .then(|| format!("{name}: ended `{ended}`, stuck {found:?}, expected {right:?}, {:?}", report.findings()))
}

#[test]
fn stuck_workers_of_public_bug_reports_are_found_exactly() {
    let names: Vec<String> = fs::read_dir(fixture("reports"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() > 20, "only {} reports", names.len());
    let (todo, mistakes) = (Mutex::new(names), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            let work = || {
                while let Some(name) = todo.lock().unwrap().pop() {
                    mistakes.lock().unwrap().extend(verdict_error(&name));
                }
            };
            thread::Builder::new().name("reports".into()).spawn_scoped(scope, work).unwrap();
        }
    });
    let mistakes = mistakes.into_inner().unwrap();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn counts_and_signals_are_in_the_json_report() {
    let text = "title \"x\"\nwait-group g\nlatch l initial=2\nevent e\n\
        thread w { add g by=3; done g; done l; wait e timeout=\"1ms\"; set e; wait e }";
    let report = run_text(text, &[]);
    let signals = report.json["signals"].as_array().unwrap();
    let of = |at: usize, member: &str| signals[at][member].clone();
    assert_eq!([of(0, "kind"), of(1, "kind"), of(2, "kind")], ["wait-group", "latch", "event"]);
    assert_eq!([of(0, "count"), of(1, "count")], [2, 1]);
    assert!(of(2, "count").is_null());
    assert_eq!([of(2, "sent"), of(2, "unused"), of(2, "woken"), of(2, "gave_up")], [1, 1, 0, 1]);
}
