//! An event as two 64-bit words, the form in which it travels through a ring.
//!
//! ```text
//! word 0   ticks of the run's clock
//! word 1   bits 0-5 kind | 6-21 resource, pool or worker | 22-23 flags | 24-63 argument (40 bits)
//! ```
//!
//! Ids have 32 bits, of which a ring carries 16: no memory of a run has more workers or resources. The bits of an event
//! ([`EventKind::to_bits`]) have room for any id.
//!
//! Sixteen bytes instead of 32 halve the cache lines that a worker dirties. Decoding trusts nothing: any two words give
//! an event, and those without meaning give [`EventKind::Unknown`].
//!
//! The table `event_layout!` is the one place that lists all kinds: code, family, and the place of each field.

mod field;
#[cfg(test)]
mod tests;

use self::field::{
    ARGUMENT, CHUNK_BYTES, CHUNK_DEPTH, COUNTER_DELTA, COUNTER_VALUE, DEPTH, FLAG, ID, NTH, PRIORITY, REASON, REMOVAL,
    STAY, TOTAL, narrow, widen,
};
use super::{EventFamily, EventKind};

/// Size of a record in a ring.
pub const RECORD_BYTES: usize = 16;

/// The bits of the second word that hold the kind's code.
const CODE_MASK: u128 = 0x3f;
/// The code of a record that matches no event. [`EventKind::Unknown`] is written with it.
const UNKNOWN_CODE: u8 = 63;

/// An event without its worker, with the time still in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    pub ticks: u64,
    pub word: u64,
}

impl Record {
    /// Encodes an event that happened at `ticks`. Arguments too large for their place saturate, or wrap where only
    /// their low bits matter.
    #[inline]
    pub fn new(ticks: u64, kind: EventKind) -> Self {
        Self { ticks, word: narrow(encode(kind)) }
    }

    /// Decodes the event, whatever bits the record has.
    #[inline]
    pub fn kind(self) -> EventKind {
        EventKind::from_bits(widen(self.word))
    }
}

impl EventKind {
    /// Returns the event without worker and time: bits 0-5 and 22-63 as in the word of a [`Record`], the id of the
    /// resource, pool or worker in bits 64-95.
    #[inline]
    pub fn to_bits(self) -> u128 {
        encode(self)
    }

    /// Returns the event of these bits, whatever they are.
    #[inline]
    pub fn from_bits(bits: u128) -> Self {
        decode(bits).unwrap_or(Self::Unknown { code: (bits & CODE_MASK) as u8 })
    }
}

/// A row of the table of all kinds of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKindInfo {
    /// The number that stands for the kind in a record.
    pub code: u8,
    /// The name of the variant of [`EventKind`].
    pub name: &'static str,
    pub family: EventFamily,
}

/// Defines encoding, decoding and the list of all kinds from one table. A row is a code, the kind, and for each of its
/// fields its place in the word; a family's rows stand together.
macro_rules! event_layout {
    ($($family:ident {
        $($code:literal $kind:ident
            $({ $($field:ident: $place:ident),+ })?
            $(($argument:ident: $argument_place:ident))?;
        )+
    })+) => {
        #[inline]
        fn encode(kind: EventKind) -> u128 {
            match kind {
                $($(EventKind::$kind $({ $($field),+ })? $(($argument))? => {
                    $code $($(| $place.encode($field))+)? $(| $argument_place.encode($argument))?
                })+)+
                EventKind::Unknown { code } => u128::from(UNKNOWN_CODE) | ARGUMENT.encode(code),
            }
        }

        /// Returns `None` for a code that no kind has, and for an argument that its field cannot have.
        #[inline]
        fn decode(bits: u128) -> Option<EventKind> {
            Some(match bits & CODE_MASK {
                $($($code => EventKind::$kind
                    $({ $($field: $place.decode(bits)?),+ })? $(($argument_place.decode(bits)?))?,)+)+
                _ => return None,
            })
        }

        impl EventKind {
            /// Every kind that can be recorded: all but [`EventKind::Unknown`].
            pub const ALL: &[EventKindInfo] = &[
                $($(EventKindInfo { code: $code, name: stringify!($kind), family: EventFamily::$family },)+)+
            ];

            /// Returns the name of the variant, without its fields.
            pub const fn name(self) -> &'static str {
                match self {
                    $($(Self::$kind { .. } => stringify!($kind),)+)+
                    Self::Unknown { .. } => "Unknown",
                }
            }

            /// Returns the subject of this kind of event.
            #[inline]
            pub const fn family(self) -> EventFamily {
                match self {
                    $($(Self::$kind { .. } => EventFamily::$family,)+)+
                    Self::Unknown { .. } => EventFamily::Stream,
                }
            }
        }
    };
}

