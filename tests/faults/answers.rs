//! Expectations of runs while other programs use the cores.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{available_parallelism, scope};

use super::accounting::measure_alone;
use super::{contend, run_text};

/// Two computing workers, with expectations that need two idle cores and expectations that need none.
const TWO_COMPUTING: &str = r#"title "Two that compute"
counter c
thread worker count=2 { forever { compute "1ms"; add c } }
test for="1s"
"#;

/// Sets a flag on drop, also if a test fails.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed); // Relaxed: a request to stop, which orders nothing
    }
}

/// Runs `run` while busy loops use every core four times over.
fn under_load<T>(run: impl FnOnce() -> T) -> T {
    let _alone = measure_alone();
    let stop = AtomicBool::new(false);
    scope(|threads| {
        let _stopped = SetOnDrop(&stop);
        for _ in 0..4 * available_parallelism().map_or(2, usize::from) {
            threads.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        run()
    })
}

#[test]
fn expectation_that_needs_cores_is_not_judged_under_load_unless_strict() {
    // The burners are four fifths of all runnable threads: no worker can run for nine tenths of its time.
    let text = format!("{TWO_COMPUTING}expect share running of=worker above=\"90%\"\n");
    let (lenient, strict) =
        under_load(|| (run_text(&text, &["--for", "2s"]), run_text(&text, &["--for", "2s", "--strict"])));
    let expectation = &lenient.json["expectations"][0];
    assert_eq!(expectation["seen"], false, "{expectation:#}");
    let why = expectation["not_judged"].as_str().unwrap_or_else(|| panic!("{expectation:#}"));
    assert!(why.starts_with("cannot be judged: other programs used ") && why.contains(" cores"), "{why}");
    assert_eq!((lenient.code, strict.code), (Some(0), Some(1)));
    assert_eq!(strict.json["expectations"][0]["seen"], false);
}

#[test]
fn expectation_that_needs_no_cores_is_judged_under_load() {
    let text = format!("{TWO_COMPUTING}expect lost c equals=1\nexpect deadlock\n");
    let report = under_load(|| run_text(&text, &["--for", "1s"]));
    assert_eq!(report.code, Some(1));
    for at in 0..2 {
        let expectation = &report.json["expectations"][at];
        assert!(expectation["seen"] == false && expectation["not_judged"].is_null(), "{expectation:#}");
    }
}

#[test]
fn contend_test_counts_unjudged_expectations_separately() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("two.kdl");
    let path = file.to_str().unwrap();
    std::fs::write(
        &file,
        format!("{TWO_COMPUTING}expect share running of=worker above=\"90%\"\nexpect lost c equals=0\n"),
    )
    .unwrap();
    let (text, strict) = under_load(|| (contend(&["test", path]), contend(&["test", path, "--json", "--strict"])));
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
    std::fs::write(&file, format!("{TWO_COMPUTING}expect lost c equals=1\n")).unwrap();
    let missing = under_load(|| contend(&["test", path]));
    assert_eq!(missing.status.code(), Some(1), "{}", String::from_utf8_lossy(&missing.stdout));
}
