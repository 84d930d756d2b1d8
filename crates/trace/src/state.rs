//! What a worker can be doing.

use serde::{Deserialize, Serialize};

/// What a worker is doing at one moment. "No work" is never the same as "blocked".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum State {
    /// On a CPU, as far as events tell; the kernel's figures split [`State::Ready`] off.
    Running,
    /// Could run but has no CPU: preempted, or woken and not yet scheduled.
    Ready,
    /// Waits for a mutex, rwlock or semaphore.
    Lock,
    /// Waits to take: there is no work.
    Empty,
    /// Waits to put: back-pressure.
    Full,
    /// Waits for a condition, event, barrier, join or result.
    Signal,
    /// Waits for a file, a socket or a child.
    Io,
    /// Packs, sends or receives a task across a process boundary: neither work nor idle.
    Handover,
    /// Asked to sleep.
    Sleep,
    /// Not started yet, or ended.
    Done,
    /// Panicked, killed or aborted.
    Crashed,
    /// Events were lost here: what it did is not known.
    Gap,
}

impl State {
    /// Every state, in the order of the legend.
    pub const ALL: [Self; 12] = [
        Self::Running,
        Self::Ready,
        Self::Lock,
        Self::Empty,
        Self::Full,
        Self::Signal,
        Self::Io,
        Self::Handover,
        Self::Sleep,
        Self::Done,
        Self::Crashed,
        Self::Gap,
    ];

    /// Position in [`State::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// One letter that says the same as the colour.
    pub const fn letter(self) -> char {
        match self {
            Self::Running => 'R',
            Self::Ready => 'r',
            Self::Lock => 'L',
            Self::Empty => 'e',
            Self::Full => 'f',
            Self::Signal => 's',
            Self::Io => 'i',
            Self::Handover => 'h',
            Self::Sleep => 'z',
            Self::Done => '.',
            Self::Crashed => 'X',
            Self::Gap => '?',
        }
    }

    /// The word used in reports and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Lock => "lock",
            Self::Empty => "empty",
            Self::Full => "full",
            Self::Signal => "signal",
            Self::Io => "io",
            Self::Handover => "handover",
            Self::Sleep => "sleep",
            Self::Done => "done",
            Self::Crashed => "crashed",
            Self::Gap => "gap",
        }
    }

    /// The state with this position, if there is one.
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// The state with this word, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }

    /// Whether time in this state is a price of contention: it wins a cell of the timeline over calmer states.
    pub const fn is_contention(self) -> bool {
        matches!(self, Self::Ready | Self::Lock | Self::Full)
    }

    /// Whether the worker exists and is not lost: time that counts in shares.
    pub const fn is_alive(self) -> bool {
        !matches!(self, Self::Done | Self::Crashed | Self::Gap)
    }
}
