//! Every finding: a run for which it is reported, and similar runs for which it must not be.

use std::fmt::Write;

use contend_model::{Finding, Severity};
use contend_trace::WorkerId;

use super::plural::wrong_plurals;
use super::script::{ms, play};

/// Returns all findings at `now` ms. The numbers of their sentences agree with their nouns.
fn findings(text: &str, now: f64) -> Vec<Finding> {
    let findings = play(text).findings(ms(now));
    for Finding { id, sentence, evidence, fix, .. } in &findings {
        let wrong: Vec<String> = [sentence, evidence, fix].into_iter().flat_map(|text| wrong_plurals(text)).collect();
        assert!(wrong.is_empty(), "{id}: {wrong:?} in {sentence} {evidence} {fix}");
    }
    findings
}

fn find(text: &str, now: f64, id: &str) -> Option<Finding> {
    findings(text, now).into_iter().find(|finding| finding.id == id)
}

fn sentence(text: &str, now: f64, id: &str) -> String {
    find(text, now, id).map_or_else(|| format!("no {id}: {:?}", findings(text, now)), |finding| finding.sentence)
}

const CHAIN: &str = "worker left
    worker right
    worker third
    mutex a
    mutex b
    0 left began
    0 right began
    0 third began
    0.1 left acquired a 1
    0.1 right acquired b 1
    0.2 left held a 1
    0.2 left wait b 1
    0.4 third wait a";

#[test]
fn deadlock_is_reported_for_a_cycle_of_two_and_of_one() {
    let cycle = format!("{CHAIN}\n0.3 right held b 1\n0.3 right wait a 1");
    let finding = find(&cycle, 1.0, "deadlock").expect("a deadlock");
    assert_eq!(
        finding.sentence,
        "left holds a and waits for b; right holds b and waits for a. Both are stuck forever."
    );
    assert!(finding.evidence.contains("Stuck behind them: third."), "{}", finding.evidence);
    assert_eq!((finding.severity, finding.at), (Severity::Error, Some(ms(0.3))));
    assert!(find(CHAIN, 1.0, "deadlock").is_none(), "right can continue");
    let own = "worker w\nmutex a\n0 w began\n1 w acquired a 1\n2 w held a 1\n2 w wait a 1";
    assert_eq!(sentence(own, 9.0, "deadlock"), "w waits for a, which it already holds. It is stuck forever.");
}

/// Four tellers take turns at a lock, one every 2 ms, for `hold` ms each and for `rounds` rounds. Returns the end as
/// well.
pub(super) fn tellers(hold: f64, rounds: u64) -> (String, f64) {
    let mut text = String::from("mutex account\n");
    (1..=4).for_each(|w| writeln!(text, "worker teller-{w}\n0 teller-{w} began").unwrap());
    let (mut at, mut grant) = (0.0, 0);
    for _ in 0..rounds {
        for w in 1..=4 {
            grant += 1;
            writeln!(text, "{at} teller-{w} acquired account {grant}").unwrap();
            writeln!(text, "{} teller-{w} released account {grant}", at + hold).unwrap();
            writeln!(text, "{} teller-{w} wait account", at + hold + 0.1).unwrap();
            at += 2.0;
        }
    }
    (text, at)
}

#[test]
fn lock_bound_is_reported_if_a_lock_is_held_all_the_time() {
    let (busy, end) = tellers(2.0, 200);
    let text = sentence(&busy, end, "lock-bound");
    assert!(text.starts_with("account is held 100 % of the time; 4 tellers wait 7"), "three of four wait: {text}");
    assert!(text.ends_with(" % of theirs. Ceiling: 500/s."), "{text}");
    let (idle, end) = tellers(1.0, 200);
    assert!(find(&idle, end, "lock-bound").is_none(), "held half of the time");
    let (short, end) = tellers(2.0, 40);
    assert!(find(&short, end, "lock-bound").is_none(), "too few holds");
}

#[test]
fn lock_bound_is_reported_if_all_permits_are_in_use() {
    let (one, end) = tellers(2.0, 200);
    let permits = one.replace("mutex account", "semaphore account 1");
    let found = sentence(&permits, end, "lock-bound");
    assert!(found.starts_with("1 permit of account is in use 100 % of the time; 4 tellers wait 7"), "{found}");
    assert!(found.ends_with("Ceiling: 500 permits/s."), "{found}");
    let enough = one.replace("mutex account", "semaphore account 2");
    assert!(find(&enough, end, "lock-bound").is_none(), "half of the permits are free");
}

#[test]
fn lock_bound_counts_overlapping_readers_once() {
    let (one, end) = tellers(2.0, 200);
    let rwlock = one.replace("mutex account", "rwlock account");
    let found = sentence(&rwlock, end, "lock-bound");
    assert!(found.starts_with("account is in use 100 % of the time, 100 % by a writer; 4 tellers wait 7"), "{found}");
    // In the second half of each turn the lock is free, however many readers hold it in the first.
    let (half, end) = tellers(1.0, 200);
    let reading = half.replace("mutex account", "rwlock account").replace(" account ", " account r");
    assert!(find(&reading, end, "lock-bound").is_none(), "free half of the time");
}

#[test]
fn lock_bound_is_not_reported_for_a_lock_with_a_dead_owner() {
    let (busy, end) = tellers(2.0, 200);
    let orphaned = format!("{busy}{end} teller-1 acquired account 801\n{} teller-1 killed 9", end + 1.0);
    assert!(find(&busy, end + 2.0, "lock-bound").is_some());
    assert!(find(&orphaned, end + 2.0, "lock-bound").is_none(), "no worker can hold it for a shorter time");
}

