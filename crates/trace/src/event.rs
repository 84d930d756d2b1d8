//! The closed set of things that a worker can do at one moment. The model knows nothing else about a run.
//!
//! Adding a kind of event takes a variant of [`EventKind`] and a row of the table in `record.rs`, which says how it
//! travels; the compiler and the tests of the model then name the places that must know it.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{DropReason, ExitKind, Grant, MarkId, PoolId, ResourceId, Span, Stamp, State, WorkerId};

/// An action of one worker at one moment. Only the order of events of the same worker is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Event {
    pub at: Stamp,
    pub worker: WorkerId,
    pub kind: EventKind,
}

/// Special values of [`EventKind::AwaitsResult`]: waits that are not for one result with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwaitedResult;

impl AwaitedResult {
    /// Waits until all tasks of the pool are done.
    pub const ALL_DONE: u64 = 0;
    /// Waits for the next result, whichever task it comes from.
    pub const NEXT: u64 = (1 << 40) - 1;
}

/// Unsuccessful polls that one [`EventKind::Polled`] stands for.
pub const POLLS_PER_EVENT: u64 = 1_024;

/// The subject of a kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventFamily {
    /// Beginning and end of workers, and waits for the end of another worker.
    Life,
    /// Mutexes, rwlocks and semaphores.
    Lock,
    /// Waits for anything else, and time on and off the CPU.
    Wait,
    /// Queues of items.
    Queue,
    /// Pipes of the kernel.
    Pipe,
    /// Data that workers fetch from each other.
    Data,
    /// Tasks of a pool, and commands.
    Task,
    /// Results of a pool's tasks.
    Result,
    /// Conditions, event flags, barriers, wait groups and other signals.
    Signal,
    /// Counters.
    Counter,
    /// Marks on the time axis.
    Mark,
    /// The stream of events itself.
    Stream,
}

