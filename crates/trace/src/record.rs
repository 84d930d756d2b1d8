//! One event as two 64-bit words: what travels through a ring.
//!
//! ```text
//! word 0   ticks of the run's clock
//! word 1   bits 0-5 kind | 6-21 resource, pool or worker | 22-23 flags | 24-63 argument (40 bits)
//! ```
//!
//! Sixteen bytes instead of thirty-two halve the cache lines a worker dirties. Decoding trusts nothing: any two words
//! give an event, the senseless ones [`EventKind::Unknown`].

use super::{DropReason, EventKind, ExitKind, Grant, PoolId, ResourceId, Span, State, WorkerId};

/// Size of a record in a ring.
pub const RECORD_BYTES: usize = 16;

const ARG_MAX: u64 = (1 << 40) - 1;
const NTH_MAX: u32 = (1 << 24) - 1;
const CHUNK_MAX: u32 = (1 << 20) - 1;
const NO_RESOURCE: u16 = u16::MAX;

/// An event without its worker, the time still in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    pub ticks: u64,
    pub word: u64,
}

const fn pack(kind: u8, id: u16, flags: u8, arg: u64) -> u64 {
    let arg = if arg > ARG_MAX { ARG_MAX } else { arg };
    kind as u64 | (id as u64) << 6 | (flags as u64 & 3) << 22 | arg << 24
}

/// Wrapping, so that grants beyond 40 bits stay comparable by their low bits.
const fn pack_grant(kind: u8, lock: ResourceId, grant: Grant) -> u64 {
    pack(kind, lock.0, 0, grant.0 & ARG_MAX)
}

/// Bytes, of which there is one at least, and depth in 20 bits each; larger ones saturate.
const fn pack_pipe_chunk(kind: u8, pipe: ResourceId, bytes: u32, depth: u32, whole: bool) -> u64 {
    const fn low(n: u32) -> u64 {
        if n > CHUNK_MAX { CHUNK_MAX as u64 } else { n as u64 }
    }
    pack(kind, pipe.0, whole as u8, low(bytes.saturating_sub(1)) | low(depth) << 20)
}

/// A number that can be negative, in 40 bits; larger ones saturate.
const fn pack_signed(kind: u8, id: ResourceId, number: i64) -> u64 {
    let most = (ARG_MAX >> 1) as i64;
    let least = -most - 1;
    let held = if number > most {
        most
    } else if number < least {
        least
    } else {
        number
    };
    pack(kind, id.0, 0, held as u64 & ARG_MAX)
}

/// Depth and number in 40 bits.
const fn pack_nth(depth: u16, nth: u32) -> u64 {
    (nth & NTH_MAX) as u64 | (depth as u64) << 24
}

impl Record {
    /// The event `kind` at `ticks`. Arguments too large for their 40 bits saturate.
    #[inline]
    pub const fn new(ticks: u64, kind: EventKind) -> Self {
        Self { ticks, word: encode(kind) }
    }

    /// The event in this record, whatever bits it has.
    #[inline]
    pub fn kind(self) -> EventKind {
        decode(self.word)
    }
}