/// An array of three locks, of which `busy` have two users that take turns.
fn array(busy: usize) -> String {
    let mut text = String::new();
    for n in 1..=3 {
        writeln!(text, "mutex m-{n}\nworker a-{n}\nworker b-{n}\n0 a-{n} began\n0 b-{n} began").unwrap();
    }
    for n in 1..=busy {
        for turn in 0..500 {
            let (who, other) = if turn % 2 == 0 { ("a", "b") } else { ("b", "a") };
            let at = f64::from(turn) * 2.0;
            writeln!(text, "{at} {who}-{n} acquired m-{n} {}", turn + 1).unwrap();
            writeln!(text, "{} {other}-{n} wait m-{n}", at + 0.1 * n as f64).unwrap();
            writeln!(text, "{} {who}-{n} released m-{n} {}", at + 2.0, turn + 1).unwrap();
        }
    }
    text
}

#[test]
fn same_finding_for_several_locks_of_an_array_is_merged() {
    let all = findings(&array(3), 1_000.0);
    let [bound] = all.as_slice() else { panic!("one finding, not {all:#?}") };
    assert!(
        bound.sentence.starts_with("All 3 in m, worst: m-1 is held 100 % of the time; 6 workers wait "),
        "{bound:?}"
    );
    assert!(bound.evidence.ends_with("The same holds for m-2, m-3."), "{bound:?}");
    assert_eq!(bound.subject.map(contend_model::FindingSubject::count), Some(3));
    let two = sentence(&array(2), 1_000.0, "lock-bound");
    assert!(two.starts_with("2 of 3 in m, worst: m-1 is held 100 % of the time; 4 workers wait "), "{two}");
    let one = sentence(&array(1), 1_000.0, "lock-bound");
    assert!(one.starts_with("m-1 is held 100 % of the time; 2 workers wait "), "{one}");
}

/// A producer fills a queue of capacity 4; a consumer takes an item every `every` ms.
pub(super) fn full_queue(every: f64, waits: bool) -> String {
    let mut text = String::from("worker maker\nworker user\nqueue jobs 4\ngives jobs maker\ntakes jobs user\n");
    writeln!(text, "0 maker began\n0 user began").unwrap();
    (1..=4).for_each(|n| writeln!(text, "0 maker put jobs {n} {n}").unwrap());
    for n in 1..=(1_000.0 / every) as u64 {
        let at = n as f64 * every;
        if waits {
            writeln!(text, "{} maker block full jobs", at - every * 0.9).unwrap();
        }
        writeln!(text, "{at} user took jobs 3 {n}\n{at} maker put jobs 4 {}", n + 4).unwrap();
    }
    text
}

#[test]
fn queue_bound_is_reported_if_a_producer_waits_for_room_most_of_the_time() {
    assert_eq!(
        sentence(&full_queue(5.0, true), 1_000.0, "queue-bound"),
        "1 producer waits 90 % of the time for room in jobs. Ceiling: the 199/s that 1 consumer takes."
    );
    assert!(find(&full_queue(5.0, false), 1_000.0, "queue-bound").is_none(), "the producer does not wait");
    assert!(find(&full_queue(200.0, true), 1_000.0, "queue-bound").is_none(), "too few holds");
    let idle = full_queue(5.0, true).replace(" user took", " user block empty jobs\n{} user took");
    let idle = idle.replace("{} user took", "999 user took");
    assert!(find(&idle, 1_000.0, "queue-bound").is_none(), "the consumer waits as well");
}

/// Four workers pass a lock around. Each holds it for `hold` µs; the next one gets it after `idle` µs.
pub(super) fn convoy(kind: &str, hold: f64, idle: f64) -> (String, f64) {
    let mut text = format!("mutex gate {kind}\n");
    (1..=4).for_each(|w| writeln!(text, "worker w-{w}\n0 w-{w} began\n0.001 w-{w} wait gate").unwrap());
    let (mut at, mut grant) = (0.002, 0);
    while at < 700.0 {
        for w in 1..=4 {
            grant += 1;
            let until = at + hold / 1e3;
            writeln!(text, "{at} w-{w} acquired gate {grant}\n{until} w-{w} released gate {grant}").unwrap();
            writeln!(text, "{until} w-{w} wait gate").unwrap();
            at = until + idle / 1e3;
        }
    }
    (text, at)
}

#[test]
fn convoy_is_reported_only_if_handovers_take_longer_than_holds() {
    let (text, end) = convoy("fair", 5.0, 45.0);
    let found = find(&text, end, "convoy").expect("a convoy");
    assert_eq!(
        found.sentence,
        "gate is free 90 % of the time while 3.9 workers wait: the median handover takes 45 µs, the median hold 5.0 µs."
    );
    let (busy, end) = convoy("fair", 100.0, 45.0);
    assert!(find(&busy, end, "convoy").is_none(), "waking takes less time than the work");
    let (other, end) = convoy("std", 5.0, 45.0);
    assert!(find(&other, end, "convoy").is_none(), "this lock is not handed over: any worker can take it");
    let (text, end) = convoy("fair", 5.0, 45.0);
    assert!(find(&format!("{text}\n{end} w-1 gap 5"), end, "convoy").is_none(), "waits may be among the lost events");
    // Without waits there is no queue.
    let (calm, end) = convoy("fair", 5.0, 45.0);
    let calm: String = calm.lines().filter(|line| !line.contains("wait")).collect::<Vec<_>>().join("\n");
    assert!(find(&calm, end, "convoy").is_none(), "no worker waits");
}

/// Two workers at one lock. The greedy one gets it `times` times for each time the other gets it. `waits`: the other
/// one waits all the time; otherwise it does not wait.
pub(super) fn greedy(times: u64, waits: bool) -> (String, f64) {
    let mut text = String::from("mutex a\nworker w-1\nworker w-2\n0 w-1 began\n0 w-2 began\n");
    let (mut at, mut grant) = (0.0, 0);
    for _ in 0..2_000 / (times + 1) {
        if waits {
            writeln!(text, "{at} w-2 wait a").unwrap();
        }
        for _ in 0..times {
            grant += 1;
            writeln!(text, "{at} w-1 acquired a {grant}\n{} w-1 released a {grant}", at + 0.9).unwrap();
            at += 1.0;
        }
        grant += 1;
        writeln!(text, "{at} w-2 acquired a {grant}\n{} w-2 released a {grant}", at + 0.9).unwrap();
        at += 1.0;
    }
    (text, at)
}

