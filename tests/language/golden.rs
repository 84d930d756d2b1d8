//! Golden texts for every kind of mistake, and for files that are wrong as a whole, checked through the program itself.
//!
//! After an intended change, `INSTA_UPDATE=always cargo test --test language golden` rewrites the texts.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Kinds of mistakes, with the fixtures that cover them and words that each golden text contains.
const KINDS: &[(&str, &[(&str, &str)])] = &[
    (
        "an unknown node, with the nearest name",
        &[
            ("bad/node-unknown-top", "did you mean `thread`?"),
            ("bad/node-unknown-step", "did you mean `compute`?"),
            ("bad/node-unknown-property", "did you mean"),
            ("bad/node-unknown-nothing-near", "known at the top of a scenario:"),
        ],
    ),
    (
        "an `else` that never runs",
        &[
            ("bad/else-alone", "this `else` has no matching step"),
            ("bad/result-help-with-timeout", "a worker that helps cannot give up in time"),
            ("bad/result-else-without-block", "give it a block, or a time limit"),
            ("bad/acquire-more-than-there-are-in-time", "this `acquire` never gives up"),
            ("bad/else-without-limit", "this `put` never gives up, so its `else` never runs"),
        ],
    ),
    (
        "a cancellation of something else",
        &[
            ("bad/cancel-task-of-group", "a group has no numbered tasks"),
            ("bad/cancel-pool-how", "this cancels queued tasks of a pool, not its workers"),
            ("bad/cancel-a-lock", "`a` is a mutex, not a group of workers or a pool"),
        ],
    ),
    (
        "a wait that helps where there is nothing to help with",
        &[("bad/result-help-outside-task", "only a worker of a pool can run other tasks while it waits")],
    ),
    (
        "a mark without a text for the time axis",
        &[
            ("bad/mark-empty", "a mark needs a text"),
            ("bad/mark-number", "expected text, found a number"),
            ("bad/mark-too-long", "at most 40 characters"),
            ("bad/mark-with-a-file", "cannot contain the name of a file"),
            ("bad/mark-of-a-knob-that-is-no-text", "is not free text"),
        ],
    ),
    (
        "a wrong unit",
        &[
            ("bad/put-timeout-of-a-size", "this is a size"),
            ("bad/number-wrong-unit", "this is a size"),
            ("bad/number-without-unit", "expected a time such as 5ms"),
            ("bad/number-unknown-unit", "write a unit right after its number"),
            ("bad/number-unit-of-none", "`sec` is not a unit"),
            ("bad/number-knob-of-wrong-unit", "expected a"),
            ("bad/formula-mixed-units", "these two have different units"),
        ],
    ),
    (
        "a number out of range",
        &[
            ("bad/number-negative", "out of range"),
            ("bad/number-knob-out-of-range", "it goes from"),
            ("bad/knob-default-out-of-range", "it goes from 10ms to 1s"),
            ("bad/when-out-of-range", "it goes from"),
            ("bad/too-many-workers", "10,000"),
        ],
    ),
    (
        "not a number",
        &[("bad/number-not-a-number", "out of range"), ("bad/number-nan-text", "`NaN` means nothing here")],
    ),
    ("an infinite number", &[("bad/number-infinite", "out of range"), ("bad/knob-infinite", "out of range")]),
    (
        "numbers from ten to the thirtieth",
        &[
            ("bad/number-of-thirty-digits", "it goes from 1 to 10000"),
            ("bad/number-1e30", "it goes from 0 to 1000000000000"),
            ("bad/number-1e300", "out of range"),
        ],
    ),
    (
        "the same name twice",
        &[
            ("bad/name-taken", "there are two `a`"),
            ("bad/knob-twice", "there are two"),
            ("bad/node-twice", "there are two `title`"),
            ("bad/node-property-twice", "twice"),
            ("bad/name-of-an-array", "this name is also that of"),
        ],
    ),
    (
        "a name that refers to nothing",
        &[
            ("bad/lock-unknown", "did you mean `account`?"),
            ("bad/put-into-unknown", "there is no queue"),
            ("bad/number-unknown-knob", "there is no knob"),
            ("bad/when-unknown-knob", "there is no knob"),
            ("bad/spawn-unknown", "did you mean `helper`?"),
            ("bad/http-get-unknown-server", "there is no server"),
            ("bad/expect-of-unknown", "there is no"),
            ("bad/expect-finding-unknown", "did you mean `lock-bound`?"),
            ("bad/try-unknown-knob", "there is no knob"),
        ],
    ),
    (
        "an unlock of a lock that is not held",
        &[
            ("bad/unlock-not-held", "`a` is not held here"),
            ("bad/unlock-of-another", "is not held here"),
            ("bad/unlock-in-a-block", "returns it itself"),
        ],
    ),
    (
        "a condition over figures",
        &[
            ("bad/expect-formula-unknown-name", "did you mean `work`?"),
            ("bad/expect-formula-unknown-measure", "did you mean `rate`?"),
            ("bad/expect-formula-mixed-units", "left of it is a rate, right of it a time"),
            ("bad/expect-formula-without-unit", "write the number with its unit, such as 5ms"),
            ("bad/expect-formula-single-equals", "compare with `==`"),
            ("bad/expect-formula-two-comparisons", "a condition has one comparison"),
            ("bad/expect-formula-foreign-and", "write `and` for `&&`"),
            ("bad/expect-formula-unknown-knob", "did you mean `workers`?"),
            ("bad/expect-formula-same-run", "names the settings that the run has anyway"),
            ("bad/expect-formula-in-guess-two-runs", "a guess is decided by one"),
        ],
    ),
    (
        "a member of the JSON report",
        &[
            ("bad/expect-json-unknown-member", "did you mean `p90`?"),
            ("bad/expect-json-unknown-element", "did you mean `work`?"),
            ("bad/expect-json-of-a-list", "pools[0].done"),
            ("bad/expect-json-known-before", "no run decides `params`"),
            ("bad/expect-json-unknown-word", "did you mean `completed`?"),
        ],
    ),
    (
        "an index of a single resource, or out of range",
        &[
            ("bad/at-of-a-single-one", "there is only one `a`"),
            ("bad/at-out-of-range", "it goes from -1000000000000 to 1000000000000"),
            ("bad/formula-index-outside", "`n` means nothing here"),
        ],
    ),
    (
        "circular references and lock orders",
        &[
            ("bad/spawn-by-nobody", "`a` is never spawned"),
            ("bad/spawn-itself", "`a` is never spawned"),
            ("bad/run-within-run", "runs a group that runs another"),
            ("bad/run-itself", "runs a group that runs another"),
            ("bad/expect-times-itself", "this compares a run with itself"),
            ("bad/expect-times-itself-name", "this is compared with itself"),
            ("doubtful/order-two", "2 workers can wait for each other's locks forever"),
            ("doubtful/order-three", "3 workers can wait for each other's locks forever"),
        ],
    ),
    (
        "too deep nesting",
        &[
            ("bad/deep", "more than 64 deep"),
            ("bad/comments-deep", "more than 64 deep"),
            ("bad/formula-too-deep", "this formula is too long"),
            ("bad/syntax-switched-off-too-deep", "deep"),
            ("files/deep", "more than 64 deep"),
        ],
    ),
    ("a file that is too large", &[("files/large", "is larger than 1 MiB")]),
    ("a byte order mark", &[("files/mark", "mark.kdl: ok"), ("files/mark-and-mistake", ":1:1")]),
    ("CRLF line ends", &[("files/crlf", "crlf.kdl: ok"), ("files/crlf-and-mistake", ":2:12")]),
    ("UTF-16", &[("files/utf16-le", "is UTF-16"), ("files/utf16-be", "is UTF-16"), ("files/utf16-bare", "is UTF-16")]),
    (
        "a file that is not text",
        &[("files/binary", "is binary"), ("files/zeros", "zero bytes"), ("files/latin", "not valid UTF-8")],
    ),
    ("a named pipe", &[("files/pipe", "is a named pipe")]),
    (
        "a name with control characters",
        &[("bad/name-escape", "\\u{1b}"), ("bad/evil-raw-escape", "U+001B"), ("bad/evil-path-in-message", "\\u{1b}")],
    ),
    (
        "a name with bidirectional control characters",
        &[
            ("bad/name-bidi", "this is not a name"),
            ("bad/name-bidi-isolate", "\\u{2066}"),
            ("bad/evil-raw-bidi", "U+202E"),
        ],
    ),
    (
        "a name with many combining marks",
        &[("bad/name-flood", "this is not a name"), ("bad/lock-flood", "there is no mutex")],
    ),
    (
        "a load that is incomplete, or two in one",
        &[
            ("bad/arrive-pattern-unknown", "expected `steady` or `poisson`"),
            ("bad/arrive-on-without-off", "these arrivals have no pause"),
            ("bad/arrive-off-without-on", "it is not known when this pause comes"),
            ("bad/arrive-day-and-pauses", "arrivals have either pauses or days"),
            ("bad/arrive-night-without-day", "there is no day"),
            ("bad/clients-without-count", "`clients` has no count"),
            ("bad/clients-divided", "only a batch can be divided"),
            ("good/loads", ""),
        ],
    ),
    (
        "a trace that cannot be replayed",
        &[
            ("bad/trace-without-path", "there is no path"),
            ("bad/trace-knob-not-text", "the knob `file` is not free text"),
            ("bad/trace-with-count", "a batch has one source of tasks"),
            ("bad/trace-divided", "tasks that are due one by one cannot be divided"),
            ("bad/trace-ends-before-it-begins", "`to` is before `from`"),
            ("bad/speed-without-trace", "only a batch with a trace is replayed"),
            ("bad/service-without-trace", "`service` is for tasks that replay a trace"),
            ("bad/service-outside-of-a-task", "`service` is for tasks that replay a trace"),
        ],
    ),
    (
        "a distribution that does not exist",
        &[
            ("bad/lognormal-p99-below-median", "the 99th percentile is less than the median"),
            ("bad/bimodal-share-too-large", "goes from 0 to 1"),
        ],
    ),
    ("a name of emoji", &[("bad/name-emoji", "this is not a name"), ("good/title-emoji", "")]),
    (
        "a step that this worker kind cannot do",
        &[
            ("bad/tasks-and-processes", "cannot be shared by tasks and processes"),
            ("bad/process-spawns-task", "a process cannot spawn `helper`, which is a task"),
            ("bad/task-joins-far-thread", "a task cannot join `helper`"),
            ("bad/fork-by-nobody", "no step spawns `copy`"),
            ("bad/fork-with-steps", "a process made by `fork` cannot run this step"),
            ("bad/fork-waits-for-a-condition", "cannot wait for a condition"),
        ],
    ),
];

