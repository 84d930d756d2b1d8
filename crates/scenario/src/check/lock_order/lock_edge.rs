//! The edges of the lock order: a lock taken while another is held.

use std::collections::BTreeSet;
use std::ops::Range;

/// One lock: its declaration, and its index in the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LockInstance {
    pub resource: usize,
    pub index: u32,
}

/// A worker takes `to` while it holds `from`.
#[derive(Debug, Clone)]
pub(super) struct LockEdge {
    pub from: LockInstance,
    pub to: LockInstance,
    /// Whether `from` is held, and whether `to` is taken, together with other readers.
    pub shared: (bool, bool),
    pub worker: usize,
    /// The number of the worker's outermost step.
    pub at: usize,
    pub name: String,
    /// The other locks it holds then. Two edges with a common guard never happen at the same time.
    pub guards: BTreeSet<LockInstance>,
    pub span: Range<usize>,
}
