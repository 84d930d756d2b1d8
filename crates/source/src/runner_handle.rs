//! The handle to a runner process: signals it, ends it, and knows why and when this program ended it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::Sender;
use rustix::process::Signal;

use super::timebase::Timebase;
use contend_platform::kill_group;
use contend_trace::{RunEnd, RunMemory, Stamp};

/// How a run ended, and when.
#[derive(Debug, Clone)]
pub struct EndOfRun {
    pub at: Stamp,
    pub reason: RunEnd,
    /// Whether nothing of the run is left. False while the kernel still takes down killed processes: they do nothing
    /// more, but may take long if other programs use all cores.
    pub is_gone: bool,
}

/// The handle to a runner process.
#[derive(Debug)]
pub struct RunnerHandle {
    run_memory: Arc<RunMemory>,
    timebase: Timebase,
    /// Tells the reader that the run has ended.
    end_sender: Sender<EndOfRun>,
    state: Mutex<RunnerState>,
}

#[derive(Debug)]
struct RunnerState {
    /// Number of its process and its group. `None` once it is reaped, since the number may be reused.
    pid: Option<u32>,
    limit: Option<Stamp>,
    /// When and why this program ended it.
    ended_by_us: Option<(Stamp, RunEnd)>,
}

impl RunnerHandle {
    pub fn new(pid: u32, run_memory: Arc<RunMemory>, timebase: Timebase, end_sender: Sender<EndOfRun>) -> Self {
        let state = RunnerState { pid: Some(pid), limit: None, ended_by_us: None };
        Self { run_memory, timebase, end_sender, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, RunnerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pauses or continues the runner's process group, unless the runner is reaped.
    pub fn set_paused(&self, paused: bool) {
        if let Some(pid) = self.state().pid {
            kill_group(pid, if paused { Signal::STOP } else { Signal::CONT });
        }
    }

    /// Kills the run.
    pub fn stop(&self) {
        self.kill(&mut self.state(), self.timebase.now(), RunEnd::Stopped);
    }

    /// Sets when the run ends at the latest.
    pub fn set_limit(&self, limit: Stamp) {
        self.run_memory.set_time_limit(limit.0);
        self.state().limit = Some(limit);
    }

    /// Returns when the run ends at the latest.
    pub fn limit(&self) -> Option<Stamp> {
        self.state().limit
    }

    /// Whether the run has passed its time limit, and did not end before for another reason.
    pub fn is_time_up(&self) -> bool {
        let state = self.state();
        match state.ended_by_us {
            Some((_, ref reason)) => *reason == RunEnd::Time,
            None => state.pid.is_some() && state.limit.is_some_and(|limit| self.timebase.now() >= limit),
        }
    }

    /// Kills the run if it has passed its time limit. Returns whether it has.
    pub fn end_if_time_is_up(&self) -> bool {
        let (mut state, now) = (self.state(), self.timebase.now());
        let Some(limit) = state.limit.filter(|limit| now >= *limit) else { return false };
        self.kill(&mut state, self.time_of_end(limit, now), RunEnd::Time);
        true
    }

    /// Returns when a run ended whose limit has passed by `now`: if the kernel ended it, then at its limit, however
    /// late this process notices.
    fn time_of_end(&self, limit: Stamp, now: Stamp) -> Stamp {
        if self.run_memory.ends_at(limit.0) { limit } else { now }
    }

    fn kill(&self, state: &mut RunnerState, at: Stamp, reason: RunEnd) {
        let Some(pid) = state.pid else { return };
        kill_group(pid, Signal::KILL);
        if state.ended_by_us.is_none() {
            state.ended_by_us = Some((at, reason.clone()));
            let _ = self.end_sender.try_send(EndOfRun { at, reason, is_gone: false });
            self.run_memory.reader_bell().ring();
        }
    }

    /// Reaps the runner by `reap`; from then on its number is not used. Returns what `reap` does, and why and when this
    /// program ended the run, if it did. `was_end_signal` says whether the kernel ended it at its time limit.
    pub fn reap<T>(
        &self,
        reap: impl FnOnce(Option<u32>) -> T,
        was_end_signal: impl FnOnce(&T) -> bool,
    ) -> (T, Option<(Stamp, RunEnd)>) {
        let mut state = self.state();
        let exit = reap(state.pid.take());
        if let Some(limit) = state.limit.filter(|_| was_end_signal(&exit)) {
            state.ended_by_us.get_or_insert((limit, RunEnd::Time));
        }
        (exit, state.ended_by_us.clone())
    }
}
