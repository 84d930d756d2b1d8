//! The counter on which a wait in a monitor sleeps.

/// The position of a word that counts wake-ups. A waiter sleeps until the count changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WakeCounter(pub usize);
