//! The beginning of a recording as a recording of its own.

use std::io::Cursor;

use contend_platform::Machine;
use contend_playback::{Playback, write_beginning};
use contend_recording::{Conclusion, Recording, RunDescription, write_recording};
use contend_trace::{Message, RunEnd, Stamp};
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
