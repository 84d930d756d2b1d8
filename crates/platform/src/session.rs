//! Session and process group of a process.
//!
//! rustix's `getsid` and `getpgid` return a number other than 0, but the kernel returns 0 for a session or group that
//! began outside of this process namespace (a container that a shell of the host started, `unshare --pid`). Hence libc.
#![expect(unsafe_code, reason = "`getsid` and `getpgid`, which may return 0")]

use rustix::process::Pid;

/// Returns the session of a process, or `None` if the process does not exist. 0 stands for every session from outside
/// of this namespace.
pub fn session_of(pid: Pid) -> Option<i32> {
    // SAFETY: takes and returns a number.
    valid_id(unsafe { libc::getsid(pid.as_raw_pid()) })
}

/// Returns the process group of a process, or `None` if the process does not exist. 0 as in [`session_of`].
pub fn process_group_of(pid: Pid) -> Option<i32> {
    // SAFETY: as above.
    valid_id(unsafe { libc::getpgid(pid.as_raw_pid()) })
}

fn valid_id(number: i32) -> Option<i32> {
    (number >= 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpid;

    #[test]
    fn session_and_group_are_known_only_for_existing_processes() {
        assert!(session_of(getpid()).is_some() && process_group_of(getpid()).is_some());
        let none = Pid::from_raw(i32::MAX).expect("not 0");
        assert_eq!((session_of(none), process_group_of(none)), (None, None));
    }
}
