//! Processes of the program: their names and their ends.

use std::collections::{BTreeMap, BTreeSet};

use super::Translator;
use crate::definition::{HelloInfo, LaneInfo, ObjectKind};
use crate::id::Id;
use contend_trace::{DeathCause, Message, Notice, Stamp, WorkerKind};

/// The ids that Python's tracer gives to processes: the number of the process in the upper bits.
const PROCESS_ID_SHIFT: u32 = 40;

/// The signal with which a pool ends its workers.
const SIGTERM: i64 = 15;

/// Most exit codes that are kept for processes which are not known yet.
const MAX_EARLY_EXITS: usize = 1_024;

/// Exit codes, by process, that parents found before the first record of the process was read: it ran for a short time.
#[derive(Debug, Default)]
pub(super) struct EarlyExits(BTreeMap<u32, i64>);

impl EarlyExits {
    fn add(&mut self, pid: u32, code: i64) {
        if self.0.len() < MAX_EARLY_EXITS {
            self.0.insert(pid, code);
        }
    }
}

/// A process of the program.
#[derive(Debug, Default)]
pub(super) struct Process {
    pub hello: HelloInfo,
    exit: Option<i64>,
    is_gone: bool,
}

impl Process {
    pub fn name(&self) -> String {
        let is_code = self.hello.arguments.iter().any(|argument| argument == "-c");
        let program = self.hello.arguments.iter().skip(1).find(|argument| !argument.starts_with('-') && !is_code);
        let program = program
            .or(self.hello.arguments.first())
            .map_or("process", |program| program.rsplit('/').next().unwrap_or(program));
        format!("{program} {}", self.hello.pid)
    }
}

impl Translator {
    pub(super) fn add_process(&mut self, hello: HelloInfo) {
        self.root.get_or_insert(hello.pid);
        let early_exits = &mut self.early_exits;
        let process = self
            .processes
            .entry(hello.pid)
            .or_insert_with(|| Process { exit: early_exits.0.remove(&hello.pid), ..Process::default() });
        if process.hello.pid == 0 || hello.why == "start" {
            process.hello = hello;
        }
    }

    /// Returns the processes of this machine that have recorded something and are not known to be gone.
    pub fn live_processes(&self) -> impl Iterator<Item = u32> + '_ {
        // A cluster says hello as process 0: nothing here tells whether it is there.
        self.processes.iter().filter(|(pid, process)| **pid != 0 && !process.is_gone).map(|(pid, _)| *pid)
    }

    /// Returns the process that recorded something first.
    pub const fn root_process(&self) -> Option<u32> {
        self.root
    }

    /// Ends the lanes of threads whose processes recorded nothing.
    pub fn end_threads(&mut self, now: u64) {
        let at = self.stamp(now);
        for l in 0..self.lanes.len() {
            if self.lanes[l].worker.is_some() && !self.lanes[l].has_ended && self.lanes[l].has_begun {
                self.end_lane(l, at);
            }
        }
    }

    /// Returns what the interpreters said about their lock: `Some(false)` if one has none.
    pub fn has_gil(&self, pid: u32) -> Option<bool> {
        self.processes.get(&pid).and_then(|process| process.hello.has_gil)
    }

    /// Ends the lanes of a process that is gone.
    pub fn end_process(&mut self, pid: u32, now: u64, code: Option<i64>) {
        let at = self.stamp(now);
        let Some(process) = self.processes.get_mut(&pid) else { return };
        process.is_gone = true;
        let code = code.or(process.exit);
        let lanes: BTreeSet<usize> =
            (0..self.lanes.len()).filter(|l| self.lanes[*l].info.pid == pid && !self.lanes[*l].has_ended).collect();
        for l in lanes {
            let Some(worker) = self.worker_of(l) else { continue };
            // A loop that ends has run or cancelled all its coroutines.
            if self.lanes[l].kind == WorkerKind::Async && code == Some(0) {
                self.end_lane(l, at);
                continue;
            }
            let is_main = self.lanes[l].info.tid == pid;
            let own_code = code.filter(|code| is_main && !self.is_dismissed(l, *code));
            let cause = own_code.and_then(failure).unwrap_or(DeathCause::CutOff);
            self.out.add_message(Message::Notice { at, notice: Notice::Died { worker, cause } });
            self.forget_lane(l);
        }
    }

    /// Returns how the process failed whose main lane this is, if its exit code is known.
    pub(super) fn failure_of(&self, l: usize) -> Option<DeathCause> {
        let LaneInfo { pid, tid, .. } = self.lanes[l].info;
        let code = self.processes.get(&pid).filter(|_| pid == tid)?.exit?;
        failure(code).filter(|_| !self.is_dismissed(l, code))
    }

    /// Whether a process with this exit code is a worker of a pool without a task that got `SIGTERM`: so a pool ends
    /// its workers, and nothing is lost.
    fn is_dismissed(&self, l: usize, code: i64) -> bool {
        code == -SIGTERM && self.lanes[l].info.pool != Id::None && self.lanes[l].tasks.is_empty()
    }

    /// Notes the exit code that the parent of a process found.
    pub(super) fn note_exit(&mut self, at: Stamp, object: Id, code: u64) {
        // A negative number may come in 32 bits.
        let code = u32::try_from(code).map_or(code.cast_signed(), |code| i64::from(code.cast_signed()));
        let Some(pid) = self.number_of_process(object) else { return };
        if !self.processes.contains_key(&pid) {
            return self.early_exits.add(pid, code);
        }
        let main = self.main_lane_of(pid);
        let was_known = self.processes.get_mut(&pid).is_some_and(|process| process.exit.replace(code).is_some());
        if code != 0
            && !was_known
            && let Some(l) = main.filter(|l| self.lanes[*l].has_ended)
        {
            let name = &self.lanes[l].name;
            let text = if code < 0 {
                format!("{name} was killed by signal {}", -code)
            } else {
                format!("{name} exited with code {code}")
            };
            self.out.add_message(Message::Notice { at, notice: Notice::Note(text) });
            // It was found to be gone before its parent said why.
            if let (Some(cause), Some(worker)) = (self.failure_of(l), self.lanes[l].worker) {
                self.out.add_message(Message::Notice { at, notice: Notice::Died { worker, cause } });
            }
        }
    }

    /// Returns the number of the process that an object is, if its first record has been read.
    pub(super) fn pid_of_process(&self, id: Id) -> Option<u32> {
        self.number_of_process(id).filter(|pid| self.processes.contains_key(pid))
    }

    /// Returns the number of the process that an object is.
    fn number_of_process(&self, id: Id) -> Option<u32> {
        if let Some(object) = self.objects.get(&id).filter(|object| object.info.kind == ObjectKind::Process) {
            return Some(object.info.pid);
        }
        let Id::Number(number) = id else { return None };
        let is_process = number & ((1 << PROCESS_ID_SHIFT) - 1) == 0;
        u32::try_from(number >> PROCESS_ID_SHIFT).ok().filter(|pid| is_process && *pid != 0)
    }

    pub(super) fn main_lane_of(&self, pid: u32) -> Option<usize> {
        (0..self.lanes.len()).rev().find(|l| self.lanes[*l].info.pid == pid && self.lanes[*l].info.tid == pid)
    }
}

/// Returns what an exit code tells: a negative one is a signal, 0 no failure.
fn failure(code: i64) -> Option<DeathCause> {
    match code {
        0 => None,
        ..0 => Some(DeathCause::Signal(i32::try_from(-code).unwrap_or(0))),
        1.. => Some(DeathCause::Exit(i32::try_from(code).unwrap_or(i32::MAX))),
    }
}