/// The kind of file to create.
enum FileContent {
    Bytes(Vec<u8>),
    Pipe,
}

fn text(text: &str) -> FileContent {
    FileContent::Bytes(text.as_bytes().to_vec())
}

fn utf16(mark: bool, unit: fn(u16) -> [u8; 2]) -> FileContent {
    let text = "title \"x\"\nthread w { compute \"1ms\" }\n";
    let mark = mark.then_some(0xfeff);
    FileContent::Bytes(mark.into_iter().chain(text.encode_utf16()).flat_map(unit).collect())
}

/// Returns files that cannot be fixtures: too large, or with bytes that an editor would not keep.
fn files() -> Vec<(&'static str, FileContent)> {
    vec![
        ("deep", text(&("a {".repeat(100_000) + &"}".repeat(100_000)))),
        ("large", text(&"// nothing here\n".repeat(100 * 65_536))), // 100 MiB
        ("mark", text("\u{feff}thread w { compute \"1ms\" }\n")),
        ("mark-and-mistake", text("\u{feff}treahd w { compute \"1ms\" }\n")),
        ("crlf", text("mutex a\r\nthread w {\r\n    lock a { compute \"1ms\" }\r\n}\r\n")),
        ("crlf-and-mistake", text("mutex a\r\nthread w { lokc a { compute \"1ms\" } }\r\n")),
        ("utf16-le", utf16(true, u16::to_le_bytes)),
        ("utf16-be", utf16(true, u16::to_be_bytes)),
        ("utf16-bare", utf16(false, u16::to_le_bytes)),
        ("binary", FileContent::Bytes(b"\x7fELF\x02\x01\x01\0\0\0\0\xff\xfe\xfd".to_vec())),
        ("zeros", text("title \"a\0b\"\n")),
        ("latin", FileContent::Bytes(b"title \"x\"\nabout \"caf\xe9\"\n".to_vec())),
        ("empty", text("")),
        ("pipe", FileContent::Pipe),
    ]
}

