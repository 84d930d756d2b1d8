//! Anonymous memory shared between processes, and waits on its words.
#![expect(unsafe_code, reason = "mapping memory and waiting on a word of it")]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::thread::{Timespec, futex};

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
