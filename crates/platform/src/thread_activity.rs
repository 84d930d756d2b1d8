//! What a thread of another process does at this moment, as far as `/proc` tells.

use std::fs::File;
use std::os::fd::AsFd;

/// What a thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadActivity {
    /// On a CPU, or ready for one.
    Running,
    /// Sleeps on the futex at this address.
    Futex(u64),
    /// Sleeps for a time that it chose.
    Sleeping,
    /// Blocked in any other system call.
    Blocked,
    /// Sleeps on a futex that is not known, or for a reason that the system does not tell.
    Asleep,
}

/// The open `syscall` file of a thread.
#[derive(Debug)]
pub struct ThreadSyscall {
    file: File,
}

impl ThreadSyscall {
    /// Opens the file of one thread. `None` where the system does not provide it or refuses.
    pub fn open(pid: u32, tid: u32) -> Option<Self> {
        Some(Self { file: File::open(format!("/proc/{pid}/task/{tid}/syscall")).ok()? })
    }

    /// Returns what the thread does. `None` once it is gone, or if the system refuses.
    pub fn read(&self) -> Option<ThreadActivity> {
        let mut buffer = [0_u8; 256];
        let n = rustix::io::pread(self.file.as_fd(), &mut buffer, 0).ok()?;
        parse_activity(std::str::from_utf8(buffer.get(..n)?).ok()?)
    }
}

/// Reads a line of `/proc/PID/task/TID/syscall`: `running`, or the number of the system call and its arguments.
fn parse_activity(line: &str) -> Option<ThreadActivity> {
    let mut fields = line.split_ascii_whitespace();
    let number: libc::c_long = match fields.next()? {
        "running" => return Some(ThreadActivity::Running),
        number => number.parse().ok()?,
    };
    let argument = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    Some(match number {
        libc::SYS_futex => ThreadActivity::Futex(argument(fields.next()?)?),
        libc::SYS_clock_nanosleep | libc::SYS_nanosleep => ThreadActivity::Sleeping,
        // A wait for nothing but time: before 3.11 Python sleeps so.
        libc::SYS_pselect6 if fields.next().and_then(argument) == Some(0) => ThreadActivity::Sleeping,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_select if line.split_ascii_whitespace().nth(1).and_then(argument) == Some(0) => {
            ThreadActivity::Sleeping
        }
        _ => ThreadActivity::Blocked,
    })
}

/// The open files that tell what a thread does where the system refuses to show its system calls: the place in the
/// kernel where it sleeps, which is shown for processes of the same user whatever `ptrace_scope` says, and its state.
#[derive(Debug)]
pub struct ThreadSleepPlace {
    place: Option<File>,
    state: File,
}

impl ThreadSleepPlace {
    /// Opens the files of one thread. `None` once it is gone.
    pub fn open(pid: u32, tid: u32) -> Option<Self> {
        let file = |name: &str| File::open(format!("/proc/{pid}/task/{tid}/{name}")).ok();
        Some(Self { place: file("wchan"), state: file("stat")? })
    }

    /// Returns what the thread does. `None` once it is gone.
    pub fn read(&self) -> Option<ThreadActivity> {
        let mut buffer = [0_u8; 1024];
        let n = rustix::io::pread(self.state.as_fd(), &mut buffer, 0).ok()?;
        let state = state_letter(buffer.get(..n)?)?;
        let mut buffer = [0_u8; 64];
        let place = self.place.as_ref().and_then(|file| rustix::io::pread(file.as_fd(), &mut buffer, 0).ok());
        let place = place.and_then(|n| std::str::from_utf8(buffer.get(..n)?).ok()).unwrap_or_default();
        Some(activity_at(state, place))
    }
}

/// Returns what a thread does, by its state in `proc_pid_stat(5)` and the function of the kernel in which it sleeps:
/// `0` or nothing where that is not told.
fn activity_at(state: u8, place: &str) -> ThreadActivity {
    match (state, place) {
        (b'R', _) => ThreadActivity::Running,
        (b'D', _) => ThreadActivity::Blocked,
        (_, "" | "0") => ThreadActivity::Asleep,
        (_, place) if place.starts_with("futex") => ThreadActivity::Asleep,
        (_, place) if place.contains("nanosleep") => ThreadActivity::Sleeping,
        _ => ThreadActivity::Blocked,
    }
}

/// Returns field 3 of `proc_pid_stat(5)`. Field 2, the name in parentheses, can contain any character.
fn state_letter(stat: &[u8]) -> Option<u8> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    stat.get(name_end + 2).copied()
}

/// Returns the threads of a process. Empty once it is gone.
pub fn threads_of(pid: u32) -> Vec<u32> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Whether a process exists and is no zombie that only waits to be reaped.
pub fn is_process_running(pid: u32) -> bool {
    let Ok(stat) = std::fs::read(format!("/proc/{pid}/stat")) else { return false };
    !matches!(state_letter(&stat), Some(b'Z' | b'X') | None)
}

/// Returns the processes of a session.
pub fn session_members(leader: u32) -> Vec<u32> {
    let session = i32::try_from(leader).ok();
    let is_member = |pid: &u32| {
        let pid = i32::try_from(*pid).ok().and_then(rustix::process::Pid::from_raw);
        pid.and_then(super::session_of) == session
    };
    super::process::processes().filter(is_member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_calls_are_told_apart() {
        let futex = format!("{} 0x7f00 0x189 0x0 0x0 0x0 0xffffffff 0x7ffd 0x7f\n", libc::SYS_futex);
        assert_eq!(parse_activity(&futex), Some(ThreadActivity::Futex(0x7f00)));
        assert_eq!(parse_activity("running\n"), Some(ThreadActivity::Running));
        let sleep = format!("{} 0x1 0x1 0x7f 0x0 0x0 0x0 0x7f 0x7f", libc::SYS_clock_nanosleep);
        assert_eq!(parse_activity(&sleep), Some(ThreadActivity::Sleeping));
        let read = format!("{} 0x3 0x7f 0x10 0x0 0x0 0x0 0x7f 0x7f", libc::SYS_read);
        assert_eq!(parse_activity(&read), Some(ThreadActivity::Blocked));
        assert_eq!(parse_activity(""), None);
    }

    #[test]
    fn places_in_the_kernel_are_told_apart() {
        use ThreadActivity as A;
        let cases = [
            (b'R', "0", A::Running),
            (b'D', "folio_wait_bit", A::Blocked),
            (b'S', "futex_do_wait", A::Asleep),
            (b'S', "hrtimer_nanosleep", A::Sleeping),
            (b'S', "do_poll.constprop.0", A::Blocked),
            (b'S', "0", A::Asleep),
            (b'S', "", A::Asleep),
        ];
        for (state, place, activity) in cases {
            assert_eq!(activity_at(state, place), activity, "{place}");
        }
        assert_eq!(state_letter(b"7 (a ) b) S 1 7"), Some(b'S'));
        let me = ThreadSleepPlace::open(std::process::id(), crate::thread_id()).expect("this thread exists");
        assert_eq!(me.read(), Some(A::Running));
    }

    #[test]
    fn this_process_runs_and_has_threads() {
        let pid = std::process::id();
        assert!(is_process_running(pid) && !is_process_running(u32::MAX));
        assert!(threads_of(pid).contains(&crate::thread_id()));
        assert_eq!(threads_of(u32::MAX), Vec::<u32>::new());
    }
}