#[test]
fn unfair_is_reported_if_a_waiting_worker_rarely_gets_the_lock() {
    let (text, end) = greedy(19, true);
    let found = sentence(&text, end, "unfair");
    assert_eq!(found, "w-1 got a 1,900 times; w-2, which waits for it 95 % of its time, got it only 100 times.");
    let (text, end) = greedy(1, true);
    assert!(find(&text, end, "unfair").is_none(), "they take turns");
    let (text, end) = greedy(19, false);
    assert!(find(&text, end, "unfair").is_none(), "the other worker does not wait");
    let (text, end) = greedy(19, true);
    assert!(find(&format!("{text}\n{end} w-2 gap 5"), end, "unfair").is_none(), "waits may be among the lost events");
}

/// One worker requests the lock four times as often as the other; each waits for about 0.8 ms each time.
#[test]
fn unfair_is_not_reported_for_a_worker_that_requests_the_lock_less_often() {
    let mut text = String::from("mutex a\nworker w-1\nworker w-2\n0 w-1 began\n0 w-2 began\n");
    let mut grant = 0;
    for round in 1..=250 {
        let start = f64::from(round) * 4.0;
        for turn in 0..4 {
            let at = start + f64::from(turn);
            grant += 1;
            writeln!(text, "{} w-1 wait a\n{at} w-1 acquired a {grant}", at - 0.7).unwrap();
            writeln!(text, "{} w-1 released a {grant}", at + 0.1).unwrap();
        }
        grant += 1;
        writeln!(text, "{} w-2 wait a\n{} w-2 acquired a {grant}", start + 2.2, start + 3.7).unwrap();
        writeln!(text, "{} w-2 released a {grant}", start + 3.8).unwrap();
    }
    assert!(find(&text, 1_004.0, "unfair").is_none());
}

/// Workers that always want to run, on two cores; the kernel gives each one `share` of the time.
pub(super) fn crowd(workers: u64, share: f64) -> String {
    let mut text = String::new();
    for w in 1..=workers {
        writeln!(text, "worker w-{w}\n0 w-{w} began").unwrap();
        for t in (0..2_000).step_by(100) {
            writeln!(text, "{} w-{w} sched {t} {} {}", t + 100, 100.0 * share, 100.0 * (1.0 - share)).unwrap();
        }
    }
    (1..=20).for_each(|i| writeln!(text, "{} cores 1 1", i * 100).unwrap());
    text
}

#[test]
fn oversubscribed_is_reported_if_more_workers_run_than_cores() {
    assert_eq!(
        sentence(&crowd(8, 0.25), 2_000.0, "oversubscribed"),
        "8 workers compete for 2 cores and spend 75 % of their runnable time waiting for one."
    );
    assert!(find(&crowd(2, 0.99), 2_000.0, "oversubscribed").is_none(), "as many workers as cores");
    assert!(find(&crowd(8, 0.25).replace("cores 1 1", "cores 1 1 1 1 1 1 1 1"), 2_000.0, "oversubscribed").is_none());
}

