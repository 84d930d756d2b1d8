//! What a wait in a monitor waits for.

/// The position of a word that counts wake-ups. A waiter sleeps until the count changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WakeCounter(pub usize);
