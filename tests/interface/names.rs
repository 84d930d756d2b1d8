//! Hostile names and texts: wherever the program prints or shows one, it is sanitized.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::pty::Pty;
use portable_pty::CommandBuilder;

/// Hostile texts, each with its effect on a terminal that prints it raw.
fn corpus() -> Vec<(&'static str, String)> {
    vec![
        ("colours", "a\u{1b}[31mred".into()),
        ("clears the screen", "a\u{1b}[2J\u{1b}[H".into()),
        ("sets the title", "a\u{1b}]0;owned\u{7}".into()),
        ("writes the clipboard", "a\u{1b}]52;c;b3duZWQ=\u{1b}\\".into()),
        ("asks the terminal for an answer", "a\u{1b}[6n\u{1b}P+q544e\u{1b}\\".into()),
        ("leaves the screen", "a\u{1b}[?1049l\u{1b}c".into()),
        ("C1", "a\u{9b}31m\u{9d}0;owned\u{9c}\u{90}\u{85}".into()),
        ("backspaces", "good\u{8}\u{8}\u{8}\u{8}evil\u{7f}".into()),
        ("line breaks", "a\nb\rc\u{b}d\u{c}e".into()),
        ("a null byte", "a\0b".into()),
        ("reorders characters", "a\u{202e}lmth.exe\u{2066}\u{202c}".into()),
        ("line separators", "a\u{2028}b\u{2029}c".into()),
        ("invisible characters", "a\u{200b}b\u{feff}c\u{ad}d\u{2060}\u{3164}".into()),
        ("tag characters", "a\u{e0041}\u{e0042}\u{e007f}".into()),
        ("stacked marks", format!("a{}", "\u{301}".repeat(1_000))),
        ("emoji", "👩\u{200d}👩\u{200d}👧 🦀 \u{1f3f4}\u{e0067}\u{e007f}".into()),
        ("wide characters", "日本語".repeat(40)),
        ("a long text", "x".repeat(10_000)),
        ("a formula", "=cmd|' /C calc'!A0".into()),
        ("quotes", "\"'`$(reboot)\\".into()),
    ]
}

/// Returns the first character that a terminal would interpret, hide, or stack too high.
fn harm(text: &str) -> Option<char> {
    let is_mark = |c: char| matches!(c, '\u{300}'..='\u{36f}');
    let mut marks = 0;
    text.chars().find(|c| {
        marks = if is_mark(*c) { marks + 1 } else { 0 };
        let hidden = matches!(c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{e0000}'..='\u{e0fff}');
        (c.is_control() && *c != '\n') || hidden || marks > 2
    })
}

/// Quotes a text for a scenario file.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || harm(&c.to_string()).is_some() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// Returns a scenario with the text in every place that allows free text. Names allow only letters and digits.
fn scenario(text: &str) -> String {
    let q = quoted(text);
    format!(
        "title {q}\nabout {q}\nknob n 2 min=1 max=3 help={q}\nknob words {q} text=#true help={q}\nmutex a\n\
         thread w count=$n {{ repeat 3 {{ lock a {{ sleep \"1ms\" }} }} }}\n\
         pool said workers=1 {{ batch count=1; task {{ exec \"sh\" \"-c\" \"printf %s \\\"$1\\\"; printf %s \
         \\\"$1\\\" >&2; exit 3\" \"sh\" $words }} }}\n\
         watch {q}\ntry {q} n=3\nask {q} {{\n guess {q} {{ expect no-deadlock }}\n guess \"no\" {{ otherwise }}\n}}\n"
    )
}

/// Runs the program and checks all its output.
struct OutputCheck {
    directory: tempfile::TempDir,
    checked: usize,
}

impl OutputCheck {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), checked: 0 }
    }

    fn file(&self, name: impl AsRef<Path>, text: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).expect("it is written");
        path
    }

    /// Runs the program with these arguments, checks that its output is harmless, and returns the exit code.
    fn run<A: AsRef<OsStr>>(&mut self, what: &str, args: &[A]) -> Option<i32> {
        let output = Command::new(env!("CARGO_BIN_EXE_contend")).args(args).output().expect("it runs");
        for (stream, bytes) in [("output", &output.stdout), ("errors", &output.stderr)] {
            let text = std::str::from_utf8(bytes);
            let text = text.unwrap_or_else(|error| panic!("{what}: {stream} is not text: {error}"));
            assert_eq!(harm(text), None, "{what}: {stream}: {text:?}");
            assert!(!text.contains("panicked at"), "{what}: {text}");
        }
        assert!(output.status.code().is_some(), "{what}: {:?}", output.status);
        self.checked += 2;
        output.status.code()
    }
}

fn words(words: &[&str], last: &OsStr) -> Vec<OsString> {
    words.iter().map(OsString::from).chain([last.to_owned()]).collect()
}

#[test]
fn command_line_output_is_sanitized() {
    let mut check = OutputCheck::new();
    for (what, text) in corpus() {
        let file = check.file("evil.kdl", scenario(&text).as_bytes());
        for args in [
            &["check"][..],
            &["run", "--headless", "--for", "300ms", "--allow-exec"],
            &["run", "--json", "--for", "300ms", "--allow-exec"],
        ] {
            assert_eq!(check.run(what, &words(args, file.as_os_str())), Some(0), "{what}: {args:?}");
        }
        // The same text unescaped, and in places where only a name is allowed.
        let raw = check.file("raw.kdl", format!("title \"{text}\"\nmutex {text}\nthread w {{ {text} }}\n").as_bytes());
        check.run(what, &words(&["check"], raw.as_os_str()));
        let named = format!("mutex {q}\nthread {q} {{ lock {q} }}\n", q = quoted(&text));
        let named = check.file("named.kdl", named.as_bytes());
        check.run(what, &words(&["check"], named.as_os_str()));
        if !text.contains('\0') {
            let text = OsStr::new(&text);
            for args in [&["run"][..], &["show"], &["check"], &["test"], &["run", "deadlock", "--set"], &["--bad"], &[]]
            {
                check.run(what, &words(args, text));
            }
            check.run(what, &words(&["run", "account-race", "--headless", "--fail-on"], text));
        }
    }
    println!("{} outputs checked", check.checked);
}

