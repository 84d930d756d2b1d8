//! Places in the bits of an event, and the types of fields that can be put there.

use super::super::{DropReason, ExitKind, Grant, MarkId, PoolId, ResourceId, Span, State, WorkerId};

/// The resource id that stands for no resource.
const NO_RESOURCE: u32 = u32::MAX;

/// A range of bits of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldPlace {
    first_bit: u32,
    width: u32,
    /// The number that is stored as 0.
    smallest: u64,
    overflow: Overflow,
}

/// The treatment of a number that is too large for its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overflow {
    Saturates,
    /// Keeps the low bits: numbers that only ever grow stay comparable by them.
    Wraps,
}

/// The id of a resource, pool or worker, beyond the 64 bits of a record's word.
pub(super) const ID: FieldPlace = FieldPlace::new(64, 32, Overflow::Wraps);
/// The id in the 64 bits of a record's word. Its largest value stands for all ids that have no room there.
const RING_ID: FieldPlace = FieldPlace::new(6, 16, Overflow::Saturates);
pub(super) const FLAG: FieldPlace = FieldPlace::new(22, 1, Overflow::Wraps);
/// The whole argument.
pub(super) const ARGUMENT: FieldPlace = FieldPlace::new(24, 40, Overflow::Saturates);
/// The whole argument, for grants and other numbers that are counted up through a run.
pub(super) const TOTAL: FieldPlace = FieldPlace::new(24, 40, Overflow::Wraps);
/// The low part of the argument: the number of an item, beside the depth.
pub(super) const NTH: FieldPlace = FieldPlace::new(24, 24, Overflow::Wraps);
pub(super) const DEPTH: FieldPlace = FieldPlace::new(48, 16, Overflow::Saturates);
/// A reason, and above it the number of an item.
pub(super) const REASON: FieldPlace = FieldPlace::new(24, 16, Overflow::Saturates);
pub(super) const REMOVAL: FieldPlace = FieldPlace::new(40, 24, Overflow::Wraps);
/// The priority of an item, and how long it stayed.
pub(super) const PRIORITY: FieldPlace = FieldPlace::new(61, 3, Overflow::Saturates);
pub(super) const STAY: FieldPlace = FieldPlace::new(24, 37, Overflow::Saturates);
/// Bytes of a message that were sent or received at once: at least 1.
pub(super) const CHUNK_BYTES: FieldPlace = FieldPlace { smallest: 1, ..FieldPlace::new(24, 20, Overflow::Saturates) };
/// Bytes in a pipe.
pub(super) const CHUNK_DEPTH: FieldPlace = FieldPlace::new(44, 20, Overflow::Saturates);
pub(super) const COUNTER_VALUE: FieldPlace = FieldPlace::new(24, 32, Overflow::Wraps);
pub(super) const COUNTER_DELTA: FieldPlace = FieldPlace::new(56, 8, Overflow::Wraps);

impl FieldPlace {
    const fn new(first_bit: u32, width: u32, overflow: Overflow) -> Self {
        Self { first_bit, width, smallest: 0, overflow }
    }

    /// Returns the largest number that fits, counted from `smallest`.
    const fn max(self) -> u64 {
        (1 << self.width) - 1
    }

    /// Returns the word with this field in its place and zeros elsewhere.
    #[inline]
    pub(super) fn encode(self, field: impl Field) -> u128 {
        let number = field.to_bits().saturating_sub(self.smallest);
        let bits = match self.overflow {
            Overflow::Saturates => number.min(self.max()),
            Overflow::Wraps => number & self.max(),
        };
        u128::from(bits) << self.first_bit
    }

    /// Returns the field of this word, or `None` if its type has no such value.
    #[inline]
    pub(super) fn decode<F: Field>(self, bits: u128) -> Option<F> {
        F::from_bits(((bits >> self.first_bit) as u64 & self.max()) + self.smallest)
    }
}

/// Returns the word of a record: the event's bits with the id in its place there.
#[inline]
pub(super) fn narrow(bits: u128) -> u64 {
    bits as u64 | RING_ID.encode((bits >> ID.first_bit) as u32) as u64
}

/// Returns the event's bits from the word of a record.
#[inline]
pub(super) fn widen(word: u64) -> u128 {
    let id = word >> RING_ID.first_bit & RING_ID.max();
    let id = if id == RING_ID.max() { ID.max() } else { id };
    u128::from(word & !(RING_ID.max() << RING_ID.first_bit)) | u128::from(id) << ID.first_bit
}

/// A type that a field of an event can have.
pub(super) trait Field: Sized {
    fn to_bits(self) -> u64;

    /// Numbers too large for the type lose their high bits, unless stated otherwise.
    fn from_bits(bits: u64) -> Option<Self>;
}

/// Implements [`Field`] for types whose every bit pattern is a value.
macro_rules! plain_field {
    ($($type:ty: |$field:ident| $to_bits:expr, |$bits:ident| $from_bits:expr;)+) => {
        $(impl Field for $type {
            #[inline]
            fn to_bits(self) -> u64 {
                let $field = self;
                $to_bits
            }

            #[inline]
            fn from_bits($bits: u64) -> Option<Self> {
                Some($from_bits)
            }
        })+
    };
}

plain_field! {
    bool: |field| u64::from(field), |bits| bits & 1 == 1;
    u8: |field| u64::from(field), |bits| bits.min(u64::from(u8::MAX)) as u8;
    u16: |field| u64::from(field), |bits| bits as u16;
    u32: |field| u64::from(field), |bits| bits as u32;
    u64: |field| field, |bits| bits;
    i8: |field| u64::from(field as u8), |bits| bits as i8;
    i32: |field| u64::from(field as u32), |bits| bits as i32;
    Span: |field| field.0, |bits| Span(bits);
    Grant: |field| field.0, |bits| Grant(bits);
    ResourceId: |field| u64::from(field.0), |bits| ResourceId(bits as u32);
    PoolId: |field| u64::from(field.0), |bits| PoolId(bits as u32);
    WorkerId: |field| u64::from(field.0), |bits| WorkerId(bits as u32);
    MarkId: |field| u64::from(field.0), |bits| MarkId(bits as u32);
    Option<ResourceId>: |field| u64::from(field.map_or(NO_RESOURCE, |id| id.0)),
        |bits| (bits as u32 != NO_RESOURCE).then_some(ResourceId(bits as u32));
}

/// A signed number takes 40 bits and saturates.
impl Field for i64 {
    #[inline]
    fn to_bits(self) -> u64 {
        let largest = (ARGUMENT.max() >> 1) as Self;
        self.clamp(-largest - 1, largest) as u64 & ARGUMENT.max()
    }

    #[inline]
    fn from_bits(bits: u64) -> Option<Self> {
        let unused = u64::BITS - ARGUMENT.width;
        Some((bits << unused) as Self >> unused)
    }
}

/// Implements [`Field`] for enums by their position in `ALL`.
macro_rules! enum_field {
    ($($type:ty),+) => {
        $(impl Field for $type {
            #[inline]
            fn to_bits(self) -> u64 {
                self as u64
            }

            #[inline]
            fn from_bits(bits: u64) -> Option<Self> {
                Self::ALL.get(bits as usize).copied()
            }
        })+
    };
}

enum_field!(State, ExitKind, DropReason);
