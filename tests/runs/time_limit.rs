//! The time limit of a run holds whatever keeps the program from looking at the clock.

use std::io::Read;
use std::process::{Child, Command, Stdio};

use crate::support::{is_running, parent_of, poll_until, send_signal, state_of};

/// Workers that never wait, so that only their end ends them.
const BUSY: &str = "title \"Busy\"\nKIND w count=3 { forever { compute \"50us\" } }\n";

/// Returns the processes that this process started.
fn children_of(parent: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

fn thread_count(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count)
}

/// A headless run of a file; killed when dropped.
struct Headless(Child);

impl Headless {
    fn start(file: &std::path::Path, limit: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
        command.arg("run").arg(file).args(["--headless", "--json", "--for", limit]);
        Self(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts"))
    }

    /// Returns the runner's process once it has all its workers.
    fn wait_for_runner(&self, kind: &str) -> u32 {
        let mut runner = 0;
        poll_until("a runner with its workers", || {
            runner = children_of(self.0.id()).into_iter().max_by_key(|pid| thread_count(*pid)).unwrap_or(0);
            let workers = if kind == "thread" { thread_count(runner) } else { children_of(runner).len() };
            workers >= 3
        });
        runner
    }

    /// Waits for the end and returns the report.
    fn report(mut self) -> serde_json::Value {
        let mut text = String::new();
        self.0.stdout.take().expect("it is piped").read_to_string(&mut text).expect("text");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl Drop for Headless {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn kernel_ends_a_run_at_its_limit_while_the_program_gets_no_core() {
    let directory = tempfile::tempdir().expect("a directory");
    for kind in ["thread", "process"] {
        let file = directory.path().join("busy.kdl");
        std::fs::write(&file, BUSY.replace("KIND", kind)).expect("it is written");
        let run = Headless::start(&file, "2s");
        let runner = run.wait_for_runner(kind);
        let workers = children_of(runner);
        // A stopped process is as one that never gets a core.
        send_signal(run.0.id(), "STOP");
        poll_until("the program stops", || state_of(run.0.id()) == Some('T'));
        poll_until("the runner is dead", || !is_running(runner));
        poll_until("its processes are dead", || !workers.iter().any(|worker| is_running(*worker)));
        assert_eq!(state_of(run.0.id()), Some('T'), "the program did not do it");
        send_signal(run.0.id(), "CONT");
        let report = run.report();
        let elapsed = report["elapsed_s"].as_f64().expect("a number");
        assert_eq!(report["ended"], "time", "{kind}");
        assert!((2.0..=2.5).contains(&elapsed), "{kind}: {elapsed} s, however late the program noticed");
    }
}