#[test]
fn file_names_in_output_are_sanitized() {
    let mut check = OutputCheck::new();
    let not_text = OsString::from_vec(b"a\xff\xfe\xc3.kdl".to_vec());
    let names = corpus().into_iter().filter(|(_, text)| !text.contains(['\0', '/']) && text.len() < 200);
    let names = names.map(|(what, text)| (what, OsString::from(text + ".kdl"))).chain([("not text", not_text)]);
    for (what, name) in names {
        let good = check.file(&name, b"thread w { repeat 2 { sleep \"1ms\" } }\n");
        check.run(what, &words(&["run", "--headless"], good.as_os_str()));
        check.run(what, &words(&["run", "--json"], good.as_os_str()));
        let wrong = check.file(&name, b"thread w { sleeep \"1ms\" }\n\xff");
        check.run(what, &words(&["check"], wrong.as_os_str()));
        let wrong = check.file(&name, b"thread w { sleeep \"1ms\" }\n");
        check.run(what, &words(&["check"], wrong.as_os_str()));
        std::fs::remove_file(&wrong).expect("it was there");
        check.run(what, &words(&["check"], wrong.as_os_str()));
    }
}

/// A browser interprets more than a terminal does.
#[test]
fn text_in_an_svg_is_sanitized_and_escaped() {
    let mut check = OutputCheck::new();
    let name = "\u{1b}[31m\u{202e}<script>&\"'\u{300}\u{300}\u{300}.kdl";
    let file =
        check.file(name, b"knob n 1 min=1 max=4\npool p workers=$n { batch count=1000000; task { sleep \"1ms\" } }\n");
    let picture = check.directory.path().join("curve.svg");
    let args = ["tune", "--headless", "--anyway", "--over", "1..2", "--for", "4s", "--svg"];
    let args = [words(&args, picture.as_os_str()), vec![file.into_os_string()]].concat();
    assert_eq!(check.run("a picture", &args), Some(0));
    let svg = std::fs::read_to_string(&picture).expect("it is written");
    assert_eq!(harm(&svg), None, "{svg}");
    assert!(svg.contains("script") && !svg.contains("<script"), "the name appears as text: {svg}");
}

/// What the dashboard asks the terminal when it opens.
const BACKGROUND_QUESTION: &str = "\u{1b}]11;?\u{1b}\\\u{1b}[c";

/// The dashboard sends escape sequences to the terminal, but only its own.
#[test]
fn text_on_the_screen_is_sanitized() {
    for (what, text) in corpus() {
        let check = OutputCheck::new();
        let text: String = text.chars().take(100).collect(); // no more fits on the screen
        let file = check.file("evil.kdl", scenario(&text).as_bytes());
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_contend"));
        command.args(["run", "--allow-exec"]);
        command.arg(&file);
        let mut tty = Pty::start(command, 40, 120);
        tty.wait_for_text("Choose with a number");
        tty.type_keys("1\r");
        tty.wait_for_text("COMPLETED");
        tty.type_keys("\x1bi");
        tty.wait_for_text("WATCH");
        tty.type_keys("\x1bq");
        tty.wait();
        tty.wait_for_terminal_restored();
        let sent = String::from_utf8_lossy(tty.sent()).into_owned();
        let sent = sent.replacen(BACKGROUND_QUESTION, "", 1);
        let foreign = ["\u{1b}]", "\u{1b}P", "\u{1b}c", "\u{1b}[6n", "\u{1b}[2J\u{1b}[H", "\u{7}"];
        for sequence in foreign {
            assert!(!sent.contains(sequence), "{what}: {sequence:?} was sent");
        }
        let plain: String = sent.replace(['\u{1b}', '\r', '\u{8}'], "");
        assert_eq!(harm(&plain), None, "{what}");
        tty.assert_no_process_left();
    }
}

fn thread_names(pid: u32) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let comm = |task: std::fs::DirEntry| std::fs::read(task.path().join("comm")).unwrap_or_default();
    tasks.map(|task| String::from_utf8(comm(task)).expect("text").trim_end().to_owned()).collect()
}

/// The kernel keeps 15 bytes of a thread's name, and process lists print them raw.
#[test]
fn truncated_thread_names_are_valid_text() {
    let check = OutputCheck::new();
    let name = "a-name-that-is-longer-than-15";
    let file = check.file("long.kdl", format!("thread {name} count=3 {{ forever {{ sleep \"1ms\" }} }}\n").as_bytes());
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_contend"));
    command.args(["run", "--no-ask"]);
    command.arg(&file);
    let tty = Pty::start(command, 24, 100);
    let since = Instant::now();
    let mut names = Vec::new(); // a thread sets its name shortly after its start
    while !names.iter().any(|found: &String| found.len() > 9 && name.starts_with(found.as_str())) {
        assert!(since.elapsed() < Duration::from_mins(1), "{names:?}");
        names = tty.process_ids().into_iter().flat_map(thread_names).collect();
        assert!(names.iter().all(|found| harm(found).is_none()), "{names:?}");
    }
}