/// The CPU use of the run in hundredths of a core, sampled every 100 ms.
fn used(run: u32) -> String {
    let line = |i| format!("{} usage {} {run} 0", i * 100 + 100, i * 100);
    (0..20).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn oversubscribed_names_other_programs_if_they_cause_it() {
    let with_usage = |workers, share, run: u32| format!("{}\n{}", crowd(workers, share), used(run));
    // Two threads on two cores are not too many.
    assert_eq!(
        sentence(&with_usage(2, 0.5, 100), 2_000.0, "oversubscribed"),
        "Other programs keep 1.0 of 2 cores busy; workers spend 50 % of their runnable time waiting for one."
    );
    let both = find(&with_usage(8, 0.125, 100), 2_000.0, "oversubscribed").unwrap();
    assert!(both.sentence.starts_with("8 workers compete for 2 cores and spend "), "{both:?}");
    assert!(both.evidence.ends_with("Other programs keep 1.0 cores busy."), "{both:?}");
    let ours = find(&with_usage(8, 0.25, 200), 2_000.0, "oversubscribed").unwrap();
    assert!(!ours.evidence.contains("Other programs"), "{ours:?}");
}

#[test]
fn oversubscribed_is_not_reported_while_a_core_is_idle() {
    let pinned = crowd(4, 0.25).replace("cores 1 1", "cores 1 0.1");
    assert!(find(&pinned, 2_000.0, "oversubscribed").is_none(), "the workers are pinned to one core");
}

/// Four tasks that take turns of 10 ms on an event loop with this many threads.
pub(super) fn on_loop(threads: u32) -> String {
    let mut text = format!("loop {threads}\n");
    (0..4).for_each(|t| writeln!(text, "task t{t}\n0 t{t} began\n0 t{t} block ready").unwrap());
    for turn in 0..200 / threads {
        for thread in 0..threads {
            let task = (turn * threads + thread) % 4;
            writeln!(text, "{} t{task} resume\n{} t{task} block ready", turn * 10, turn * 10 + 10).unwrap();
        }
    }
    (1..=20).for_each(|i| writeln!(text, "{} cores 1 0.05", i * 100).unwrap());
    text
}

#[test]
fn loop_bound_is_reported_instead_of_oversubscribed_for_tasks_on_one_loop() {
    let text = on_loop(1);
    assert!(find(&text, 2_000.0, "oversubscribed").is_none(), "the second core is idle");
    let found = find(&text, 2_000.0, "loop-bound").unwrap();
    assert_eq!(
        found.sentence,
        "4 tasks want to run at once on 1 event-loop thread: they wait for it 75 % of that time."
    );
    assert_eq!(found.fix, "Give the loop more threads, or move CPU-heavy work to a pool.");
    let full = find(&text.replace("cores 1 0.05", "cores 1 1"), 2_000.0, "loop-bound").unwrap();
    assert_eq!(full.fix, "Make the tasks cheaper, or run fewer of them at once.");
    assert!(find(&on_loop(4), 2_000.0, "loop-bound").is_none(), "each task has a thread");
}

/// Tasks arrive every `every` ms for 2 s; each of the `workers` spends 20 ms in `state` on a task.
pub(super) fn pool(workers: usize, every: f64, state: &str) -> String {
    let mut text = String::from("worker feeder\nqueue q 9999\n");
    for w in 1..=workers {
        writeln!(text, "worker w-{w}").unwrap();
    }
    let names: Vec<String> = (1..=workers).map(|w| format!("w-{w}")).collect();
    writeln!(text, "pool io threads q feeder {}\n0 feeder began", names.join(" ")).unwrap();
    for name in &names {
        writeln!(text, "0 {name} began\n0 {name} block empty q").unwrap();
    }
    let mut free = vec![0.0f64; workers];
    let mut changes: Vec<(f64, i32, String)> = Vec::new();
    for i in 0..(2_000.0 / every) as u64 {
        let due = i as f64 * every;
        changes.push((due, 1, String::from("feeder put q")));
        let w = (0..workers).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap();
        let at = due.max(free[w]);
        free[w] = at + 20.0;
        if at < 1_960.0 {
            changes.push((at, -1, format!("{} took q", names[w])));
            let rest =
                format!("{at} {0} task {1}\n{at} {0} block {state}\n{2} {0} resume", names[w], at - due, at + 20.0);
            writeln!(text, "{rest}\n{0} {1} did\n{0} {1} block empty q", at + 20.0, names[w]).unwrap();
        }
    }
    // The puts tell the depth in the order of the stamps; the takes themselves are left out.
    changes.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let mut depth = 0;
    for (at, change, what) in changes {
        depth += change;
        if change > 0 {
            writeln!(text, "{at} {what} {depth}").unwrap();
        }
    }
    text
}

#[test]
fn pool_too_small_is_reported_if_more_tasks_arrive_than_workers_finish() {
    let found = sentence(&pool(2, 5.0, "io"), 2_000.0, "pool-too-small");
    assert!(found.starts_with("200 tasks/s arrive, 2 workers finish 9"), "{found}");
    assert!(found.ends_with("/s. About 4 would keep up."), "{found}");
    assert!(find(&pool(5, 5.0, "io"), 2_000.0, "pool-too-small").is_none(), "5 workers keep up");
    assert!(find(&pool(2, 11.0, "io"), 2_000.0, "pool-too-small").is_none(), "fewer tasks arrive");

    // A feeder that waits for room submits no more tasks than the workers finish.
    let (busy, idle) = (pool(2, 10.1, "io"), pool(4, 10.1, "io"));
    let with_waiting_feeder = |text: &str| {
        let mut out = String::new();
        for line in text.lines() {
            let waits = line.contains("feeder put").then(|| line.split_once(' ')).flatten();
            match waits.and_then(|(at, _)| at.parse::<f64>().ok()).filter(|at| *at > 10.0) {
                Some(at) => writeln!(out, "{} feeder block full q\n{line}", at - 6.0).unwrap(),
                None => writeln!(out, "{line}").unwrap(),
            }
        }
        out
    };
    let found = sentence(&with_waiting_feeder(&busy), 2_000.0, "pool-too-small");
    assert!(found.ends_with("tasks/s and cannot keep up: feeder waits 59 % of its time for room in q."), "{found}");
    assert!(find(&busy, 2_000.0, "pool-too-small").is_none(), "the feeder does not wait");
    assert!(find(&with_waiting_feeder(&idle), 2_000.0, "pool-too-small").is_none(), "the workers are not busy");

    let full = format!("{}\n2000 cores 1 1", pool(2, 5.0, "running"));
    let found = sentence(&full, 2_000.0, "pool-too-small");
    assert!(found.ends_with("/s. The cores are full: more workers would not help."), "{found}");
}

#[test]
fn pool_too_large_is_reported_if_most_workers_are_idle() {
    let found = sentence(&pool(12, 15.0, "io"), 2_000.0, "pool-too-large");
    assert!(
        found.starts_with("12 workers of io are busy 1") && found.ends_with("of the time; 2 would be enough."),
        "{found}"
    );
    assert!(find(&pool(2, 15.0, "io"), 2_000.0, "pool-too-large").is_none());

    let mut crowded = pool(8, 2.6, "running");
    (1..=8).for_each(|w| writeln!(crowded, "2000 w-{w} sched 0 500 1500").unwrap());
    let found = sentence(&format!("{crowded}\n2000 cores 1 1"), 2_000.0, "pool-too-large");
    assert!(found.starts_with("8 workers of io compete for 2 cores and spend 7"), "{found}");
    assert!(
        find(&format!("{crowded}\n2000 cores 0.5 0.5"), 2_000.0, "pool-too-large").is_none(),
        "the cores are not busy"
    );
}

#[test]
fn handover_bound_is_reported_if_processes_spend_their_time_on_handovers() {
    let processes = pool(2, 11.0, "handover").replace("pool io threads", "pool io processes");
    let found = sentence(&processes, 2_000.0, "handover-bound");
    assert!(found.starts_with("io spends 20 ms on the handover of each task"), "{found}");
    assert!(find(&pool(2, 11.0, "handover"), 2_000.0, "handover-bound").is_none(), "threads hand over nothing");
    let with_io = |line: &str| match line.split_once(' ').filter(|(_, what)| what.ends_with("block handover")) {
        Some((at, what)) => {
            let began = at.parse::<f64>().unwrap() + 5.0;
            format!("{line}\n{began} {}\n", what.replace("handover", "io"))
        }
        None => format!("{line}\n"),
    };
    let waiting: String = processes.lines().map(with_io).collect();
    assert!(find(&waiting, 2_000.0, "handover-bound").is_none(), "5 ms of handover, 15 ms of waiting for a device");
    let working = pool(2, 11.0, "running").replace("pool io threads", "pool io processes");
    assert!(find(&working, 2_000.0, "handover-bound").is_none(), "the time goes to the tasks");
}

const ADDS: &str = "worker left
    worker right
    counter hits
    0 left began
    0 right began
    1 left added hits 1
    2 right added hits 2
    3 left added hits 2";

#[test]
fn lost_update_is_reported_if_the_value_is_below_the_sum() {
    let found = sentence(&format!("{ADDS}\n9 counter hits 2"), 10.0, "lost-update");
    assert!(found.starts_with("1 of 3 updates of hits is lost (33 %)"), "{found}");
    assert!(find(&format!("{ADDS}\n9 counter hits 3"), 10.0, "lost-update").is_none());
    assert!(
        find(&format!("{ADDS}\n0.5 counter hits 0"), 10.0, "lost-update").is_none(),
        "later additions are not lost"
    );
    assert!(
        find(&format!("{ADDS}\n9 counter hits 2\n9 left gap 1"), 10.0, "lost-update").is_none(),
        "additions may be among the lost events"
    );
}

#[test]
fn crashed_names_the_cause_and_the_number_of_crashes() {
    let text = "worker w-1\nworker w-2\n0 w-1 began\n0 w-2 began";
    assert_eq!(sentence(&format!("{text}\n5 w-2 killed 9"), 9.0, "crashed"), "w-2 was killed by SIGKILL.");
    assert_eq!(sentence(&format!("{text}\n5 w-2 panicked\n5 w-2 killed 6"), 9.0, "crashed"), "w-2 panicked.");
    assert_eq!(sentence(&format!("{text}\n5 w-2 killed 6\n5 w-2 panicked"), 9.0, "crashed"), "w-2 panicked.");
    for lines in [
        "5 w-2 found-dead\n6 w-2 killed 9",
        "6 w-2 killed 9\n5 w-2 found-dead",
        "5 w-2 found-dead\n7 w-2 began\n6 w-2 killed 9",
    ] {
        assert_eq!(sentence(&format!("{text}\n{lines}"), 9.0, "crashed"), "w-2 was killed by SIGKILL.", "{lines}");
    }
    let both = format!("{text}\n5 w-1 panicked\n6 w-2 killed 9\n7 w-2 began");
    let finding = find(&both, 9.0, "crashed").expect("two crashes");
    assert_eq!(finding.sentence, "2 workers crashed; the last was w-2, which was killed by SIGKILL.");
    assert_eq!(finding.evidence, "w-1, w-2: 1 gone, 1 restarted.");
    assert!(find(&format!("{text}\n5 w-2 finished"), 9.0, "crashed").is_none());
}

/// A process with the threads `filler` and `server`, forked as `child`.
const FORK: &str = "worker filler
    worker server
    worker child
    mutex a
    copy b a child
    0 filler began
    0 server began
    1 filler acquired a 7
    2 child began
    2 child copied-held b filler";

#[test]
fn lock_held_at_a_fork_is_reported_once_the_copy_waits_for_it() {
    let found = find(&format!("{FORK}\n3 child wait b"), 900.0, "orphaned-lock").expect("it waits forever");
    let sentence = "filler held a when child was forked: it is locked in the copy, and child waits for it forever.";
    assert_eq!(found.sentence, sentence);
    // In the original process everything goes on.
    let goes_on = "4 filler released a 7\n5 server acquired a 8\n6 server released a 8\n7 filler finished";
    assert!(find(&format!("{FORK}\n3 child wait b\n{goes_on}"), 900.0, "orphaned-lock").is_some());
    for ends in ["", "3 child wait b timed", "3 child finished", "3 child wait b\n4 child killed 9"] {
        assert!(find(&format!("{FORK}\n{ends}"), 900.0, "orphaned-lock").is_none(), "{ends}");
    }
}

#[test]
fn waiter_for_a_copied_lock_is_stuck_and_the_holder_of_the_original_is_not() {
    let model = play(&format!("{FORK}\n3 child wait b"));
    assert_eq!(model.stall().expect("a stall").workers, [WorkerId(2)]);
    assert!(model.deadlocks().is_empty() && model.wait_for_graph().edges.is_empty());
    assert_eq!(model.health().anomalies, 0);
}

#[test]
fn new_fork_has_new_copies_of_locks() {
    let again = "3 child finished\n4 child began\n5 child acquired b 8\n6 child released b 8\n7 child finished";
    let model = play(&format!("{FORK}\n{again}\n8 child began\n9 child wait b"));
    assert!(model.stall().is_none(), "nothing says that the third copy is locked");
    let model = play(&format!("{FORK}\n{again}\n8 child began\n8 child copied-held b server\n9 child wait b"));
    assert_eq!(model.stall().expect("a stall").workers, [WorkerId(2)]);
    assert_eq!(model.health().anomalies, 0);
    // What a copy left locked is not locked in the next one.
    let left = "3 child finished\n4 child began\n5 child acquired b 8\n6 child killed 9\n7 child began\n8 child wait b";
    assert!(play(&format!("{FORK}\n{left}")).stall().is_none());
}

#[test]
fn orphaned_lock_is_reported_if_the_owner_ended_without_releasing() {
    let text = "worker left
        worker right
        mutex a
        0 left began
        0 right began
        1 left acquired a 1
        5 right wait a";
    let found = sentence(&format!("{text}\n10 left killed 9"), 900.0, "orphaned-lock");
    assert_eq!(found, "left ended without releasing a: 1 worker waits for it forever.");
    assert!(find(text, 900.0, "orphaned-lock").is_none(), "left still holds it");
    let found_out = format!("{text}\n10 left killed 9\n11 right owner-died a\n11 right acquired a 2");
    assert!(find(&found_out, 900.0, "orphaned-lock").is_none(), "the robust lock was recovered");
}

/// Worker `left` takes a then b; later, worker `right` takes b then a. The arguments are their events before that.
fn both_orders(left: &str, right: &str) -> String {
    format!(
        "worker left\nworker right\nmutex a\nmutex b\nmutex gate\n0 left began\n0 right began
        {left}\n1 left acquired a 1\n2 left acquired b 1\n3 left released b 1\n3 left released a 1
        {right}\n4 right acquired b 2\n5 right acquired a 2\n6 right released a 2\n6 right released b 2"
    )
}

#[test]
fn order_hazard_is_reported_for_opposite_lock_orders_that_can_overlap() {
    let hazard = |text: &str| find(text, 9.0, "order-hazard");
    let plain = both_orders("", "");
    assert_eq!(
        sentence(&plain, 9.0, "order-hazard"),
        "left takes a then b, right takes b then a: a deadlock that has not happened yet."
    );
    let instead = |line: &str| plain.replace("5 right acquired a 2", &format!("{line}\n5 right acquired a 2"));
    assert!(hazard(&instead("4.5 right held b 2\n4.5 right wait a 1")).is_some(), "right waits for a");
    assert!(hazard(&instead("5 right tried a")).is_none(), "right would have given up");
    assert!(hazard(&instead("4.5 right held b 2\n4.5 right wait a timed")).is_none(), "right would have given up");
    let (gate, other) = ("0.5 left acquired gate 1", "3.5 right acquired gate 2");
    assert!(hazard(&both_orders(gate, other)).is_none(), "the gate admits one worker at a time");
    assert!(hazard(&both_orders(gate, "")).is_some(), "only one takes the gate");
    let alone = plain.replace("worker right\n", "").replace("right", "left");
    assert!(hazard(&alone).is_none(), "one worker cannot deadlock with itself here");
    let same = plain
        .replace("4 right acquired b 2", "4 right acquired a 2")
        .replace("5 right acquired a 2", "5 right acquired b 2");
    assert!(hazard(&same).is_none(), "the same order");
}

/// Two workers that each hold one lock and give up on the other's, `times` times; `between` follows every tenth time.
pub(super) fn polite(times: u64, between: &str, second: &str) -> String {
    let mut text = String::from("worker left\nworker right\nmutex a\nmutex b\n0 left began\n0 right began\n");
    for i in 1..=times {
        let at = i as f64 * 10.0;
        writeln!(text, "{at} left acquired a {i}\n{at} right acquired b {i}").unwrap();
        writeln!(text, "{0} left held a {i}\n{0} left wait b timed\n{1} left gave-up b", at + 4.0, at + 5.0).unwrap();
        if second == "gives up" {
            writeln!(text, "{0} right held b {i}\n{0} right wait a timed\n{1} right gave-up a", at + 4.0, at + 5.0)
                .unwrap();
        }
        writeln!(text, "{0} left released a {i}\n{0} right released b {i}", at + 6.0).unwrap();
        if i % 10 == 0 {
            writeln!(text, "{}", between.replace("AT", &(at + 7.0).to_string())).unwrap();
        }
    }
    text
}

#[test]
fn livelock_is_reported_if_two_workers_keep_giving_up_for_each_other() {
    let found = sentence(&polite(40, "", "gives up"), 410.0, "livelock");
    assert_eq!(found, "left and right keep giving up on locks and retrying: 40 and 40 failed attempts in a row.");
    assert!(find(&polite(20, "", "gives up"), 210.0, "livelock").is_none(), "20 attempts can be chance");
    assert!(find(&polite(40, "", "has it"), 410.0, "livelock").is_none(), "right does not give up");
    assert!(find(&polite(40, "", "gives up"), 2_000.0, "livelock").is_none(), "they have stopped trying");
    let lucky = "AT left acquired b 1000\nAT left released b 1000\nAT right acquired a 1000\nAT right released a 1000";
    assert!(find(&polite(40, lucky, "gives up"), 410.0, "livelock").is_none(), "they succeed now and then");
}

#[test]
fn queue_overflow_is_predicted_if_a_queue_grows_steadily() {
    let small = |room: &str, every: f64| pool(2, every, "io").replace("queue q 9999", &format!("queue q {room}"));
    let found = sentence(&small("1000", 5.0), 2_000.0, "queue-overflow-in");
    assert!(found.starts_with("q grows by ") && found.contains("/s; at this rate it is full in "), "{found}");
    assert!(find(&small("999999", 5.0), 2_000.0, "queue-overflow-in").is_none(), "the overflow is far away");
    assert!(find(&small("1000", 11.0), 2_000.0, "queue-overflow-in").is_none(), "the queue does not grow");
    assert!(
        find(&format!("{}\n2000 ended", small("1000", 5.0)), 2_000.0, "queue-overflow-in").is_none(),
        "the run has ended"
    );
}

/// A worker that does tasks of 1 ms with pauses of 5 ms; every tenth task takes `long` ms. Each task waited for
/// `waited` ms.
pub(super) fn mixed(long: f64, waited: f64) -> String {
    let mut text =
        String::from("worker feeder\nqueue q 999\nworker w\npool io threads q feeder w\n0 feeder began\n0 w began\n");
    let mut at = 0.0;
    for i in 0..100 {
        let took = if i % 10 == 0 { long } else { 1.0 };
        writeln!(text, "{at} w task {waited}\n{} w did", at + took).unwrap();
        at += took + 5.0;
    }
    text
}

#[test]
fn head_of_line_is_reported_if_short_tasks_wait_behind_long_ones() {
    let found = sentence(&mixed(50.0, 20.0), 1_000.0, "head-of-line");
    assert_eq!(
        found,
        "Short tasks of io wait behind long ones: half take 1.0 ms or less, and half wait 20 ms or more."
    );
    assert!(find(&mixed(50.0, 0.5), 1_000.0, "head-of-line").is_none(), "no task waits for long");
    assert!(find(&mixed(1.0, 20.0), 1_000.0, "head-of-line").is_none(), "all tasks take equally long");
}

#[test]
fn abandoned_task_counts_as_failed() {
    let model = play(&format!("{}2000 w found-dead\n2000 w given-up", mixed(1.0, 1.0)));
    let pool = model.pool(contend_trace::PoolId(0)).expect("a pool");
    assert_eq!((pool.done(), pool.failed(), model.health().anomalies), (100, 1, 0));
}

#[test]
fn findings_are_sorted_by_severity_and_a_calm_run_has_none() {
    let (text, end) = tellers(2.0, 200);
    let all = findings(&format!("{text}\n{end} teller-4 panicked"), end);
    assert!(all.windows(2).all(|pair| pair[0].severity >= pair[1].severity), "{all:?}");
    assert_eq!(all.first().map(|finding| finding.id), Some("crashed"));
    assert!(findings(&pool(5, 5.0, "io"), 2_000.0).is_empty());
    assert!(findings("", 9.0).is_empty());
}

/// Readers of an rwlock, one every ms for 5 ms each; a writer waits from 10 ms on, and gets the lock at times if
/// `served`.
pub(super) fn readers(served: bool) -> (String, f64) {
    let mut text = String::from("rwlock page\nworker editor\n0 editor began\n");
    (1..=6).for_each(|w| writeln!(text, "worker r-{w}\n0 r-{w} began").unwrap());
    writeln!(text, "10 editor queued page write 0\n10 editor wait page 0").unwrap();
    let mut grant = 0;
    for turn in 0..300 {
        for w in 1..=6 {
            let at = f64::from(turn) * 6.0 + f64::from(w);
            grant += 1;
            writeln!(text, "{at} r-{w} acquired page r{grant}\n{} r-{w} released page r{grant}", at + 5.0).unwrap();
        }
        if served && turn % 10 == 9 {
            let at = f64::from(turn) * 6.0 + 6.5;
            grant += 1;
            let events = ["acquired page", "released page"].map(|what| format!("{at} editor {what} {grant}\n"));
            writeln!(text, "{}{at} editor queued page write 0\n{at} editor wait page 0", events.concat()).unwrap();
        }
    }
    (text, 1_800.0)
}

#[test]
fn starved_is_reported_for_a_waiter_that_others_overtake_for_long() {
    let (text, end) = readers(false);
    let found = sentence(&text, end, "starved");
    assert!(found.starts_with("editor has waited 1.8 s for page while 6 others got it 1,7"), "{found}");
    let (text, end) = readers(true);
    assert!(find(&text, end, "starved").is_none(), "the writer waits often, but never for long");
    // In order of arrival, each of many workers waits long, but none is overtaken.
    let mut queue = String::from("mutex a\n");
    (1..=30).for_each(|w| writeln!(queue, "worker w-{w}\n0 w-{w} began\n0 w-{w} wait a").unwrap());
    for grant in 1..=90_u32 {
        let (at, w) = (grant * 50, (grant - 1) % 30 + 1);
        let held = [format!("{} w-{w} acquired a {grant}", at - 50), format!("{at} w-{w} released a {grant}")];
        writeln!(queue, "{}\n{at} w-{w} wait a", held.join("\n")).unwrap();
    }
    assert!(
        find(&queue, 4_500.0, "starved").is_none(),
        "each waits for 1.5 s and is overtaken once by each other worker"
    );
}

#[test]
fn deadlock_is_reported_for_permits_of_a_semaphore() {
    let text = "semaphore s 2
        worker w-1
        worker w-2
        0 w-1 began
        0 w-2 began
        1 w-1 acquired s 1
        1 w-2 acquired s 2
        2 w-1 held s 1
        2 w-1 wait s 1";
    assert!(find(text, 9.0, "deadlock").is_none(), "w-2 can continue");
    assert_eq!(
        sentence(&format!("{text}\n3 w-2 held s 2\n3 w-2 wait s 1"), 9.0, "deadlock"),
        "w-1 and w-2 hold permits of s, and each waits for permits that the other holds. Both are stuck forever."
    );
}

/// Two opposite lock orders, with events after the first and before the second that may keep them apart.
fn both_orders_with(declared: &str, left: &str, right: &str) -> String {
    format!(
        "{declared}\n{}",
        both_orders("", "")
            .replace("3 left released a 1", &format!("3 left released a 1\n{left}"))
            .replace("4 right acquired b 2", &format!("{right}\n4 right acquired b 2"))
    )
}

/// Returns the run with all events of worker `first` before all events of the other worker.
fn by_worker(text: &str, first: &str) -> String {
    let (mut head, mut one, mut other) = (Vec::new(), Vec::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        match line.split_whitespace().nth(1) {
            Some(who) if who == first && line.starts_with(|c: char| c.is_ascii_digit()) => one.push(line),
            Some(_) if line.starts_with(|c: char| c.is_ascii_digit()) => other.push(line),
            _ => head.push(line),
        }
    }
    [head, one, other].concat().join("\n")
}

#[test]
fn order_hazard_is_not_reported_if_a_supply_orders_the_acquisitions() {
    for (declared, left, right) in [
        ("event e", "3.1 left signalled e 0", "3.9 right saw-set e 1"),
        ("event e", "3.1 left signalled e 1", "0.5 right block signal e\n3.9 right heard e 1"),
        ("queue q 1", "3.1 left put q 1 1", "3.9 right took q 0 1"),
        ("signal s", "3.1 left posted s", "3.9 right passed s 1"),
        ("barrier r 2", "3.1 left block signal r\n8.5 left heard r 1", "3.9 right signalled r 1"),
        ("barrier r 2", "3.1 left tried r\n3.1 left block signal r\n8.5 left heard r 1", "3.9 right signalled r 1"),
    ] {
        let text = both_orders_with(declared, left, right);
        for text in [&text, &by_worker(&text, "left"), &by_worker(&text, "right")] {
            assert!(find(text, 9.0, "order-hazard").is_none(), "{text}");
        }
        // A worker that gave up did not meet the other, which met a third one.
        let (gave_up, third) = (
            "3.1 left tried r\n3.1 left block signal r\n3.2 left gave-up r",
            "0.5 third began\n3.3 third block signal r\n3.9 right signalled r 1\n4.5 third heard r 1",
        );
        let left_early = both_orders_with("worker third\nbarrier r 2", gave_up, third);
        for text in [&left_early, &by_worker(&left_early, "left"), &by_worker(&left_early, "right")] {
            assert!(find(text, 9.0, "order-hazard").is_some(), "{text}");
        }
        // Without these events nothing keeps the two orders apart.
        let late = both_orders_with(declared, "", "");
        for text in [&late, &by_worker(&late, "right")] {
            assert_eq!(find(text, 9.0, "order-hazard").map(|found| found.severity), Some(Severity::Warning), "{text}");
        }
    }
}

#[test]
fn order_hazard_is_only_a_note_after_lost_events() {
    let lost = both_orders("", "3.5 right gap 7");
    let found = find(&lost, 9.0, "order-hazard").expect("still reported");
    assert!(found.severity == Severity::Note && found.sentence.ends_with("they may deadlock."), "{found:?}");
}

/// A worker that polls for `ms` of every 10 ms.
pub(super) fn poller(ms: f64) -> String {
    let mut text = String::from("worker w\nqueue jobs 9\n0 w began\n");
    for n in 1..=100 {
        let at = f64::from(n) * 10.0;
        writeln!(text, "{at} w polled jobs {ms}\n{at} w block sleep\n{} w resume", at + (9.9 - ms).max(0.0)).unwrap();
    }
    text
}

#[test]
fn busy_wait_is_reported_if_a_worker_polls_most_of_the_time() {
    let found = sentence(&poller(9.0), 1_000.0, "busy-wait");
    assert!(found.starts_with("w polls jobs in vain 90 % of its time, 102,400/s"), "{found}");
    assert!(find(&poller(1.0), 1_000.0, "busy-wait").is_none(), "the worker sleeps most of the time");
}

#[test]
fn busy_wait_is_reported_for_spinning_at_a_lock_with_long_holds() {
    let (busy, end) = tellers(2.0, 200);
    let found = sentence(&busy.replace("mutex account", "mutex account spin"), end, "busy-wait");
    assert!(
        found.starts_with("4 workers spin for account 7") && found.contains("it is held 2.0 ms on average"),
        "{found}"
    );
    assert!(find(&busy, end, "busy-wait").is_none(), "waiters of this lock sleep");
}

/// A run of four workers that share a mutex, of whose events most are lost, with snapshots of the wait slots.
fn lossy_run(waiting_snapshots: usize, lost: u64) -> contend_model::Model {
    use contend_trace::{Event, EventKind, Grant, Message, Stamp, WaitSlot, WaitSnapshot};
    let mut text = "worker teller0\nworker teller1\nworker teller2\nworker teller3\nmutex till\n".to_owned();
    text.push_str("0 teller0 began\n0 teller1 began\n0 teller2 began\n0 teller3 began\n");
    for turn in 0..20 {
        let (w, grant, at) = (turn % 4, turn + 1, turn * 10 + 1);
        writeln!(text, "{at} teller{w} acquired till {grant}\n{}.5 teller{w} released till {grant}", at + 3).unwrap();
    }
    let mut model = play(&text);
    let (till, event) = (super::script::resource(&model, "till"), |worker, at, kind| Event { at, worker, kind });
    for nth in 0..40_usize {
        let at = ms(300.0 + 40.0 * nth as f64);
        let workers = (0..3_u32).map(WorkerId);
        let gaps = workers.clone().map(|worker| event(worker, at, EventKind::Gap { lost })).filter(|_| lost > 0);
        model.apply(&Message::Events(gaps.collect()));
        let wait = vec![EventKind::LockWait { lock: till, held_count: 0, timed: false }];
        let slot = |worker| WaitSlot { worker, at, life: 1, lost: lost * (nth as u64 + 1), events: wait.clone() };
        let slots = if nth < waiting_snapshots { workers.map(slot).collect() } else { Vec::new() };
        model.apply(&Message::WaitSnapshot(WaitSnapshot { slots, unavailable: Vec::new() }));
        // A few holds still arrive.
        let (grant, holder) = (Grant(1_000 + nth as u64 * 100), WorkerId(3));
        let later = Stamp(at.0 + 1_000_000);
        model.apply(&Message::Events(vec![
            event(holder, at, EventKind::Acquired { lock: till, grant }),
            event(holder, later, EventKind::Released { lock: till, grant }),
        ]));
        model.apply(&Message::Watermark(later));
    }
    model
}

#[test]
fn lock_bound_is_found_in_wait_slots_after_a_heavy_loss_and_says_what_was_lost() {
    let found = |waiting, lost| {
        let findings = lossy_run(waiting, lost).findings(ms(1_900.0));
        findings.into_iter().find(|finding| finding.id == "lock-bound")
    };
    let finding = found(40, 500).expect("three of four workers always wait");
    assert_eq!(finding.sentence, "On average 3 of 4 workers wait for till.");
    assert!(finding.evidence.starts_with("Workers waited for it in 100 % of 40 snapshots. "), "{}", finding.evidence);
    assert!(finding.evidence.contains("of the events were lost"), "{}", finding.evidence);
    assert_eq!(found(10, 500), None, "they waited in a quarter of the snapshots");
}
