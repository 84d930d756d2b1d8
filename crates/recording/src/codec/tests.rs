use contend_trace::{
    Cancellers, Declared, Evidence, LaneRange, LockKind, Look, Notice, PoolId, PoolInfo, ResourceId, ResourceInfo,
    ResourceKind, Sample, SeenWait, SeenWorker, WaitSlot, WaitSnapshot, Wakers, WorkerInfo, WorkerKind,
};
use proptest::prelude::*;

use super::*;

fn any_id() -> impl Strategy<Value = u32> {
    prop_oneof![6 => 0_u32..40, 2 => 0_u32..100_000, 2 => any::<u32>(), 1 => Just(u32::MAX)]
}

/// Names as any program may have them: empty, long, with escapes, line breaks, bidirectional text and many marks.
fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => ".{0,20}",
        2 => prop::sample::select(vec!["", "\x1b]0;owned\x07", "two\r\nlines\t", "\u{202e}late", "\0", "?", "\u{fffd}"])
            .prop_map(str::to_owned),
        1 => (1_usize..4_000).prop_map(|length| "n\u{301}\u{1b}日\u{e0001}".repeat(length)),
        1 => any::<String>(),
    ]
}

fn any_range() -> impl Strategy<Value = LaneRange> {
    let count = prop_oneof![0_u32..9, any::<u32>(), Just(u32::MAX)];
    (any_id(), count).prop_map(|(first, count)| LaneRange { first: WorkerId(first), count })
}

fn any_kind() -> impl Strategy<Value = ResourceKind> {
    (0_u8..8, any_id(), any::<bool>()).prop_map(|(kind, id, is_scoped)| match kind {
        0 => ResourceKind::Mutex { kind: LockKind::Async },
        1 => ResourceKind::Semaphore { permits: id, scoped: is_scoped },
        2 => ResourceKind::Queue { capacity: id },
        3 => ResourceKind::Condition { mutex: ResourceId(id) },
        4 => ResourceKind::Barrier { parties: id },
        5 => ResourceKind::Life { worker: WorkerId(id) },
        6 => ResourceKind::Results,
        _ => ResourceKind::Undeclared,
    })
}

fn any_worker() -> impl Strategy<Value = Declared> {
    let kind = prop::sample::select(vec![WorkerKind::Thread, WorkerKind::Process, WorkerKind::Async]);
    (any_id(), any_name(), any_name(), kind, prop::option::of(any_id())).prop_map(|(id, name, group, kind, pool)| {
        Declared::Worker { id: WorkerId(id), info: WorkerInfo { name, group, kind, pool: pool.map(PoolId) } }
    })
}

fn any_pool() -> impl Strategy<Value = Declared> {
    let workers = prop::collection::vec(any_id().prop_map(WorkerId), 0..5);
    let numbers = (any_id(), any_id(), any::<u32>(), any::<Option<u64>>());
    (any_name(), workers, numbers, any::<(Option<u32>, bool)>()).prop_map(
        |(name, workers, (id, queue, size, total_tasks), (feeder, restarts_workers))| Declared::Pool {
            id: PoolId(id),
            info: PoolInfo {
                name,
                worker_kind: WorkerKind::Thread,
                workers,
                feeder: feeder.map(WorkerId),
                queue: ResourceId(queue),
                results: feeder.map(ResourceId),
                size,
                total_tasks,
                restarts_workers,
            },
        },
    )
}