event_layout! {
    Life {
        1 LifeBegan;
        2 LifeEnded(how: ARGUMENT);
        26 Spawns { life: ID, nth: TOTAL };
        27 SpawnedBy { worker: ID, after: ARGUMENT };
        48 Cancels { worker: ID, nth: TOTAL, kills: FLAG };
        28 Joins { life: ID, nth: TOTAL };
        47 CpuTime(time: ARGUMENT);
    }
    Lock {
        3 Held { lock: ID, grant: TOTAL };
        4 LockWait { lock: ID, held_count: ARGUMENT, timed: FLAG };
        5 Acquired { lock: ID, grant: TOTAL };
        6 Released { lock: ID, grant: TOTAL };
        7 WaitTimedOut { lock: ID };
        59 WaitCancelled { on: ID };
        8 OwnerDied { lock: ID };
        41 TimedAttempt { lock: ID };
        50 RwlockRequest { lock: ID, writers_ahead: ARGUMENT, shared: FLAG };
        51 PermitRequest { lock: ID, permits: ARGUMENT };
        52 SemaphorePassed { lock: ID, grant: TOTAL };
        53 SemaphorePosted { lock: ID };
        54 RwlockReaders { lock: ID, count: ARGUMENT };
        58 CopiedHeld { lock: ID, holder: ARGUMENT };
    }
    Wait {
        9 Blocked { state: ARGUMENT, on: ID };
        10 Resumed;
        19 Alternative { on: ID, room: FLAG, nth: TOTAL };
        20 BecameRunnable;
        21 LoopCpuWait(time: ARGUMENT);
    }
    Queue {
        11 Put { queue: ID, depth: ARGUMENT };
        12 Took { queue: ID, depth: ARGUMENT };
        22 ItemPriority { queue: ID, priority: PRIORITY, micros: STAY, taken: FLAG };
        32 Closed { queue: ID };
        34 PutNth { queue: ID, depth: DEPTH, nth: NTH };
        35 TookNth { queue: ID, depth: DEPTH, nth: NTH };
    }
    Pipe {
        23 Sent { pipe: ID, bytes: CHUNK_BYTES, depth: CHUNK_DEPTH, whole: FLAG };
        24 Received { pipe: ID, bytes: CHUNK_BYTES, depth: CHUNK_DEPTH, whole: FLAG };
        25 StillWaiting { pipe: ID, read: FLAG, bytes: TOTAL };
    }
    Data {
        60 DataMoved { from: ID, bytes: ARGUMENT };
    }
    Task {
        45 TaskNumbered { pool: ID, number: TOTAL, helped: FLAG };
        13 TaskBegan { pool: ID, waited: ARGUMENT };
        14 TaskEnded { pool: ID, ok: FLAG };
        15 TaskRejected { pool: ID };
        16 TaskRetried { pool: ID };
        40 TaskAbandoned { pool: ID };
        42 TaskStolen { pool: ID, from: ARGUMENT };
        43 TaskDropped { pool: ID, reason: REASON, nth: REMOVAL };
        44 CommandRan { ok: FLAG, cpu: ARGUMENT };
    }
    Result {
        29 AwaitsResult { on: ID, nth: TOTAL, helps: FLAG };
        30 ResultReady { on: ID, unread: DEPTH, nth: NTH, ok: FLAG };
        31 ResultRead { on: ID, unread: DEPTH, nth: NTH, ok: FLAG };
    }
    Signal {
        33 Signalled { on: ID, woken: ARGUMENT };
        36 Woken { on: ID, nth: TOTAL };
        37 FlagSeenSet { on: ID, nth: TOTAL };
        38 Polled { on: ID, lasted: ARGUMENT };
        49 GroupCounted { on: ID, count: DEPTH, nth: NTH };
    }
    Counter {
        17 CounterAdded { counter: ID, delta: COUNTER_DELTA, value: COUNTER_VALUE };
        46 CounterAddedMany { counter: ID, delta: ARGUMENT };
        56 CounterSwapFailed { counter: ID, value: COUNTER_VALUE };
        57 CounterSwapped { counter: ID, delta: COUNTER_DELTA, value: COUNTER_VALUE };
    }
    Mark {
        39 Mark { text: ID, number: ARGUMENT };
    }
    Stream {
        18 Gap { lost: ARGUMENT };
    }
}
