//! Tests of the layout of records.

use proptest::prelude::*;

use super::*;
use crate::{DropReason, ExitKind, Grant, MarkId, PoolId, ResourceId, Span, State, WorkerId};

const ARGUMENT_MAX: u64 = (1 << 40) - 1;
const NTH_MAX: u32 = (1 << 24) - 1;
const CHUNK_MAX: u32 = (1 << 20) - 1;

/// The second word of one record of each kind, with small and large arguments. Recorded runs and other programs rely on
/// these bits: a change here is a new version of the layout.
fn golden_words() -> Vec<(u64, EventKind)> {
    let lock = ResourceId(513);
    let pool = PoolId(7);
    vec![
        (0x0000_0000_0000_0001, EventKind::LifeBegan),
        (0x0000_0000_0000_0002, EventKind::LifeEnded(ExitKind::Finished)),
        (0x0000_0000_0100_0002, EventKind::LifeEnded(ExitKind::Retired)),
        (0x0000_0000_0200_0002, EventKind::LifeEnded(ExitKind::Panicked)),
        (0x0000_0000_0300_0002, EventKind::LifeEnded(ExitKind::Killed)),
        (0x0000_0000_0400_0002, EventKind::LifeEnded(ExitKind::Cancelled)),
        (0x8000_0000_0000_8043, EventKind::Held { lock, grant: Grant(1 << 39) }),
        (0x0000_0000_0340_8044, EventKind::LockWait { lock, held_count: 3, timed: true }),
        (0x0000_0000_0000_8044, EventKind::LockWait { lock, held_count: 0, timed: false }),
        (0x0000_0000_6300_8045, EventKind::Acquired { lock, grant: Grant(99) }),
        (0x0000_0000_6300_8046, EventKind::Released { lock, grant: Grant(99) }),
        (0x0000_0000_0000_8047, EventKind::WaitTimedOut { lock }),
        (0x0000_0000_0000_807b, EventKind::WaitCancelled { on: lock }),
        (0x0000_0000_0740_8072, EventKind::RwlockRequest { lock, writers_ahead: 7, shared: true }),
        (0x0000_0000_0000_8072, EventKind::RwlockRequest { lock, writers_ahead: 0, shared: false }),
        (0x8000_0000_0000_8076, EventKind::RwlockReaders { lock, count: 1 << 39 }),
        (0x0000_0000_0300_8073, EventKind::PermitRequest { lock, permits: 3 }),
        (0x8000_0000_0800_8045, EventKind::Acquired { lock, grant: Grant::shared(8) }),
        (0x0000_0000_0900_8074, EventKind::SemaphorePassed { lock, grant: Grant(9) }),
        (0x0000_0000_0000_8075, EventKind::SemaphorePosted { lock }),
        (0x0000_0000_0000_8048, EventKind::OwnerDied { lock }),
        (0x0000_0001_2c00_807a, EventKind::CopiedHeld { lock, holder: WorkerId(300) }),
        (0x0000_0000_083f_ffc9, EventKind::Blocked { state: State::Sleep, on: None }),
        (0x0000_0000_0400_8049, EventKind::Blocked { state: State::Full, on: Some(lock) }),
        (0x0000_0000_0000_000a, EventKind::Resumed),
        (0x0000_0000_0040_8053, EventKind::Alternative { on: lock, room: true, nth: 0 }),
        (0x8000_0000_0000_8053, EventKind::Alternative { on: lock, room: false, nth: 1 << 39 }),
        (0x0000_0000_0000_0014, EventKind::BecameRunnable),
        (0x0000_16e3_6000_0015, EventKind::LoopCpuWait(Span(1_500_000))),
        (0x00b2_d05e_0000_002f, EventKind::CpuTime(Span(3_000_000_000))),
        (0x00ff_ffff_ff00_804b, EventKind::Put { queue: lock, depth: u32::MAX }),
        (0x0000_0000_0000_804c, EventKind::Took { queue: lock, depth: 0 }),
        (0x8000_0000_0040_01ed, EventKind::TaskNumbered { pool, number: 1 << 39, helped: true }),
        (0x0000_0000_0300_01ed, EventKind::TaskNumbered { pool, number: 3, helped: false }),
        (0x0007_5bcd_1500_01cd, EventKind::TaskBegan { pool, waited: Span(123_456_789) }),
        (0x0000_0000_0040_01ce, EventKind::TaskEnded { pool, ok: true }),
        (0x0000_0000_0000_01ce, EventKind::TaskEnded { pool, ok: false }),
        (0x0000_0000_0000_01cf, EventKind::TaskRejected { pool }),
        (0x0000_0000_0000_01d0, EventKind::TaskRetried { pool }),
        (0x0000_0000_0000_01e8, EventKind::TaskAbandoned { pool }),
        (0x0000_0000_0000_8069, EventKind::TimedAttempt { lock }),
        (0xff80_0000_0000_8051, EventKind::CounterAdded { counter: lock, delta: -1, value: i32::MIN }),
        (0xff4d_2fa2_0000_806e, EventKind::CounterAddedMany { counter: lock, delta: -3_000_000_000 }),
        (0x7fff_ffff_ff00_806e, EventKind::CounterAddedMany { counter: lock, delta: (ARGUMENT_MAX >> 1) as i64 }),
        (0x00ff_ffff_0000_8078, EventKind::CounterSwapFailed { counter: lock, value: -256 }),
        (0x0100_0000_0700_8079, EventKind::CounterSwapped { counter: lock, delta: 1, value: 7 }),
        (0x0000_0000_0000_8060, EventKind::Closed { queue: lock }),
        (0xe000_0000_0540_8056, EventKind::ItemPriority { queue: lock, priority: 7, micros: 5, taken: true }),
        (0x0000_0000_0000_8056, EventKind::ItemPriority { queue: lock, priority: 0, micros: 0, taken: false }),
        (0x0000_0000_0700_8061, EventKind::Signalled { on: lock, woken: 7 }),
        (0xffff_0000_0300_8062, EventKind::PutNth { queue: lock, depth: u16::MAX, nth: 3 }),
        (0x0000_ffff_ff00_8063, EventKind::TookNth { queue: lock, depth: 0, nth: NTH_MAX }),
        (0x8000_0000_0000_8064, EventKind::Woken { on: lock, nth: 1 << 39 }),
        (0x8000_0000_0000_8065, EventKind::FlagSeenSet { on: lock, nth: 1 << 39 }),
        (0x0000_0124_f800_8066, EventKind::Polled { on: lock, lasted: Span(75_000) }),
        (0xffff_0000_0300_8071, EventKind::GroupCounted { on: lock, count: u16::MAX, nth: 3 }),
        (0x8000_0000_0000_805d, EventKind::AwaitsResult { on: lock, nth: 1 << 39, helps: false }),
        (0x0000_0000_0340_805d, EventKind::AwaitsResult { on: lock, nth: 3, helps: true }),
        (0x0003_ffff_ff00_805e, EventKind::ResultReady { on: lock, unread: 3, nth: NTH_MAX, ok: false }),
        (0xffff_0000_0140_805f, EventKind::ResultRead { on: lock, unread: u16::MAX, nth: 1, ok: true }),
        (0x0000_00ff_ff00_01ea, EventKind::TaskStolen { pool, from: WorkerId(u32::from(u16::MAX)) }),
        (0x0000_0000_0000_01eb, EventKind::TaskDropped { pool, reason: DropReason::Cancelled, nth: 0 }),
        (0x0000_0000_0100_01eb, EventKind::TaskDropped { pool, reason: DropReason::Failed, nth: 0 }),
        (0x0000_0000_0200_01eb, EventKind::TaskDropped { pool, reason: DropReason::Lost, nth: 0 }),
        (0x0000_0000_0300_01eb, EventKind::TaskDropped { pool, reason: DropReason::UnreadFailure, nth: 0 }),
        (0xffff_ff00_0100_01eb, EventKind::TaskDropped { pool, reason: DropReason::Failed, nth: NTH_MAX }),
        (0xffff_f000_0040_8057, EventKind::Sent { pipe: lock, bytes: 1, depth: CHUNK_MAX, whole: true }),
        (0x0000_0fff_ff00_8058, EventKind::Received { pipe: lock, bytes: 1 << 20, depth: 0, whole: false }),
        (0xffff_ffff_ff40_8059, EventKind::StillWaiting { pipe: lock, read: true, bytes: ARGUMENT_MAX }),
        (0x8000_0000_0000_805a, EventKind::Spawns { life: lock, nth: 1 << 39 }),
        (0x0000_0829_d809_c3db, EventKind::SpawnedBy { worker: WorkerId(9_999), after: Span(535_000) }),
        (0x0000_0000_0240_4b30, EventKind::Cancels { worker: WorkerId(300), nth: 2, kills: true }),
        (0x0000_0000_0200_805c, EventKind::Joins { life: lock, nth: 2 }),
        (0x0000_0000_0700_013c, EventKind::DataMoved { from: WorkerId(4), bytes: 7 }),
        (0x0000_0000_4d00_002c, EventKind::CommandRan { ok: false, cpu: Span(77) }),
        (0x0000_0000_0500_80a7, EventKind::Mark { text: MarkId(514), number: 5 }),
        (0x0000_0000_0c00_0012, EventKind::Gap { lost: 12 }),
        (0x0000_0000_0500_003f, EventKind::Unknown { code: 5 }),
    ]
}

