//! `contend run` on real Python programs: findings that must appear and those that must not, exit codes, recordings,
//! and programs that go wrong.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use contend::model::{Budget, Model};
use contend::recording::Recording;
use contend::trace::{Look, Message, Span, Stamp};
use serde_json::Value;

/// The longest a program of these tests may take.
const LIMIT: &str = "60s";

/// Says that a test is skipped, if there is no Python.
pub(super) fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok();
    if !found {
        println!("skipped: contend run on Python programs: no python3 on this machine");
    }
    found
}

pub(super) fn contend() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
    command.stdin(Stdio::null()).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python")
}

/// A directory that is removed at the end of the test.
pub(super) fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

pub(super) fn write(at: &Path, name: &str, text: &str) -> PathBuf {
    let path = at.join(name);
    fs::write(&path, text).expect("written");
    path
}

/// Runs a script to its end and returns its report.
fn report(script: &Path, arguments: &[&str], options: &[&str]) -> (Value, Output) {
    let mut command = contend();
    command.args(["run", "--json", "--for", LIMIT]).args(options).arg(script).args(arguments);
    let output = command.output().expect("contend starts");
    let json = serde_json::from_slice(&output.stdout);
    (json.unwrap_or_else(|error| panic!("{error}: {output:?}")), output)
}

fn finding<'a>(report: &'a Value, id: &str) -> Option<&'a Value> {
    report["findings"].as_array().expect("findings").iter().find(|finding| finding["id"] == id)
}

fn sentence(report: &Value, id: &str) -> String {
    finding(report, id).map_or_else(|| format!("no {id}: {}", report["findings"]), Value::to_string)
}

#[test]
fn blocking_call_in_a_loop_is_found_with_its_line() {
    if !has_python() {
        return;
    }
    let (blocked, _) = report(&examples().join("blocking_loop.py"), &[], &[]);
    let found = sentence(&blocked, "loop-blocked");
    assert!(found.contains("report · blocking_loop.py:18 held its event loop for 3"), "{found}");
    let (mended, _) =
        report(&examples().join("blocking_loop.py"), &["--mended"], &["--threshold", "loop-blocked=70ms"]);
    assert!(finding(&mended, "loop-blocked").is_none(), "{}", mended["findings"]);
}

#[test]
fn threads_that_compute_are_gil_bound_and_processes_are_not() {
    if !has_python() {
        return;
    }
    let directory = directory();
    let script = write(
        directory.path(),
        "compute.py",
        "import sys, time\nfrom concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor\n\
         def work(seconds):\n    end = time.monotonic() + seconds\n    while time.monotonic() < end:\n        sum(range(2000))\n\
         if __name__ == '__main__':\n    kind = ThreadPoolExecutor if 'threads' in sys.argv else ProcessPoolExecutor\n\
         \u{20}   with kind(4) as pool:\n        list(pool.map(work, [2.5] * 4))\n",
    );
    let (threads, _) = report(&script, &["threads"], &[]);
    let asked = "import sys; print(getattr(sys, '_is_gil_enabled', lambda: True)())";
    let python = std::env::var_os("CONTEND_PYTHON").unwrap_or_else(|| "python3".into());
    let answer = Command::new(python).args(["-c", asked]).output();
    let has_gil = answer.is_ok_and(|output| output.stdout.starts_with(b"True"));
    let found = sentence(&threads, "gil-bound");
    assert!(!has_gil || found.contains("4 threads, ") && found.contains("for the GIL"), "{found}");
    assert!(!has_gil || found.contains("Move this work to processes"), "{found}");
    let (processes, _) = report(&script, &["processes"], &[]);
    assert!(finding(&processes, "gil-bound").is_none(), "{}", processes["findings"]);
}

