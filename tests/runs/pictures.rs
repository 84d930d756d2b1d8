//! Pictures of recorded runs: sessions for asciinema, and SVG.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn contend(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_contend")).args(args).output().expect("the program starts")
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("the name is UTF-8")
}

/// Records a run of a scenario and returns the file.
fn record(directory: &Path, scenario: &str) -> PathBuf {
    let file = directory.join("run.contend");
    let args = ["run", scenario, "--headless", "--for", "1500ms", "--record", path_text(&file)];
    let output = contend(&args);
    assert!(file.exists(), "{}", String::from_utf8_lossy(&output.stderr));
    file
}

/// Exports a recording, and returns the written files.
fn export(file: &Path, form: &str, more: &[&str]) -> String {
    let output = file.with_extension(form);
    let args = ["export", path_text(file), "--to", form, "--output", path_text(&output)];
    let done = contend(&[&args[..], more].concat());
    assert!(done.status.success(), "{more:?}: {}", String::from_utf8_lossy(&done.stderr));
    fs::read_to_string(output).expect("it is UTF-8")
}

/// Plays a session on a terminal. Returns the size, the time of the last output, and the screen then.
fn play(session: &str) -> ((u16, u16), f64, String) {
    let mut lines = session.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    let head = lines.next().expect("a first line");
    assert_eq!(head["version"], 2);
    let side = |name: &str| head[name].as_u64().and_then(|side| u16::try_from(side).ok()).expect("a side");
    let size = (side("width"), side("height"));
    let [rows, columns] = [size.1, size.0].map(|side| side.try_into().expect("not 0"));
    let mut screen = vt100::Parser::new(rows, columns, 0);
    let mut last = 0.0;
    for event in lines {
        let at = event[0].as_f64().expect("a time");
        assert!(at >= last && event[1] == "o", "{event}");
        last = at;
        screen.process(event[2].as_str().expect("text").as_bytes());
    }
    (size, last, screen.screen().contents())
}

/// Returns the texts of a picture, as a reader could select them.
fn texts(picture: &str) -> Vec<String> {
    let texts = picture.split("<text").skip(1).filter_map(|element| element.split_once('>')?.1.split_once("</text>"));
    texts.map(|(text, _)| text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).collect()
}

#[test]
fn session_plays_the_dashboard_of_the_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = record(directory.path(), "lock-contention");
    let (size, end, screen) = play(&export(&file, "cast", &["--size", "100x30"]));
    assert_eq!(size, (100, 30));
    assert!((1.3..2.2).contains(&end), "the run took 1.5 s, not {end}");
    for text in ["lock-contention", "teller-1", "tellers"] {
        assert!(screen.contains(text), "{text} is not on\n{screen}");
    }
    let (_, fast, _) = play(&export(&file, "cast", &["--size", "100x30", "--speed", "3"]));
    assert!((fast * 3.0 - end).abs() < 0.5, "{fast} s at three times the speed, {end} s at once");
}

#[test]
fn picture_of_a_moment_has_the_text_of_the_screen() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = record(directory.path(), "deadlock");
    let (_, _, screen) = play(&export(&file, "cast", &["--size", "80x24"]));
    let picture = export(&file, "svg", &["--size", "80x24", "--at", "60s"]); // the end: the run took less
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert_eq!(picture.matches("<text").count(), picture.matches("</text>").count());
    let found = texts(&picture);
    assert!(found.len() > 20, "{found:?}");
    for text in found {
        assert!(screen.contains(text.trim()), "{text:?} is not on\n{screen}");
    }
}

#[test]
fn moving_picture_keeps_to_its_size() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = record(directory.path(), "lock-contention");
    let slow = ["--size", "160x50", "--speed", "0.25", "--max-size"]; // many frames
    let [small, large] = ["64KiB", "1MiB"].map(|size| export(&file, "svg", &[&slow[..], &[size]].concat()));
    assert!(small.len() <= 64 << 10, "{} bytes", small.len());
    assert!(large.len() > small.len() && large.len() <= 1 << 20, "{} and {} bytes", small.len(), large.len());
    assert!(small.contains("@keyframes") && texts(&small).iter().any(|text| text.contains("lock-contention")));
}

#[test]
fn pictures_that_cannot_be_drawn_are_refused_with_the_cure() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = record(directory.path(), "deadlock");
    for (args, says) in [
        (vec!["--to", "cast", "--at", "1s"], "--to svg --at TIME"),
        (vec!["--to", "svg", "--size", "7"], "write it as 120x40"),
        (vec!["--to", "svg", "--size", "9999x9999"], "between 20x5 and 500x200"),
        (vec!["--to", "svg", "--at", "soon"], "write it as 2.3s"),
        (vec!["--to", "svg", "--speed", "0"], "between 0.01"),
    ] {
        let output = contend(&[&["export", path_text(&file)], &args[..]].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && text.contains(says), "{args:?}: {text}");
    }
}