#[test]
fn encoded_words_match_the_golden_layout() {
    for (word, kind) in golden_words() {
        assert_eq!(Record::new(42, kind), Record { ticks: 42, word }, "{kind:?}: {:#018x}", Record::new(42, kind).word);
    }
}

#[test]
fn every_kind_decodes_to_the_encoded_event() {
    for (word, kind) in golden_words() {
        let decoded = Record { ticks: 42, word }.kind();
        if matches!(kind, EventKind::Unknown { .. }) {
            assert_eq!(decoded, EventKind::Unknown { code: 63 });
        } else {
            assert_eq!(decoded, kind);
        }
    }
}

#[test]
fn golden_words_contain_every_kind() {
    let golden = golden_words();
    for kind in EventKind::ALL {
        let (word, event) = golden.iter().find(|(_, event)| event.name() == kind.name).expect(kind.name);
        assert_eq!(u128::from(*word) & CODE_MASK, u128::from(kind.code), "{}", kind.name);
        assert_eq!(event.family(), kind.family, "{}", kind.name);
    }
}

#[test]
fn codes_are_unique_and_fit_in_six_bits() {
    let mut codes: Vec<u8> = EventKind::ALL.iter().map(|kind| kind.code).collect();
    codes.sort_unstable();
    assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    assert!(codes.iter().all(|code| (1..UNKNOWN_CODE).contains(code)), "{codes:?}");
}

