//! Scenarios reduced from public bug reports and textbooks. The third line of each names the workers that are stuck
//! forever, as `// stuck: a b`, or `none`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use super::{Report, fixture, run};

/// Long enough for each scenario to get stuck or to end. Only a scenario in which other workers continue uses all of
/// it.
const LIMIT: &str = "6s";

/// Returns the workers that a report lists in deadlocks and stalls.
fn stuck(report: &Report) -> BTreeSet<String> {
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

fn expected(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("// stuck: ")).unwrap();
    line.split_whitespace().filter(|name| *name != "none").map(str::to_owned).collect()
}

/// Returns what is wrong with the verdict on a scenario, or `None` if it is right.
fn mistake(name: &str) -> Option<String> {
    let report = run(&format!("reports/{name}"), &["--for", LIMIT]);
    let (found, right) = (stuck(&report), expected(&fixture("reports").join(name)));
    let ended = report.json["ended"].as_str().unwrap();
    let blamed = ["deadlock", "stall", "orphaned-lock", "lost-wakeup"].iter().any(|id| report.findings().contains(id));
    let is_right = found == right && (right.is_empty() || blamed) && (ended != "completed" || right.is_empty());
    (!is_right)
        .then(|| format!("{name}: ended `{ended}`, stuck {found:?}, expected {right:?}, {:?}", report.findings()))
}

#[test]
fn stuck_workers_of_public_reports_are_found_and_no_others() {
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
                    mistakes.lock().unwrap().extend(mistake(&name));
                }
            };
            thread::Builder::new().name("reports".into()).spawn_scoped(scope, work).unwrap();
        }
    });
    let mistakes = mistakes.into_inner().unwrap();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}
