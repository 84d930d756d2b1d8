//! Signals as messages, and stopping for the job control of the shell.

use std::io;
use std::thread;

use crossbeam_channel::{Receiver, unbounded};
use rustix::process::{Pid, Signal, getpid, getppid, kill_current_process_group};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

#[cfg(debug_assertions)]
use crate::platform::fault_injection;
use crate::platform::{process_group_of, session_of};

/// Window changes waiting in the channel. More are redundant, because the size is read when one is handled.
const SIGNAL_CAPACITY: usize = 8;

/// Returns a channel of the signals that the dashboard handles. When the receiver is gone, signals have their default
/// effect again.
///
/// # Errors
/// When a handler cannot be installed or the system refuses another thread.
pub(super) fn watch_signals() -> io::Result<Receiver<i32>> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
    #[cfg(debug_assertions)]
    signals.add_signal(fault_injection::FAULT_SIGNAL)?;
    let (sender, receiver) = unbounded();
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if signal == SIGWINCH && sender.len() > SIGNAL_CAPACITY {
                continue;
            }
            #[cfg(debug_assertions)]
            if signal == fault_injection::FAULT_SIGNAL
                && fault_injection::requested_fault() == Some(fault_injection::InjectedFault::ThreadPanic)
            {
                fault_injection::trigger_fault(fault_injection::InjectedFault::ThreadPanic);
            }
            if sender.send(signal).is_err() {
                let _ = emulate_default_handler(signal);
            }
        }
    })?;
    Ok(receiver)
}

/// Stops this process and its group until SIGCONT. The caller must have left the terminal.
///
/// Nothing could continue an orphaned group (`xterm -e contend`), so that one carries on, as the kernel does for
/// SIGTSTP. SIGSTOP is used, because SIGTSTP has our handler.
pub(super) fn stop_group() {
    if has_job_control() {
        let _ = kill_current_process_group(Signal::STOP); // never refused for our own group
    }
}

/// Whether the process group is not orphaned: one of its members has a parent outside, in the same session. Checks our
/// own ancestors only, which include a shell.
fn has_job_control() -> bool {
    let (group, session) = (process_group_of(getpid()), session_of(getpid()));
    let mut parent = getppid();
    while let Some(pid) = parent {
        if process_group_of(pid) != group {
            return session_of(pid) == session;
        }
        parent = parent_of(pid);
    }
    false
}

/// Returns field 4 of `/proc/PID/stat`; the name before it is in parentheses and may contain anything.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let after = stat.iter().rposition(|&b| b == b')')?;
    let fields = String::from_utf8_lossy(stat.get(after + 1..)?).into_owned();
    Pid::from_raw(fields.split_whitespace().nth(1)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parent_in_proc_equals_getppid() {
        assert_eq!(parent_of(getpid()), getppid());
    }
}
