//! The kinds of problems that findings report: each id with its meaning, in one table.
//!
//! The scenario language (`expect finding`) and the model that detects them both read this table.

macro_rules! finding_ids {
    ($($name:ident $id:literal $meaning:literal;)*) => {
        /// A kind of problem that a finding reports, in the order in which equally severe findings are listed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingId {
            $(#[doc = $meaning] $name,)*
        }

        impl FindingId {
            pub const ALL: [Self; [$($id),*].len()] = [$(Self::$name),*];

            /// The ids as scenarios, reports and the command line write them, in the order of [`FindingId::ALL`].
            pub const IDS: [&'static str; Self::ALL.len()] = [$($id),*];

            /// The id as scenarios, reports and the command line write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it means, as a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

finding_ids! {
    Deadlock "deadlock" "Workers wait for each other in a ring of locks or joins, and none can ever continue.";
    Livelock "livelock" "Workers keep giving up on locks that the others take, and retry without getting further.";
    Stall "stall" "Workers wait forever for something that no remaining worker can provide.";
    LostWakeup "lost-wakeup" "A worker waits for a signal that came before its wait, and no other will come.";
    LostUpdate "lost-update" "A counter lacks updates: a store overwrote changes made since its load.";
    Crashed "crashed" "A worker panicked, was killed or exited with an error.";
    UnseenFailures "unseen-failures" "Tasks failed, and no worker will ever read their results.";
    OrphanedLock "orphaned-lock" "A worker ended without releasing a lock that others wait for.";
    UnfedQueue "unfed-queue" "Workers wait at an empty queue, and every worker that was seen to feed it has ended.";
    OrderHazard "order-hazard" "Two workers take two locks in opposite orders, so that they can deadlock.";
    LockBound "lock-bound" "A lock, or all permits of a semaphore, is nearly always in use, and its users wait.";
    Convoy "convoy" "A lock with a permanent queue is mostly free: each handover takes longer than the hold.";
    GilBound "gil-bound" "Threads spend their time waiting for the lock of their interpreter, the GIL.";
    LoopBlocked "loop-blocked" "A task holds an event-loop thread for long while other tasks are ready.";
    LoopBound "loop-bound" "More tasks are ready to run than their event loop has threads.";
    BusyWait "busy-wait" "A worker uses CPU time while it waits: it polls, or spins for a lock that is held for long.";
    PoolTooSmall "pool-too-small" "Tasks arrive faster than a pool finishes them.";
    QueueBound "queue-bound" "Producers wait for room in a queue or pipe, because its consumers are slower.";
    QueueOverflowIn "queue-overflow-in" "A queue grows and will be full soon.";
    HeadOfLine "head-of-line" "Short tasks of a pool wait behind long ones.";
    HandoverBound "handover-bound" "A process pool spends more time on handing tasks over than on the tasks.";
    Straggler "straggler" "One worker usually reaches a barrier last, and the others wait there.";
    Herd "herd" "Signals wake several workers at once, and many of them find nothing to do.";
    Oversubscribed "oversubscribed" "More threads want to run than there are cores for them, or other programs fill \
        the cores.";
    Starved "starved" "A worker waits for a lock while the others get it again and again.";
    Unfair "unfair" "A lock goes to some workers far more often than to others that want it as much.";
    PoolTooLarge "pool-too-large" "A pool has more workers than it has work or cores for.";
}

impl FindingId {
    /// The findings that only a user's program can have, not a scenario.
    pub const OF_PROGRAMS: [Self; 2] = [Self::UnfedQueue, Self::GilBound];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_and_in_the_order_of_the_variants() {
        assert_eq!(FindingId::ALL.map(FindingId::as_str), FindingId::IDS);
        let mut ids = FindingId::IDS.to_vec();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), FindingId::IDS.len());
        assert!(FindingId::ALL.iter().all(|id| id.meaning().ends_with('.')), "a sentence each");
    }
}