fn any_declared() -> impl Strategy<Value = Declared> {
    let evidence = prop::sample::select(vec![Evidence::Numbered, Evidence::Observed]);
    let resource = (any_id(), any_name(), any_kind(), evidence).prop_map(|(id, name, kind, evidence)| {
        Declared::Resource { id: ResourceId(id), info: ResourceInfo { name, kind }, evidence }
    });
    let ranges = || prop::collection::vec(any_range(), 0..4);
    let suppliers = (any_id(), ranges(), ranges(), ranges()).prop_map(|(of, givers, takers, predicate_waiters)| {
        Declared::Suppliers { of: ResourceId(of), wakers: Wakers { givers, takers, predicate_waiters } }
    });
    let cancellers = (any_range(), any_range()).prop_map(|(of, by)| Declared::Cancellers(Cancellers { of, by }));
    let gone = (any_id(), any::<bool>()).prop_map(|(id, is_worker)| {
        if is_worker { Declared::WorkerGone(WorkerId(id)) } else { Declared::ResourceGone(ResourceId(id)) }
    });
    prop_oneof![3 => any_worker(), 3 => resource, 1 => any_pool(), 2 => suppliers, 1 => cancellers, 2 => gone]
}

fn any_look() -> impl Strategy<Value = Look> {
    let held_by = prop::collection::vec(any_id().prop_map(WorkerId), 0..4);
    let wait = (any_id(), any::<bool>(), held_by).prop_map(|(on, is_timed, held_by)| SeenWait {
        on: ResourceId(on),
        is_timed,
        held_by,
    });
    let worker = (any_id(), any::<u64>(), prop::option::of(wait)).prop_map(|(worker, moved, wait)| SeenWorker {
        worker: WorkerId(worker),
        moved,
        wait,
    });
    (any::<u64>(), prop::collection::vec(worker, 0..6)).prop_map(|(at, workers)| Look { at: Stamp(at), workers })
}

fn any_event() -> impl Strategy<Value = Event> {
    let time = prop_oneof![0_u64..1_000, any::<u64>()];
    let id = prop_oneof![0_u32..40, any::<u32>()];
    (time, any_id(), id, any::<u64>()).prop_map(|(at, worker, id, word)| {
        // Unknown kinds carry a code that a second encoding does not keep.
        let kind = match EventKind::from_bits(u128::from(word) | u128::from(id) << ID_SHIFT) {
            EventKind::Unknown { .. } => EventKind::Resumed,
            kind => kind,
        };
        Event { at: Stamp(at), worker: WorkerId(worker), kind }
    })
}

fn any_message() -> impl Strategy<Value = Message> {
    let events = prop::collection::vec(any_event(), 0..60).prop_map(Message::Events);
    let slot = (any_event(), any::<u64>()).prop_map(|(event, life)| WaitSlot {
        worker: event.worker,
        at: event.at,
        life,
        lost: 0,
        events: vec![event.kind],
    });
    let snapshot = prop::collection::vec(slot, 0..3)
        .prop_map(|slots| Message::WaitSnapshot(WaitSnapshot { slots, ..WaitSnapshot::default() }));
    let note = any_name().prop_map(|text| Message::Notice { at: Stamp(7), notice: Notice::Note(text) });
    let cores = any::<f32>().prop_filter("equal to itself", |load| !load.is_nan());
    let sample = cores.prop_map(|load| Message::Sample(Sample::Cores { at: Stamp(1), load: vec![None, Some(load)] }));
    let mark = any::<u64>().prop_map(|at| Message::Watermark(Stamp(at)));
    let declare = prop::collection::vec(any_declared(), 0..6).prop_map(Message::Declare);
    let look = any_look().prop_map(Message::Look);
    let leaf = prop_oneof![4 => events, 1 => snapshot, 1 => note, 1 => sample, 1 => mark, 3 => declare, 2 => look];
    leaf.prop_recursive(2, 12, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Message::Batch))
}

