//! Sessions and process groups by their numbers.
//!
//! Not rustix's `getsid` and `getpgid`: they promise a number other than 0, and the kernel answers 0 for what began outside
//! of this namespace of processes (a container that a shell of the host started, `unshare --pid`).
#![expect(unsafe_code, reason = "two calls of the system that answer 0 where rustix promises another number")]

use rustix::process::Pid;

/// The session of a process, or `None` when there is no such process. 0 stands for all sessions from outside of this
/// namespace.
pub fn session_of(pid: Pid) -> Option<i32> {
    // SAFETY: takes a number, answers a number.
    known(unsafe { libc::getsid(pid.as_raw_pid()) })
}

/// The group of a process, or `None` when there is no such process. 0 as in [`session_of`].
pub fn group_of(pid: Pid) -> Option<i32> {
    // SAFETY: as above.
    known(unsafe { libc::getpgid(pid.as_raw_pid()) })
}

fn known(number: i32) -> Option<i32> {
    (number >= 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpid;

    #[test]
    fn this_process_is_of_a_session_and_a_group_and_no_process_is_of_none() {
        assert!(session_of(getpid()).is_some() && group_of(getpid()).is_some());
        let none = Pid::from_raw(i32::MAX).expect("not 0");
        assert_eq!((session_of(none), group_of(none)), (None, None));
    }
}
