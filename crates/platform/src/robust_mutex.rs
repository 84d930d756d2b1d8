//! A mutex between processes that survives the death of its owner.
#![expect(unsafe_code, reason = "pthread mutexes in shared memory")]

use std::sync::atomic::AtomicU64;

/// Size of a robust mutex in 64-bit words.
pub const ROBUST_MUTEX_WORDS: usize = size_of::<libc::pthread_mutex_t>().div_ceil(8);

/// A process-shared robust `pthread_mutex_t` (40 bytes on Linux) at the start of `cells`, in shared memory that does
/// not move while it is in use.
///
/// The C library keeps pointers in it, so its users must trust each other not to overwrite it. Runner and workers do:
/// they are one program. The dashboard, which trusts neither, uses no such mutex.
#[derive(Debug, Clone, Copy)]
pub struct RobustMutex<'a> {
    cells: &'a [AtomicU64; ROBUST_MUTEX_WORDS],
}

#[cfg(target_env = "gnu")]
unsafe extern "C" {
    /// As `pthread_mutex_timedlock`, but with a chosen clock instead of the time of day. In glibc 2.30 and POSIX 2024.
    fn pthread_mutex_clocklock(
        mutex: *mut libc::pthread_mutex_t,
        clock: libc::clockid_t,
        until: *const libc::timespec,
    ) -> libc::c_int;
}

/// The state in which a mutex was acquired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockOutcome {
    Clean,
    /// Its owner died while holding it; the mutex was made usable again.
    OwnerDied,
}

impl<'a> RobustMutex<'a> {
    /// Returns the mutex at these cells, which must have been initialised with [`Self::init`].
    pub const fn at(cells: &'a [AtomicU64; ROBUST_MUTEX_WORDS]) -> Self {
        Self { cells }
    }

    fn ptr(self) -> *mut libc::pthread_mutex_t {
        self.cells.as_ptr().cast_mut().cast()
    }

    /// Initialises the mutex, once, before another thread or process can see it. The holder of a `recursive` mutex can
    /// lock it again, and must unlock it as often.
    pub fn init(self, recursive: bool) {
        let kind = if recursive { libc::PTHREAD_MUTEX_RECURSIVE } else { libc::PTHREAD_MUTEX_NORMAL };
        self.init_as(kind, libc::PTHREAD_MUTEX_ROBUST);
    }

    /// As [`Self::init`], but without robustness: if its holder dies, the mutex stays locked forever. Only for a lock
    /// whose purpose is to show that.
    pub fn init_not_robust(self) {
        self.init_as(libc::PTHREAD_MUTEX_NORMAL, libc::PTHREAD_MUTEX_STALLED);
    }

    fn init_as(self, kind: libc::c_int, robustness: libc::c_int) {
        // SAFETY: `cells` is large enough, 8-byte aligned and zeroed; no other thread uses it yet.
        unsafe {
            let mut attr = std::mem::zeroed();
            libc::pthread_mutexattr_init(&raw mut attr);
            libc::pthread_mutexattr_setpshared(&raw mut attr, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutexattr_settype(&raw mut attr, kind);
            libc::pthread_mutexattr_setrobust(&raw mut attr, robustness);
            libc::pthread_mutex_init(self.ptr(), &raw const attr);
            libc::pthread_mutexattr_destroy(&raw mut attr);
        }
    }

    /// Locks the mutex if it is free.
    pub fn try_lock(self) -> Option<LockOutcome> {
        // SAFETY: initialised by `init`, or all zero, which is a plain mutex; only the C library writes there.
        self.lock_outcome(unsafe { libc::pthread_mutex_trylock(self.ptr()) })
    }

    /// Waits for the mutex without a time limit and locks it.
    pub fn lock(self) -> LockOutcome {
        // SAFETY: as above.
        self.lock_outcome(unsafe { libc::pthread_mutex_lock(self.ptr()) }).unwrap_or(LockOutcome::Clean)
    }

    /// Waits for the mutex for at most `nanos`, measured by the monotonic clock.
    #[cfg(target_env = "gnu")]
    pub fn try_lock_for(self, nanos: u64) -> Option<LockOutcome> {
        let until = contend_shm::monotonic_nanos().saturating_add(nanos);
        let until = libc::timespec {
            tv_sec: (until / 1_000_000_000) as libc::time_t,
            tv_nsec: (until % 1_000_000_000) as libc::c_long,
        };
        // SAFETY: as above, and a time on our stack.
        self.lock_outcome(unsafe { pthread_mutex_clocklock(self.ptr(), libc::CLOCK_MONOTONIC, &raw const until) })
    }

    /// Waits for the mutex for at most `nanos`. The only call for that in other C libraries, such as musl, uses the
    /// time of day, which may be set back: so this tries again every millisecond.
    #[cfg(not(target_env = "gnu"))]
    pub fn try_lock_for(self, nanos: u64) -> Option<LockOutcome> {
        let (start, limit) = (std::time::Instant::now(), std::time::Duration::from_nanos(nanos));
        loop {
            let taken = self.try_lock();
            let left = limit.saturating_sub(start.elapsed());
            if taken.is_some() || left.is_zero() {
                return taken;
            }
            std::thread::sleep(left.min(std::time::Duration::from_millis(1)));
        }
    }

    /// Unlocks the mutex. Only its holder may call this.
    pub fn unlock(self) {
        // SAFETY: as above; a caller that does not hold it gets an error if the mutex is robust, and otherwise unlocks
        // it for another, which harms no memory: the mutex protects none.
        unsafe { libc::pthread_mutex_unlock(self.ptr()) };
    }

    fn lock_outcome(self, result: libc::c_int) -> Option<LockOutcome> {
        match result {
            0 => Some(LockOutcome::Clean),
            libc::EOWNERDEAD => {
                // Without this call the next unlock would make the mutex unusable forever.
                // SAFETY: we hold it, in the state that the call is for.
                unsafe { libc::pthread_mutex_consistent(self.ptr()) };
                Some(LockOutcome::OwnerDied)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn timed_lock_waits_its_full_time_and_succeeds_once_the_mutex_is_free() {
        let cells = [const { AtomicU64::new(0) }; ROBUST_MUTEX_WORDS];
        let mutex = RobustMutex::at(&cells);
        mutex.init(false);
        assert_eq!(mutex.try_lock_for(1_000_000), Some(LockOutcome::Clean));
        let other = |nanos| std::thread::scope(|scope| scope.spawn(move || mutex.try_lock_for(nanos)).join());
        let start = Instant::now();
        assert_eq!(other(20_000_000).expect("no panic"), None);
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert_eq!(other(0).expect("no panic"), None);
        mutex.unlock();
        assert_eq!(other(u64::MAX).expect("no panic"), Some(LockOutcome::Clean));
    }
}