/// Returns a message as a decoder gives it: all text is safe to print.
fn masked(message: &Message) -> Message {
    let mut message = message.clone();
    let mask = |text: &mut String| *text = contend_scenario::mask_dangerous(text);
    match &mut message {
        Message::Batch(messages) => messages.iter_mut().for_each(|message| *message = masked(message)),
        Message::Notice { notice: Notice::Note(text), .. } => mask(text),
        Message::Declare(declared) => {
            for one in declared {
                match one {
                    Declared::Worker { info, .. } => {
                        mask(&mut info.name);
                        mask(&mut info.group);
                    }
                    Declared::Resource { info, .. } => mask(&mut info.name),
                    Declared::Pool { info, .. } => mask(&mut info.name),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    message
}

proptest! {
    #[test]
    fn messages_are_decoded_as_encoded(messages in prop::collection::vec(any_message(), 0..12)) {
        let (mut encoder, mut decoder, mut bytes) = (Encoder::default(), Decoder::default(), Vec::new());
        for message in &messages {
            encoder.encode(message, &mut bytes);
        }
        let mut rest = bytes.as_slice();
        for message in &messages {
            let decoded = decoder.decode(&mut rest);
            prop_assert_eq!(decoded, Some(masked(message)));
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (mut decoder, mut rest) = (Decoder::default(), bytes.as_slice());
        while decoder.decode(&mut rest).is_some() {}
    }

    /// A declaration or a look that is cut or changed is refused or decoded as another one, without a panic.
    #[test]
    fn changed_declarations_never_panic(message in any_look().prop_map(Message::Look), declared in any_declared(),
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::default();
        encoder.encode(&Message::Declare(vec![declared]), &mut bytes);
        encoder.encode(&message, &mut bytes);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(cut.index(bytes.len() + 1));
        let (mut decoder, mut rest) = (Decoder::default(), bytes.as_slice());
        while decoder.decode(&mut rest).is_some() {}
    }

    #[test]
    fn encoder_after_a_reset_equals_a_new_one(first in any_message(), second in any_message()) {
        let (mut used, mut bytes, mut expected) = (Encoder::default(), Vec::new(), Vec::new());
        used.encode(&first, &mut bytes);
        used.reset();
        bytes.clear();
        used.encode(&second, &mut bytes);
        Encoder::default().encode(&second, &mut expected);
        prop_assert_eq!(bytes, expected);
    }
}

/// Returns a sample of each kind, with its number in a file and the version of the format that brought it. Another kind
/// comes after all others and needs another version.
fn kinds_of_samples() -> Vec<(Sample, u8, u32)> {
    let (worker, from, to) = (WorkerId(0), Stamp(0), Stamp(0));
    let all = vec![
        Sample::Sched { worker, from, to, running: 0, ready: 0 },
        Sample::SchedUnavailable,
        Sample::Cores { at: to, load: Vec::new() },
        Sample::Usage { from, to, run: 0, viewer: 0 },
        Sample::Counter { at: to, counter: ResourceId(0), value: 0 },
        Sample::Ring { worker, produced: 0, lost: 0 },
        Sample::EventCost { nanos: 0.0 },
        Sample::OnCore { worker, core: 0, from, to, running: 0 },
        Sample::CoreLayout { physical: Vec::new(), is_virtual: false },
        Sample::ClockError { nanos: 0 },
    ];
    let place = |sample: &Sample| match sample {
        Sample::Sched { .. } => (0, 2),
        Sample::SchedUnavailable => (1, 2),
        Sample::Cores { .. } => (2, 2),
        Sample::Usage { .. } => (3, 2),
        Sample::Counter { .. } => (4, 2),
        Sample::Ring { .. } => (5, 2),
        Sample::EventCost { .. } => (6, 2),
        Sample::OnCore { .. } => (7, 3),
        Sample::CoreLayout { .. } => (8, 3),
        Sample::ClockError { .. } => (9, 5),
    };
    all.into_iter().map(|sample| (sample.clone(), place(&sample).0, place(&sample).1)).collect()
}

#[test]
fn kinds_of_samples_keep_their_numbers_and_new_ones_raise_the_version() {
    for (sample, number, version) in kinds_of_samples() {
        assert_eq!(postcard::to_stdvec(&sample).expect("it has a form")[0], number, "{sample:?}");
        assert!(version <= crate::FORMAT_VERSION, "{sample:?}");
    }
}
