//! Tasks on an event loop: those that block its thread, and those that only wait.

use std::fmt::Write;

use contend_model::Finding;

use super::script::{ms, play};

fn find(text: &str, now: f64) -> Option<Finding> {
    play(text).findings(ms(now)).into_iter().find(|finding| finding.id == "loop-blocked")
}

/// A heartbeat that is due every 10 ms and a worker that makes a call of `call` ms every 100 ms, for 1 s. The call
/// blocks the thread if `blocks`; otherwise it yields and waits for its next turn.
pub(super) fn heart(call: u32, blocks: bool) -> String {
    let mut text = String::from("task heart\ntask worker\n0 heart began\n0 worker began\n");
    for round in (0..1_000).step_by(100) {
        let end = round + call;
        writeln!(text, "{round} worker block io").unwrap();
        if !blocks {
            writeln!(text, "{end} worker ready").unwrap();
        }
        writeln!(text, "{end} worker resume\n{end}.1 worker block sleep\n{}.9 worker ready", round + 99).unwrap();
        writeln!(text, "{}.95 worker resume", round + 99).unwrap();
        for beat in (round..round + 100).step_by(10) {
            let late = if blocks && beat < end { end } else { beat };
            if beat > end || beat == round || !blocks {
                writeln!(text, "{beat}.2 heart block sleep\n{beat}.3 heart ready\n{late}.4 heart resume").unwrap();
            }
        }
    }
    text
}

#[test]
fn task_that_blocks_the_loop_is_reported() {
    let finding = find(&heart(80, true), 1_000.0).expect("a blocked loop");
    assert_eq!(
        finding.sentence,
        "worker holds an event-loop thread for up to 80 ms at a time while heart is ready to run."
    );
    assert!(finding.evidence.starts_with("10 such turns in the last 1.0 s"), "{}", finding.evidence);
    assert_eq!(find(&heart(80, false), 1_000.0), None, "the call yields");
    assert_eq!(find(&heart(30, true), 1_000.0), None, "30 ms are too short");
}

#[test]
fn no_blocked_loop_is_reported_after_lost_events() {
    let lossy = format!("{}\n1000 heart gap 3", heart(80, true));
    assert_eq!(find(&lossy, 1_000.0), None);
}

#[test]
fn task_that_waits_for_a_cpu_is_not_reported_as_blocking_the_loop() {
    // Computes from 20 to 80 ms of each 100 ms; the kernel gave it a CPU for 5 of these 60 ms.
    let computes = |queued: bool| {
        let mut text = delayed_heart();
        for round in (0..1_000).step_by(100) {
            let (from, to) = (round + 20, round + 80);
            writeln!(text, "{from} sum ready\n{from}.1 sum resume\n{to} sum block sleep").unwrap();
            if queued {
                writeln!(text, "{to} sum sched {from} 5 55").unwrap();
            }
        }
        text
    };
    assert_eq!(find(&computes(true), 1_000.0), None, "the machine is busy, not the loop");
    assert!(find(&computes(false), 1_000.0).is_some(), "the same with a CPU");
}

/// A heartbeat that waits for its turn from 21 to 80 ms of each 100 ms.
fn delayed_heart() -> String {
    let mut text = String::from("task heart\ntask sum\n0 heart began\n0 sum began\n0 sum block sleep\n");
    for round in (0..1_000).step_by(100) {
        writeln!(text, "{round} heart block sleep\n{} heart ready\n{} heart resume", round + 21, round + 80).unwrap();
    }
    text
}
