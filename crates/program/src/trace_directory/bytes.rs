//! Bytes and numbers at places of a file.

use std::fs::File;
use std::os::fd::AsFd;

/// Fills the buffer from a place of the file. `None` if the file is shorter or cannot be read.
pub(super) fn read_exactly(file: &File, buffer: &mut [u8], at: u64) -> Option<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        let read =
            rustix::io::retry_on_intr(|| rustix::io::pread(file.as_fd(), &mut buffer[filled..], at + filled as u64));
        match read {
            Ok(0) | Err(_) => return None,
            Ok(n) => filled += n,
        }
    }
    Some(())
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|word| word.try_into().ok()).map_or(0, u64::from_ne_bytes)
}
