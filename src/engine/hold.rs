//! What a worker has and gives back, whatever way it leaves.

use super::lock::Held;
use super::recorder::Recorder;
use super::shared::rwlock::Rwlock;
use super::shared::semaphore::Semaphore;
use crate::trace::ResourceId;

#[derive(Debug)]
pub enum Hold {
    Lock(Held<'static>),
    /// So many permits.
    Permits(Semaphore<'static>, u32),
    /// An rwlock, as a reader or as the writer.
    Rwlock(Rwlock<'static>),
}

impl Hold {
    /// Gives it back and records that.
    pub fn give_back(self, id: ResourceId, pen: &mut Recorder<'_>) {
        match self {
            Self::Lock(held) => held.give_back(id, pen),
            Self::Permits(semaphore, permits) => semaphore.give_back(permits, pen),
            Self::Rwlock(rwlock) => rwlock.leave(pen),
        }
    }
}
