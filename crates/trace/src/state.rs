//! The states of a worker.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// The state of a worker at one moment. Waiting for work is a state of its own, apart from waiting for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[repr(u8)]
pub enum State {
    /// On a CPU as far as events show; the kernel's figures then separate [`State::Ready`] from it.
    Running,
    /// Runnable without a CPU: preempted, or woken and not yet scheduled.
    Ready,
    /// Waits for a mutex, rwlock or semaphore.
    Lock,
    /// Waits to take an item: the queue is empty, there is no work.
    Empty,
    /// Waits to put an item: the queue is full, which is back-pressure.
    Full,
    /// Waits for a condition, event, barrier, join or result.
    Signal,
    /// Waits for a file, a socket or a child process.
    Io,
    /// Packs, sends or receives a task across a process boundary: neither working nor idle.
    Handover,
    /// Sleeps for a time that it chose.
    Sleep,
    /// Not started yet, or ended.
    Done,
    /// Panicked, killed or aborted.
    Crashed,
    /// Unknown, because events were lost.
    Gap,
    /// Waits for the lock of an interpreter that lets one thread run at a time.
    Gil,
    /// Neither on a CPU nor ready for one, for a reason that no record gives: the kernel's figures separate it from
    /// [`State::Running`] in a program that does not tell of all its waits.
    OffCore,
}

impl State {
    /// Every state, in the order of the legend.
    pub const ALL: [Self; 14] = [
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
        Self::Gil,
        Self::OffCore,
    ];

    /// Returns the position in [`State::ALL`].
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the letter that stands for the state where there is no colour.
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
            Self::Gil => 'G',
            Self::OffCore => 'o',
        }
    }

    /// Returns the word used in reports and in JSON.
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
            Self::Gil => "gil",
            Self::OffCore => "off-core",
        }
    }

    /// Returns the state with this position, if there is one.
    #[inline]
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// Returns the state with this word, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }

    /// Returns whether time in this state is a cost of contention. Such a state takes precedence over others in a cell
    /// of the timeline.
    #[inline]
    pub const fn is_contention(self) -> bool {
        matches!(self, Self::Ready | Self::Lock | Self::Full | Self::Gil)
    }

    /// Returns whether the worker exists and its state is known: time in this state counts in shares.
    #[inline]
    pub const fn is_alive(self) -> bool {
        !matches!(self, Self::Done | Self::Crashed | Self::Gap)
    }
}
