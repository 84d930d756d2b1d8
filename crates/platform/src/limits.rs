//! Limits of the system: how much of each remains, and which one caused an error.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, geteuid, getrlimit};
use sysinfo::{MemoryRefreshKind, System};

use super::control_group::{group_directories, tightest_memory_limit};

/// The rest of a limited resource, and the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headroom {
    pub remaining: u64,
    /// Such as `this user may have 40 (ulimit -u)`.
    pub reason: String,
}

/// Describes an I/O error, and names the limit if a limit caused it.
pub fn describe_io_error(error: &io::Error) -> String {
    match Errno::from_io_error(error) {
        // Starting a thread without memory for its stack fails with the same error.
        Some(Errno::AGAIN) => match address_space_left().filter(|room| room.remaining < STACK_RESERVE) {
            Some(room) => format!("no more memory for another thread: {}", room.reason),
            None => tasks_left()
                .map_or_else(|| error.to_string(), |room| format!("no more threads and processes: {}", room.reason)),
        },
        Some(Errno::FBIG) => match getrlimit(Resource::Fsize).current {
            Some(bytes) => format!("file too large: a file may have {} KiB (ulimit -f)", bytes >> 10),
            None => error.to_string(),
        },
        Some(Errno::MFILE) => format!("no more open files: {}", open_file_limit().reason),
        Some(Errno::NFILE) => "no more open files: the limit of the system is reached (fs.file-max)".to_owned(),
        Some(Errno::NOMEM) => address_space_left()
            .map_or_else(|| "no more memory".to_owned(), |room| format!("no more memory: {}", room.reason)),
        _ => error.to_string(),
    }
}

/// More than a thread's stack and its other mappings take.
const STACK_RESERVE: u64 = 96 << 20;

/// Returns how many bytes of address space are left, if that is limited.
fn address_space_left() -> Option<Headroom> {
    let most = getrlimit(Resource::As).current?;
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().next()?.parse().ok()?;
    let reason = format!("a process may have {} KiB (ulimit -v)", most >> 10);
    Some(Headroom { remaining: most.saturating_sub(pages.saturating_mul(rustix::param::page_size() as u64)), reason })
}

/// Returns how many threads and processes may still be started. `None` where the system does not say.
pub fn tasks_left() -> Option<Headroom> {
    let groups = group_directories("pids");
    let rooms = groups
        .iter()
        .filter_map(|group| control_group_tasks_left(group))
        .chain(user_tasks_left())
        .chain(system_tasks_left());
    rooms.min_by_key(|room| room.remaining)
}

/// Returns how many mebibytes of memory a run may use: nine tenths of the free memory, since the kernel kills processes
/// when none is left. `None` where the system does not say.
pub fn usable_memory() -> Option<Headroom> {
    free_memory().map(|free| Headroom { remaining: (free.remaining >> 20) / 10 * 9, ..free })
}

/// Returns how many bytes can be allocated without swapping, on the machine or within the limit of a control group.
pub fn free_memory() -> Option<Headroom> {
    let of_group = tightest_memory_limit(&group_directories("memory")).map(|memory| {
        let reason = format!("the control group may have {} MiB ({})", memory.limit >> 20, memory.file);
        Headroom { remaining: memory.remaining, reason }
    });
    memory_of_machine().into_iter().chain(of_group).min_by_key(|room| room.remaining)
}

fn memory_of_machine() -> Option<Headroom> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let left = Some(system.available_memory()).filter(|free| *free > 0)?;
    Some(Headroom { remaining: left, reason: "the available memory of the system (MemAvailable)".to_owned() })
}

/// Returns how many threads a process may have: each takes four mappings. Beyond the limit the standard library aborts
/// instead of returning an error.
pub fn max_threads() -> Headroom {
    let mappings = read_number("/proc/sys/vm/max_map_count").unwrap_or(65_530);
    let left = (mappings / 4).saturating_sub(2_000);
    Headroom { remaining: left, reason: format!("a process may have {mappings} mappings of memory (vm.max_map_count)") }
}

/// Returns how many files a process may have open after [`super::allow_many_files`].
pub fn open_file_limit() -> Headroom {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let left = maximum.or(current).unwrap_or(u64::MAX);
    let shown = current.unwrap_or(left);
    Headroom {
        remaining: left,
        reason: format!("a process may have {} (ulimit -n)", if shown < left { left } else { shown }),
    }
}

/// Returns the tasks left in a control group, if it has a limit.
fn control_group_tasks_left(group: &Path) -> Option<Headroom> {
    let (most, now) = (read_number(group.join("pids.max"))?, read_number(group.join("pids.current"))?);
    let reason = format!("the control group may have {most} (pids.max)");
    Some(Headroom { remaining: most.saturating_sub(now), reason })
}

/// Returns the tasks left for the user, unless it is root. `None` where the user's processes cannot be counted.
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
    let reason = format!("this user may have {most} (ulimit -u)");
    (now > 0).then(|| Headroom { remaining: most.saturating_sub(now), reason }) // this process is at least one
}

/// Returns the number of threads, field 20 of `stat`, counted from behind the name in parentheses. 0 if it is not a
/// process.
fn threads_of(process: &Path) -> u64 {
    let stat = fs::read(process.join("stat")).unwrap_or_default();
    let after = stat.iter().rposition(|byte| *byte == b')').map_or(0, |at| at + 1);
    let rest = String::from_utf8_lossy(&stat[after..]).into_owned();
    rest.split_whitespace().nth(17).and_then(|threads| threads.parse().ok()).unwrap_or(0)
}

/// Returns the tasks left in the whole system. Their present number is behind the slash in `/proc/loadavg`.
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

/// Reads a file that contains a number. `None` for `max`.
fn read_number(file: impl AsRef<Path>) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_caused_by_a_limit_names_the_limit() {
        let describe = |errno: Errno| describe_io_error(&errno.into());
        assert!(describe(Errno::MFILE).contains("(ulimit -n)"), "{}", describe(Errno::MFILE));
        assert!(describe(Errno::NOMEM).starts_with("no more memory"), "{}", describe(Errno::NOMEM));
        assert!(describe(Errno::NOENT).starts_with("No such file"), "{}", describe(Errno::NOENT));
        assert!(describe(Errno::AGAIN).starts_with("no more threads and processes: "), "{}", describe(Errno::AGAIN));
    }
}
