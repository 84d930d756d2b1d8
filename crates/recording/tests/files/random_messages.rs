//! Random messages of every kind, with events of every kind.

use contend_trace::{
    DeathCause, Declared, Event, EventKind, Evidence, KnobId, LockKind, Look, Message, Notice, PoolId, ResourceId,
    ResourceInfo, ResourceKind, RunEnd, Sample, SeenWorker, Span, Stamp, WaitSlot, WaitSnapshot, WorkerId, WorkerInfo,
    WorkerKind,
};
use fastrand::Rng;

/// Returns random messages, about a third of them with up to eight events.
pub fn random_messages(count: usize, seed: u64) -> Vec<Message> {
    let mut rng = Rng::with_seed(seed);
    (0..count).map(|_| random_message(&mut rng, 2)).collect()
}

fn random_message(rng: &mut Rng, depth: u32) -> Message {
    match rng.u8(..12) {
        0 if depth > 0 => Message::Batch((0..rng.usize(..4)).map(|_| random_message(rng, depth - 1)).collect()),
        1 => Message::WaitSnapshot(WaitSnapshot { slots: random_slots(rng), ..WaitSnapshot::default() }),
        2 | 3 => Message::Sample(random_sample(rng)),
        4 => Message::Notice { at: stamp(rng), notice: random_notice(rng) },
        5 => Message::Ended { at: stamp(rng), reason: random_end(rng) },
        6 => Message::Declare((0..rng.usize(..3)).map(|_| random_declaration(rng)).collect()),
        7 => Message::Look(random_look(rng)),
        8 => Message::Watermark(stamp(rng)),
        _ => Message::Events((0..rng.usize(..8)).map(|_| random_event(rng)).collect()),
    }
}

/// Returns a moment: an early one, or any.
fn stamp(rng: &mut Rng) -> Stamp {
    Stamp(if rng.bool() { rng.u64(..10_000) } else { rng.u64(..) })
}

fn worker(rng: &mut Rng) -> WorkerId {
    WorkerId(if rng.u8(..8) == 0 { rng.u32(..100_000) } else { rng.u32(..40) })
}

fn resource(rng: &mut Rng) -> ResourceId {
    ResourceId(if rng.bool() { rng.u32(..40) } else { rng.u32(..) })
}

fn text(rng: &mut Rng) -> String {
    (0..rng.usize(..12)).map(|_| *rng.choice(&['a', ' ', '9', 'ä', '→', '"']).expect("there are some")).collect()
}

fn random_event(rng: &mut Rng) -> Event {
    // The bits of an event: its kind, flags and argument below the id of its resource.
    let kind = match EventKind::from_bits(u128::from(rng.u64(..)) | u128::from(resource(rng).0) << 64) {
        EventKind::Unknown { .. } => EventKind::Resumed, // its code is not kept
        kind => kind,
    };
    Event { at: stamp(rng), worker: worker(rng), kind }
}

fn random_slots(rng: &mut Rng) -> Vec<WaitSlot> {
    let slot = |rng: &mut Rng| {
        let Event { at, worker, kind } = random_event(rng);
        WaitSlot { worker, at, life: rng.u64(..), lost: rng.u64(..9), events: vec![kind] }
    };
    (0..rng.usize(..3)).map(|_| slot(rng)).collect()
}

fn random_sample(rng: &mut Rng) -> Sample {
    let (from, to) = (stamp(rng), stamp(rng));
    match rng.u8(..10) {
        0 => Sample::Sched { worker: worker(rng), from, to, running: rng.u64(..), ready: rng.u64(..) },
        1 => Sample::SchedUnavailable,
        2 => {
            let load = (0..rng.usize(..5)).map(|_| rng.bool().then(|| rng.f32())).collect();
            Sample::Cores { at: to, load }
        }
        3 => Sample::Usage { from, to, run: rng.u64(..), viewer: rng.u64(..) },
        4 => Sample::Counter { at: to, counter: resource(rng), value: rng.i64(..) },
        5 => Sample::Ring { worker: worker(rng), produced: rng.u64(..), lost: rng.u64(..) },
        6 => Sample::OnCore { worker: worker(rng), core: rng.u16(..), from, to, running: rng.u64(..) },
        7 => {
            Sample::CoreLayout { physical: (0..rng.usize(..5)).map(|_| rng.u16(..)).collect(), is_virtual: rng.bool() }
        }
        8 => Sample::ClockError { nanos: rng.u64(..) },
        _ => Sample::EventCost { nanos: rng.f32() },
    }
}

fn random_notice(rng: &mut Rng) -> Notice {
    let worker = worker(rng);
    match rng.u8(..9) {
        0 => Notice::Started { worker, pid: rng.u32(..), tid: rng.u32(..) },
        1 => Notice::Died { worker, cause: DeathCause::Exit(rng.i32(..)) },
        2 => Notice::Died { worker, cause: DeathCause::CutOff },
        3 => Notice::KnobSet { knob: KnobId(0), name: text(rng), value_text: text(rng) },
        4 => Notice::Resized { pool: PoolId(0), workers: rng.u32(..) },
        5 => Notice::TaskFailed { worker, message: text(rng) },
        6 => Notice::Stderr(text(rng)),
        7 => Notice::Suspended(Span(rng.u64(..))),
        _ => Notice::Mark(text(rng)),
    }
}

fn random_end(rng: &mut Rng) -> RunEnd {
    match rng.u8(..4) {
        0 => RunEnd::Completed,
        1 => RunEnd::Deadlock,
        2 => RunEnd::Stopped,
        _ => RunEnd::Crashed(text(rng)),
    }
}

fn random_declaration(rng: &mut Rng) -> Declared {
    let name = text(rng);
    match rng.u8(..4) {
        0 => {
            let info = WorkerInfo { name, group: text(rng), kind: WorkerKind::Thread, pool: None };
            Declared::Worker { id: worker(rng), info }
        }
        1 => {
            let info = ResourceInfo { name, kind: ResourceKind::Mutex { kind: LockKind::Std } };
            Declared::Resource { id: resource(rng), info, evidence: Evidence::Observed }
        }
        2 => Declared::WorkerGone(worker(rng)),
        _ => Declared::ResourceGone(resource(rng)),
    }
}

fn random_look(rng: &mut Rng) -> Look {
    let seen = |rng: &mut Rng| SeenWorker { worker: worker(rng), moved: rng.u64(..), wait: None };
    Look { at: stamp(rng), workers: (0..rng.usize(..4)).map(|_| seen(rng)).collect() }
}
