//! Playback of simulated runs: the model as of a moment depends on the moment alone.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod beginning;
mod fold;
mod large;
mod late;
mod period;
mod simulation;

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

use contend_model::{Budget, CellWindow, Model};
use contend_playback::{BufferedTape, CheckpointLimit, Playback, ReadLimit, Row, Tape, resource_of};
use contend_trace::{Event, Message, Notice, ResourceId, Stamp, WorkerId};
use fastrand::Rng;
use proptest::prelude::*;
use simulation::{Simulation, registry};

const WORKERS: usize = 5;
const LOCKS: usize = 2;

fn new_model() -> Model {
    let registry = Arc::new(registry(WORKERS, LOCKS));
    let budget = Budget::for_registry(&registry);
    Model::new(registry, budget)
}

/// Returns a tape of a simulated run in sections of ten deliveries, and its messages.
fn tape(seed: u64, deliveries: usize) -> (BufferedTape, Vec<Message>) {
    let mut simulation = Simulation::new(seed, WORKERS, LOCKS, 40_000);
    let messages: Vec<Message> = (0..deliveries).map(|_| simulation.deliver()).collect();
    let end = Stamp(deliveries as u64 * 2_000_000);
    (BufferedTape::new(messages.chunks(10).map(<[Message]>::to_vec), end), messages)
}

/// Describes everything that a screen shows of a model.
fn describe(model: &Model, at: Stamp) -> String {
    let mut out = String::new();
    let window = CellWindow { from: Stamp(0), to: at.max(Stamp(1)), cells: 50 };
    for (id, lane) in model.lanes() {
        let mut cells = Vec::new();
        lane.cells(&window, at, &mut cells);
        let spans: Vec<_> = lane.spans(Stamp(0), at).collect();
        writeln!(out, "{id:?} {:?} {:?} {cells:?} {spans:?}", lane.activity(), lane.held_locks()).unwrap();
    }
    for lock in model.registry().locks() {
        let figures = model.lock(lock).unwrap();
        let mut cells = Vec::new();
        figures.cells(&window, at, &mut cells);
        writeln!(out, "{lock:?} {:?} {:?} {cells:?}", figures.holders(), figures.waiters()).unwrap();
    }
    writeln!(out, "{:?} {:?} {:?}", model.health(), model.marks(), model.findings(at)).unwrap();
    out
}

fn events_of(messages: &[Message]) -> Vec<Event> {
    let mut events = Vec::new();
    for message in messages {
        match message {
            Message::Batch(messages) => events.extend(events_of(messages)),
            Message::Events(of) => events.extend(of),
            _ => {}
        }
    }
    events
}

