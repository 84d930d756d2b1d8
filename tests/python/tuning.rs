//! `contend tune` on real Python programs: the best size of a program for which it is known, values at which it fails,
//! and mistakes on the command line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::programs::{contend, directory, has_python, write};

/// Tasks that sleep, of which four at a time may: more than four workers are no use.
const FOUR_AT_ONCE: &str = "\
import os, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
slots = threading.Semaphore(4)
def work(_):
    with slots:
        time.sleep(0.1)
def main(workers):
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(16)))
";

/// Lets one measuring test run at a time: together they would disturb each other.
static MEASURES: Mutex<()> = Mutex::new(());

fn tune(words: &[&str]) -> Output {
    contend().arg("tune").args(words).output().expect("contend starts")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn script(at: &Path, main: &str) -> String {
    write(at, "sized.py", &format!("{FOUR_AT_ONCE}{main}\n")).to_str().expect("a path").to_owned()
}

#[test]
fn best_size_of_a_program_is_found_by_its_tasks() {
    if !has_python() {
        return;
    }
    let _alone = MEASURES.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = directory();
    let script = script(directory.path(), "main(int(os.environ['WORKERS']))");
    let options = ["--env", "WORKERS", "--over", "1..8", "--epsilon", "20", "--for", "40s", "--anyway", "--json"];
    let output = tune(&[&[script.as_str()], &options[..]].concat());
    let found = json(&output);
    assert_eq!(output.status.code(), Some(0), "{}", found["sentence"]);
    assert_eq!(
        (&found["unit"], &found["knob"]),
        (&Value::from("task"), &Value::from("WORKERS")),
        "{}",
        found["sentence"]
    );
    // Two workers do about half of what four do, and eight no more than four.
    let standing = |value: f64| {
        let levels = found["levels"].as_array().expect("levels");
        levels.iter().find(|level| level["value"] == value).map(|level| level["standing"].clone())
    };
    assert_eq!(
        [standing(1.0), standing(2.0)],
        [const { Some("worse") }; 2].map(|word| word.map(Value::from)),
        "{}",
        found["sentence"]
    );
    let [from, level] = ["from", "level"].map(|member| found["answer"][member].as_f64());
    assert!(from.is_some_and(|from| from >= 3.0) && level.is_some_and(|level| level >= 3.0), "{}", found["sentence"]);
    assert!(found["alike"].as_array().is_some_and(|alike| alike.contains(&Value::from(4.0))), "{}", found["alike"]);
    let repetition = &found["levels"][0]["repetitions"][0];
    assert_eq!(repetition["done"], 16, "{repetition}");
    assert!(repetition["run_s"].as_f64().is_some_and(|secs| secs >= 1.6), "{repetition}");
    assert!(repetition["each_ms"]["sleep"].as_f64().is_some_and(|ms| ms > 10.0), "{repetition}");
    assert!(found["asked"]["command"].as_str().is_some_and(|words| words.contains("--env WORKERS --over 1..8")));
}

#[test]
fn argument_gets_the_value_and_a_run_without_pools_is_timed() {
    if !has_python() {
        return;
    }
    let _alone = MEASURES.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = directory();
    let text = "import sys, time\ntime.sleep(1.2 / int(sys.argv[2]))\n";
    let script = write(directory.path(), "plain.py", text).to_str().expect("a path").to_owned();
    let form = ["--arg", "--workers {}", "--over", "1..3", "--for", "15s", "--anyway"];
    let output = tune(&[&[script.as_str()], &form[..], &["--json"]].concat());
    let found = json(&output);
    assert_eq!(
        (&found["unit"], &found["knob"]),
        (&Value::from("run"), &Value::from("workers")),
        "{}",
        found["sentence"]
    );
    let standing: Vec<&Value> =
        found["levels"].as_array().expect("levels").iter().map(|level| &level["standing"]).collect();
    assert_eq!(standing.first(), Some(&&Value::from("worse")), "{}", found["sentence"]);
    let text = tune(&["--over", "1..1", "--for", "6s", "--anyway", "--", "python3", &script, "--n", "{}"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("Runs a second") && text.contains("-- python3"), "{text}");
}

#[test]
fn value_at_which_the_program_fails_is_named_with_its_last_line() {
    if !has_python() {
        return;
    }
    let _alone = MEASURES.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = directory();
    let text = "import os, time\nif os.environ['N'] == '1':\n    raise ValueError('one is too few')\ntime.sleep(0.3)\n";
    let script = write(directory.path(), "fails.py", text).to_str().expect("a path").to_owned();
    let output =
        tune(&[&script, "--env", "N", "--over", "1..2", "--epsilon", "40", "--for", "30s", "--anyway", "--json"]);
    let found = json(&output);
    let failure = found["levels"][0]["failures"][0].to_string();
    assert!(failure.contains("exited with code 1: ValueError: one is too few"), "{}", found["sentence"]);
    assert!(found["untraced_s"].as_array().is_some_and(|secs| !secs.is_empty()), "{}", found["sentence"]);
    assert_eq!(
        (output.status.code(), &found["answer"]["level"]),
        (Some(0), &Value::from(2.0)),
        "{}",
        found["sentence"]
    );
    let broken = write(directory.path(), "broken.py", "raise SystemExit(3)\n").to_str().expect("a path").to_owned();
    let output = tune(&[&broken, "--env", "N", "--over", "1..2", "--for", "10s", "--anyway", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("fails at both ends of the range: with 1 the program exited with code 3"), "{said}");
}

#[test]
fn mistakes_on_the_command_line_are_named_with_a_fix() {
    if !has_python() {
        return;
    }
    let directory = directory();
    let script = write(directory.path(), "any.py", "").to_str().expect("a path").to_owned();
    for (words, said) in [
        (&["--over", "1..2"][..], "say what gets the values: --env NAME"),
        (&["--env", "N"], "which values is `N` to have? For example: --over 1..8"),
        (&["--env", "A=B", "--over", "1..2"], "`A=B` is not the name of a variable"),
        (&["--arg", "--workers", "--over", "1..2"], "put {} where the value goes, such as --arg '--workers {}'"),
        (&["--env", "N", "--over", "a..2"], "`a` is not a value for `N`"),
        (&["--env", "N", "--over", "5"], "write it as 1..32"),
        (&["--env", "N", "--over", "3..2"], "the first value is larger than the second"),
        (&["--env", "N", "--over", "1..2", "--set", "a=1"], "--set is for scenarios"),
    ] {
        let output = tune(&[&[script.as_str()], words].concat());
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && err.contains(said), "{words:?}: {err}");
    }
    let output = tune(&["deadlock", "--env", "N"]);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && err.contains("--env is for programs"), "{err}");
}

#[test]
fn ctrl_c_ends_the_program_and_the_tuning() {
    if !has_python() {
        return;
    }
    let directory = directory();
    let pid_file = directory.path().join("pid");
    let text = "import os, sys, time\nopen(sys.argv[1], 'w').write(str(os.getpid()))\ntime.sleep(60)\n";
    let script = write(directory.path(), "long.py", text);
    let mut command = contend();
    command.arg("tune").arg(&script).args(["--env", "N", "--over", "1..2", "--anyway", "--headless", "--"]);
    let mut child = command.arg(&pid_file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("contend starts");
    let pid = wait_for(|| fs::read_to_string(&pid_file).ok().filter(|pid| !pid.is_empty()));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    let status = wait_for(|| child.try_wait().expect("a child"));
    assert_eq!(status.code(), Some(130));
    assert!(!Path::new("/proc").join(&pid).exists(), "the program is gone");
}

/// Waits until something is there, for at most half a minute.
fn wait_for<T>(mut what: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = what() {
            return found;
        }
        assert!(Instant::now() < deadline, "nothing came");
        std::thread::sleep(Duration::from_millis(10));
    }
}
