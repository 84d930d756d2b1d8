//! Anonymous memory that processes share.
#![expect(unsafe_code, reason = "mapping memory and waiting on a word of it")]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::thread::{Timespec, futex};

/// Bytes of a page.
pub const PAGE: usize = 4096;

/// A mapping of shared memory as 64-bit words, all of them atomic: whoever else has the mapping may write at any time.
/// Pages that nobody touches cost nothing.
#[derive(Debug)]
pub struct Shared {
    fd: OwnedFd,
    start: *mut AtomicU64,
    words: usize,
}

// SAFETY: the mapping is valid until drop and is only ever read and written through atomics.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// New zeroed memory of `words` 64-bit words, sealed so that nobody who inherits it can make it smaller.
    ///
    /// # Errors
    /// What the system says when it refuses the descriptor or the mapping.
    pub fn create(words: usize) -> io::Result<Self> {
        let fd = memfd_create("contend", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&fd, (words * 8) as u64)?;
        fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Self::map(fd, words)
    }

    /// The memory behind an inherited descriptor, as large as it is.
    ///
    /// # Errors
    /// What the system says when the descriptor is not such memory; or that it could be made smaller.
    pub fn open(fd: OwnedFd) -> io::Result<Self> {
        if !fcntl_get_seals(&fd)?.contains(SealFlags::SHRINK) {
            return Err(io::Error::other("the inherited memory could be made smaller by others"));
        }
        let words = usize::try_from(fstat(&fd)?.st_size).unwrap_or(0) / 8;
        Self::map(fd, words)
    }

    fn map(fd: OwnedFd, words: usize) -> io::Result<Self> {
        // SAFETY: a fresh mapping at an address of the kernel's choice touches no memory of ours.
        let start = unsafe {
            mmap(std::ptr::null_mut(), words * 8, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &fd, 0)?
        };
        Ok(Self { fd, start: start.cast(), words })
    }

    /// All words.
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: `start` points to `words` words, page-aligned, mapped until drop, and all there: `create` seals the
        // memory against shrinking, `open` takes no other. Any bits are an atomic word, so it does not matter who writes.
        unsafe { std::slice::from_raw_parts(self.start, self.words) }
    }

    /// The descriptor, for a child to inherit.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: no borrow of the words outlives `self`.
        let _ = unsafe { munmap(self.start.cast(), self.words * 8) };
    }
}

/// The low half of a word: what the kernel can wait on. Only the kernel looks there: here, a word is read as a whole, as
/// reading a part of what others write as a whole is not defined.
fn low_half(word: &AtomicU64) -> &AtomicU32 {
    let ptr = std::ptr::from_ref(word).cast::<AtomicU32>();
    let low = if cfg!(target_endian = "little") { ptr } else { ptr.wrapping_add(1) };
    // SAFETY: inside the word, aligned, and atomic as the word is; lives as long as the word.
    unsafe { &*low }
}

/// Sleeps until the word is not `value` any more. `value` must fit in 32 bits.
pub fn wait_while(word: &AtomicU64, value: u32) {
    while word.load(Ordering::Acquire) as u32 == value {
        wait_once(word, value, None);
    }
}

/// Sleeps while the low half of the word is `value`: until someone wakes it, for `limit` at most, and at times for no
/// reason. Who calls looks again.
pub fn wait_once(word: &AtomicU64, value: u32, limit: Option<Duration>) {
    let limit = limit.map(|limit| Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    });
    let flags = futex::Flags::empty(); // not private: processes share it
    let _ = futex::wait(low_half(word), flags, value, limit.as_ref());
}

/// Wakes one who sleeps on this word.
pub fn wake_one(word: &AtomicU64) {
    let _ = futex::wake(low_half(word), futex::Flags::empty(), 1);
}

/// Wakes all who sleep on this word.
pub fn wake_all(word: &AtomicU64) {
    let _ = futex::wake(low_half(word), futex::Flags::empty(), i32::MAX as u32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_could_be_made_smaller_is_not_taken() {
        let fd = memfd_create("loose", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).expect("memory");
        ftruncate(&fd, 4_096).expect("room");
        assert!(Shared::open(fd.try_clone().expect("a descriptor")).is_err(), "its words could vanish under our hands");
        fcntl_add_seals(&fd, SealFlags::SHRINK).expect("it can be sealed");
        assert_eq!(Shared::open(fd).expect("now it stays").words().len(), 512);
    }
}
