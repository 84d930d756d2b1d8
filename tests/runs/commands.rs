//! Commands of a scenario: permission, output, exit, and that no process of them is left.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{ObservedRun, is_running, kill, parent_of, pause, poll_until};
use contend::scenario::{Scenario, Source, check};
use contend::source::LiveRun;
use contend::trace::{Command, EventKind, Notice, RunEnd, WorkerId};

fn read(text: &str) -> Scenario {
    let source = Source { name: "x".into(), path: None, text: text.into() };
    check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario
}

fn failures(seen: &ObservedRun) -> Vec<&str> {
    let what = seen.notices.iter().filter_map(|notice| match notice {
        Notice::TaskFailed { message: what, .. } => Some(what.as_str()),
        _ => None,
    });
    what.collect()
}

/// Returns the process id that a command wrote into this file, if any.
fn read_pid(file: &Path) -> u32 {
    let since = Instant::now();
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if let (true, Ok(number)) = (text.ends_with('\n'), text.trim().parse()) {
            return number;
        }
        assert!(since.elapsed() < Duration::from_mins(1), "{} was never written", file.display());
        pause();
    }
}

fn gone(pid: u32) {
    poll_until(&format!("the end of {pid}"), || !is_running(pid));
}

#[test]
fn commands_run_only_with_allow_exec() {
    let s = read("thread w { retry 1 { exec \"touch\" \"/never/{n}\" } }");
    let refused = LiveRun::start(&s, &s.default_settings()).map(drop).expect_err("it is not allowed").to_string();
    assert_eq!(
        refused,
        "this scenario runs a command, `touch /never/{n}`: if you trust it, allow that with --allow-exec"
    );
}

#[test]
fn command_exit_and_resource_usage_are_reported() {
    for of in ["threads", "processes"] {
        let task = |name: &str, command: &str| {
            format!("pool {name} of={of} workers=1 {{ batch count=1; task {{ exec {command} }} }}\n")
        };
        let s = read(
            &[
                task("good", "\"sh\" \"-c\" \"i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done\""),
                task("three", "\"sh\" \"-c\" \"echo out; echo why >&2; exit 3\""),
                task("term", "\"sh\" \"-c\" \"kill -TERM $$\""),
                task("none", "\"/no/such/command\" \"x\""),
                task("late", "\"sleep\" \"1000\" timeout=\"50ms\""),
            ]
            .concat(),
        );
        let seen = ObservedRun::run_to_end(&s);
        assert_eq!(seen.end, Some(RunEnd::Completed));
        let messages = failures(&seen);
        for wanted in [
            "sh ... echo out; echo why >&2; exit 3: exit 3: out why",
            "sh ... kill -TERM $$: killed by SIGTERM",
            "/no/such/command: command not found",
            "sleep 1000: not finished within 50ms",
        ] {
            assert!(messages.contains(&wanted), "{wanted}: {messages:?}");
        }
        assert_eq!(messages.len(), 4, "{messages:?}");
        let ran = |e: &contend::trace::Event| {
            if let EventKind::CommandRan { ok, cpu } = e.kind { Some((ok, cpu)) } else { None }
        };
        let ran: Vec<_> = seen.events.iter().filter_map(ran).collect();
        assert_eq!(ran.iter().filter(|(ok, _)| *ok).count(), 1, "{ran:?}");
        assert!(ran.iter().any(|(ok, cpu)| *ok && cpu.as_millis_f64() > 1.0), "counting takes CPU time: {ran:?}");
    }
}

#[test]
fn background_processes_of_a_command_end_with_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("pid");
    let s = read(&format!(
        "thread w {{ exec \"sh\" \"-c\" \"sleep 1000 & echo $! > $1\" \"sh\" {:?} }}",
        file.display().to_string()
    ));
    let seen = ObservedRun::run_to_end(&s);
    assert_eq!((seen.end.as_ref(), failures(&seen).len()), (Some(&RunEnd::Completed), 0), "{:?}", seen.notices);
    assert!(!is_running(read_pid(&file)), "the command is over, and all it started");
}

/// A script that starts processes that are hard to find again and waits forever. Each writes its process id into a
/// file of this name.
const LEAVE: &str = r#"
sleep 1000 & echo $! > "$1/in-group"
setsid sh -c 'echo $$ > "$0/own-session"; exec sleep 1000' "$1" &
(sh -c 'echo $$ > "$0/forked-twice"; exec sleep 1000' "$1" &)
(setsid sh -c 'echo $$ > "$0/daemon"; exec sleep 1000' "$1" &)
(env -i setsid sh -c 'echo $$ > "$0/without-environment"; exec sleep 1000' "$1" &)
"#;
const LEFT: [&str; 5] = ["in-group", "own-session", "forked-twice", "daemon", "without-environment"];

