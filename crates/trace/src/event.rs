//! The closed set of things a worker can do at one moment: all that the dashboard knows of a run.

use serde::{Deserialize, Serialize};

use super::{Grant, PoolId, ResourceId, Span, Stamp, State, WorkerId};

/// What one worker did at one moment. Order is certain within one worker only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Stamp,
    pub worker: WorkerId,
    pub kind: EventKind,
}

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum How {
    /// Came to the end of its steps.
    Finished,
    /// Was asked to end: the pool became smaller, the run stopped.
    Retired,
    /// A step failed or panicked.
    Panicked,
    /// Was found dead by whoever worked with it, and says so in its place.
    Killed,
}

/// What can become of a task beside being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Fate {
    /// It was called off while it was still in the queue.
    Cancelled,
    /// It failed in the queue, with the whole pool.
    Failed,
    /// It was begun, or handed over, and will never end.
    Lost,
    /// It failed, and nobody will look at its result.
    Unseen,
}

/// What a wait for results can be for, beside one result with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited;

impl Awaited {
    /// All tasks of the pool being over.
    pub const ALL_OVER: u64 = 0;
    /// The result that comes next, whichever it is.
    pub const NEXT: u64 = (1 << 40) - 1;
}

/// Looks that [`EventKind::Polled`] tells of.
pub const POLLS: u64 = 1_024;

