//! Queues, conditions and barriers: stalls, lost wake-ups, herds and stragglers.

use std::fmt::Write;

use contend_model::{Finding, Model};
use contend_trace::Stamp;

use super::script::{ms, play, resource};

fn find(model: &Model, now: f64, id: &str) -> Option<Finding> {
    model.findings(ms(now)).into_iter().find(|finding| finding.id == id)
}

fn stalled(text: &str) -> Vec<String> {
    let model = play(text);
    let names = |set: Vec<_>| set.into_iter().map(|worker| model.registry().worker_name(worker).to_owned()).collect();
    model.stall().map_or_else(Vec::new, |stall| names(stall.workers))
}

/// Two workers wait for items; a third puts one item.
const DRAIN: &str = "worker boss
    worker one
    worker two
    queue jobs 4
    gives jobs boss
    takes jobs one
    takes jobs two
    0 boss began
    0 one began
    0 two began
    1 one block empty jobs
    1 two block empty jobs
    2 boss put jobs 1 1
    3 one took jobs 0 1
    4 one finished";

#[test]
fn worker_is_stalled_that_waits_for_an_item_after_all_producers_ended() {
    assert!(stalled(DRAIN).is_empty(), "the boss may put another item");
    let over = format!("{DRAIN}\n5 boss finished");
    assert_eq!(stalled(&over), ["two"]);
    assert!(
        stalled(&format!("{DRAIN}\n5 boss closed jobs\n6 boss finished")).is_empty(),
        "closing the queue ends all waits"
    );
    let finding = find(&play(&over), 400.0, "stall").expect("a stall");
    assert_eq!(
        finding.sentence,
        "two waits for an item in jobs; every worker that could put one has ended. It is stuck forever."
    );
    assert_eq!(finding.evidence, "Stalled 1.0 ms after the start: 1 worker waits for an item in jobs.");
    assert_eq!(find(&play(&over), 100.0, "stall"), None, "events may still arrive");
}

#[test]
fn wait_with_a_time_limit_is_part_of_no_stall() {
    let over = format!("{DRAIN}\n5 boss finished").replace("1 two block empty", "1 two tried jobs\n1 two block empty");
    assert!(stalled(&over).is_empty(), "two gives up by itself");
    let model = play(&format!("{over}\n6 two gave-up jobs\n7 two block empty jobs"));
    assert_eq!(model.health().anomalies, 0);
    assert_eq!(model.queue(resource(&model, "jobs")).map(contend_model::Queue::timeouts), Some(1));
    let stall = model.stall().expect("the second wait has no limit");
    assert_eq!(stall.workers.len(), 1);
}

#[test]
fn no_stall_is_reported_while_an_item_may_be_untaken() {
    let untaken = DRAIN.replace("3 one took jobs 0 1\n    4 one finished", "5 boss finished");
    assert!(stalled(&untaken).is_empty());
    let later = DRAIN.replace("took jobs 0 1", "took jobs 0 2") + "\n5 boss finished";
    assert!(stalled(&later).is_empty(), "two may have taken the first item");
}

#[test]
fn no_stall_is_reported_after_lost_events() {
    assert!(stalled(&format!("{DRAIN}\n5 boss finished\n4.5 boss gap 1")).is_empty());
}

#[test]
fn worker_that_waits_for_room_is_stalled_after_all_consumers_ended() {
    let full = "worker maker
        worker user
        queue jobs 1
        gives jobs maker
        takes jobs user
        0 maker began
        0 user began
        1 maker put jobs 1 1
        2 maker block full jobs";
    assert!(stalled(full).is_empty());
    assert_eq!(stalled(&format!("{full}\n3 user finished")), ["maker"]);
}

const LATE: &str = "worker sleeper
    worker signaller
    mutex m
    condition ready
    gives ready signaller
    0 sleeper began
    0 signaller began
    1 signaller signalled ready 0
    2 signaller finished
    3 sleeper acquired m 1
    4 sleeper released m 1
    4 sleeper block signal ready";

#[test]
fn signal_before_the_wait_is_a_lost_wakeup() {
    let finding = find(&play(LATE), 400.0, "lost-wakeup").expect("a lost wake-up");
    assert_eq!(
        finding.sentence,
        "sleeper began to wait for ready 3.0 ms after its last signal: that one is lost, and no other will come."
    );
    assert_eq!((finding.at, play(LATE).signals(resource(&play(LATE), "ready")).unwrap().wasted()), (Some(ms(1.0)), 1));
}

#[test]
fn no_lost_wakeup_is_reported_for_a_worker_that_checks_a_value_first() {
    let guarded = LATE.replace("gives ready signaller", "gives ready signaller\nguards ready sleeper");
    let model = play(&guarded);
    assert!(find(&model, 400.0, "stall").is_some());
    assert_eq!(find(&model, 400.0, "lost-wakeup"), None);
}

#[test]
fn no_lost_wakeup_is_reported_for_the_worker_that_the_signal_woke() {
    let again = LATE.replace(
        "1 signaller signalled ready 0",
        "0.5 sleeper block signal ready\n1 signaller signalled ready 1\n1.5 sleeper heard ready 1",
    );
    let model = play(&again);
    assert!(find(&model, 400.0, "stall").is_some());
    assert_eq!(find(&model, 400.0, "lost-wakeup"), None);
}

#[test]
fn signal_that_wakes_the_wrong_worker_is_a_stall() {
    let swapped = "worker one
        worker two
        mutex m
        condition changed
        gives changed one
        gives changed two
        0 one began
        0 two began
        1 one block signal changed
        2 two signalled changed 1
        3 two block signal changed
        4 one heard changed 1
        4 one acquired m 1
        5 one released m 1
        5 one block signal changed";
    let model = play(swapped);
    assert!(find(&model, 400.0, "stall").is_some());
    assert_eq!(find(&model, 400.0, "lost-wakeup"), None);
}