/// Returns the exit code and output of `contend check` on a file in this directory. The kernel ends it after ten
/// seconds of CPU time.
fn run_check(directory: &Path, name: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -t 10 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_contend")]);
    command.args(["check", &format!("./{name}.kdl")]).current_dir(directory).env_remove("CLICOLOR_FORCE");
    let ran = command.output().expect("the program starts");
    let (out, err) = (String::from_utf8(ran.stdout).expect("text"), String::from_utf8(ran.stderr).expect("text"));
    format!("exit {}\n{out}{err}", ran.status.code().expect("no signal ended it"))
}

fn make(path: &Path, content: FileContent) {
    match content {
        FileContent::Bytes(bytes) => fs::write(path, bytes).expect("written"),
        FileContent::Pipe => {
            let status = Command::new("mkfifo").arg(path).status().expect("the system has mkfifo");
            assert!(status.success());
        }
    }
}

#[test]
fn unreadable_and_malformed_files_have_golden_texts() {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, content) in files() {
        let path = directory.path().join(format!("{name}.kdl"));
        make(&path, content);
        let said = run_check(directory.path(), name);
        fs::remove_file(&path).expect("it was there");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../fixtures/scenario/files");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, said));
    }
}

#[test]
fn every_kind_of_mistake_has_a_golden_text() {
    let mut missing = Vec::new();
    for (kind, shown) in KINDS {
        assert!(!shown.is_empty(), "{kind} has no fixture");
        for (name, said) in *shown {
            let file = Path::new("tests/fixtures/scenario").join(name);
            let golden =
                if name.starts_with("good/") { file.with_extension("kdl") } else { file.with_extension("snap") };
            let text = fs::read_to_string(golden).unwrap_or_default();
            if text.is_empty() || !text.contains(said) {
                missing.push(format!("{kind}: {name} does not contain `{said}`: {text}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_golden_text_belongs_to_a_fixture() {
    let made: BTreeSet<String> = files().into_iter().map(|(name, _)| name.to_owned()).collect();
    for kind in ["bad", "doubtful", "files"] {
        for entry in fs::read_dir(Path::new("tests/fixtures/scenario").join(kind)).expect("the fixtures") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|end| end == "snap") {
                let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
                let there = path.with_extension("kdl").exists() || kind == "files" && made.contains(&name);
                assert!(there, "{} belongs to no fixture", path.display());
            }
        }
    }
}

/// Endless standard input, and standard input that is not text.
#[test]
fn standard_input_is_limited_and_checked_like_a_file() {
    let fed = |bytes: &[u8], times: usize| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
        command.args(["check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut input = child.stdin.take().expect("it is piped");
        for _ in 0..times {
            if input.write_all(bytes).is_err() {
                break; // the program has stopped reading
            }
        }
        drop(input);
        let ran = child.wait_with_output().expect("it ends");
        (ran.status.code(), String::from_utf8(ran.stderr).expect("text"))
    };
    let large = "error: standard input is larger than 1 MiB; no scenario is\n";
    assert_eq!(fed(" ".repeat(65_536).as_bytes(), 1_600), (Some(2), large.to_owned()));
    assert_eq!(
        fed(b"\xff\xfet\0i\0", 1),
        (Some(2), "error: standard input is UTF-16; a scenario is text in UTF-8\n".to_owned())
    );
    assert_eq!(
        fed(b"\0\x01\xff", 1),
        (Some(2), "error: standard input is binary; a scenario is text in UTF-8\n".to_owned())
    );
    assert_eq!(fed("\u{feff}thread w { compute \"1ms\" }\n".as_bytes(), 1), (Some(0), String::new()));
}

/// The pipe has a writer and holds data; `check` must still refuse it without reading.
#[test]
fn named_pipe_with_data_is_refused_unread() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("pipe.kdl");
    make(&path, FileContent::Pipe);
    let options = || File::options().read(true).write(true).open(&path);
    let mut pipe = options().expect("both ends are here, so that opening does not wait");
    pipe.write_all(b"thread w { compute \"1ms\" }\n").expect("there is room");
    assert!(run_check(directory.path(), "pipe").contains("is a named pipe"));
}
