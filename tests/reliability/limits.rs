//! System limits: a run is refused before any part of it starts, or continues with less, and the message names the
//! limit.

mod group;

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::sandbox::Sandbox;
use crate::support::report_skipped;
use group::{Group, MEMORY, TASKS as OF_TASKS};

/// Returns a scenario with many workers; `of` is `thread` or `process`.
fn many_workers(of: &str, count: &str) -> String {
    format!("knob n 30 min=1 max=10000 help=\"how many\"\n{of} w count={count} {{ sleep \"50ms\" }}\n")
}

impl Sandbox {
    /// Runs a scenario in a shell that first sets a limit, and asserts that no process is left.
    fn run_limited(&self, limit: &str, scenario: &str, more: &[&str], as_other: bool) -> Output {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let file = self.scenario(scenario);
        let mark = format!("limits-{}-{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed));
        let mut command = Command::new(if as_other { "setpriv" } else { "bash" });
        if as_other {
            // A user id without other processes, which would count towards the limit.
            let user = 1_000_000 + std::process::id();
            command.args([&format!("--reuid={user}"), "--regid=65534", "--clear-groups", "bash"]);
        }
        command.args(["-c", &format!("{limit} && exec \"$@\""), "bash"]).arg(&self.program);
        command.args(["run", "--headless"]).arg(file).args(more).env("CONTEND_TEST_MARK", &mark);
        let output = command.output().expect("a shell");
        assert_eq!(
            crate::support::pids_with_mark(&format!("CONTEND_TEST_MARK={mark}")),
            Vec::<u32>::new(),
            "left running"
        );
        output
    }
}

/// Returns the error message, empty after success.
fn error_message(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    match output.status.code() {
        Some(0) => String::new(),
        Some(1) => said + &String::from_utf8_lossy(&output.stdout),
        code => panic!("{code:?}: {said}"),
    }
}

#[test]
fn open_file_limit_is_named() {
    let place = Sandbox::new();
    for files in [8, 16, 30, 60] {
        let message = error_message(&place.run_limited(
            &format!("ulimit -n {files}"),
            &many_workers("process", "$n"),
            &["--set", "n=40"],
            false,
        ));
        assert!(message.contains(&format!("a process may have {files} (ulimit -n)")), "{files}: {message}");
    }
    let message =
        error_message(&place.run_limited("ulimit -n 80", &many_workers("process", "$n"), &["--set", "n=40"], false));
    assert_eq!(message, "", "the limit suffices");
}

/// Task limits for 30 workers, from far too few to enough.
const TASKS: [u32; 14] = [1, 2, 3, 5, 8, 12, 20, 30, 36, 38, 40, 44, 60, 120];

/// The limit does not apply to root, so that root becomes another user. Other users already have too many processes.
#[test]
fn thread_limit_of_the_user_is_named() {
    let place = Sandbox::new();
    let is_root = Path::new("/root").metadata().is_ok_and(|_| std::fs::read_dir("/root").is_ok());
    let limits: &[u32] = if is_root { &TASKS } else { &[1] };
    for of in ["thread", "process"] {
        let mut done = 0;
        for tasks in limits {
            let output = place.run_limited(&format!("ulimit -u {tasks}"), &many_workers(of, "$n"), &[], is_root);
            let message = error_message(&output);
            done += u32::from(message.is_empty());
            assert!(
                message.is_empty() || message.contains(&format!("this user may have {tasks} (ulimit -u)")),
                "{message}"
            );
        }
        assert!(!is_root || done > 0, "120 are enough for 30 of {of}");
    }
}

#[test]
fn task_limit_of_the_control_group_is_named() {
    let place = Sandbox::new();
    for of in ["thread", "process"] {
        let mut done = 0;
        for tasks in TASKS {
            let group = match Group::new(OF_TASKS, tasks.into()) {
                Ok(group) => group,
                Err(why) => {
                    let name = "task_limit_of_the_control_group_is_named";
                    return report_skipped(name, &format!("a control group of its own: {why}"));
                }
            };
            let message = error_message(&place.run_limited(&group.enter(), &many_workers(of, "$n"), &[], false));
            done += u32::from(message.is_empty());
            let names_it = message.contains(&format!("the control group may have {tasks} (pids.max)"));
            assert!(message.is_empty() || names_it, "{tasks} for {of}: {message}");
        }
        assert!(done > 0, "120 are enough for 30 of {of}");
    }
}

#[test]
fn memory_limit_of_the_control_group_is_named() {
    const NAME: &str = "memory_limit_of_the_control_group_is_named";
    let place = Sandbox::new();
    for (mib, says) in [(100, "the control group may have 100 MiB (memory."), (4_096, "")] {
        let group = match Group::new(MEMORY, mib << 20) {
            Ok(group) => group,
            Err(why) => return report_skipped(NAME, &format!("a control group of its own: {why}")),
        };
        let message = error_message(&place.run_limited(
            &group.enter(),
            &many_workers("process", "$n"),
            &["--set", "n=400"],
            false,
        ));
        assert!(message.contains(says) && message.is_empty() == says.is_empty(), "{message}");
    }
}

#[test]
fn hundred_thousand_workers_are_refused_before_any_starts() {
    let place = Sandbox::new();
    let two = "thread a count=9000 { sleep \"1s\" }\nthread b count=9000 { sleep \"1s\" }\n".to_owned();
    for (scenario, says) in [
        (many_workers("thread", "100000"), "it goes from 1 to 10000"),
        (two, "this scenario can have 18,000 workers; at most 10,000 are allowed"),
    ] {
        let output = place.run_limited("ulimit -c 0", &scenario, &[], false);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && message.contains(says), "{message}");
    }
}

#[test]
#[ignore = "ten thousand threads, and as many processes, load the machine heavily"]
fn ten_thousand_workers_run_and_more_are_refused() {
    let place = Sandbox::new();
    assert_eq!(
        error_message(&place.run_limited("ulimit -c 0", &many_workers("thread", "$n"), &["--set", "n=10000"], false)),
        ""
    );
    let message =
        error_message(&place.run_limited("ulimit -c 0", &many_workers("process", "$n"), &["--set", "n=10000"], false));
    assert!(message.contains("but there is room for only"), "{message}");
}