fn read_all<T: Tape>(playback: &mut Playback<T>) {
    while !playback.read_on(ReadLimit { work: 500, until: Stamp(u64::MAX) }).unwrap() {}
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn state_after_any_seeks_equals_that_of_playing_from_the_start(seed: u64, deliveries in 1..60_usize) {
        let (tape, messages) = tape(seed, deliveries);
        let mut rng = Rng::with_seed(seed);
        // From one checkpoint to one for each section.
        let limit = CheckpointLimit { bytes: 1 << rng.u32(..30), distance: 1 << rng.u32(..12) };
        let mut sought = Playback::with_checkpoint_limit(tape.clone(), new_model(), limit);
        let end = sought.end();
        let mut moments: Vec<Stamp> = (0..12).map(|_| Stamp(rng.u64(..=end.0 + 1_000_000))).collect();
        moments.extend(events_of(&messages).iter().step_by(97).map(|event| event.at));
        if rng.bool() {
            read_all(&mut sought);
        }
        rng.shuffle(&mut moments);
        let mut states = Vec::new();
        for at in &moments {
            sought.seek(*at).unwrap();
            prop_assert_eq!(sought.at(), *at);
            states.push((*at, describe(sought.model(), *at)));
        }
        states.sort();
        let mut played = Playback::new(tape, new_model());
        for (at, state) in states {
            played.seek(at).unwrap();
            prop_assert!(describe(played.model(), at) == state, "at {at:?}");
            let shown = describe(played.model(), at);
            let elsewhere = Stamp(rng.u64(..=end.0));
            played.model_at(elsewhere).unwrap();
            prop_assert!(describe(played.model(), at) == shown, "a look elsewhere changes the picture");
        }
    }

    /// In small steps, as a slow playback does.
    #[test]
    fn state_has_exactly_the_events_up_to_its_moment(seed: u64) {
        let (tape, messages) = tape(seed, 12);
        let mut events = events_of(&messages);
        events.sort_by_key(|event| event.at);
        let mut playback = Playback::new(tape, new_model());
        for at in (0..playback.end().0 + 500_000).step_by(90_000).map(Stamp) {
            playback.seek(at).unwrap();
            let upto = events.partition_point(|event| event.at <= at);
            prop_assert_eq!(playback.model().health().events, upto as u64, "at {:?}", at);
            prop_assert_eq!(playback.model().health().anomalies, 0);
            let newest = |worker| events[..upto].iter().rfind(|event| event.worker == worker);
            for (worker, lane) in playback.model().lanes() {
                let latest = newest(worker).map_or(Stamp(0), |event| event.at);
                prop_assert!(lane.activity().since <= latest, "{worker:?} at {at:?}");
            }
        }
    }

    #[test]
    fn end_of_the_tape_equals_a_model_that_was_fed_every_message(seed: u64, deliveries in 1..60_usize) {
        let (tape, messages) = tape(seed, deliveries);
        let mut live = new_model();
        for message in &messages {
            live.apply(message);
        }
        let mut playback = Playback::new(tape, new_model());
        let mut rng = Rng::with_seed(seed);
        for _ in 0..5 {
            playback.seek(Stamp(rng.u64(..=playback.end().0))).unwrap();
        }
        let end = playback.end();
        playback.seek(end + contend_trace::Span(500_000)).unwrap();
        prop_assert!(playback.is_read());
        prop_assert_eq!(describe(playback.model(), end), describe(&live, end));
        prop_assert_eq!(describe(playback.newest_model(), end), describe(&live, end));
    }

    #[test]
    fn steps_visit_every_event_of_a_row_forward_and_back(seed: u64, read: bool) {
        let (tape, messages) = tape(seed, 60);
        let events = events_of(&messages);
        for row in [Row::All, Row::Worker(WorkerId(2)), Row::Resource(ResourceId(1))] {
            let has = |event: &&Event| match row {
                Row::All => true,
                Row::Worker(worker) => event.worker == worker,
                Row::Resource(resource) => resource_of(&event.kind) == Some(resource),
            };
            let mut wanted: Vec<Stamp> = events.iter().filter(has).map(|event| event.at).collect();
            wanted.sort();
            wanted.dedup();
            let mut playback = Playback::new(tape.clone(), new_model());
            if !read {
                prop_assert_eq!(playback.next_event(Stamp(0), row).unwrap(), None, "nothing has been read");
            }
            read_all(&mut playback);
            let (mut at, mut visited) = (Stamp(0), Vec::new());
            while let Some(event) = playback.next_event(at, row).unwrap() {
                prop_assert!(has(&&event));
                at = event.at;
                visited.push(at);
                let there = playback.events_at(at, row).unwrap();
                prop_assert!(there[0] == event && there.iter().all(|event| event.at == at && has(&event)));
            }
            prop_assert_eq!(&visited, &wanted, "{:?}", row);
            at = Stamp(u64::MAX);
            visited.clear();
            while let Some(event) = playback.previous_event(at, row).unwrap() {
                at = event.at;
                visited.push(at);
            }
            visited.reverse();
            prop_assert_eq!(&visited, &wanted, "{:?}", row);
        }
    }
}

#[test]
fn reading_goes_in_slices_and_stops_at_its_limit() {
    let (tape, _) = tape(3, 400);
    let mut playback = Playback::new(tape, new_model());
    assert!(!playback.read_on(ReadLimit { work: 100, until: Stamp(u64::MAX) }).unwrap());
    let first = playback.newest_model().health().events;
    assert!((1..1_000).contains(&first), "{first}");
    let at = Stamp(100_000_000);
    playback.read_on(ReadLimit { work: u64::MAX, until: at }).unwrap();
    assert_eq!(playback.read_until(), at);
    playback.show_newest();
    assert_eq!((playback.at(), playback.model().complete_until()), (at, Some(at)));
    read_all(&mut playback);
    assert_eq!((playback.is_read(), playback.read_until()), (true, playback.end()));
}

