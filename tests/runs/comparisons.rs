//! `contend diff` on recordings and reports of real runs.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::schema;

fn contend(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_contend")).args(args).output().expect("the program starts")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

/// Records a run whose only lock is held for this long at a time, and returns the file.
fn record(directory: &Path, name: &str, hold: &str) -> PathBuf {
    let (kdl, file) = (directory.join("one-lock.kdl"), directory.join(name));
    let scenario = "title \"One lock\"\nknob hold \"1ms\" min=\"0us\" max=\"1s\" help=\"x\"\nmutex till\n\
                    thread clerk count=2 { forever { lock till { sleep $hold } } }\n";
    fs::write(&kdl, scenario).expect("it is written");
    let set = format!("hold={hold}");
    let args = ["run", path_text(&kdl), "--json", "--for", "1s", "--set", &set, "--record", path_text(&file)];
    let ran = contend(&args);
    assert!(ran.status.success(), "{}", text(&ran));
    file
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("the name is UTF-8")
}

/// Twenty times longer holds differ significantly on any machine; equal holds rarely do, and never by much.
#[test]
fn repeated_runs_are_compared_with_intervals() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    let [short, long]: [Vec<PathBuf>; 2] = [("short", "2ms"), ("long", "40ms")]
        .map(|(name, hold)| (0..3).map(|n| record(at, &format!("{name}{n}.contend"), hold)).collect());
    let [short, long] =
        [short, long].map(|files| files.iter().map(|file| path_text(file).to_owned()).collect::<Vec<_>>());
    let diff = |a: &[String], b: &[String], more: &[&str]| {
        let files = a.iter().map(String::as_str).chain(["--with"]).chain(b.iter().map(String::as_str));
        contend(&["diff"].into_iter().chain(files).chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let compared = diff(&short, &long, &["--json"]);
    let document = json(&compared);
    let wrong = schema::validation_errors(&schema::load_schema("diff"), &document);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(document["setup"][0], serde_json::json!({"what": "knob hold", "a": "2ms", "b": "40ms"}));
    let figure = |name: &str| {
        let figures = document["figures"].as_array().expect("a list").iter();
        figures.clone().find(|one| one["of"] == "lock" && one["figure"] == name).unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!((&figure("throughput")["verdict"], &figure("held-p50")["verdict"]), (&"worse".into(), &"worse".into()));
    assert!(figure("held-p50")["change"]["low"].as_f64() > Some(1.5), "{}", figure("held-p50"));
    assert_eq!(figure("throughput")["a"]["values"].as_array().map(Vec::len), Some(3));
    let failing = diff(&short, &long, &["--fail-if-worse", "5%"]);
    assert_eq!(failing.status.code(), Some(1), "{}", text(&failing));
    assert!(text(&failing).contains("till throughput: -"), "{}", text(&failing));
    let better = diff(&long, &short, &["--fail-if-worse", "5%"]);
    assert_eq!(better.status.code(), Some(0), "{}", text(&better));
}

#[test]
fn recording_and_report_of_one_run_are_the_same() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = record(directory.path(), "run.contend", "2ms");
    let report = directory.path().join("run.json");
    fs::write(&report, contend(&["replay", path_text(&file), "--json"]).stdout).expect("it is written");
    let compared = contend(&["diff", path_text(&file), path_text(&report), "--fail-if-worse", "1%"]);
    assert_eq!(compared.status.code(), Some(0), "{}", text(&compared));
    let text = text(&compared);
    assert!(text.contains("One run of a side has no interval") && !text.contains("different"), "{text}");
    let changes = text.lines().filter(|line| line.contains("till") && line.ends_with('%'));
    changes.for_each(|line| assert!(line.ends_with("0 %"), "{line}"));
    let together = contend(&["diff", path_text(directory.path()), path_text(directory.path()), "--json"]);
    assert_eq!(json(&together)["a"]["runs"].as_array().map(Vec::len), Some(2), "a directory has all its runs");
}

#[test]
fn files_that_cannot_be_compared_are_named_with_the_reason() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    let run = record(directory.path(), "run.contend", "2ms");
    fs::write(at("thesis.txt"), "years of work").expect("it is written");
    fs::write(at("bytes"), [0xff, 0xfe]).expect("it is written");
    fs::write(at("list.json"), contend(&["list", "--json"]).stdout).expect("it is written");
    fs::create_dir(at("empty")).expect("a directory");
    let bytes = fs::read(&run).expect("a recording");
    fs::write(at("cut.contend"), &bytes[..bytes.len() / 2]).expect("it is written");
    let run = path_text(&run);
    for (args, code, says) in [
        (vec!["diff"], 2, "<FILE>"),
        (vec!["diff", run], 2, "contend diff A B"),
        (vec!["diff", run, run, run], 2, "Put --with before them"),
        (vec!["diff", run, "/nowhere/x.contend"], 2, "No such file"),
        (vec!["diff", run, path_text(&at("thesis.txt"))], 2, "neither a recording nor JSON"),
        (vec!["diff", run, path_text(&at("bytes"))], 2, "neither a recording nor a report"),
        (vec!["diff", path_text(&at("list.json")), run], 2, "not the report of a run"),
        (vec!["diff", path_text(&at("empty")), run], 2, "neither recordings (.contend) nor reports"),
        (vec!["diff", run, run, "--fail-if-worse", "much"], 2, "write it as 5"),
        (vec!["diff", run, path_text(&at("cut.contend"))], 0, "is damaged; its run is compared up to"),
    ] {
        let output = contend(&args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", text(&output));
        assert!(text(&output).contains(says), "{args:?}: {}", text(&output));
    }
}

/// A pipe without a writer would be waited for.
#[test]
fn special_files_in_a_directory_are_refused_by_name() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("0.json")).expect("a directory");
    refused(directory.path(), "0.json", "a directory");
    fs::remove_dir(at("0.json")).expect("it is removed");
    std::os::unix::fs::symlink("/dev/zero", at("0.json")).expect("a link");
    refused(directory.path(), "0.json", "a device");
    fs::remove_file(at("0.json")).expect("it is removed");
    mknodat(CWD, at("0.json"), FileType::Fifo, Mode::RUSR, 0).expect("a pipe");
    refused(directory.path(), "0.json", "a named pipe");
    fs::rename(at("0.json"), at("0.contend")).expect("it is renamed");
    refused(directory.path(), "0.contend", "a named pipe");
    for command in [&["replay"][..], &["export", "--to", "csv"]] {
        let output = contend(&[command, &[path_text(&at("0.contend"))]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains("it is a named pipe, but a recording must be a regular file"), "{command:?}");
    }
}

/// Asserts that a directory with such a file is refused.
fn refused(directory: &Path, name: &str, kind: &str) {
    let output = contend(&["diff", path_text(directory), path_text(directory)]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let says = format!("{name} cannot be compared: it is {kind}; a directory is compared by its regular files");
    assert!(text(&output).contains(&says), "{}", text(&output));
}

/// Compares a recording with what comes out of a pipe.
fn diff_with_pipe(run: &Path, bytes: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_contend"))
        .args(["diff", path_text(run), "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let _ = stdin.write_all(bytes); // it may end before it has read everything
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

#[test]
fn report_is_read_from_a_pipe_and_a_device_without_end_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let run = record(directory.path(), "run.contend", "2ms");
    let report = contend(&["replay", path_text(&run), "--json"]).stdout;
    let compared = diff_with_pipe(&run, &report);
    assert!(compared.status.success() && !text(&compared).contains("different"), "{}", text(&compared));
    let recording = diff_with_pipe(&run, &fs::read(&run).expect("a recording"));
    assert_eq!(recording.status.code(), Some(2), "{}", text(&recording));
    assert!(text(&recording).contains("save it as a file first"), "{}", text(&recording));
    let endless = contend(&["diff", path_text(&run), "/dev/zero"]);
    assert_eq!(endless.status.code(), Some(2), "{}", text(&endless));
    assert!(text(&endless).contains("neither a recording nor a report"), "{}", text(&endless));
}