#[inline]
const fn encode(kind: EventKind) -> u64 {
    match kind {
        EventKind::LifeBegan => pack(1, 0, 0, 0),
        EventKind::LifeEnded(how) => pack(2, 0, 0, how as u64),
        EventKind::Held { lock, grant } => pack_grant(3, lock, grant),
        EventKind::LockWait { lock, held_count: held, timed } => pack(4, lock.0, timed as u8, held as u64),
        EventKind::Acquired { lock, grant } => pack_grant(5, lock, grant),
        EventKind::Released { lock, grant } => pack_grant(6, lock, grant),
        EventKind::WaitTimedOut { lock } => pack(7, lock.0, 0, 0),
        EventKind::OwnerDied { lock } => pack(8, lock.0, 0, 0),
        EventKind::RwlockRequest { lock, writers_ahead: behind, shared } => pack(50, lock.0, shared as u8, behind),
        EventKind::RwlockReaders { lock, count } => pack(54, lock.0, 0, count),
        EventKind::PermitRequest { lock, permits } => pack(51, lock.0, 0, permits as u64),
        EventKind::SemaphorePassed { lock, grant } => pack_grant(52, lock, grant),
        EventKind::SemaphorePosted { lock } => pack(53, lock.0, 0, 0),
        EventKind::Blocked { state, on } => {
            let id = match on {
                Some(resource) => resource.0,
                None => NO_RESOURCE,
            };
            pack(9, id, 0, state as u64)
        }
        EventKind::Resumed => pack(10, 0, 0, 0),
        EventKind::BecameRunnable => pack(20, 0, 0, 0),
        EventKind::LoopCpuWait(span) => pack(21, 0, 0, span.0),
        EventKind::CpuTime(span) => pack(47, 0, 0, span.0),
        EventKind::Put { queue, depth } => pack(11, queue.0, 0, depth as u64),
        EventKind::Took { queue, depth } => pack(12, queue.0, 0, depth as u64),
        EventKind::TaskBegan { pool, waited } => pack(13, pool.0, 0, waited.0),
        EventKind::TaskEnded { pool, ok } => pack(14, pool.0, ok as u8, 0),
        EventKind::TaskRejected { pool } => pack(15, pool.0, 0, 0),
        EventKind::TaskRetried { pool } => pack(16, pool.0, 0, 0),
        EventKind::CounterAdded { counter, delta, value } => {
            pack(17, counter.0, 0, (value as u32) as u64 | (delta as u8 as u64) << 32)
        }
        EventKind::CounterAddedMany { counter, delta } => pack_signed(46, counter, delta),
        EventKind::Gap { lost } => pack(18, 0, 0, lost),
        EventKind::Sent { pipe, bytes, depth, whole } => pack_pipe_chunk(23, pipe, bytes, depth, whole),
        EventKind::Received { pipe, bytes, depth, whole } => pack_pipe_chunk(24, pipe, bytes, depth, whole),
        EventKind::StillWaiting { pipe, read, bytes } => pack(25, pipe.0, read as u8, bytes & ARG_MAX),
        EventKind::Spawns { life, nth } => pack(26, life.0, 0, nth & ARG_MAX),
        EventKind::SpawnedBy { worker, after } => pack(27, worker.0, 0, after.0),
        EventKind::Joins { life, nth } => pack(28, life.0, 0, nth & ARG_MAX),
        EventKind::Closed { queue } => pack(32, queue.0, 0, 0),
        EventKind::Signalled { on, woken } => pack(33, on.0, 0, woken as u64),
        EventKind::PutNth { queue, depth, nth } => pack(34, queue.0, 0, pack_nth(depth, nth)),
        EventKind::TookNth { queue, depth, nth } => pack(35, queue.0, 0, pack_nth(depth, nth)),
        EventKind::Woken { on, nth } => pack(36, on.0, 0, nth & ARG_MAX),
        EventKind::FlagSeenSet { on, nth } => pack(37, on.0, 0, nth & ARG_MAX),
        EventKind::Polled { on, lasted } => pack(38, on.0, 0, lasted.0),
        EventKind::AwaitsResult { on, nth } => pack(29, on.0, 0, nth & ARG_MAX),
        EventKind::ResultReady { on, unread: held, nth, ok } => pack(30, on.0, ok as u8, pack_nth(held, nth)),
        EventKind::ResultRead { on, unread: held, nth, ok } => pack(31, on.0, ok as u8, pack_nth(held, nth)),
        EventKind::TaskStolen { pool, from } => pack(42, pool.0, 0, from.0 as u64),
        EventKind::TaskDropped { pool, reason: fate } => pack(43, pool.0, 0, fate as u64),
        EventKind::TaskAbandoned { pool } => pack(40, pool.0, 0, 0),
        EventKind::TimedAttempt { lock } => pack(41, lock.0, 0, 0),
        EventKind::CommandRan { ok, cpu } => pack(44, 0, ok as u8, cpu.0),
        EventKind::Unknown { code } => pack(63, 0, 0, code as u64),
    }
}

