//! What the system allows us: how much of it is left, and which limit it was when it refuses.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::{Resource, Rlimit, geteuid, getrlimit};
use sysinfo::{MemoryRefreshKind, System};

use super::control_group::{group_directories, tightest_memory_limit};

/// How many of something may still come, and what sets the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headroom {
    pub remaining: u64,
    /// `this user may have 40 (ulimit -u)`.
    pub reason: String,
}

/// What an error of the system says. One that comes of a limit names it.
pub fn describe_io_error(error: &io::Error) -> String {
    match error.raw_os_error() {
        // A thread whose stack finds no memory fails with the same error.
        Some(libc::EAGAIN) => match address_space_left().filter(|room| room.remaining < STACK_RESERVE) {
            Some(room) => format!("no more memory for another thread: {}", room.reason),
            None => tasks_left()
                .map_or_else(|| error.to_string(), |room| format!("no more threads and processes: {}", room.reason)),
        },
        Some(libc::EFBIG) => match getrlimit(Resource::Fsize).current {
            Some(bytes) => format!("no larger file: a file may have {} KiB (ulimit -f)", bytes >> 10),
            None => error.to_string(),
        },
        Some(libc::EMFILE) => format!("no more open files: {}", open_file_limit().reason),
        Some(libc::ENFILE) => "no more open files: the system has no more (fs.file-max)".to_owned(),
        Some(libc::ENOMEM) => address_space_left()
            .map_or_else(|| "no more memory".to_owned(), |room| format!("no more memory: {}", room.reason)),
        _ => error.to_string(),
    }
}

/// More than the stack of a thread takes, and what comes with it.
const STACK_RESERVE: u64 = 96 << 20;

/// Bytes of addresses that this process may still take, where that is limited.
fn address_space_left() -> Option<Headroom> {
    let most = getrlimit(Resource::As).current?;
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().next()?.parse().ok()?;
    let because = format!("a process may have {} KiB (ulimit -v)", most >> 10);
    Some(Headroom {
        remaining: most.saturating_sub(pages.saturating_mul(rustix::param::page_size() as u64)),
        reason: because,
    })
}

/// Threads and processes that may still be started. `None` where the system does not say.
pub fn tasks_left() -> Option<Headroom> {
    let groups = group_directories("pids");
    let rooms = groups
        .iter()
        .filter_map(|group| control_group_tasks_left(group))
        .chain(user_tasks_left())
        .chain(system_tasks_left());
    rooms.min_by_key(|room| room.remaining)
}

/// Mebibytes of memory that may still be taken: nine tenths of what is free, since the kernel kills whom it likes when there
/// is none. `None` where the system does not say.
pub fn usable_memory() -> Option<Headroom> {
    free_memory().map(|free| Headroom { remaining: (free.remaining >> 20) / 10 * 9, ..free })
}

/// Bytes that can be had without anything being sent to disk, of the machine or within the limit of a control group.
pub fn free_memory() -> Option<Headroom> {
    let of_group = tightest_memory_limit(&group_directories("memory")).map(|memory| {
        let because = format!("the control group may have {} MiB ({})", memory.limit >> 20, memory.file);
        Headroom { remaining: memory.remaining, reason: because }
    });
    memory_of_machine().into_iter().chain(of_group).min_by_key(|room| room.remaining)
}

fn memory_of_machine() -> Option<Headroom> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let left = Some(system.available_memory()).filter(|free| *free > 0)?;
    Some(Headroom { remaining: left, reason: "the system has no more to spare (MemAvailable)".to_owned() })
}

/// Threads that one process may have: each takes four mappings. Beyond that the standard library aborts instead of failing.
pub fn max_threads() -> Headroom {
    let mappings = read_number("/proc/sys/vm/max_map_count").unwrap_or(65_530);
    let left = (mappings / 4).saturating_sub(2_000);
    Headroom { remaining: left, reason: format!("a process may have {mappings} mappings of memory (vm.max_map_count)") }
}

/// Files that a process may have open at the most, once it has asked for that.
pub fn open_file_limit() -> Headroom {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let left = maximum.or(current).unwrap_or(u64::MAX);
    let shown = current.unwrap_or(left);
    Headroom {
        remaining: left,
        reason: format!("a process may have {} (ulimit -n)", if shown < left { left } else { shown }),
    }
}

/// A control group's limit, if it sets one.
fn control_group_tasks_left(group: &Path) -> Option<Headroom> {
    let (most, now) = (read_number(group.join("pids.max"))?, read_number(group.join("pids.current"))?);
    let because = format!("the control group may have {most} (pids.max)");
    Some(Headroom { remaining: most.saturating_sub(now), reason: because })
}

/// The user's own limit, which does not bind root. Not known where nobody counts the user's processes.
fn user_tasks_left() -> Option<Headroom> {
    let user = geteuid();
    let most = getrlimit(Resource::Nproc).current.filter(|_| !user.is_root())?;
    let now: u64 = fs::read_dir("/proc")
        .ok()?
        .flatten()
        .map(|entry| {
            let is_ours = entry.metadata().is_ok_and(|data| data.uid() == user.as_raw());
            if is_ours { threads_of(&entry.path()) } else { 0 }
        })
        .sum();
    let because = format!("this user may have {most} (ulimit -u)");
    (now > 0).then(|| Headroom { remaining: most.saturating_sub(now), reason: because }) // we are one at least
}

/// The twentieth field of `stat`, counted behind the name in parentheses; 0 for what is no process.
fn threads_of(process: &Path) -> u64 {
    let stat = fs::read(process.join("stat")).unwrap_or_default();
    let after = stat.iter().rposition(|byte| *byte == b')').map_or(0, |at| at + 1);
    let rest = String::from_utf8_lossy(&stat[after..]).into_owned();
    rest.split_whitespace().nth(17).and_then(|threads| threads.parse().ok()).unwrap_or(0)
}

/// What the whole system may have: its present number is the last but one word of `/proc/loadavg`, behind a slash.
fn system_tasks_left() -> Option<Headroom> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    let now: u64 = load.split_whitespace().nth(3)?.split_once('/')?.1.parse().ok()?;
    let rooms = ["threads-max", "pid_max"].into_iter().filter_map(|name| {
        let most = read_number(Path::new("/proc/sys/kernel").join(name))?;
        Some(Headroom {
            remaining: most.saturating_sub(now),
            reason: format!("the system may have {most} (kernel.{name})"),
        })
    });
    rooms.min_by_key(|room| room.remaining)
}

/// A file that holds a number, and `None` for one that holds `max`.
fn read_number(file: impl AsRef<Path>) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_limit() {
        let told = |errno| describe_io_error(&io::Error::from_raw_os_error(errno));
        assert!(told(libc::EMFILE).contains("(ulimit -n)"), "{}", told(libc::EMFILE));
        assert!(told(libc::ENOMEM).starts_with("no more memory"), "{}", told(libc::ENOMEM));
        assert!(told(libc::ENOENT).starts_with("No such file"), "{}", told(libc::ENOENT));
        #[cfg(target_os = "linux")]
        assert!(told(libc::EAGAIN).starts_with("no more threads and processes: "), "{}", told(libc::EAGAIN));
    }
}