#[test]
fn checkpoints_stay_within_their_bytes() {
    let (tape, _) = tape(6, 400);
    let mut whole = Playback::new(tape.clone(), new_model());
    read_all(&mut whole);
    assert_eq!(whole.checkpoint_size(), (0, 0), "a short tape needs none");
    let model = whole.newest_model().heap_bytes();
    for most in [1, 3, 8] {
        let limit = CheckpointLimit { bytes: most * model, distance: 100 };
        let mut playback = Playback::with_checkpoint_limit(tape.clone(), new_model(), limit);
        read_all(&mut playback);
        let (count, bytes) = playback.checkpoint_size();
        assert!(bytes <= limit.bytes && count * 2 >= most, "{count} checkpoints of {most}, {bytes} bytes");
    }
}

#[test]
fn turned_knobs_are_listed_in_order() {
    let (tape, _) = tape(4, 900);
    let mut playback = Playback::new(tape, new_model());
    read_all(&mut playback);
    let at: Vec<Stamp> = playback.notices().iter().map(|(at, _)| *at).collect();
    assert_eq!(at, [Stamp(798_000_000), Stamp(1_598_000_000)]);
    assert!(playback.notices().iter().all(|(_, notice)| matches!(notice, Notice::KnobSet { .. })));
}

/// A tape whose sections from a number on are damaged.
#[derive(Debug)]
struct TornTape(BufferedTape, usize);

impl Tape for TornTape {
    fn section_count(&self) -> usize {
        self.0.section_count()
    }

    fn read_section(&mut self, section: usize) -> std::io::Result<Option<Arc<Vec<Message>>>> {
        if section < self.1 { self.0.read_section(section) } else { Ok(None) }
    }

    fn end(&self) -> Stamp {
        self.0.end()
    }
}

#[test]
fn damaged_tape_is_played_up_to_the_damage() {
    let (tape, messages) = tape(5, 100);
    let mut whole = new_model();
    messages[..40].iter().for_each(|message| whole.apply(message));
    for read in [false, true] {
        let mut playback = Playback::new(TornTape(tape.clone(), 4), new_model());
        if read {
            read_all(&mut playback);
        }
        playback.seek(Stamp(200_000_000)).unwrap();
        assert_eq!(playback.model().health().events, whole.health().events);
        playback.seek(Stamp(20_000_000)).unwrap();
        assert!(playback.model().health().events < whole.health().events);
        let times: HashSet<Stamp> = events_of(&messages[..40]).iter().map(|event| event.at).collect();
        let last = playback.previous_event(Stamp(u64::MAX), Row::All).unwrap().unwrap();
        assert!(times.contains(&last.at) && times.iter().all(|at| *at <= last.at));
    }
}

#[test]
fn empty_tape_has_nothing_to_show() {
    let mut playback = Playback::new(BufferedTape::default(), new_model());
    assert!(playback.is_read());
    playback.seek(Stamp(5)).unwrap();
    assert_eq!(playback.model().health().events, 0);
    assert_eq!(playback.next_event(Stamp(0), Row::All).unwrap(), None);
    assert_eq!(playback.previous_event(Stamp(9), Row::All).unwrap(), None);
}

/// A source never says so, but a damaged file may.
#[test]
fn tape_that_claims_too_early_to_be_complete_is_read_to_its_end() {
    let (_, mut messages) = tape(3, 40);
    messages.insert(0, Message::Watermark(Stamp(u64::MAX)));
    let tape = BufferedTape::new(messages.chunks(10).map(<[Message]>::to_vec), Stamp(80_000_000));
    for (until, most_calls) in [(Stamp(1_000), 100), (Stamp(u64::MAX), 1)] {
        let mut playback = Playback::new(tape.clone(), new_model());
        let limit = ReadLimit { work: u64::MAX, until };
        let calls = (1..=most_calls).find(|_| playback.read_on(limit).unwrap());
        assert!(calls.is_some(), "until {until:?}");
    }
}