#[test]
fn worker_that_waits_for_a_lock_of_a_stalled_worker_is_stalled() {
    let held = LATE.replace("4 sleeper released m 1\n", "") + "\nworker third";
    let text = format!("{held}\n5 third began\n6 third wait m");
    assert_eq!(stalled(&text), ["sleeper", "third"]);
}

/// 60 signals that each wake three sleepers; `useful` of these do something before they wait again. `pause`: ms that
/// they compute before they wait again, which no event tells.
pub(super) fn herd(useful: usize, pause: f64) -> String {
    let mut text = "worker giver\nmutex m\ncondition c\ncounter n\n0 giver began\n".to_owned();
    for w in 0..3 {
        let _ = write!(text, "worker s{w}\n0 s{w} began\n0.5 s{w} block signal c\n");
    }
    let (mut nth, mut grant) = (0, 0);
    for round in 1..=60 {
        let at = round * 20;
        let _ = writeln!(text, "{at} giver signalled c 3");
        for w in 0..3 {
            (nth, grant) = (nth + 1, grant + 1);
            let t = at + 1 + w * 2;
            let _ = writeln!(text, "{t} s{w} heard c {nth}\n{t} s{w} acquired m {grant}");
            if (w as usize) < useful {
                let _ = writeln!(text, "{t} s{w} added n {grant}");
            }
            let _ = writeln!(text, "{t} s{w} released m {grant}\n{} s{w} block signal c", f64::from(t) + pause);
        }
    }
    text
}

#[test]
fn herd_is_reported_if_most_woken_workers_do_nothing() {
    let finding = find(&play(&herd(1, 0.0)), 1_300.0, "herd").expect("a herd");
    assert!(finding.sentence.starts_with("Each signal of c wakes 3 workers on average; 67 %"), "{}", finding.sentence);
    assert_eq!(find(&play(&herd(3, 0.0)), 1_300.0, "herd"), None, "each worker does something useful");
    assert_eq!(find(&play(&herd(1, 0.5)), 1_300.0, "herd"), None, "they may have done something useful");
}

/// Three workers meet at a barrier 20 times; in the first `last` rounds the same worker comes last.
pub(super) fn rounds(last: usize) -> String {
    let mut text = "barrier b 3\n".to_owned();
    for w in 0..3 {
        let _ = write!(text, "worker w{w}\n0 w{w} began\ngives b w{w}\n");
    }
    let mut nth = 0;
    for round in 0..20 {
        let slow = if round < last { 0 } else { 1 + round % 2 };
        let (from, to) = (round * 100 + 10, round * 100 + 90);
        let quick: Vec<usize> = (0..3).filter(|w| *w != slow).collect();
        for w in &quick {
            let _ = writeln!(text, "{from} w{w} block signal b");
        }
        let _ = writeln!(text, "{to} w{slow} signalled b 2");
        for w in quick {
            nth += 1;
            let _ = writeln!(text, "{to} w{w} heard b {nth}");
        }
    }
    text
}

#[test]
fn worker_that_nearly_always_comes_last_is_a_straggler() {
    let finding = find(&play(&rounds(18)), 2_000.0, "straggler").expect("a straggler");
    assert!(finding.sentence.starts_with("w0 reaches b last in 90 % of the rounds"), "{}", finding.sentence);
    assert_eq!(find(&play(&rounds(7)), 2_000.0, "straggler"), None, "each worker is last sometimes");
}

#[test]
fn impossible_signal_events_are_counted_as_anomalies() {
    let odd = "worker w\ncondition c\nqueue q 2\n0 w began\n1 w heard c 1\n2 w signalled q 1\n3 w closed c";
    assert_eq!(play(odd).health().anomalies, 3);
    assert_eq!(play(odd).newest_stamp(), Stamp(3_000_000));
}

/// A boss waits for two helpers, of which one counts the group down.
const GROUP: &str = "worker boss
    worker one
    worker two
    wait-group jobs
    gives jobs one
    gives jobs two
    0 boss began
    0 one began
    0 two began
    1 boss counted jobs 2 1
    2 boss block signal jobs
    3 one counted jobs 1 2
    4 one finished";

#[test]
fn waiter_of_a_group_is_stalled_after_every_worker_with_a_done_has_ended() {
    assert!(stalled(GROUP).is_empty(), "two may count it down");
    let ended = format!("{GROUP}\n5 two finished");
    assert_eq!(stalled(&ended), ["boss"]);
    let finding = find(&play(&ended), 400.0, "stall").expect("a stall");
    assert_eq!(
        finding.sentence,
        "boss waits for jobs (count 1); every worker that could count it down has ended. It is stuck forever."
    );
    assert_eq!(finding.fix, "Call `done` on jobs on every exit path, and before waiting for others.");
    let counted = format!("{GROUP}\n5 two counted jobs 0 3\n5 two signalled jobs 1\n6 two finished");
    assert!(stalled(&counted).is_empty(), "the signal has not been received yet");
    assert!(stalled(&format!("{counted}\n7 boss heard jobs 1")).is_empty());
}

#[test]
fn count_of_a_latch_begins_with_its_initial_count() {
    let model = play("worker one\nlatch ready 3\n0 one began\n1 one counted ready 2 1");
    assert_eq!(model.signals(resource(&model, "ready")).and_then(contend_model::Signals::count), Some(2));
    let model = play("worker one\nlatch ready 3\n0 one began");
    assert_eq!(model.signals(resource(&model, "ready")).and_then(contend_model::Signals::count), Some(3));
}
