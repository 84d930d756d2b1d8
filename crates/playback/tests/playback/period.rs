//! What happened between two moments of a playback, from the models of both.

use contend_playback::{Playback, ReadLimit};
use contend_trace::{EventKind, Stamp};

use super::{LOCKS, describe, events_of, new_model, tape};

#[test]
fn sums_between_two_moments_are_those_of_the_events_between_them() {
    let mut compared = 0;
    for seed in 0..10 {
        let (tape, messages) = tape(seed, 60);
        let events = events_of(&messages);
        let mut playback = Playback::new(tape, new_model());
        let mut rng = fastrand::Rng::with_seed(seed);
        for _ in 0..10 {
            let (a, b) = (Stamp(rng.u64(..120_000_000)), Stamp(rng.u64(..120_000_000)));
            let (from, to) = (a.min(b), a.max(b));
            let then = playback.model_at(from).unwrap().sums(from);
            let sums = playback.model_at(to).unwrap().sums(to).minus_earlier(&then);
            for lock in new_model().registry().locks().take(LOCKS) {
                let between = events.iter().filter(|event| event.at > from && event.at <= to);
                let took = |kind: &EventKind| matches!(kind, EventKind::Acquired { lock: of, .. } if *of == lock);
                let expected = between.filter(|event| took(&event.kind)).count() as u64;
                let found = sums.lock(lock).unwrap();
                assert_eq!(found.acquired, expected, "{lock:?} from {from:?} to {to:?}, seed {seed}");
                assert_eq!(found.acquired_by.iter().map(|(_, n)| n).sum::<u64>(), expected);
                assert!(found.hold_times.count() <= expected + 1, "one hold began before");
                compared += expected;
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn period_leaves_the_shown_moment_alone_and_is_limited() {
    let (tape, _) = tape(7, 60);
    let mut playback = Playback::new(tape, new_model());
    playback.read_on(ReadLimit { work: u64::MAX, until: Stamp(u64::MAX) }).unwrap();
    let (from, to) = (Stamp(30_000_000), Stamp(90_000_000));
    playback.seek(to).unwrap();
    let before = describe(playback.model(), to);
    let period = playback.period_model(from, to, u64::MAX).unwrap().expect("there is no limit");
    assert_eq!(period.settings_start(to), from);
    assert_eq!(period.lock(period.registry().locks().next().unwrap()).unwrap().holders(), {
        let model = playback.model();
        model.lock(model.registry().locks().next().unwrap()).unwrap().holders()
    });
    assert_eq!(describe(playback.model(), to), before);
    assert!(playback.period_model(from, to, 1).unwrap().is_none(), "more than one event is between them");
    assert!(playback.period_model(from, Stamp(u64::MAX), u64::MAX).unwrap().is_some(), "up to the end");
}

/// Deliveries bring the events of 2 ms: almost every moment lies within one.
#[test]
fn figures_of_a_period_have_no_event_from_before_it() {
    let mut compared = 0;
    for seed in 0..10 {
        let (tape, messages) = tape(seed, 60);
        let events = events_of(&messages);
        let mut playback = Playback::new(tape, new_model());
        let mut rng = fastrand::Rng::with_seed(seed);
        for _ in 0..20 {
            let (a, b) = (Stamp(rng.u64(..120_000_000)), Stamp(rng.u64(..120_000_000)));
            // Within one delivery, too.
            let to = a.max(if rng.bool() { b } else { Stamp(a.0 + rng.u64(..500_000)) });
            let from = [Stamp(0), a.min(b), a][rng.usize(..3)];
            let period = playback.period_model(from, to, u64::MAX).unwrap().expect("there is no limit");
            assert_eq!(period.health().anomalies, 0);
            let upto = events.iter().filter(|event| event.at <= to).count();
            assert_eq!(
                period.health().events,
                upto as u64,
                "all events up to its end: {from:?} to {to:?}, seed {seed}"
            );
            for lock in new_model().registry().locks().take(LOCKS) {
                let is_in = |at: Stamp| at >= from && at <= to;
                let took = |kind: &EventKind| matches!(kind, EventKind::Acquired { lock: of, .. } if *of == lock);
                let expected = events.iter().filter(|event| is_in(event.at) && took(&event.kind)).count() as u64;
                let found = period.lock(lock).unwrap().recent_acquired();
                assert_eq!(found, expected, "{lock:?} from {from:?} to {to:?}, seed {seed}");
                compared += expected;
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}
