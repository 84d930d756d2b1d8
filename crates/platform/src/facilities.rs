//! What of the system contend can use: questions to it that change nothing.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use contend_shm::{SharedMemory, thread_id};

use super::sched::SchedStat;
use super::thread_activity::ThreadSyscall;

/// Whom Yama, a security module of the kernel, allows to look into processes: 0 those of the same user, 1 those that
/// one has started, 2 with privileges, 3 none. `None` where the kernel has no Yama, which is like 0.
pub fn ptrace_scope() -> Option<u8> {
    fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").ok()?.trim().parse().ok()
}

/// Whether the kernel counts the time of threads on cores and in run queues. A sandbox may have the file with figures
/// that stand at zero.
pub fn counts_run_queue_delay() -> bool {
    let Some(figures) = SchedStat::open(std::process::id(), thread_id()) else { return false };
    let until = Instant::now() + Duration::from_millis(100);
    while Instant::now() < until {
        if figures.read().is_some_and(|(on_cores, _)| on_cores > 0) {
            return true;
        }
    }
    false
}

/// Whether the kernel tells the system call in which a thread sleeps.
pub fn shows_system_calls() -> bool {
    ThreadSyscall::open(std::process::id(), thread_id()).is_some_and(|file| file.read().is_some())
}

/// Whether memory can be shared with the processes of a run.
///
/// # Errors
/// If the system refuses.
pub fn check_shared_memory() -> std::io::Result<()> {
    SharedMemory::create(1).map(drop)
}

/// Size and free bytes of the file system that has this directory.
pub fn file_system_space(directory: &Path) -> Option<(u64, u64)> {
    let found = rustix::fs::statvfs(directory).ok()?;
    Some((found.f_blocks.saturating_mul(found.f_frsize), found.f_bavail.saturating_mul(found.f_frsize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facilities_agree_with_the_files_that_they_rest_on() {
        let figures = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
        let first = figures.split(' ').next().and_then(|on_cores| on_cores.parse::<u64>().ok());
        assert_eq!(counts_run_queue_delay(), first.is_some_and(|on_cores| on_cores > 0));
        assert_eq!(shows_system_calls(), fs::read_to_string("/proc/self/syscall").is_ok_and(|text| !text.is_empty()));
        let (size, free) = file_system_space(&std::env::temp_dir()).expect("a file system");
        assert!(size >= free && size > 0, "{free} of {size}");
        assert_eq!(file_system_space(Path::new("/no/such/directory")), None);
    }
}
