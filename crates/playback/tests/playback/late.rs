//! A recording that begins during a run, when memory no longer holds the run's beginning.

use std::sync::Arc;

use contend_model::{Budget, Model};
use contend_recording::FlightRecorder;
use contend_trace::{
    Declared, Event, EventKind, ExitKind, LockKind, Message, Registry, ResourceId, ResourceInfo, ResourceKind, Sample,
    Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;

use super::{LOCKS, WORKERS, new_model, tape};

/// Returns what stands for the first messages, when memory has dropped them, and the others.
fn begun_late(messages: &[Message], count: usize) -> (Vec<Message>, Vec<Message>) {
    let mut flight = FlightRecorder::with_budget(1);
    for part in [&messages[..count], &messages[count..]] {
        for message in part {
            flight.record(message);
        }
        flight.tape(); // ends the section, so that the first part can be dropped
    }
    let tape = flight.tape();
    let read = |section| tape.read_section(section).unwrap();
    (read(0), (1..tape.section_count()).flat_map(read).collect())
}

fn apply(model: &mut Model, messages: &[Message]) {
    for message in messages {
        model.apply(message);
    }
}

/// Returns what workers wait for and since when, and who waits for each lock.
fn waits(model: &Model) -> String {
    let is_wait = |state| !matches!(state, State::Running | State::Gap | State::Done | State::Crashed);
    let waiting = model.lanes().map(|(worker, lane)| (worker, lane.activity()));
    let waiting: Vec<_> = waiting.filter(|(_, activity)| is_wait(activity.state)).collect();
    let locks: Vec<_> = model.registry().locks().map(|lock| model.lock(lock).unwrap().waiters()).collect();
    format!("{waiting:?} {locks:?}")
}

#[test]
fn late_recording_begins_with_the_waits_in_progress() {
    let mut count = 0;
    for seed in 0..10 {
        let (_, messages) = tape(seed, 60);
        let mut rng = Rng::with_seed(seed);
        for _ in 0..6 {
            let cut = rng.usize(1..messages.len());
            let (mut live, mut late) = (new_model(), new_model());
            let (before, after) = begun_late(&messages, cut);
            apply(&mut live, &messages[..cut]);
            apply(&mut late, &before);
            assert_eq!(waits(&late), waits(&live), "seed {seed}, cut after {cut}");
            count += live.lanes().filter(|(_, lane)| lane.activity().state == State::Lock).count();
            for (message, same) in messages[cut..].iter().zip(&after) {
                live.apply(message);
                late.apply(same);
                assert_eq!(waits(&late), waits(&live), "seed {seed}, cut after {cut}");
            }
            assert_eq!(late.health().anomalies, 0, "seed {seed}, cut after {cut}");
            assert_eq!(late.health().disagreements, 0);
        }
    }
    assert!(count > 30, "{count} waits for locks, of {WORKERS} workers and {LOCKS} locks");
}

#[test]
fn late_recording_begins_with_what_is_known_about_cores_and_gone_workers() {
    let worker = |n| WorkerInfo { name: format!("w{n}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
    let lock = ResourceInfo { name: "m".into(), kind: ResourceKind::Mutex { kind: LockKind::Std } };
    let registry = Arc::new(Registry { is_open: true, resources: vec![lock], ..Registry::default() });
    let new = || Model::new(Arc::clone(&registry), Budget::for_registry(&registry));
    let event = |at: u64, worker, kind| Event { at: Stamp(at), worker: WorkerId(worker), kind };
    let second = 1_000_000_000;
    let cores = |at: u64, load| Message::Sample(Sample::Cores { at: Stamp(at), load: vec![Some(load)] });
    let wait = EventKind::LockWait { lock: ResourceId(0), held_count: 0, timed: false };
    let messages = [
        Message::Declare((0..3).map(|n| Declared::Worker { id: WorkerId(n), info: worker(n) }).collect()),
        Message::Events((0..3).map(|n| event(10, n, EventKind::LifeBegan)).collect()),
        Message::Events(vec![event(20, 1, EventKind::LifeEnded(ExitKind::Finished)), event(30, 2, wait)]),
        cores(second, 0.25),
        Message::Watermark(Stamp(second)),
        Message::Declare(vec![Declared::WorkerGone(WorkerId(1))]),
        cores(2 * second, 0.75),
        Message::Watermark(Stamp(2 * second)),
    ];
    let (before, after) = begun_late(&messages, 6);
    let (mut live, mut late) = (new(), new());
    apply(&mut live, &messages);
    apply(&mut late, &before);
    apply(&mut late, &after);
    for model in [&live, &late] {
        let busy = |at: u64| model.cores().load_at(0, Stamp(at * second / 4));
        assert_eq!([2, 6].map(busy), [Some(0.25), Some(0.75)]);
        let gone: Vec<_> = model.gone_workers().map(|(group, gone)| (group.to_owned(), gone.workers)).collect();
        assert_eq!(gone, [("w".to_owned(), 1)]);
        let present: Vec<_> = model.lanes().map(|(id, _)| id).collect();
        assert_eq!(present, [WorkerId(0), WorkerId(2)]);
        assert_eq!(model.lane(WorkerId(2)).activity().since, Stamp(30));
        assert_eq!(model.health().anomalies, 0);
    }
}