#[inline]
fn decode(word: u64) -> EventKind {
    let code = (word & 0x3f) as u8;
    let id = (word >> 6) as u16;
    let flag = word >> 22 & 1 == 1;
    let arg = word >> 24;
    let lock = ResourceId(id);
    let pool = PoolId(id);
    let piece = ((arg as u32 & CHUNK_MAX) + 1, (arg >> 20) as u32);
    match code {
        1 => EventKind::LifeBegan,
        2 => match arg {
            0 => EventKind::LifeEnded(ExitKind::Finished),
            1 => EventKind::LifeEnded(ExitKind::Retired),
            2 => EventKind::LifeEnded(ExitKind::Panicked),
            3 => EventKind::LifeEnded(ExitKind::Killed),
            _ => EventKind::Unknown { code },
        },
        3 => EventKind::Held { lock, grant: Grant(arg) },
        4 => EventKind::LockWait { lock, held_count: arg.min(255) as u8, timed: flag },
        5 => EventKind::Acquired { lock, grant: Grant(arg) },
        6 => EventKind::Released { lock, grant: Grant(arg) },
        7 => EventKind::WaitTimedOut { lock },
        8 => EventKind::OwnerDied { lock },
        9 => State::from_index(arg as usize).map_or(EventKind::Unknown { code }, |state| EventKind::Blocked {
            state,
            on: (id != NO_RESOURCE).then_some(lock),
        }),
        10 => EventKind::Resumed,
        20 => EventKind::BecameRunnable,
        21 => EventKind::LoopCpuWait(Span(arg)),
        47 => EventKind::CpuTime(Span(arg)),
        11 => EventKind::Put { queue: lock, depth: arg as u32 },
        12 => EventKind::Took { queue: lock, depth: arg as u32 },
        13 => EventKind::TaskBegan { pool, waited: Span(arg) },
        14 => EventKind::TaskEnded { pool, ok: flag },
        15 => EventKind::TaskRejected { pool },
        16 => EventKind::TaskRetried { pool },
        17 => EventKind::CounterAdded { counter: lock, delta: (arg >> 32) as i8, value: arg as u32 as i32 },
        18 => EventKind::Gap { lost: arg },
        23 => EventKind::Sent { pipe: lock, bytes: piece.0, depth: piece.1, whole: flag },
        24 => EventKind::Received { pipe: lock, bytes: piece.0, depth: piece.1, whole: flag },
        25 => EventKind::StillWaiting { pipe: lock, read: flag, bytes: arg },
        26 => EventKind::Spawns { life: lock, nth: arg },
        27 => EventKind::SpawnedBy { worker: WorkerId(id), after: Span(arg) },
        28 => EventKind::Joins { life: lock, nth: arg },
        46 => EventKind::CounterAddedMany { counter: lock, delta: (arg << 24) as i64 >> 24 },
        32 => EventKind::Closed { queue: lock },
        34 => EventKind::PutNth { queue: lock, depth: (arg >> 24) as u16, nth: arg as u32 & NTH_MAX },
        35 => EventKind::TookNth { queue: lock, depth: (arg >> 24) as u16, nth: arg as u32 & NTH_MAX },
        36 => EventKind::Woken { on: lock, nth: arg },
        37 => EventKind::FlagSeenSet { on: lock, nth: arg },
        38 => EventKind::Polled { on: lock, lasted: Span(arg) },
        33 => EventKind::Signalled { on: lock, woken: arg as u32 },
        29 => EventKind::AwaitsResult { on: lock, nth: arg },
        30 => EventKind::ResultReady { on: lock, unread: (arg >> 24) as u16, nth: arg as u32 & NTH_MAX, ok: flag },
        31 => EventKind::ResultRead { on: lock, unread: (arg >> 24) as u16, nth: arg as u32 & NTH_MAX, ok: flag },
        42 => EventKind::TaskStolen { pool, from: WorkerId(arg as u16) },
        43 => match arg {
            0 => EventKind::TaskDropped { pool, reason: DropReason::Cancelled },
            1 => EventKind::TaskDropped { pool, reason: DropReason::Failed },
            2 => EventKind::TaskDropped { pool, reason: DropReason::Lost },
            3 => EventKind::TaskDropped { pool, reason: DropReason::UnreadFailure },
            _ => EventKind::Unknown { code },
        },
        40 => EventKind::TaskAbandoned { pool },
        41 => EventKind::TimedAttempt { lock },
        44 => EventKind::CommandRan { ok: flag, cpu: Span(arg) },
        50 => EventKind::RwlockRequest { lock, writers_ahead: arg, shared: flag },
        54 => EventKind::RwlockReaders { lock, count: arg },
        51 => EventKind::PermitRequest { lock, permits: arg as u32 },
        52 => EventKind::SemaphorePassed { lock, grant: Grant(arg) },
        53 => EventKind::SemaphorePosted { lock },
        _ => EventKind::Unknown { code },
    }
}

#[cfg(test)]
mod tests;
