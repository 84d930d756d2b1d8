//! A mutex between processes that tells when its owner died.
#![expect(unsafe_code, reason = "pthread mutexes in shared memory")]

use std::sync::atomic::AtomicU64;

/// 64-bit words that a robust mutex takes.
pub const ROBUST_WORDS: usize = size_of::<libc::pthread_mutex_t>().div_ceil(8);

/// A process-shared robust `pthread_mutex_t` (40 bytes on Linux) at the start of `cells`, which lie in shared memory that
/// never moves while anyone uses it.
///
/// The C library keeps pointers in it: who shares one trusts the others not to write into the middle of it. Runner and
/// workers do, being one program; the dashboard, which trusts none of them, uses no such mutex.
#[derive(Debug, Clone, Copy)]
pub struct Robust<'a> {
    cells: &'a [AtomicU64; ROBUST_WORDS],
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
unsafe extern "C" {
    /// As `pthread_mutex_timedlock`, which goes by the time of day, with a clock to be chosen; of glibc 2.30 and POSIX 2024.
    fn pthread_mutex_clocklock(
        mutex: *mut libc::pthread_mutex_t,
        clock: libc::clockid_t,
        until: *const libc::timespec,
    ) -> libc::c_int;
}

/// How the mutex was had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Clean,
    /// Its owner died while holding it; it was made usable again.
    OwnerDied,
}

impl<'a> Robust<'a> {
    /// The mutex that someone initialised here.
    pub const fn at(cells: &'a [AtomicU64; ROBUST_WORDS]) -> Self {
        Self { cells }
    }

    fn ptr(self) -> *mut libc::pthread_mutex_t {
        self.cells.as_ptr().cast_mut().cast()
    }

    /// Makes the mutex; `recursive`: who has it can take it again, and gives it back as often. Once, before anyone else can
    /// see it.
    pub fn init(self, recursive: bool) {
        let kind = if recursive { libc::PTHREAD_MUTEX_RECURSIVE } else { libc::PTHREAD_MUTEX_NORMAL };
        // SAFETY: `cells` is large enough, 8-byte aligned and zeroed; nobody uses it yet.
        unsafe {
            let mut attr = std::mem::zeroed();
            libc::pthread_mutexattr_init(&raw mut attr);
            libc::pthread_mutexattr_setpshared(&raw mut attr, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutexattr_settype(&raw mut attr, kind);
            libc::pthread_mutexattr_setrobust(&raw mut attr, libc::PTHREAD_MUTEX_ROBUST);
            libc::pthread_mutex_init(self.ptr(), &raw const attr);
            libc::pthread_mutexattr_destroy(&raw mut attr);
        }
    }

    /// Takes it if it is free.
    pub fn try_lock(self) -> Option<Taken> {
        // SAFETY: made by `init`, or all zero, which is a plain mutex; only the library writes there.
        self.taken(unsafe { libc::pthread_mutex_trylock(self.ptr()) })
    }

    /// Waits for it, without a limit.
    pub fn lock(self) -> Taken {
        // SAFETY: as above.
        self.taken(unsafe { libc::pthread_mutex_lock(self.ptr()) }).unwrap_or(Taken::Clean)
    }

    /// Waits for it for `nanos` at most, on a clock that nobody sets.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    pub fn lock_for(self, nanos: u64) -> Option<Taken> {
        let until = contend_shm::monotonic().saturating_add(nanos);
        let until = libc::timespec {
            tv_sec: (until / 1_000_000_000) as libc::time_t,
            tv_nsec: (until % 1_000_000_000) as libc::c_long,
        };
        // SAFETY: as above, and a time on our stack.
        self.taken(unsafe { pthread_mutex_clocklock(self.ptr(), libc::CLOCK_MONOTONIC, &raw const until) })
    }

    /// Waits for it for `nanos` at most. The only call for that goes by the time of day, which may be set back: so this looks
    /// again and again.
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    pub fn lock_for(self, nanos: u64) -> Option<Taken> {
        let (start, most) = (std::time::Instant::now(), std::time::Duration::from_nanos(nanos));
        loop {
            let taken = self.try_lock();
            let left = most.saturating_sub(start.elapsed());
            if taken.is_some() || left.is_zero() {
                return taken;
            }
            std::thread::sleep(left.min(std::time::Duration::from_millis(1)));
        }
    }

    /// Gives it back. Only whoever holds it may.
    pub fn unlock(self) {
        // SAFETY: as above; a caller that does not hold it gets an error from the library, as it is a robust one.
        unsafe { libc::pthread_mutex_unlock(self.ptr()) };
    }

    fn taken(self, result: libc::c_int) -> Option<Taken> {
        match result {
            0 => Some(Taken::Clean),
            libc::EOWNERDEAD => {
                // Without this call the next unlock would make the mutex unusable for ever.
                // SAFETY: we hold it, in the state that the call is for.
                unsafe { libc::pthread_mutex_consistent(self.ptr()) };
                Some(Taken::OwnerDied)
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
    fn who_waits_for_so_long_waits_no_shorter_and_gets_it_when_it_is_free() {
        let cells = [const { AtomicU64::new(0) }; ROBUST_WORDS];
        let mutex = Robust::at(&cells);
        mutex.init(false);
        assert_eq!(mutex.lock_for(1_000_000), Some(Taken::Clean));
        let other = |nanos| std::thread::scope(|scope| scope.spawn(move || mutex.lock_for(nanos)).join());
        let start = Instant::now();
        assert_eq!(other(20_000_000).expect("no panic"), None);
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert_eq!(other(0).expect("no panic"), None);
        mutex.unlock();
        assert_eq!(other(u64::MAX).expect("no panic"), Some(Taken::Clean));
    }
}