/// The kinds of event.
///
/// A worker is [`State::Running`] unless an event says otherwise; any event that ends a wait makes it run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// Passed the start barrier and runs. First event of a life; a worker that is restarted sends it again and holds
    /// nothing from its former life.
    Began,
    /// Last event of a life, unless it was killed and nobody could say so here.
    Ended(How),
    /// A lock held at the moment of the [`EventKind::Wait`] that follows in the same stream.
    Held { lock: ResourceId, grant: Grant },
    /// The wait that follows is for an rwlock, to read or to write: before it come the first `behind` writers that ever had to
    /// wait. Precedes the list of what is held.
    Queued { lock: ResourceId, behind: u64, shared: bool },
    /// Of an rwlock where writers go first, behind `Queued`: so many readers had ever had to wait before this one; or, told by
    /// a writer, the first so many of them may go in before it.
    Readers { lock: ResourceId, count: u64 },
    /// The wait that follows is for so many permits of a semaphore. Precedes the list of what is held.
    AskMany { lock: ResourceId, permits: u32 },
    /// Asked for a lock and could not have it. Preceded by exactly `held` [`EventKind::Held`] events.
    Wait { lock: ResourceId, held: u8, timed: bool },
    /// Has the lock. Not preceded by `Wait` when it was free.
    Acquired { lock: ResourceId, grant: Grant },
    /// Gave the lock back; the stamp was taken inside the lock.
    Released { lock: ResourceId, grant: Grant },
    /// A timed wait ended without the lock, or the signal.
    GaveUp { lock: ResourceId },
    /// Found that the lock's former owner died while holding it. Precedes `Acquired`.
    OwnerDied { lock: ResourceId },
    /// Passed a semaphore that is used as a signal: it holds nothing. Not preceded by `Wait` when there was a permit.
    Passed { lock: ResourceId, grant: Grant },
    /// Gave a semaphore a permit, which it need not have had.
    Posted { lock: ResourceId },
    /// Stops running, for a reason that is not a lock. `on` is absent for plain sleep and I/O.
    Block { state: State, on: Option<ResourceId> },
    /// Runs again after `Block`.
    Resume,
    /// What it waits for has come, and it could run since then, but is not back yet: a task whose loop is busy. The event
    /// that ends the wait follows.
    Ready,
    /// Of a task: since it went on last, its loop's thread has been without a CPU for so long.
    WithoutCpu(Span),
    /// Of a thread or process: it was on a CPU for so long in this life. Precedes [`EventKind::Ended`].
    CpuTime(Span),
    /// Put an item; `depth` is the queue's length just after, read inside its lock.
    Put { queue: ResourceId, depth: u32 },
    /// Took an item; `depth` is the queue's length just after, read inside its lock.
    Took { queue: ResourceId, depth: u32 },
    /// Began a task of a pool, `waited` after it was due (its intended start, not when it was put).
    TaskBegan { pool: PoolId, waited: Span },
    /// Ended the task it had begun.
    TaskEnded { pool: PoolId, ok: bool },
    /// A task was turned away because the queue was full.
    Rejected { pool: PoolId },
    /// A task whose worker died was put back to be done again.
    Retried { pool: PoolId },
    /// A task was given up: too many workers died at it.
    GivenUp { pool: PoolId },
    /// What follows is an attempt that does not wait for ever: an `Acquired` of the lock at once, without a `Wait`; or a
    /// `Block` for this signal that ends by itself.
    Tried { lock: ResourceId },
    /// Waited for a command to end, which took so much CPU time.
    Ran { ok: bool, cpu: Span },
    /// Changed a counter by `delta`; `value` is what it wrote.
    Added { counter: ResourceId, delta: i8, value: i32 },
    /// Changed a counter many times in a row, by `delta` in all. What it holds is known from samples.
    AddedMany { counter: ResourceId, delta: i64 },
    /// As [`EventKind::Put`], into a queue that numbers what is put: the `nth` item ever, modulo 2^24. As grants do for
    /// locks, the numbers tell whether anything is missing, without any clock.
    PutNth { queue: ResourceId, depth: u16, nth: u32 },
    /// As [`EventKind::Took`], from such a queue: the `nth` item ever taken, modulo 2^24.
    TookNth { queue: ResourceId, depth: u16, nth: u32 },
    /// Wrote a piece of a message into a pipe, or all of it (`whole`: the message is complete); `depth` is what is in the
    /// pipe after it, in bytes.
    Sent { pipe: ResourceId, bytes: u32, depth: u32, whole: bool },
    /// As [`EventKind::Sent`], read out of a pipe.
    Received { pipe: ResourceId, bytes: u32, depth: u32, whole: bool },
    /// While it waits for room in a pipe, or for a message: saw that so many bytes had ever been written to the pipe or, if
    /// `read`, read from it. Who waits for its turn tells the one of its own side. Who has its turn tells both, and that it
    /// has tried in vain since. While it waits for a task of a batch that was dealt out: found none for itself when so many
    /// had ever been put into that queue.
    Refused { pipe: ResourceId, read: bool, bytes: u64 },
    /// Goes on because of a signal: the `nth` ever heard of `on`. Ends the wait for it.
    Heard { on: ResourceId, nth: u64 },
    /// Looked at `on` [`POLLS`] times in a row, in so long until now, and did nothing in between.
    Polled { on: ResourceId, lasted: Span },
    /// Went past an event flag without a wait, since it was set: by then `nth` times.
    SawSet { on: ResourceId, nth: u64 },
    /// The wait that follows is for the `nth` result of a pool's tasks, or for something else: see [`Awaited`].
    Awaits { on: ResourceId, nth: u64 },
    /// The `nth` result is there, modulo 2^24; `held` results are there now that nobody has read.
    Resolved { on: ResourceId, held: u16, nth: u32, ok: bool },
    /// Has the `nth` result, modulo 2^24: ends the wait for it, if there was one.
    Read { on: ResourceId, held: u16, nth: u32, ok: bool },
    /// Took a task that was another worker's to do.
    Stole { pool: PoolId, from: WorkerId },
    /// A task had a fate that is not an end of its own.
    Met { pool: PoolId, fate: Fate },
    /// Closed a queue: nothing will be put any more. Or its own ends of a pipe.
    Closed { queue: ResourceId },
    /// Notified a condition, set an event flag, or came to a barrier as the last one; `woken` workers go on for it.
    Signalled { on: ResourceId, woken: u32 },
    /// Starts a worker: its `nth` life. The stamp was taken before anything was done for it.
    Spawns { life: ResourceId, nth: u64 },
    /// This life was asked for by another worker, so long before its first moment. Follows `Began`.
    SpawnedBy { worker: WorkerId, after: Span },
    /// Waits until a worker's `nth` life has ended.
    Joins { life: ResourceId, nth: u64 },
    /// `lost` events of this worker are missing just before the next one.
    Gap { lost: u64 },
    /// A record that no event of this version matches.
    Unknown { code: u8 },
}