/// The kinds of event, by [`EventFamily`].
///
/// A worker is [`State::Running`] unless an event says otherwise; any event that ends a wait makes it run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    // ---- Life ----
    /// Passed the start barrier and runs. First event of a life. A worker that is restarted sends it again and holds
    /// nothing from its former life.
    LifeBegan,
    /// Last event of a life; absent if the worker was killed and no other worker could record it.
    LifeEnded(ExitKind),
    /// Starts a worker: its `nth` life. The stamp was taken before the start began.
    Spawns { life: ResourceId, nth: u64 },
    /// Another worker asked for this life, `after` before its first moment. Follows [`EventKind::LifeBegan`].
    SpawnedBy { worker: WorkerId, after: Span },
    /// Cancels a worker in its `nth` life, and kills it (`kills`) or makes its waits end. Recorded before the worker
    /// can notice it.
    Cancels { worker: WorkerId, nth: u64, kills: bool },
    /// Waits until a worker's `nth` life has ended.
    Joins { life: ResourceId, nth: u64 },
    /// A thread or process was on a CPU for this long in this life. Precedes [`EventKind::LifeEnded`].
    CpuTime(Span),

    // ---- Lock ----
    /// A lock held at the moment of the [`EventKind::LockWait`] that follows in the same stream.
    Held { lock: ResourceId, grant: Grant },
    /// The wait that follows is for an rwlock, to read it (`shared`) or to write it. The first `writers_ahead` writers
    /// that ever had to wait go in before this worker. Precedes the list of held locks.
    RwlockRequest { lock: ResourceId, writers_ahead: u64, shared: bool },
    /// Follows [`EventKind::RwlockRequest`] at an rwlock that prefers writers. From a reader: `count` readers ever had
    /// to wait before this one. From a writer: the first `count` readers that ever had to wait may go in before it.
    RwlockReaders { lock: ResourceId, count: u64 },
    /// The wait that follows is for this number of permits of a semaphore. Precedes the list of held locks.
    PermitRequest { lock: ResourceId, permits: u32 },
    /// Asked for a lock and did not get it at once. Preceded by exactly `held_count` [`EventKind::Held`] events. A
    /// `timed` wait gives up by itself.
    LockWait { lock: ResourceId, held_count: u8, timed: bool },
    /// Got the lock. Not preceded by [`EventKind::LockWait`] if the lock was free.
    Acquired { lock: ResourceId, grant: Grant },
    /// Released the lock; the stamp was taken while it was still held.
    Released { lock: ResourceId, grant: Grant },
    /// A timed wait ended without what the worker waited for: a lock, an item, room, a signal, a result or the end of
    /// another worker. `lock` is that resource, of whatever kind. An attempt without a time limit that fails is a timed
    /// wait that ends at once.
    WaitTimedOut { lock: ResourceId },
    /// As [`EventKind::WaitTimedOut`], because another worker cancelled this one.
    WaitCancelled { on: ResourceId },
    /// The next event is an attempt that does not wait forever: either [`EventKind::Acquired`] at once, without a wait,
    /// or [`EventKind::Blocked`] for anything but a lock, which ends by itself. `lock` is the resource, of whatever
    /// kind.
    TimedAttempt { lock: ResourceId },
    /// Found that the lock's former owner died while it held the lock. Precedes [`EventKind::Acquired`].
    OwnerDied { lock: ResourceId },
    /// A forked process begins with this copy of a lock, which `holder` held in the original process at the fork. The
    /// copy stays locked: its holder does not exist here. `holder` is the worker itself if that is not known.
    CopiedHeld { lock: ResourceId, holder: WorkerId },
    /// Passed a semaphore that is used as a signal, so it holds nothing. Not preceded by [`EventKind::LockWait`] if
    /// there was a permit.
    SemaphorePassed { lock: ResourceId, grant: Grant },
    /// Added a permit to a semaphore, without having had one.
    SemaphorePosted { lock: ResourceId },

    // ---- Wait ----
    /// Stops running, for a reason that is not a lock. `on` is absent for plain sleep and I/O.
    Blocked { state: State, on: Option<ResourceId> },
    /// Runs again after [`EventKind::Blocked`].
    Resumed,
    /// The wait that follows ends by the first of several alternatives; this is one of them: an item of a queue, `room`
    /// in it, an event flag that had been set `nth` times when the worker found it clear, the end of a worker's `nth`
    /// life, or a message of a pipe of which `nth` bytes had ever been read when the worker tried.
    Alternative { on: ResourceId, room: bool, nth: u64 },
    /// The wait is over and the worker has been runnable since this moment, but it is not back yet: a task whose event
    /// loop is busy. The event that ends the wait follows.
    BecameRunnable,
    /// Since this task last resumed, the thread of its event loop was runnable without a CPU for this long.
    LoopCpuWait(Span),

    // ---- Queue ----
    /// Put an item; `depth` is the queue's length just after, read inside its lock.
    Put { queue: ResourceId, depth: u32 },
    /// Took an item; `depth` is the queue's length just after, read inside its lock.
    Took { queue: ResourceId, depth: u32 },
    /// As [`EventKind::Put`], into a queue that numbers its items: the `nth` item ever put, modulo 2^24. As grants do
    /// for locks, the numbers show without any clock whether an item is missing.
    PutNth { queue: ResourceId, depth: u16, nth: u32 },
    /// As [`EventKind::Took`], from such a queue: the `nth` item ever taken, modulo 2^24.
    TookNth { queue: ResourceId, depth: u16, nth: u32 },
    /// Follows the put of an item, or its take (`taken`): its priority, and how many microseconds it stayed in the
    /// queue. Numbers of takes then do not tell which item was taken.
    ItemPriority { queue: ResourceId, priority: u8, micros: u64, taken: bool },
    /// Closed a queue, so that nothing can be put any more; or its own ends of a pipe.
    Closed { queue: ResourceId },

    // ---- Pipe ----
    /// Wrote a part of a message into a pipe; `whole` if the message is now complete. `depth` is the number of bytes in
    /// the pipe just after.
    Sent { pipe: ResourceId, bytes: u32, depth: u32, whole: bool },
    /// As [`EventKind::Sent`], read out of a pipe.
    Received { pipe: ResourceId, bytes: u32, depth: u32, whole: bool },
    /// While it waits for room in a pipe or for a message, found that `bytes` bytes had ever been written to the pipe,
    /// or read from it (`read`). A worker that waits for its turn at the pipe sends the total of its own side. The
    /// worker whose turn it is sends both totals, which says that it has tried since without success.
    ///
    /// While it waits for a task of a batch that was distributed to workers: found no task for itself when `bytes`
    /// tasks had ever been put into that queue.
    StillWaiting { pipe: ResourceId, read: bool, bytes: u64 },

    // ---- Data ----
    /// Fetched `bytes` bytes of data from another worker, in the background: whatever else it does goes on.
    DataMoved { from: WorkerId, bytes: u64 },

    // ---- Task ----
    /// The task that begins next has this number. A `helped` one is run by a worker that waits for a result, inside the
    /// task that waits. Precedes [`EventKind::TaskBegan`] in pools whose tasks help.
    TaskNumbered { pool: PoolId, number: u64, helped: bool },
    /// Began a task of a pool, `waited` after it was due (its intended start, not when it was put).
    TaskBegan { pool: PoolId, waited: Span },
    /// Ended the task it had begun.
    TaskEnded { pool: PoolId, ok: bool },
    /// A task was rejected because the queue was full.
    TaskRejected { pool: PoolId },
    /// A task whose worker died was put back into the queue.
    TaskRetried { pool: PoolId },
    /// A task was given up because too many workers died while executing it.
    TaskAbandoned { pool: PoolId },
    /// Took a task that was assigned to another worker.
    TaskStolen { pool: PoolId, from: WorkerId },
    /// A task will not end by an event of its own. If it was in the queue, it was the `nth` item taken or dropped
    /// there, modulo 2^24; 0 if that is unknown.
    TaskDropped { pool: PoolId, reason: DropReason, nth: u32 },
    /// Waited for a command to end, which used `cpu` of CPU time.
    CommandRan { ok: bool, cpu: Span },

    // ---- Result ----
    /// The wait that follows is for the `nth` result of a pool's tasks, or for a value of [`AwaitedResult`]. The wait
    /// of a worker that `helps` also ends when it can take a task from the queue of its own pool.
    AwaitsResult { on: ResourceId, nth: u64, helps: bool },
    /// The `nth` result is ready, modulo 2^24; `unread` results are ready now that no worker has read.
    ResultReady { on: ResourceId, unread: u16, nth: u32, ok: bool },
    /// Read the `nth` result, modulo 2^24. Ends the wait for it, if there was one.
    ResultRead { on: ResourceId, unread: u16, nth: u32, ok: bool },

    // ---- Signal ----
    /// Woke up because of a signal, the `nth` ever received from `on`. Ends the wait for it.
    Woken { on: ResourceId, nth: u64 },
    /// Polled `on` [`POLLS_PER_EVENT`] times in a row without success and did nothing in between; this `lasted` until
    /// now.
    Polled { on: ResourceId, lasted: Span },
    /// Passed an event flag without a wait because it was set; by then it had been set `nth` times. Or passed a wait
    /// group whose count was 0, and had come down to 0 `nth` times.
    FlagSeenSet { on: ResourceId, nth: u64 },
    /// Notified a condition, set an event flag, reached a barrier as its last worker, or counted a wait group down to
    /// 0; wakes `woken` workers.
    Signalled { on: ResourceId, woken: u32 },
    /// Changed the count of a wait group, which is now `count`: the `nth` change ever, modulo 2^24.
    GroupCounted { on: ResourceId, count: u16, nth: u32 },

    // ---- Counter ----
    /// Changed a counter by `delta`; `value` is the value it wrote.
    CounterAdded { counter: ResourceId, delta: i8, value: i32 },
    /// Changed a counter many times in a row, by `delta` in all. Samples give the counter's value.
    CounterAddedMany { counter: ResourceId, delta: i64 },
    /// Compared a counter with a value that it no longer had: it was `value`.
    CounterSwapFailed { counter: ResourceId, value: i32 },
    /// As [`EventKind::CounterAdded`], by a compare-and-set that succeeded.
    CounterSwapped { counter: ResourceId, delta: i8, value: i32 },

    // ---- Mark ----
    /// Set a mark on the time axis. `number` replaces a `{n}` in its text.
    Mark { text: MarkId, number: u64 },

    // ---- Stream ----
    /// `lost` events of this worker are missing just before the next one.
    Gap { lost: u64 },
    /// A record that matches no event of this version.
    Unknown { code: u8 },
}

