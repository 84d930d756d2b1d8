//! Deadlocks: each separate cycle is a deadlock of its own.

use std::fmt::Write as _;

use contend_model::{Deadlock, Model};
use contend_trace::WorkerId;

use super::script::{ms, play, worker};

/// Two workers that take two locks in opposite order: the cycle closes at `at` ms.
fn cycle(one: &str, other: &str, [a, b]: [&str; 2], at: f64) -> String {
    format!(
        "worker {one}\nworker {other}\nmutex {a}\nmutex {b}\n0 {one} began\n0 {other} began
         {t} {one} acquired {a} 1\n{t} {other} acquired {b} 1
         {t} {one} held {a} 1\n{t} {one} wait {b} 1\n{at} {other} held {b} 1\n{at} {other} wait {a} 1\n",
        t = at - 1.0
    )
}

fn two() -> String {
    cycle("l1", "r1", ["a", "b"], 5.0) + &cycle("l2", "r2", ["c", "d"], 9.0)
}

fn names(model: &Model, workers: &[WorkerId]) -> Vec<String> {
    workers.iter().map(|w| model.registry().worker_name(*w).to_owned()).collect()
}

/// The cycle of each deadlock, and its victims.
fn cycles_and_victims(model: &Model) -> Vec<(Vec<String>, Vec<String>)> {
    let cycle = |deadlock: &Deadlock| deadlock.cycle.iter().map(|link| link.worker).collect::<Vec<_>>();
    let all = model.deadlocks().iter();
    all.map(|deadlock| (names(model, &cycle(deadlock)), names(model, &deadlock.victims))).collect()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn deadlock_is_reported_for_each_of_two_disjoint_cycles() {
    let model = play(&two());
    assert_eq!(cycles_and_victims(&model), [(owned(&["l1", "r1"]), vec![]), (owned(&["l2", "r2"]), vec![])]);
    assert_eq!(model.deadlocks().iter().map(|d| d.closed_at).collect::<Vec<_>>(), [ms(5.0), ms(9.0)]);
    assert_eq!(model.first_deadlock().map(|first| first.closed_at), Some(ms(5.0)), "the deadlock that closed first");
    assert_eq!(names(&model, model.deadlocked_workers()), ["l1", "r1", "l2", "r2"]);
    let findings = model.findings(ms(400.0));
    let sentences: Vec<_> = findings.iter().filter(|f| f.id == "deadlock").map(|f| f.sentence.as_str()).collect();
    assert_eq!(
        sentences,
        [
            "l1 holds a and waits for b; r1 holds b and waits for a. Both are stuck forever.",
            "l2 holds c and waits for d; r2 holds d and waits for c. Both are stuck forever."
        ]
    );
}

#[test]
fn restart_of_a_worker_ends_only_its_own_deadlock() {
    let again = format!("{}\n20 l1 killed 9\n21 l1 began", two());
    assert_eq!(cycles_and_victims(&play(&again)), [(owned(&["l2", "r2"]), vec![])]);
}

#[test]
fn deadlock_stays_after_lost_events_and_a_second_deadlock() {
    let lost = cycle("l1", "r1", ["a", "b"], 5.0) + "6 r1 gap 3\n" + &cycle("l2", "r2", ["c", "d"], 9.0);
    assert_eq!(cycles_and_victims(&play(&lost)).len(), 2, "{:?}", play(&lost).deadlocks());
}

#[test]
fn victim_of_two_cycles_is_reported_with_both() {
    let text = "semaphore s 2\n".to_owned()
        + &cycle("l1", "r1", ["a", "b"], 5.0)
            .replace("4 l1 acquired a 1", "1 l1 acquired s 1\n4 l1 acquired a 1")
            .replace("4 l1 held a 1", "4 l1 held s 1\n4 l1 held a 1")
            .replace("4 l1 wait b 1", "4 l1 wait b 2")
        + &cycle("l2", "r2", ["c", "d"], 9.0)
            .replace("8 l2 acquired c 1", "1 l2 acquired s 2\n8 l2 acquired c 1")
            .replace("8 l2 held c 1", "8 l2 held s 2\n8 l2 held c 1")
            .replace("8 l2 wait d 1", "8 l2 wait d 2")
        + "worker guest\nworker late\n0 guest began\n0 late began\n12 guest wait s\n13 late wait a\n";
    let model = play(&text);
    let expected = [(owned(&["l1", "r1"]), owned(&["guest", "late"])), (owned(&["l2", "r2"]), owned(&["guest"]))];
    assert_eq!(cycles_and_victims(&model), expected);
    let findings = model.findings(ms(400.0));
    assert!(findings[0].evidence.contains("Stuck behind them: guest and late."), "{}", findings[0].evidence);
    assert!(findings[0].evidence.contains("guest also waits for another deadlock."), "{}", findings[0].evidence);
}

#[test]
fn every_holder_of_a_needed_permit_is_in_the_cycle() {
    let text = "worker audit\nworker one\nworker two\nmutex row\nsemaphore s 3
        0 audit began\n0 one began\n0 two began
        1 audit acquired s 1\n1 one acquired s 2\n1 two acquired s 3\n2 audit acquired row 1
        3 one held s 2\n3 one wait row 1\n4 two held s 3\n4 two wait row 1
        5 audit held s 1\n5 audit held row 1\n5 audit wait s 2";
    let model = play(text);
    let [deadlock] = model.deadlocks() else { panic!("{:?}", model.deadlocks()) };
    assert!(!deadlock.is_simple_cycle() && deadlock.victims.is_empty());
    let waits: Vec<_> = deadlock.cycle.iter().map(|link| names(&model, &link.waits_for)).collect();
    assert_eq!(waits, [owned(&["audit", "one", "two"]), owned(&["audit"]), owned(&["audit"])]);
    assert_eq!(
        model.findings(ms(400.0))[0].sentence,
        "audit holds row and s and waits for s again; one and two hold s and wait for row. All 3 are stuck forever."
    );
    assert_eq!(deadlock.closed_at, ms(5.0), "audit can continue until then");
    assert_eq!(deadlock.cycle[0].worker, worker(&model, "audit"));
}

/// A ring of two, one of which a third worker can cancel; the third waits for the ring, last.
fn cancellable_cycle() -> String {
    cycle("l1", "r1", ["a", "b"], 5.0).replace("mutex a", "mutex a async").replace("mutex b", "mutex b async")
        + "worker boss\ncanceller boss l1\n0 boss began\n"
}

#[test]
fn worker_that_could_cancel_a_stuck_one_is_no_part_of_the_cycle() {
    let free = play(&cancellable_cycle());
    assert_eq!(free.deadlocks(), [], "boss may cancel l1");
    let stuck = play(&(cancellable_cycle() + "7 boss wait a\n"));
    assert_eq!(cycles_and_victims(&stuck), [(owned(&["l1", "r1"]), owned(&["boss"]))]);
    assert_eq!(stuck.first_deadlock().unwrap().closed_at, ms(7.0), "boss could cancel l1 until then");
    let links = stuck.first_deadlock().unwrap().cycle.iter();
    let waits: Vec<_> = links.map(|link| names(&stuck, &link.waits_for)).collect();
    assert_eq!(waits, [owned(&["r1"]), owned(&["l1"])]);
    let over = play(&(cancellable_cycle() + "6 boss cancels l1\n7 boss wait a\n"));
    assert_eq!(over.deadlocks(), [], "l1 is being cancelled");
}

#[test]
fn no_deadlock_is_said_if_the_event_of_a_cancellation_may_be_lost() {
    let lost = play(&(cancellable_cycle() + "6 boss gap 1\n7 boss wait a\n"));
    assert_eq!(lost.deadlocks(), [], "boss may have cancelled l1");
    let elsewhere = play(&(cancellable_cycle() + "worker other\n0 other began\n6 other gap 1\n7 boss wait a\n"));
    assert_eq!(elsewhere.deadlocks().len(), 1, "other cancels no worker");
}

#[test]
fn deadlocks_beyond_the_first_eight_share_one_finding() {
    let mut text = String::new();
    for n in 0..20 {
        let (l, r, a, b) = (format!("l{n}"), format!("r{n}"), format!("a{n}"), format!("b{n}"));
        let _ = write!(text, "{}", cycle(&l, &r, [&a, &b], 5.0 + f64::from(n)));
    }
    let model = play(&text);
    assert_eq!(model.deadlocks().len(), 20);
    let findings = model.findings(ms(400.0));
    let deadlocks: Vec<_> = findings.iter().filter(|finding| finding.id == "deadlock").collect();
    assert_eq!(deadlocks.len(), 9);
    assert_eq!(deadlocks[8].sentence, "12 more deadlocks of 24 workers. All 24 are stuck forever.");
}
