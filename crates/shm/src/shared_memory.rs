//! Anonymous memory shared between processes, and waits on its words.
#![expect(unsafe_code, reason = "mapping memory and waiting on a word of it")]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::thread::{ClockId, Timespec, futex};
use rustix::time::clock_gettime;

/// The most words that the kernel waits for at once.
const MAX_WORDS: usize = 128;
/// The longest sleep where the kernel cannot wait for several words at once.
const FALLBACK_INTERVAL: Duration = Duration::from_millis(1);
/// Whether the kernel cannot wait for several words at once: it is older than 5.16, or a sandbox forbids it.
static HAS_NO_WAITV: AtomicBool = AtomicBool::new(false);

/// The size of a page in bytes.
pub const PAGE_SIZE: usize = 4096;

/// A mapping of shared memory as 64-bit words. All words are atomic, because any process that has the mapping may write
/// at any time. Pages that no process touches cost nothing.
#[derive(Debug)]
pub struct SharedMemory {
    fd: OwnedFd,
    start: *mut AtomicU64,
    words: usize,
}

// SAFETY: the mapping is valid until drop and is only ever read and written through atomics.
unsafe impl Send for SharedMemory {}
// SAFETY: as above.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// Creates zeroed memory of `words` 64-bit words, sealed so that no process that inherits it can shrink it.
    ///
    /// # Errors
    /// The system's error, if it refuses the descriptor or the mapping.
    pub fn create(words: usize) -> io::Result<Self> {
        let fd = memfd_create("contend", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&fd, (words * 8) as u64)?;
        fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Self::map(fd, words)
    }

    /// Maps the memory behind an inherited descriptor, in its full size.
    ///
    /// # Errors
    /// The system's error, if the descriptor is not such memory; or an error if the memory is not sealed against
    /// shrinking.
    pub fn open(fd: OwnedFd) -> io::Result<Self> {
        if !fcntl_get_seals(&fd)?.contains(SealFlags::SHRINK) {
            return Err(io::Error::other("the inherited memory is not sealed: another process could shrink it"));
        }
        let words = usize::try_from(fstat(&fd)?.st_size).unwrap_or(0) / 8;
        Self::map(fd, words)
    }

    fn map(fd: OwnedFd, words: usize) -> io::Result<Self> {
        // SAFETY: a fresh mapping at an address that the kernel chooses overlaps no memory in use.
        let start = unsafe {
            mmap(std::ptr::null_mut(), words * 8, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &fd, 0)?
        };
        Ok(Self { fd, start: start.cast(), words })
    }

    /// Returns all words.
    #[inline]
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: `start` points to `words` words, page-aligned, mapped until drop, and all present: `create` seals the
        // memory against shrinking, and `open` accepts no other. Any bits are a valid atomic word, so it does not
        // matter which process writes.
        unsafe { std::slice::from_raw_parts(self.start, self.words) }
    }

    /// Returns the descriptor, for a child process to inherit.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: no borrow of the words outlives `self`.
        let _ = unsafe { munmap(self.start.cast(), self.words * 8) };
    }
}

/// Returns the low half of a word, which the kernel can wait on. Only the kernel reads the half: this program reads
/// whole words, because atomic accesses of different sizes to the same memory are undefined.
fn low_half(word: &AtomicU64) -> &AtomicU32 {
    let ptr = std::ptr::from_ref(word).cast::<AtomicU32>();
    let low = if cfg!(target_endian = "little") { ptr } else { ptr.wrapping_add(1) };
    // SAFETY: the pointer is inside the word and aligned, the memory is atomic, and it lives as long as the word.
    unsafe { &*low }
}

/// Sleeps until the low half of the word is no longer `value`.
pub fn wait_while(word: &AtomicU64, value: u32) {
    while word.load(Ordering::Acquire) as u32 == value {
        wait_once(word, value, None);
    }
}

/// Sleeps while the low half of the word is `value`: until a wake-up, for `limit` at most. It may also return early for
/// no reason, so the caller checks the word again.
pub fn wait_once(word: &AtomicU64, value: u32, limit: Option<Duration>) {
    let limit = limit.map(|limit| Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    });
    let flags = futex::Flags::empty(); // not private: other processes wait on it, too
    let _ = futex::wait(low_half(word), flags, value, limit.as_ref());
}

