//! Findings that only a user's program has, and what the kernel's figures say about its threads.

use std::fmt::Write;

use contend_model::{Finding, Severity};
use contend_trace::State;

use super::script::{ms, play, worker};

fn find(text: &str, now: f64, id: &str) -> Option<Finding> {
    play(text).findings(ms(now)).into_iter().find(|finding| finding.id == id)
}

/// Threads that take turns, each `on` ms of every 20 ms with the GIL and otherwise waiting for it, for a second.
pub(super) fn turns(threads: usize, waits: &str) -> (String, f64) {
    let mut text = String::from("open\n");
    (0..threads).for_each(|n| writeln!(text, "worker t-{n}\n0 t-{n} began").unwrap());
    let share = 20.0 / threads as f64;
    for round in 0..50 {
        for n in 0..threads {
            let from = f64::from(round) * 20.0 + n as f64 * share;
            writeln!(text, "{from} t-{n} resume\n{} t-{n} block {waits}", from + share).unwrap();
        }
    }
    (text, 1_000.0)
}

#[test]
fn gil_bound_is_reported_if_threads_that_compute_wait_for_the_gil() {
    let (text, end) = turns(4, "gil");
    let found = find(&text, end, "gil-bound").expect("a finding");
    assert!(found.sentence.starts_with("4 threads, 1.0 core used: they wait about 7"), "{}", found.sentence);
    assert!(found.fix.starts_with("Move this work to processes"), "{}", found.fix);
    let (sleeping, end) = turns(4, "sleep");
    assert!(find(&sleeping, end, "gil-bound").is_none(), "they wait for themselves");
    let (alone, end) = turns(1, "gil");
    assert!(find(&alone, end, "gil-bound").is_none(), "one thread");
}

/// A producer puts an item and ends if `ends`; a consumer takes it and waits for the next one.
pub(super) fn unfed(ends: bool) -> (String, f64) {
    let end = if ends { "5 producer finished" } else { "5 producer block sleep" };
    let text = format!(
        "open\nworker main\nworker producer\nworker consumer\nqueue items 9\n0 main began\n0 producer began\n0 \
         consumer began\n1 producer put items 1\n2 consumer took items 0\n3 consumer block empty items\n{end}\n\
         6 main block signal"
    );
    (text, 2_005.0)
}

#[test]
fn unfed_queue_is_reported_if_all_that_fed_it_have_ended() {
    let (text, now) = unfed(true);
    let found = find(&text, now, "unfed-queue").expect("a finding");
    assert_eq!(
        found.sentence,
        "consumer waits at items, which is empty; the only worker seen to feed it, producer, has ended."
    );
    assert!(found.evidence.starts_with("Observed for 2.0 s, not proven: 1 other worker is alive"), "{found:?}");
    assert_eq!(found.severity, Severity::Warning);
    assert!(find(&text, 500.0, "unfed-queue").is_none(), "not for long");
    let (fed, now) = unfed(false);
    assert!(find(&fed, now, "unfed-queue").is_none(), "its producer is alive");
    let closed = text.replace("open\n", "");
    assert!(find(&closed, now, "unfed-queue").is_none(), "a scenario has proofs instead");
}

/// Two coroutines of one loop; `report` runs for `ms` at a stretch.
fn event_loop(step: f64, times: u32) -> String {
    let mut text = String::from("open\ntask tick\ntask report\n0 tick began\n0 tick block signal\n0 report began\n");
    for n in 0..times {
        let at = 10.0 + f64::from(n) * 400.0;
        writeln!(text, "{at} report block signal\n{} report resume", at + 10.0).unwrap();
        writeln!(text, "{} report block signal", at + 10.0 + step).unwrap();
    }
    text
}

#[test]
fn loop_blocked_is_reported_for_one_long_step_or_several() {
    let found = find(&event_loop(300.0, 1), 1_000.0, "loop-blocked").expect("a finding");
    assert_eq!(found.sentence, "report held its event loop for 300 ms: 1 other task could not run.");
    assert!(find(&event_loop(80.0, 3), 2_000.0, "loop-blocked").is_some(), "three times");
    assert!(find(&event_loop(80.0, 1), 2_000.0, "loop-blocked").is_none(), "once, and not for long");
    let alone = event_loop(300.0, 1).replace("0 tick began\n0 tick block signal\n", "");
    assert!(find(&alone, 1_000.0, "loop-blocked").is_none(), "nobody else is there");
}

#[test]
fn time_off_the_cores_is_ready_only_as_far_as_the_kernel_says_so() {
    let text = "open\nworker w\n0 w began\n0 w sched 0 10 5\n";
    let mut text = text.replace("0 w sched 0 10 5\n", "");
    for n in 0..10 {
        writeln!(text, "{} w sched {} 10 5", (n + 1) * 50, n * 50).unwrap();
    }
    let times = |text: &str| {
        let model = play(text);
        let lane = model.lane(worker(&model, "w"));
        let times = lane.state_times(ms(0.0), ms(500.0), ms(500.0));
        [State::Running, State::Ready, State::OffCore].map(|state| (times.get(state) as f64 / 5e6).round() as u64)
    };
    assert_eq!(times(&text), [20, 10, 70], "% of the time");
    assert_eq!(times(&text.replace("open\n", "")), [20, 80, 0], "a scenario tells of all its waits");
}