/// Returns a scenario whose worker runs this script.
fn install_script(of: &str, dir: &Path, script: &str) -> String {
    let file = dir.join("script");
    fs::write(&file, script).expect("a file");
    format!("{of} w {{ exec \"sh\" {:?} {:?} }}", file.display().to_string(), dir.display().to_string())
}

fn numbers(dir: &Path) -> [u32; 5] {
    LEFT.map(|name| read_pid(&dir.join(name)))
}

/// Starts a worker whose command has left all of these processes, and returns their ids.
fn all_left(of: &str, dir: &Path) -> (ObservedRun, [u32; 5]) {
    let seen = ObservedRun::start(&read(&install_script(of, dir, &format!("{LEAVE} wait"))));
    let pids = numbers(dir);
    (seen, pids)
}

#[test]
fn command_dies_with_a_killed_runner() {
    for of in ["thread", "process"] {
        let dir = tempfile::tempdir().expect("a directory");
        let (mut seen, left) = all_left(of, dir.path());
        seen.wait_until("the worker is known", |seen| !seen.pids().is_empty());
        let shell = parent_of(left[0]).expect("it is there");
        let worker = parent_of(shell).expect("it is there");
        let runner = if of == "thread" { worker } else { parent_of(worker).expect("it is there") };
        kill(runner);
        seen.wait_until("the end", |seen| seen.end.is_some());
        drop(seen);
        assert!(left.iter().all(|pid| !is_running(*pid)), "{of}: {left:?}");
    }
}

#[test]
fn command_dies_with_a_killed_worker() {
    let dir = tempfile::tempdir().expect("a directory");
    let (mut seen, left) = all_left("process", dir.path());
    seen.send_command(Command::Kill(WorkerId(0)));
    gone(left[0]);
    seen.wait_until("the end", |seen| seen.end.is_some());
    drop(seen);
    assert!(left.iter().all(|pid| !is_running(*pid)), "what left the group goes at the end of the run");
}

#[test]
fn stopped_run_leaves_no_command() {
    let dir = tempfile::tempdir().expect("a directory");
    let (seen, left) = all_left("thread", dir.path());
    drop(seen);
    assert!(left.iter().all(|pid| !is_running(*pid)), "{left:?}");
}

#[test]
fn daemonized_processes_of_a_command_end_with_the_run() {
    let dir = tempfile::tempdir().expect("a directory");
    let all_there = LEFT.map(|name| format!("until [ -s \"$1/{name}\" ]; do :; done\n")).concat();
    let seen = ObservedRun::run_to_end(&read(&install_script("thread", dir.path(), &[LEAVE, &all_there].concat())));
    assert_eq!((seen.end.as_ref(), failures(&seen).len()), (Some(&RunEnd::Completed), 0), "{:?}", seen.notices);
    let left = numbers(dir.path());
    drop(seen);
    assert!(left.iter().all(|pid| !is_running(*pid)), "{left:?}");
}

/// With the dashboard killed, only the runner can end these processes, and the system reparents them.
#[test]
fn command_dies_with_a_killed_dashboard() {
    for of in ["thread", "process"] {
        let dir = tempfile::tempdir().expect("a directory");
        let scenario = dir.path().join("x.kdl");
        fs::write(&scenario, install_script(of, dir.path(), &format!("{LEAVE} wait"))).expect("a file");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_contend"));
        command.args(["run", "--headless", "--allow-exec"]).arg(&scenario).stdout(std::process::Stdio::null());
        let mut viewer = command.spawn().expect("the program starts");
        let left = numbers(dir.path());
        viewer.kill().expect("it is there");
        viewer.wait().expect("it was killed");
        left.into_iter().for_each(gone);
    }
}

#[test]
fn command_with_large_output_is_waited_for() {
    let s = read("thread w { exec \"sh\" \"-c\" \"yes | head -c 3000000; exit 1\" }");
    let seen = ObservedRun::run_to_end(&s);
    let messages = failures(&seen);
    assert!(messages.len() == 1 && messages[0].chars().count() < 1_000, "{messages:?}");
}
