//! What the system allows us: how much of it is left, and which limit it was when it refuses.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::{Resource, Rlimit, geteuid, getrlimit};
use sysinfo::{MemoryRefreshKind, System};

use super::control_group::{directories, memory_of};

/// How many of something may still come, and what sets the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub left: u64,
    /// `this user may have 40 (ulimit -u)`.
    pub because: String,
}

/// What an error of the system says. One that comes of a limit names it.
pub fn told(error: &io::Error) -> String {
    match error.raw_os_error() {
        // A thread whose stack finds no memory fails with the same error.
        Some(libc::EAGAIN) => match address_space_left().filter(|room| room.left < ROOM_FOR_A_STACK) {
            Some(room) => format!("no more memory for another thread: {}", room.because),
            None => tasks_left()
                .map_or_else(|| error.to_string(), |room| format!("no more threads and processes: {}", room.because)),
        },
        Some(libc::EFBIG) => match getrlimit(Resource::Fsize).current {
            Some(bytes) => format!("no larger file: a file may have {} KiB (ulimit -f)", bytes >> 10),
            None => error.to_string(),
        },
        Some(libc::EMFILE) => format!("no more open files: {}", open_files().because),
        Some(libc::ENFILE) => "no more open files: the system has no more (fs.file-max)".to_owned(),
        Some(libc::ENOMEM) => address_space_left()
            .map_or_else(|| "no more memory".to_owned(), |room| format!("no more memory: {}", room.because)),
        _ => error.to_string(),
    }
}

/// More than the stack of a thread takes, and what comes with it.
const ROOM_FOR_A_STACK: u64 = 96 << 20;

/// Bytes of addresses that this process may still take, where that is limited.
fn address_space_left() -> Option<Room> {
    let most = getrlimit(Resource::As).current?;
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().next()?.parse().ok()?;
    let because = format!("a process may have {} KiB (ulimit -v)", most >> 10);
    Some(Room { left: most.saturating_sub(pages.saturating_mul(rustix::param::page_size() as u64)), because })
}

/// Threads and processes that may still be started. `None` where the system does not say.
pub fn tasks_left() -> Option<Room> {
    let groups = directories("pids");
    let rooms = groups.iter().filter_map(|group| of_control_group(group)).chain(of_user()).chain(of_system());
    rooms.min_by_key(|room| room.left)
}

/// Mebibytes of memory that may still be taken: nine tenths of what is free, since the kernel kills whom it likes when there
/// is none. `None` where the system does not say.
pub fn memory_left() -> Option<Room> {
    memory_free().map(|free| Room { left: (free.left >> 20) / 10 * 9, ..free })
}

/// Bytes that can be had without anything being sent to disk, of the machine or within the limit of a control group.
pub fn memory_free() -> Option<Room> {
    let of_group = memory_of(&directories("memory")).map(|memory| {
        let because = format!("the control group may have {} MiB ({})", memory.most >> 20, memory.file);
        Room { left: memory.left, because }
    });
    memory_of_machine().into_iter().chain(of_group).min_by_key(|room| room.left)
}

fn memory_of_machine() -> Option<Room> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let left = Some(system.available_memory()).filter(|free| *free > 0)?;
    Some(Room { left, because: "the system has no more to spare (MemAvailable)".to_owned() })
}

/// Threads that one process may have: each takes four mappings. Beyond that the standard library aborts instead of failing.
pub fn most_threads() -> Room {
    let mappings = number("/proc/sys/vm/max_map_count").unwrap_or(65_530);
    let left = (mappings / 4).saturating_sub(2_000);
    Room { left, because: format!("a process may have {mappings} mappings of memory (vm.max_map_count)") }
}

/// Files that a process may have open at the most, once it has asked for that.
pub fn open_files() -> Room {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let left = maximum.or(current).unwrap_or(u64::MAX);
    let shown = current.unwrap_or(left);
    Room { left, because: format!("a process may have {} (ulimit -n)", if shown < left { left } else { shown }) }
}

/// A control group's limit, if it sets one.
fn of_control_group(group: &Path) -> Option<Room> {
    let (most, now) = (number(group.join("pids.max"))?, number(group.join("pids.current"))?);
    let because = format!("the control group may have {most} (pids.max)");
    Some(Room { left: most.saturating_sub(now), because })
}

/// The user's own limit, which does not bind root. Not known where nobody counts the user's processes.
fn of_user() -> Option<Room> {
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
    (now > 0).then(|| Room { left: most.saturating_sub(now), because }) // we are one at least
}

/// The twentieth field of `stat`, counted behind the name in parentheses; 0 for what is no process.
fn threads_of(process: &Path) -> u64 {
    let stat = fs::read(process.join("stat")).unwrap_or_default();
    let after = stat.iter().rposition(|byte| *byte == b')').map_or(0, |at| at + 1);
    let rest = String::from_utf8_lossy(&stat[after..]).into_owned();
    rest.split_whitespace().nth(17).and_then(|threads| threads.parse().ok()).unwrap_or(0)
}

/// What the whole system may have: its present number is the last but one word of `/proc/loadavg`, behind a slash.
fn of_system() -> Option<Room> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    let now: u64 = load.split_whitespace().nth(3)?.split_once('/')?.1.parse().ok()?;
    let rooms = ["threads-max", "pid_max"].into_iter().filter_map(|name| {
        let most = number(Path::new("/proc/sys/kernel").join(name))?;
        Some(Room { left: most.saturating_sub(now), because: format!("the system may have {most} (kernel.{name})") })
    });
    rooms.min_by_key(|room| room.left)
}

/// A file that holds a number, and `None` for one that holds `max`.
fn number(file: impl AsRef<Path>) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_limit() {
        let told = |errno| told(&io::Error::from_raw_os_error(errno));
        assert!(told(libc::EMFILE).contains("(ulimit -n)"), "{}", told(libc::EMFILE));
        assert!(told(libc::ENOMEM).starts_with("no more memory"), "{}", told(libc::ENOMEM));
        assert!(told(libc::ENOENT).starts_with("No such file"), "{}", told(libc::ENOENT));
        #[cfg(target_os = "linux")]
        assert!(told(libc::EAGAIN).starts_with("no more threads and processes: "), "{}", told(libc::EAGAIN));
    }
}