impl EventKind {
    /// Whether others report such an event in the name of a worker that died: about its tasks, its results and its
    /// pipe ends. So it can follow the end of a life.
    pub const fn is_reported_by_others(self) -> bool {
        matches!(
            self,
            Self::TaskRetried { .. }
                | Self::TaskAbandoned { .. }
                | Self::TaskDropped { .. }
                | Self::ResultReady { .. }
                | Self::Closed { .. }
        )
    }

    /// Returns the resource that the event names, if any.
    pub const fn resource(self) -> Option<ResourceId> {
        match self {
            Self::Held { lock, .. }
            | Self::RwlockRequest { lock, .. }
            | Self::RwlockReaders { lock, .. }
            | Self::PermitRequest { lock, .. }
            | Self::LockWait { lock, .. }
            | Self::Acquired { lock, .. }
            | Self::Released { lock, .. }
            | Self::WaitTimedOut { lock }
            | Self::TimedAttempt { lock }
            | Self::OwnerDied { lock }
            | Self::CopiedHeld { lock, .. }
            | Self::SemaphorePassed { lock, .. }
            | Self::SemaphorePosted { lock } => Some(lock),
            Self::Put { queue, .. }
            | Self::Took { queue, .. }
            | Self::PutNth { queue, .. }
            | Self::TookNth { queue, .. }
            | Self::ItemPriority { queue, .. }
            | Self::Closed { queue } => Some(queue),
            Self::Sent { pipe, .. } | Self::Received { pipe, .. } | Self::StillWaiting { pipe, .. } => Some(pipe),
            Self::Spawns { life, .. } | Self::Joins { life, .. } => Some(life),
            Self::Alternative { on, .. }
            | Self::WaitCancelled { on }
            | Self::AwaitsResult { on, .. }
            | Self::ResultReady { on, .. }
            | Self::ResultRead { on, .. }
            | Self::Woken { on, .. }
            | Self::Polled { on, .. }
            | Self::FlagSeenSet { on, .. }
            | Self::Signalled { on, .. }
            | Self::GroupCounted { on, .. } => Some(on),
            Self::CounterAdded { counter, .. }
            | Self::CounterAddedMany { counter, .. }
            | Self::CounterSwapFailed { counter, .. }
            | Self::CounterSwapped { counter, .. } => Some(counter),
            Self::Blocked { on, .. } => on,
            Self::LifeBegan
            | Self::LifeEnded(_)
            | Self::SpawnedBy { .. }
            | Self::Cancels { .. }
            | Self::CpuTime(_)
            | Self::Resumed
            | Self::BecameRunnable
            | Self::LoopCpuWait(_)
            | Self::TaskNumbered { .. }
            | Self::TaskBegan { .. }
            | Self::TaskEnded { .. }
            | Self::TaskRejected { .. }
            | Self::TaskRetried { .. }
            | Self::TaskAbandoned { .. }
            | Self::TaskStolen { .. }
            | Self::TaskDropped { .. }
            | Self::CommandRan { .. }
            | Self::DataMoved { .. }
            | Self::Mark { .. }
            | Self::Gap { .. }
            | Self::Unknown { .. } => None,
        }
    }
}

/// An event kind is serialized as its bits.
#[cfg(feature = "serde")]
impl Serialize for EventKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_bits().serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u128::deserialize(deserializer).map(Self::from_bits)
    }
}
