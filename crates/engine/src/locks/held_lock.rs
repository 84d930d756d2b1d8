//! What a worker has and gives back, whatever way it leaves.

use super::any_mutex::MutexGrant;
use crate::recorder::Recorder;
use crate::shared::async_mutex::AsyncMutex;
use crate::shared::rwlock::Rwlock;
use crate::shared::semaphore::Semaphore;
use contend_platform::ThreadBound;
use contend_trace::ResourceId;

#[derive(Debug)]
pub enum HeldLock {
    /// A lock of threads, which only the thread that took it can give back.
    Mutex(ThreadBound<MutexGrant<'static>>),
    /// A mutex of tasks.
    AsyncMutex(AsyncMutex<'static>),
    /// It once more, by who had it already: nothing that anyone else could notice.
    Reentered,
    /// So many permits.
    Permits(Semaphore<'static>, u32),
    /// An rwlock, as a reader or as the writer.
    Rwlock(Rwlock<'static>),
}

impl HeldLock {
    /// Gives it back and records that.
    pub fn release(self, id: ResourceId, recorder: &mut Recorder<'_>) {
        match self {
            Self::Mutex(held) => {
                if let Some(held) = held.take() {
                    held.release(id, recorder);
                }
            }
            Self::AsyncMutex(turns) => turns.unlock(recorder),
            Self::Reentered => {}
            Self::Permits(semaphore, permits) => semaphore.release(permits, recorder),
            Self::Rwlock(rwlock) => rwlock.unlock(recorder),
        }
    }
}
