//! The kinds of records, with the numbers that stand for them in a ring and the words that stand for them in JSON.

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $code:literal $($word:literal)|+;)*) => {
        /// What a program did, by its own word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Returns the kind with this number, if there is one.
            pub const fn from_code(code: u16) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Returns the number.
            pub const fn code(self) -> u16 {
                match self { $(Self::$name => $code,)* }
            }

            /// Returns the kind with this word, if there is one.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($($word)|+ => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// First record of a lane; the object is the lane.
    Begin 1 "begin";
    /// Last record of a lane.
    End 2 "end";
    /// Did not get a lock at once, and waits.
    Wait 10 "wait";
    /// Got a lock.
    Acquired 11 "acq" | "acquired";
    /// Is about to release a lock.
    Released 12 "rel" | "released";
    /// Tried to get a lock without waiting.
    Tried 13 "try" | "tried";
    /// Gave up the wait for a lock.
    GaveUp 14 "giveup";
    /// Puts an item.
    Put 20 "put";
    /// Got an item.
    Got 21 "get" | "got";
    /// Waits for an item.
    GetWait 22 "qwait" | "gwait";
    /// Waits for room.
    PutWait 23 "pwait";
    /// Gave up the wait at a queue.
    QueueGaveUp 24 "qgiveup";
    /// Submits a task to a pool, which is the argument.
    Submit 30 "submit";
    /// Begins a task.
    TaskStart 31 "start";
    /// Ended a task.
    TaskFinish 32 "finish";
    /// Waits for the end of a lane or process.
    Join 40 "join";
    /// The wait for the end of a lane or process is over.
    Joined 41 "joined";
    /// Waits for a condition.
    ConditionWait 50 "cwait";
    /// The wait for a condition is over.
    ConditionWoken 51 "cwake";
    /// Notifies so many waiters of a condition.
    Notify 52 "notify";
    /// Sets an event flag.
    EventSet 53 "set";
    /// Waits for an event flag.
    EventWait 54 "ewait";
    /// The wait for an event flag is over.
    EventDone 55 "edone";
    /// Waits at a barrier.
    BarrierWait 56 "bwait";
    /// The wait at a barrier is over.
    BarrierDone 57 "bdone";
    /// Clears an event flag.
    EventClear 58 "clear";
    /// Waits for the result of a task.
    FutureWait 60 "fwait";
    /// The wait for the result of a task is over.
    FutureDone 61 "fdone";
    /// Starts a process.
    Spawn 70 "spawn";
    /// Found that a process has ended; the argument is its exit code, negative for a signal.
    Exit 71 "exit";
    /// Sends a message into a pipe.
    Send 80 "send";
    /// Waits for a message of a pipe.
    ReceiveWait 81 "recvw";
    /// Received a message of a pipe.
    Received 82 "recv";
    /// Calls a server and waits for its answer.
    CallBegin 83 "rpc";
    /// Has the answer of a server.
    CallEnd 84 "rpcdone";
    /// Begins a step of a coroutine.
    StepBegin 90 "step";
    /// Ended a step of a coroutine.
    StepEnd 91 "stepped";
    /// A call blocked an event loop for so many nanoseconds.
    BlockingCall 92 "blocked";
    /// Sets a mark, whose text is the object.
    Mark 100 "mark";
    /// Packed a task for another process.
    Packed 110 "packed";
    /// Received a task of another process.
    Unpacked 111 "unpacked";
    /// A service says how many there are of something; the argument is the number.
    Count 120 "count";
    /// A task failed before it began.
    TaskErred 121 "erred";
    /// A task will not be executed: it was cancelled, or its result is no longer needed.
    TaskCancelled 124 "cancelled";
    /// Begins to fetch data from another worker.
    Fetch 122 "fetch";
    /// Fetched data: the object is the lane that they came from, the argument their bytes.
    Fetched 123 "fetched";
}

impl Kind {
    /// Whether the argument is the depth of a queue.
    pub(crate) const fn has_depth(self) -> bool {
        matches!(self, Self::Put | Self::Got | Self::Send | Self::Received)
    }
}

/// Stands for a depth that the program does not tell.
pub(crate) const NO_DEPTH: u64 = u64::MAX;

/// Properties of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(pub u16);

impl Flags {
    pub const OK: Self = Self(1);
    pub const TIMED: Self = Self(2);
    pub const LIBRARY: Self = Self(4);

    /// Whether the attempt succeeded.
    pub const fn is_ok(self) -> bool {
        self.0 & Self::OK.0 != 0
    }

    /// Whether the wait ends by itself.
    pub const fn is_timed(self) -> bool {
        self.0 & Self::TIMED.0 != 0
    }

    /// Whether the object belongs to a library.
    pub const fn is_of_library(self) -> bool {
        self.0 & Self::LIBRARY.0 != 0
    }

    #[must_use]
    pub const fn with(self, other: Self, is_set: bool) -> Self {
        if is_set { Self(self.0 | other.0) } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_stand_for_one_kind_each() {
        let mut known = 0;
        for code in 0..=u16::MAX {
            if let Some(kind) = Kind::from_code(code) {
                assert_eq!(kind.code(), code);
                known += 1;
            }
        }
        assert_eq!(known, 46);
        assert_eq!(Kind::from_word("acq"), Some(Kind::Acquired));
        assert_eq!(Kind::from_word("later"), None);
    }
}
