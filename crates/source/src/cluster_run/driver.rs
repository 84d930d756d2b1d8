//! The driver of a cluster: how it is started, what it is asked to do, and how it is ended.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Signal;
use serde::Serialize;
use serde_json::{Value, json};

use crate::process_tag::ProcessTag;
use crate::program::handle::{EndedByUs, ProgramHandle};
use contend_engine::{InputItems, Plan};
use contend_platform::{Child, Exit, ProgramLaunch, ProgramOutput, kill_group};
use contend_program::write_tracer;
use contend_scenario::{Feed, Scenario, Settings};
use contend_trace::Stamp;

/// The most files that tasks are given by name; later tasks get the first ones again.
const MAX_FILES: u64 = 100_000;

/// Starts the driver in a session of its own. Returns it with the other end of its output.
pub fn start(python: &OsStr, scratch: &Path, socket: &Path, tag: &ProcessTag) -> io::Result<(Child, File)> {
    let files = scratch.join("python");
    std::fs::create_dir(&files)?;
    write_tracer(&files)?;
    let program = files.join("contend_cluster/workload.py");
    // -E: variables such as PYTHONPATH are for programs of the user.
    let words: [OsString; 4] = [python.to_owned(), "-E".into(), program.into(), socket.into()];
    let launch = ProgramLaunch {
        words: &words,
        environment: vec![("TMPDIR".into(), scratch.into())],
        process_tag: Some(tag.as_str()),
        output: ProgramOutput::Pipe,
        inherits_input: false,
    };
    launch.start()
}

/// What the driver is to do, in its own form: see `workload.py`.
#[derive(Debug)]
pub struct Job(Value);

impl Job {
    pub fn new(scenario: &Scenario, settings: &Settings, plan: &Plan, items: &InputItems, scratch: &Path) -> Self {
        let files = (0..items.total().min(MAX_FILES)).filter_map(|number| items.file(number));
        let files: Vec<String> = files.map(|file| file.to_string_lossy().into_owned()).collect();
        let pool = scenario.pools.first();
        let needs = match pool.map(|pool| &pool.feed) {
            Some(Feed::Dependent { needs, .. }) => json!(needs),
            _ => json!({ "Number": 0.0 }),
        };
        Self(json!({
            "pool": pool,
            "needs": needs,
            "knobs": settings.numbers,
            "most": pool.map_or(1, |pool| pool.max_workers),
            "total": plan.registry.pools.first().and_then(|pool| pool.total_tasks),
            "files": files,
            "directory": scratch.to_string_lossy(),
        }))
    }

    /// Returns the line for the driver.
    pub fn to_line(&self) -> String {
        format!("{}\n", self.0)
    }
}

/// A request to a driver at work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DriverRequest {
    Knob {
        knob: usize,
        value: f64,
    },
    /// Kills the process of the worker at this place.
    Kill {
        kill: usize,
    },
}

/// The handle to a driver and the processes of its cluster.
#[derive(Debug)]
pub struct Driver {
    handle: ProgramHandle,
    state: Mutex<DriverState>,
}

#[derive(Debug, Default)]
struct DriverState {
    /// The connection. Closing it asks the driver to end the cluster and itself.
    stream: Option<UnixStream>,
    /// Leaders of the cluster's process groups.
    processes: Vec<u32>,
    ended_by_us: Option<EndedByUs>,
}

impl Driver {
    pub fn new(pid: u32) -> Self {
        Self { handle: ProgramHandle::new(pid), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, DriverState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the connection. One that was asked to end before is closed at once.
    pub fn connected(&self, stream: UnixStream) {
        let mut state = self.state();
        if state.ended_by_us.is_some() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        state.stream = Some(stream);
    }

    /// Notes the processes of the cluster.
    pub fn set_processes(&self, processes: Vec<u32>) {
        self.state().processes = processes;
    }

    /// Asks the driver to end, at the user's request.
    pub fn stop(&self) {
        self.end(EndedByUs::Stopped);
    }

    /// Asks the driver to end, because the time limit is reached.
    pub fn end_time(&self, limit: Stamp) {
        self.end(EndedByUs::TimeUp(limit));
    }

    fn end(&self, why: EndedByUs) {
        let mut state = self.state();
        state.ended_by_us.get_or_insert(why);
        match &state.stream {
            // The driver still writes what happened until now.
            Some(stream) => drop(stream.shutdown(std::net::Shutdown::Write)),
            None => self.handle.kill(EndedByUs::Stopped),
        }
        drop(state);
        self.signal_all(Signal::CONT); // a paused one could not end
    }

    /// Kills the driver; the kernel kills the cluster with it.
    pub fn kill(&self) {
        self.handle.kill(EndedByUs::Stopped);
    }

    /// Returns why this program ended it, if it did.
    pub fn ended_by_us(&self) -> Option<EndedByUs> {
        self.state().ended_by_us
    }

    /// Returns the time limit that was reached.
    pub fn time_limit(&self) -> Option<Stamp> {
        match self.ended_by_us()? {
            EndedByUs::TimeUp(limit) => Some(limit),
            EndedByUs::Stopped => None,
        }
    }

    pub fn is_time_up(&self) -> bool {
        self.time_limit().is_some()
    }

    /// Sends a signal to the driver and to the processes of its cluster, each of which leads a group.
    pub fn signal_all(&self, signal: Signal) {
        let processes = self.state().processes.clone();
        if self.handle.signal(signal) {
            for leader in processes {
                kill_group(leader, signal);
            }
        }
    }

    /// Reaps the process with `wait`.
    pub fn reap(&self, wait: impl FnOnce() -> Exit) -> Exit {
        self.handle.reap(wait).0
    }
}
