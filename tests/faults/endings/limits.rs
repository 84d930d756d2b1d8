//! System limits, and directories of killed programs.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn limited(limit: &str, args: &str) -> Output {
    let line = format!("ulimit {limit} && exec '{}' {args}", env!("CARGO_BIN_EXE_contend"));
    Command::new("bash").args(["-c", &line]).stdin(Stdio::null()).output().unwrap()
}

fn output_text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn memory_limit_is_named_when_a_thread_cannot_start() {
    let output = limited("-v 560000", "run lock-contention --headless --for 1s --set tellers=64");
    assert!(!output.status.success());
    assert!(output_text(&output).contains("(ulimit -v)"), "{}", output_text(&output));
}

#[test]
fn file_size_limit_is_named() {
    let output = limited("-f 1000", "run lock-contention --headless --for 1s");
    assert_eq!(output.status.code(), Some(1), "{}", output_text(&output));
    assert!(output_text(&output).contains("(ulimit -f)"), "{}", output_text(&output));
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).unwrap().next().is_none()
}

#[test]
fn killed_program_leaves_no_directory() {
    let directory = tempfile::tempdir().unwrap();
    let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
    contend.args(["run", "hash-files", "--headless", "--set", "passes=1000"]).env("TMPDIR", directory.path());
    let mut contend = contend.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    let wait_for = |what: &str, wanted: &dyn Fn() -> bool| {
        while !wanted() {
            assert!(Instant::now() < until, "never seen: {what}");
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    wait_for("sample files", &|| {
        let scratch = std::fs::read_dir(directory.path()).unwrap().flatten().next();
        scratch.is_some_and(|scratch| std::fs::read_dir(scratch.path()).is_ok_and(|files| files.count() > 3))
    });
    contend.kill().unwrap();
    contend.wait().unwrap();
    wait_for("the end of the directory", &|| is_empty(directory.path()));
}