#[test]
fn queue_that_nobody_feeds_any_more_is_found() {
    if !has_python() {
        return;
    }
    let directory = directory();
    let text = "import queue, threading, sys\nitems = queue.Queue()\ndef produce():\n    for n in range(5):\n        items.put(n)\n\
                \u{20}   if 'mended' in sys.argv:\n        items.put(None)\ndef consume():\n    while items.get() is not None:\n        pass\n\
                pair = [threading.Thread(target=f, name=f.__name__) for f in (produce, consume)]\n[t.start() for t in pair]\n\
                [t.join() for t in pair]\n";
    let script = write(directory.path(), "unfed.py", text);
    let output = contend().args(["run", "--json", "--for", "4s"]).arg(&script).output().expect("contend starts");
    let report_of_it: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let found = sentence(&report_of_it, "unfed-queue");
    assert!(found.contains("consume waits at items · unfed.py:2"), "{found}");
    assert!(found.contains("the only worker seen to feed it, produce, has ended"), "{found}");
    let (mended, output) = report(&script, &["mended"], &[]);
    assert!(finding(&mended, "unfed-queue").is_none(), "{}", mended["findings"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn nested_submit_and_lost_permits_are_found() {
    if !has_python() {
        return;
    }
    let directory = directory();
    let nested = write(
        directory.path(),
        "nested.py",
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n\
         def outer():\n    return pool.submit(int).result()\nprint(pool.submit(outer).result())\n",
    );
    let (stuck, output) = report(&nested, &[], &["--fail-on", "deadlock"]);
    let found = sentence(&stuck, "deadlock");
    assert!(found.contains("waits for a task that is queued in its own pool"), "{found}");
    assert_eq!(output.status.code(), Some(3));
    let killed = write(
        directory.path(),
        "permits.py",
        "import multiprocessing, os, signal, sys, time\n\
         def take(slots):\n    with slots:\n        os.kill(os.getpid(), signal.SIGKILL)\n\
         def wait(slots):\n    with slots:\n        pass\n\
         if __name__ == '__main__':\n    context = multiprocessing.get_context('fork')\n    slots = context.Semaphore(2)\n\
         \u{20}   for target in (take, take, wait):\n        p = context.Process(target=target, args=(slots,), name=target.__name__)\n\
         \u{20}       p.start()\n        if target is take:\n            p.join()\n    p.join()\n",
    );
    let output = contend().args(["run", "--json", "--for", "5s"]).arg(&killed).output().expect("contend starts");
    let report_of_it: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let found = sentence(&report_of_it, "orphaned-lock");
    assert!(found.contains("ended without releasing slots · permits.py:"), "{found}");
}

/// Replays a recording message by message. Returns how long after the deadlock closed a model knows it, by the stamps
/// of the run.
fn time_to_verdict(file: &Path) -> Span {
    let mut recording = Recording::open(file).expect("a recording");
    let mut model = Model::new(Arc::new(recording.description().registry.clone()), Budget::default());
    let (mut section, mut newest) = (0, Stamp(0));
    while let Some(messages) = recording.read_messages(section).expect("it is whole") {
        for message in messages.iter().flat_map(singles) {
            model.apply(message);
            if let Message::Watermark(at) | Message::Look(Look { at, .. }) = message {
                newest = newest.max(*at);
            }
            if let Some(found) = model.deadlocks().first() {
                return newest.span_since(found.closed_at);
            }
        }
        section += 1;
    }
    panic!("no deadlock in the recording");
}

fn singles(message: &Message) -> Vec<&Message> {
    match message {
        Message::Batch(all) => all.iter().flat_map(singles).collect(),
        one => vec![one],
    }
}

#[test]
fn deadlock_of_two_locks_is_named_within_200_ms() {
    if !has_python() {
        return;
    }
    let directory = directory();
    let file = directory.path().join("run.contend");
    let options = ["--fail-on", "deadlock", "--record", file.to_str().expect("a path")];
    let (stuck, output) = report(&examples().join("deadlock.py"), &[], &options);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let found = sentence(&stuck, "deadlock");
    for line in ["first · deadlock.py:10", "second · deadlock.py:11"] {
        assert!(found.contains(line), "{found}");
    }
    let took = time_to_verdict(&file);
    println!("{took} from the second wait to the verdict");
    assert!(took <= Span::from_millis(200), "{took}");
    let (timed, output) = report(&examples().join("deadlock.py"), &["--timeout"], &[]);
    assert!(finding(&timed, "deadlock").is_none(), "{}", timed["findings"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn exit_code_and_output_are_the_programs() {
    if !has_python() {
        return;
    }
    let directory = directory();
    for (text, code, said) in [
        ("import sys\nprint('hello')\nsys.exit(7)\n", 7, "hello"),
        ("def broken(:\n", 1, "SyntaxError"),
        ("import sys\nsys.stdin.close()\nprint('closed')\n", 0, "closed"),
        ("import os, time\nif os.fork():\n    os._exit(5)\ntime.sleep(60)\n", 5, ""),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n", 128 + 15, ""),
    ] {
        let script = write(directory.path(), "ends.py", text);
        let (_, output) = report(&script, &[], &[]);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{text}: {err}");
        assert!(err.contains(said), "{text}: {err}");
    }
    let missing = contend().args(["run", "--headless", "/no/such.py"]).output().expect("contend starts");
    let err = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(missing.status.code() == Some(2) && err.contains("there is no file /no/such.py"), "{missing:?}");
    let mut without = contend();
    without.args(["run", "--headless"]).arg(write(directory.path(), "ends.py", "")).env("PATH", "/nonexistent");
    without.env_remove("CONTEND_PYTHON");
    let output = without.output().expect("contend starts");
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("python"), "{output:?}");
}

#[test]
fn script_runs_on_the_python_of_the_users_choice() {
    let Some(found) = has_python().then(interpreter_of_path) else {
        return;
    };
    let directory = directory();
    let script = write(directory.path(), "which.py", "import sys\nprint(sys.argv[1], sys.flags.verbose)\n");
    // It is not in PATH, and it passes an option that tells it from the one that is.
    let text = format!("#!/bin/sh\nexec '{found}' -v \"$@\"\n");
    let chosen = write(directory.path(), "chosen", &text);
    fs::set_permissions(&chosen, fs::Permissions::from_mode(0o755)).expect("an executable file");
    for (python, verbose) in [(chosen.as_os_str(), "1"), (OsStr::new(""), "0")] {
        let mut command = contend();
        command.args(["run", "--json"]).arg(&script).arg("word").env("CONTEND_PYTHON", python);
        let output = command.output().expect("contend starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(&format!("word {verbose}")), "{python:?}: {said}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert_eq!(report["scenario"], "which.py");
    }
    let mut missing = contend();
    missing.args(["run", "--headless"]).arg(&script).env("CONTEND_PYTHON", "/no/such/python");
    let output = missing.output().expect("contend starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("/no/such/python"), "{said}");
}

/// Returns the path of `python3` as it names itself.
fn interpreter_of_path() -> String {
    let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    String::from_utf8_lossy(&output.expect("python3 starts").stdout).trim().to_owned()
}

#[test]
fn report_counts_locks_without_waits_and_lists_the_worst_first() {
    if !has_python() {
        return;
    }
    let directory = directory();
    let text = "import threading, time\nquiet = [threading.Lock() for _ in range(1500)]\nbrief = threading.Lock()\n\
                long = threading.Lock()\nfor lock in quiet:\n    with lock:\n        pass\n\
                def wait(lock):\n    with lock:\n        pass\n\
                for lock, seconds in ((brief, 0.1), (long, 0.4)):\n    with lock:\n\
                \u{20}       thread = threading.Thread(target=wait, args=(lock,))\n        thread.start()\n        time.sleep(seconds)\n\
                \u{20}   thread.join()\n";
    let script = write(directory.path(), "many.py", text);
    let output = contend().args(["run", "--headless"]).arg(&script).output().expect("contend starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("1,500 locks without waits"), "{said}");
    let section = said.split("\nLocks\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let rows: Vec<&str> = section.lines().filter(|line| line.contains('·') && line.contains('%')).collect();
    let names: Vec<&str> = rows.iter().filter_map(|row| row.split_whitespace().next()).collect();
    assert_eq!(names, ["long", "brief"], "{said}");
    let (report_of_it, _) = report(&script, &[], &[]);
    assert_eq!(report_of_it["locks"].as_array().map(Vec::len), Some(1_502));
}

#[test]
fn lock_that_is_held_for_less_than_tracing_costs_is_named() {
    if !has_python() {
        return;
    }
    let directory = directory();
    let text = "import threading, time\nbrief = threading.Lock()\nlong = threading.Lock()\n\
                def work():\n    for _ in range(200):\n        with brief:\n            pass\n        with long:\n\
                \u{20}           time.sleep(0.0005)\n\
                def meet():\n    brief.acquire()\n    thread.start()\n    time.sleep(0.2)\n    brief.release()\n\
                thread = threading.Thread(target=work)\nmeet()\nwork()\nthread.join()\n";
    let script = write(directory.path(), "brief.py", text);
    let (report, _) = report(&script, &[], &[]);
    let is_distorted = |name: &str| {
        let locks = report["locks"].as_array().expect("locks");
        let lock = locks.iter().find(|lock| lock["name"].as_str().is_some_and(|full| full.starts_with(name)));
        lock.map(|lock| lock["distorted_by_tracing"].clone())
    };
    assert_eq!([is_distorted("brief"), is_distorted("long")], [Some(true.into()), Some(false.into())], "{report:#}");
    let output = contend().args(["run", "--headless"]).arg(&script).output().expect("contend starts");
    let said = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("mostly held for less than 20 µs, so that tracing adds to holds and waits: brief"), "{said}");
}

#[test]
fn recording_of_a_program_is_replayed_with_the_same_findings() {
    if !has_python() {
        return;
    }
    let directory = directory();
    let file = directory.path().join("run.contend");
    let kept = file.to_str().expect("a path");
    let (live, _) = report(&examples().join("deadlock.py"), &[], &["--record", kept]);
    let replay = contend().args(["replay", "--json", kept]).output().expect("contend starts");
    let again: Value = serde_json::from_slice(&replay.stdout).unwrap_or_else(|error| panic!("{error}: {replay:?}"));
    assert_eq!(sentence(&again, "deadlock"), sentence(&live, "deadlock"));
}

#[test]
fn other_command_lines_run_as_well() {
    if !has_python() {
        return;
    }
    let directory = directory();
    let script =
        write(directory.path(), "lock.py", "import threading\nlock = threading.Lock()\nwith lock:\n    pass\n");
    let module = ["-c", "import runpy, sys; runpy.run_path(sys.argv[1])"];
    for words in [vec!["python3", "-X", "utf8"], [&["python3"][..], &module].concat()] {
        let mut command = contend();
        command.args(["run", "--json", "--"]).args(words).arg(&script);
        let output = command.output().expect("contend starts");
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let names: Vec<&str> =
            report["locks"].as_array().expect("locks").iter().filter_map(|l| l["name"].as_str()).collect();
        assert_eq!(names, ["lock · lock.py:2"]);
    }
}
