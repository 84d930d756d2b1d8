//! What a worker has and gives back, whatever way it leaves.

use super::lock::Held;
use super::recorder::Recorder;
use super::shared::rwlock::Rwlock;
use super::shared::semaphore::Semaphore;
use super::shared::turns::Turns;
use contend_platform::Here;
use contend_trace::ResourceId;

#[derive(Debug)]
pub enum Hold {
    /// A lock of threads, which only the thread that took it can give back.
    Lock(Here<Held<'static>>),
    /// A mutex of tasks.
    Turn(Turns<'static>),
    /// It once more, by who had it already: nothing that anyone else could notice.
    Again,
    /// So many permits.
    Permits(Semaphore<'static>, u32),
    /// An rwlock, as a reader or as the writer.
    Rwlock(Rwlock<'static>),
}

impl Hold {
    /// Gives it back and records that.
    pub fn give_back(self, id: ResourceId, pen: &mut Recorder<'_>) {
        match self {
            Self::Lock(held) => {
                if let Some(held) = held.take() {
                    held.give_back(id, pen);
                }
            }
            Self::Turn(turns) => turns.give_back(pen),
            Self::Again => {}
            Self::Permits(semaphore, permits) => semaphore.give_back(permits, pen),
            Self::Rwlock(rwlock) => rwlock.leave(pen),
        }
    }
}
