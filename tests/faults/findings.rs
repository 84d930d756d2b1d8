//! Findings that must appear, and findings that must not.

use super::{run, run_text};

#[test]
fn a_monitor_loop_whose_producer_has_ended_is_a_stall_and_no_lost_wakeup() {
    let report = run("F09a_lost_wakeup_false.kdl", &["--for", "2s"]);
    assert!(report.findings().contains(&"stall"), "{:?}", report.findings());
    assert!(!report.findings().contains(&"lost-wakeup"), "{:?}", report.findings());
}

#[test]
fn a_worker_that_a_signal_woke_has_not_missed_that_signal() {
    let report = run("F09b_lost_wakeup_false.kdl", &["--for", "2s"]);
    assert!(report.findings().contains(&"stall"), "{:?}", report.findings());
    assert!(!report.findings().contains(&"lost-wakeup"), "{:?}", report.findings());
}

#[test]
fn a_signal_before_a_wait_without_a_look_is_lost() {
    let report = run_text(
        "mutex m\ncondition c of=m\nthread a { sleep \"50ms\"; lock m { wait c } }\nthread b { lock m { notify c } }",
        &["--for", "2s"],
    );
    assert!(report.findings().contains(&"lost-wakeup"), "{:?}", report.findings());
}
