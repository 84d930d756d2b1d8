//! Semaphores and rwlocks: their holders, their waiters, and deadlocks over them.

use contend_trace::Stamp;

use super::script::{ms, play, resource, worker};

const THREE: &str = "worker a
    worker b
    worker c
    0 a began
    0 b began
    0 c began
    mutex m";

#[test]
fn semaphore_has_a_holder_for_each_taken_permit() {
    let model = play(&format!(
        "{THREE}
         semaphore s 2
         10 a acquired s 1
         10 b acquired s 2
         20 c wait s 0
         30 a released s 1
         30 c acquired s 3"
    ));
    let lock = model.lock(resource(&model, "s")).unwrap();
    assert_eq!((lock.acquired(), lock.contended(), lock.owner()), (3, 1, None));
    assert_eq!(lock.holders(), [(worker(&model, "b"), ms(10.0)), (worker(&model, "c"), ms(30.0))]);
    let share = lock.held_share(Stamp(0), ms(40.0), ms(40.0));
    assert!((share - 0.75).abs() < 0.01, "both permits, from 10 ms on: {share}");
    assert_eq!(model.health().anomalies, 0);
}

#[test]
fn holders_at_an_earlier_moment_are_known() {
    let model = play(&format!(
        "{THREE}
         semaphore s 2
         rwlock r
         10 a acquired s 1
         12 b acquired s 2
         30 a released s 1
         30 c acquired s 3
         40 a acquired m 1
         45 a released m 1
         46 b acquired m 2
         50 a acquired r r1
         55 a released r r1
         56 c acquired r 1"
    ));
    let (now, who) = (ms(60.0), |name| worker(&model, name));
    let lock = |name| model.lock(resource(&model, name)).unwrap();
    let held = |name, at| lock(name).holders_at(ms(at), now);
    assert_eq!(held("s", 5.0), []);
    assert_eq!(held("s", 20.0), [(who("a"), ms(10.0)), (who("b"), ms(12.0))]);
    assert_eq!(held("s", 35.0), [(who("b"), ms(12.0)), (who("c"), ms(30.0))]);
    assert_eq!(lock("s").owner_at(ms(20.0), now), None, "a semaphore has no exclusive owner");
    assert_eq!((held("m", 42.0), held("m", 45.5)), (vec![(who("a"), ms(40.0))], vec![]));
    assert_eq!((lock("m").owner_at(ms(50.0), now), held("m", 60.0)), (Some(who("b")), vec![(who("b"), ms(46.0))]));
    assert_eq!((lock("r").owner_at(ms(52.0), now), held("r", 52.0)), (None, vec![(who("a"), ms(50.0))]));
    assert_eq!(lock("r").owner_at(ms(58.0), now), Some(who("c")), "a writer is the exclusive owner");
}

#[test]
fn semaphore_used_as_a_signal_has_no_holders_and_no_deadlock() {
    let model = play(&format!(
        "{THREE}
         signal s
         1 a acquired m 1
         2 a held m 1
         2 a wait s 1
         3 b wait m 0
         4 c posted s
         5 a passed s 1
         6 a held m 1
         6 a wait s 1"
    ));
    let lock = model.lock(resource(&model, "s")).unwrap();
    assert_eq!((lock.acquired(), lock.contended(), lock.posts()), (1, 1, 1));
    assert!(lock.holders().is_empty() && model.first_deadlock().is_none(), "c may post again");
    assert_eq!(model.health().anomalies, 0);
}

#[test]
fn deadlock_over_permits_needs_too_few_free_ones_for_each_waiter() {
    let text = format!(
        "{THREE}
         semaphore s 4
         1 a acquired s 1
         1 b acquired s 2
         1 c acquired s 3
         2 b held s 2
         2 b asks s 2
         2 b wait s 1
         3 a held s 1
         3 a wait s 1"
    );
    assert!(
        play(&text.replace("2 b held s 2\n         2 b asks s 2", "2 b asks s 2\n         2 b held s 2"))
            .first_deadlock()
            .is_none()
    );
    // One permit is free. Workers that want two more are stuck once all three of them wait.
    let text = format!(
        "{THREE}
         semaphore s 4
         1 a acquired s 1
         1 b acquired s 2
         1 c acquired s 3
         2 a asks s 2
         2 a held s 1
         2 a wait s 1
         3 b asks s 2
         3 b held s 2
         3 b wait s 1"
    );
    assert!(play(&text).first_deadlock().is_none(), "c runs");
    let model = play(&format!("{text}\n4 c asks s 2\n4 c held s 3\n4 c wait s 1"));
    let deadlock = model.first_deadlock().expect("each of the three holds one permit and wants two more");
    assert_eq!((deadlock.closed_at, deadlock.cycle.len(), deadlock.victims.len()), (ms(4.0), 3, 0));
}

#[test]
fn writer_waits_for_all_readers() {
    let text = format!(
        "{THREE}
         rwlock r
         1 a acquired r r1
         2 b acquired r r2
         3 c queued r write 0
         3 c wait r 0"
    );
    let model = play(&text);
    let lock = model.lock(resource(&model, "r")).unwrap();
    assert_eq!((lock.holders().len(), lock.owner(), lock.waiters().len()), (2, None, 1));
    let holders: Vec<_> = model.wait_for_graph().edges.iter().map(|edge| edge.holder).collect();
    assert_eq!(holders, [worker(&model, "a"), worker(&model, "b")]);
}

#[test]
fn deadlock_is_reported_for_a_nested_read_behind_a_waiting_writer() {
    let text = |behind: u32| {
        format!(
            "{THREE}
             rwlock r
             1 a acquired r r1
             2 c queued r write 0
             2 c wait r 0
             3 a queued r read {behind}
             3 a held r r1
             3 a wait r 1"
        )
    };
    let model = play(&text(1));
    let deadlock = model.first_deadlock().expect("a waits behind c, and c waits for a");
    let links: Vec<_> = deadlock.cycle.iter().map(|link| (link.worker, link.is_ahead_in_queue)).collect();
    assert_eq!(links, [(worker(&model, "a"), false), (worker(&model, "c"), true)], "c is ahead of a in the queue");
    assert!(deadlock.victims.is_empty());
    assert!(play(&text(0)).first_deadlock().is_none(), "an rwlock that prefers readers admits it");
}
