//! The handle to a program: signals it, and remembers why this program ended it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Signal;

use contend_platform::{Exit, kill_adopted_group, kill_group};
use contend_trace::Stamp;

/// The handle to a program and its process group.
#[derive(Debug)]
pub struct ProgramHandle {
    state: Mutex<HandleState>,
}

#[derive(Debug)]
struct HandleState {
    /// Number of its process and its group. `None` once it is reaped, since the number may be reused.
    pid: Option<u32>,
    ended_by_us: Option<EndedByUs>,
}

/// The reason why this program ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedByUs {
    Stopped,
    /// It reached its time limit; when it was ended.
    TimeUp(Stamp),
}

impl ProgramHandle {
    pub const fn new(pid: u32) -> Self {
        Self { state: Mutex::new(HandleState { pid: Some(pid), ended_by_us: None }) }
    }

    fn state(&self) -> MutexGuard<'_, HandleState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a signal to the program's group, unless the program is reaped. Returns whether it did.
    pub fn signal(&self, signal: Signal) -> bool {
        self.state().pid.inspect(|pid| kill_group(*pid, signal)).is_some()
    }

    /// Kills the program's group for this reason.
    pub fn kill(&self, why: EndedByUs) {
        let mut state = self.state();
        if let Some(pid) = state.pid {
            state.ended_by_us.get_or_insert(why);
            kill_group(pid, Signal::KILL);
        }
    }

    /// Reaps the process with `wait`, and kills the rest of its group. Returns how it ended, and why this program ended
    /// it if it did.
    pub fn reap(&self, wait: impl FnOnce() -> Exit) -> (Exit, Option<EndedByUs>) {
        let mut state = self.state();
        let group = state.pid.take();
        let exit = wait();
        group.map(kill_adopted_group);
        (exit, state.ended_by_us)
    }

    /// Returns whether it was killed at its time limit.
    pub fn is_time_up(&self) -> bool {
        matches!(self.state().ended_by_us, Some(EndedByUs::TimeUp(_)))
    }
}
