//! The beginning of a recording as a recording of its own.

use std::io::Cursor;

use contend_model::Model;
use contend_platform::Machine;
use contend_playback::{Playback, write_beginning};
use contend_recording::{Conclusion, Recording, RunDescription, write_recording};
use contend_trace::{
    Declared, Event, EventKind, ExitKind, Grant, Message, ResourceId, RunEnd, Sample, Stamp, State, WaitSlot,
    WaitSnapshot, WorkerId,
};
use fastrand::Rng;
use proptest::prelude::*;

use super::simulation::registry;
use super::{LOCKS, WORKERS, describe, new_model, tape};

fn open(bytes: Vec<u8>) -> Recording<Cursor<Vec<u8>>> {
    Recording::from_reader(Cursor::new(bytes)).unwrap()
}

/// Returns a recording of these messages that ends at `at`.
fn recording(messages: &[Message], at: Stamp) -> Recording<Cursor<Vec<u8>>> {
    let description = RunDescription {
        program_version: "1".into(),
        title: "simulated".into(),
        machine: Machine::default(),
        registry: registry(WORKERS, LOCKS),
        run: None,
        time_limit: None,
        begins_at: None,
    };
    let mut bytes = Vec::new();
    let conclusion = Conclusion { at, ended: RunEnd::Time, signal: None };
    let size = write_recording(&mut bytes, &description, messages, Some(conclusion)).unwrap();
    assert_eq!(size, bytes.len() as u64);
    open(bytes)
}

fn beginning(recording: &mut Recording<Cursor<Vec<u8>>>, until: Stamp) -> Recording<Cursor<Vec<u8>>> {
    let mut bytes = Vec::new();
    write_beginning(recording, until, &mut bytes).unwrap();
    open(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn beginning_of_a_recording_ends_with_the_model_of_its_moment(seed: u64, deliveries in 1..60_usize) {
        let (_, messages) = tape(seed, deliveries);
        let end = Stamp(deliveries as u64 * 2_000_000);
        let mut rng = Rng::with_seed(seed);
        for _ in 0..8 {
            let until = Stamp(rng.u64(..end.0));
            let part = beginning(&mut recording(&messages, end), until);
            prop_assert_eq!((part.conclusion(), part.damage()), (None, None));
            let mut played = Playback::new(part, new_model());
            played.seek(Stamp(u64::MAX)).unwrap();
            let mut whole = Playback::new(recording(&messages, end), new_model());
            whole.seek(until).unwrap();
            let mut model = whole.model().clone();
            model.apply(&Message::Watermark(until));
            prop_assert!(describe(played.model(), until) == describe(&model, until), "until {until:?}");
            prop_assert_eq!(played.model().health().events, model.health().events);
            prop_assert_eq!((played.end(), played.model().complete_until()), (until, Some(until)));
        }
    }
}

#[test]
fn beginning_up_to_the_end_has_all_events_and_the_conclusion() {
    let (_, messages) = tape(6, 200);
    let end = Stamp(500_000_000); // later than all events
    let mut whole = recording(&messages, end);
    let part = beginning(&mut whole, end);
    assert_eq!(part.conclusion(), whole.conclusion());
    let events = |recording: &Recording<_>| recording.sections().iter().map(|section| section.events).sum::<u64>();
    assert!(events(&part) > 1_000);
    assert_eq!(events(&part), events(&whole));
    assert_eq!(beginning(&mut whole, Stamp(end.0 - 1)).conclusion(), None);
}

/// A worker that waits by a snapshot alone, one that is gone, and a sample without a moment.
#[test]
fn beginning_has_snapshots_gone_workers_and_samples_of_its_whole_messages() {
    let event = |at, worker, kind| Event { at: Stamp(at), worker: WorkerId(worker), kind };
    let lock = ResourceId(0);
    let slot = WaitSlot {
        worker: WorkerId(1),
        at: Stamp(900),
        life: 1,
        lost: 3,
        events: vec![EventKind::LockWait { lock, held_count: 0, timed: false }],
    };
    let messages = [
        Message::Events((0..3).map(|worker| event(10, worker, EventKind::LifeBegan)).collect()),
        Message::Events(vec![
            event(500, 0, EventKind::Acquired { lock, grant: Grant(1) }),
            event(600, 2, EventKind::LifeEnded(ExitKind::Finished)),
        ]),
        Message::Watermark(Stamp(1_000)),
        Message::WaitSnapshot(WaitSnapshot { slots: vec![slot], ..WaitSnapshot::default() }),
        Message::Sample(Sample::EventCost { nanos: 7.0 }),
        Message::Declare(vec![Declared::WorkerGone(WorkerId(2))]),
        Message::Events(vec![event(3_000, 0, EventKind::Released { lock, grant: Grant(1) })]),
        Message::Watermark(Stamp(4_000)),
    ];
    let part = beginning(&mut recording(&messages, Stamp(5_000)), Stamp(2_000));
    let mut played = Playback::new(part, new_model());
    played.seek(Stamp(u64::MAX)).unwrap();
    let model = played.model();
    assert!((model.health().ns_per_event - 7.0).abs() < 1e-9);
    assert_eq!(model.lane(WorkerId(1)).activity().state, State::Lock, "by the snapshot");
    assert_eq!(model.lane(WorkerId(1)).activity().since, Stamp(900));
    let mut whole = Playback::new(recording(&messages, Stamp(5_000)), new_model());
    whole.seek(Stamp(2_000)).unwrap();
    let mut expected = whole.model().clone();
    expected.apply(&Message::Watermark(Stamp(2_000)));
    assert_eq!(describe(model, Stamp(2_000)), describe(&expected, Stamp(2_000)));
    let gone = |model: &Model| format!("{:?}", model.gone_workers().collect::<Vec<_>>());
    assert_eq!(gone(model), gone(&expected));
}