/// Sleeps while the low half of each word is its value: until a wake-up on any of them, for `limit` at most. It may
/// also return early for no reason, so the caller checks the words again.
pub fn wait_for_any(words: &[(&AtomicU64, u32)], limit: Option<Duration>) {
    if words.is_empty() || words.len() > MAX_WORDS || HAS_NO_WAITV.load(Ordering::Relaxed) {
        return wait_in_turns(words, limit);
    }
    let waits: Vec<futex::Wait> = words.iter().map(|(word, value)| futex_wait(word, *value)).collect();
    let until = limit.and_then(|limit| {
        let now = Duration::try_from(clock_gettime(ClockId::Monotonic)).ok()?;
        Timespec::try_from(now.checked_add(limit)?).ok()
    });
    let woken = futex::waitv(&waits, futex::WaitvFlags::empty(), until.as_ref(), ClockId::Monotonic);
    if let Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM | rustix::io::Errno::INVAL) = woken {
        HAS_NO_WAITV.store(true, Ordering::Relaxed);
    }
}

/// One word of a wait for several.
fn futex_wait(word: &AtomicU64, value: u32) -> futex::Wait {
    let mut wait = futex::Wait::new();
    wait.val = u64::from(value);
    wait.uaddr = futex::WaitPtr::new(std::ptr::from_ref(low_half(word)).cast_mut().cast());
    wait.flags = futex::WaitFlags::SIZE_U32; // not private: other processes wait on it, too
    wait
}

/// As [`wait_for_any`], without the kernel's help: sleeps on the first word for a moment.
fn wait_in_turns(words: &[(&AtomicU64, u32)], limit: Option<Duration>) {
    let limit = limit.map_or(FALLBACK_INTERVAL, |limit| limit.min(FALLBACK_INTERVAL));
    match words.first() {
        Some((word, value)) => wait_once(word, *value, Some(limit)),
        None => std::thread::sleep(limit),
    }
}

/// Wakes one thread that sleeps on this word.
pub fn wake_one(word: &AtomicU64) {
    let _ = futex::wake(low_half(word), futex::Flags::empty(), 1);
}

/// Wakes all threads that sleep on this word.
pub fn wake_all(word: &AtomicU64) {
    let _ = futex::wake(low_half(word), futex::Flags::empty(), i32::MAX as u32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_for_several_words_ends_with_a_wake_up_on_any_of_them() {
        let words = [const { AtomicU64::new(7) }; 3];
        for wait in [wait_for_any, wait_in_turns] {
            for woken in 0..words.len() {
                std::thread::scope(|scope| {
                    let waiter = scope.spawn(|| {
                        while words.iter().all(|word| word.load(Ordering::Acquire) == 7) {
                            wait(&words.each_ref().map(|word| (word, 7)), None);
                        }
                    });
                    std::thread::sleep(Duration::from_millis(5));
                    words[woken].store(8, Ordering::Release);
                    wake_all(&words[woken]);
                    assert!(waiter.join().is_ok());
                });
                words[woken].store(7, Ordering::Release);
            }
            let begun = std::time::Instant::now();
            while begun.elapsed() < Duration::from_millis(20) {
                wait(&words.each_ref().map(|word| (word, 7)), Some(Duration::from_millis(20)));
            }
        }
        assert!(!HAS_NO_WAITV.load(Ordering::Relaxed) || rustix::system::uname().release().to_bytes() < b"5.16");
    }

    #[test]
    fn open_refuses_memory_that_is_not_sealed_against_shrinking() {
        let fd = memfd_create("loose", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).expect("memory");
        ftruncate(&fd, 4_096).expect("4 KiB of memory");
        assert!(
            SharedMemory::open(fd.try_clone().expect("a second descriptor")).is_err(),
            "unsealed memory: its words could vanish while they are mapped"
        );
        fcntl_add_seals(&fd, SealFlags::SHRINK).expect("the seal");
        assert_eq!(SharedMemory::open(fd).expect("sealed memory").words().len(), 512);
    }
}