proptest! {
    #[test]
    fn decoded_words_are_encoded_and_decoded_unchanged(word in any::<u64>()) {
        let kind = Record { ticks: 0, word }.kind();
        if !matches!(kind, EventKind::Unknown { .. }) {
            prop_assert_eq!(Record::new(0, kind).kind(), kind);
        }
    }

    #[test]
    fn bits_keep_ids_that_have_no_room_in_a_record(id in any::<u32>(), grant in 0_u64..1 << 40) {
        let kind = EventKind::Acquired { lock: ResourceId(id), grant: Grant(grant) };
        prop_assert_eq!(EventKind::from_bits(kind.to_bits()), kind);
        let id = if id < u32::from(u16::MAX) { id } else { u32::MAX };
        let narrow = EventKind::Acquired { lock: ResourceId(id), grant: Grant(grant) };
        prop_assert_eq!(Record::new(0, kind).kind(), narrow);
    }

    #[test]
    fn any_word_decodes_without_panic(word in any::<u64>()) {
        let _ = Record { ticks: 0, word }.kind();
    }

    #[test]
    fn large_arguments_saturate(ns in any::<u64>()) {
        let kind = Record::new(0, EventKind::TaskBegan { pool: PoolId(0), waited: Span(ns) }).kind();
        prop_assert_eq!(kind, EventKind::TaskBegan { pool: PoolId(0), waited: Span(ns.min(ARGUMENT_MAX)) });
    }
}
