//! Expectations of a run while other programs use its cores.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{available_parallelism, scope};

use super::{contend, run_text};

/// Two computing workers with a counter.
const BESIDE: &str = r#"title "Two that compute"
counter c
thread worker count=2 { forever { compute "1ms"; add c } }
test for="1s"
"#;

/// Calls `run` while other threads use every core four times over.
fn beside_a_burner<T>(run: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    scope(|threads| {
        for _ in 0..4 * available_parallelism().map_or(2, usize::from) {
            threads.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let ran = run();
        stop.store(true, Ordering::Relaxed); // Relaxed: a request, orders nothing
        ran
    })
}

#[test]
fn expectation_that_needs_cores_is_not_judged_on_a_busy_machine_unless_strict() {
    // Four in five runnable threads are the burner's: no worker can have a core for nine tenths of its time.
    let text = format!("{BESIDE}expect share running of=worker above=\"90%\"\n");
    let (lenient, strict) =
        beside_a_burner(|| (run_text(&text, &["--for", "2s"]), run_text(&text, &["--for", "2s", "--strict"])));
    let expectation = &lenient.json["expectations"][0];
    assert_eq!(expectation["seen"], false, "{expectation:#}");
    let why = expectation["not_judged"].as_str().unwrap_or_else(|| panic!("{expectation:#}"));
    assert!(why.starts_with("other programs used ") && why.contains(" cores"), "{why}");
    assert_eq!((lenient.code, strict.code), (Some(0), Some(1)));
    assert_eq!(strict.json["expectations"][0]["seen"], false);
}

#[test]
fn counts_and_deadlocks_are_judged_on_a_busy_machine() {
    let text = format!("{BESIDE}expect lost c equals=1\nexpect deadlock\n");
    let report = beside_a_burner(|| run_text(&text, &["--for", "1s"]));
    assert_eq!(report.code, Some(1));
    for at in 0..2 {
        let expectation = &report.json["expectations"][at];
        assert!(expectation["seen"] == false && expectation["not_judged"].is_null(), "{expectation:#}");
    }
}

#[test]
fn tests_count_not_judged_expectations_separately() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("two.kdl");
    let path = file.to_str().unwrap();
    std::fs::write(&file, format!("{BESIDE}expect share running of=worker above=\"90%\"\nexpect lost c equals=0\n"))
        .unwrap();
    let (text, strict) = beside_a_burner(|| (contend(&["test", path]), contend(&["test", path, "--json", "--strict"])));
    let out = String::from_utf8_lossy(&text.stdout);
    assert!(out.contains("1 of 2 expectations seen, 0 not seen, 1 not judged in "), "{out}");
    assert!(out.contains("not judged  share running of worker above 90%"), "{out}");
    assert!(out.contains("cannot be judged: other programs used "), "{out}");
    assert_eq!(text.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&strict.stdout).unwrap();
    assert_eq!(
        (strict.status.code(), json["passed"].as_bool(), json["not_judged"].as_u64()),
        (Some(1), Some(true), Some(1))
    );
    std::fs::write(&file, format!("{BESIDE}expect lost c equals=1\n")).unwrap();
    let missing = beside_a_burner(|| contend(&["test", path]));
    assert_eq!(missing.status.code(), Some(1), "{}", String::from_utf8_lossy(&missing.stdout));
}
