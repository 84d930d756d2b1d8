//! Layer rules that the compiler cannot check: modules of the program import only modules before them, the model and
//! the drawing code read no clock, and `unsafe` stays in two crates.
//!
//! The `Cargo.toml` files keep the crates in order.

use std::fs;
use std::path::Path;

use super::source_paths::{module_of, paths, rust_files, source_directories, words};

/// Modules of the program in order: each may import the modules before it.
const MODULES: [&str; 9] = ["catalogue", "demo", "report", "tune", "diff", "tui", "config", "export", "cli"];

/// Crates under `crates/`, which `src/lib.rs` re-exports as modules.
const CRATES: [&str; 11] = [
    "shm",
    "trace",
    "scenario",
    "model",
    "platform",
    "engine",
    "cluster",
    "program",
    "source",
    "recording",
    "playback",
];

/// Crates that may contain `unsafe`.
const UNSAFE: [&str; 2] = ["shm", "platform"];

/// The modules that may read the time of day: for people, and because clusters note their times by it.
const TIME_OF_DAY: [&str; 2] = ["tui::time_of_day", "cluster::wall"];

/// Module path prefixes, each with the path and word prefixes that its files may not use.
const FENCES: [(&str, &[&str]); 10] = [
    // The time of day can be set, so that no logic may depend on it: all times come from monotonic clocks.
    (
        "",
        &[
            "SystemTime",
            "std::time::SystemTime",
            "UNIX_EPOCH",
            "ClockId::Realtime",
            "libc::CLOCK_REALTIME",
            "libc::time",
        ],
    ),
    ("scenario", &["contend_trace::Event", "contend_trace::EventKind", "contend_trace::Message"]),
    ("model", &["std::io", "std::fs", "std::net", "std::process", "std::thread", "std::env"]),
    ("model", &["println", "eprintln"]),
    ("model", &["Instant", "std::time::Instant"]),
    ("tui::draw", &["Instant", "clock_gettime", "std::time::Instant"]),
    ("engine", &["println", "eprintln"]),
    ("tui::app", &["crate::tui::draw"]),
    ("tui::panes", &["Instant", "clock_gettime", "std::time::Instant", "crate::tui::draw", "crate::tui::app"]),
    ("tui::layout", &["crate::tui::draw", "crate::tui::app"]),
];

/// Returns the layer rules that a file violates.
fn violations(module: &[String], source: &str) -> Vec<String> {
    let words = words(source);
    let mut wrong = Vec::new();
    let Some(layer) = module.first().filter(|first| MODULES.iter().chain(&CRATES).any(|name| name == first)) else {
        return vec![format!(
            "`{}` is no layer: add it to the list of this test and to ARCHITECTURE.md",
            module.join("::")
        )];
    };
    let rank = |name: &str| MODULES.iter().position(|l| *l == name);
    for path in paths(&words, module) {
        let shown = path.join("::");
        if rank(layer).is_some() && path.first().is_some_and(|root| root == "crate") {
            match path.get(1).map(String::as_str) {
                Some("*" | "self") => wrong.push(format!("`{shown}` takes in every layer")),
                Some(other) if rank(other) > rank(layer) => wrong.push(format!("{layer} imports `{shown}` from below")),
                Some(_) | None => {} // a crate; `pub(crate)` is a path of one word
            }
        }
        for (place, banned) in FENCES {
            let is_free = place.is_empty() && TIME_OF_DAY.contains(&module.join("::").as_str());
            if !is_free && is_at(&module.join("::"), place) && banned.iter().any(|ban| is_at(&shown, ban)) {
                wrong.push(format!("{place} must not use `{shown}`"));
            }
        }
    }
    if !UNSAFE.contains(&layer.as_str()) && words.iter().any(|word| word == "unsafe") {
        wrong.push("`unsafe` outside of the platform".to_owned());
    }
    wrong
}

/// Returns whether a path is `root` or inside it. Every path is inside an empty root.
fn is_at(path: &str, root: &str) -> bool {
    root.is_empty() || path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn no_file_violates_its_layer() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    let mut scanned = 0;
    for file in source_directories(top).iter().flat_map(|directory| rust_files(&top.join(directory))) {
        let inside = file.strip_prefix(top).expect("found below it").to_owned();
        let module = module_of(&inside);
        if module == ["lib"] || module == ["main"] {
            continue;
        }
        scanned += 1;
        let source = fs::read_to_string(&file).expect("source is text");
        wrong.extend(violations(&module, &source).into_iter().map(|what| format!("{}: {what}", inside.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(scanned > 300, "{scanned} files: some directory was not looked through");
}

#[test]
fn scanner_finds_each_kind_of_violation() {
    for (module, source, found) in [
        ("report", "use crate::tui::App;", "report imports `crate::tui::App` from below"),
        (
            "report::text",
            "use crate::{trace::Stamp, tui::{self, draw}};",
            "report imports `crate::tui::draw` from below",
        ),
        ("report::text", "use super::super::cli;", "report imports `crate::cli` from below"),
        ("tune", "mod tests { use super::super::cli::args; }", "tune imports `crate::cli::args` from below"),
        ("tune", "fn f() -> crate::cli::Args { args }", "tune imports `crate::cli::Args` from below"),
        ("report", "pub use crate::*;", "`crate::*` takes in every layer"),
        ("model::lane", "use std::time::{Duration, Instant};", "model must not use `std::time::Instant`"),
        ("model", "let t = Instant::now();", "model must not use `Instant::now`"),
        ("model", "use std::{fmt, io::{self, Write}};", "model must not use `std::io::self`"),
        (
            "scenario::check",
            "use contend_trace::{EventKind, KnobId};",
            "scenario must not use `contend_trace::EventKind`",
        ),
        ("tui::draw::lane", "let now = Instant::now();", "tui::draw must not use `Instant::now`"),
        ("tui", "unsafe { f() }", "`unsafe` outside of the platform"),
        ("cli", "let at = std::time::SystemTime::now();", " must not use `std::time::SystemTime::now`"),
        ("platform", "clock_gettime(ClockId::Realtime)", " must not use `ClockId::Realtime`"),
        ("helpers", "", "`helpers` is no layer"),
    ] {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        let wrong = violations(&module, source);
        assert!(wrong.iter().any(|w| w.starts_with(found)), "{source:?} in {module:?} gives {wrong:?}");
    }
}

#[test]
fn scanner_accepts_what_is_allowed() {
    for (module, source) in [
        ("report", "// crate::tui is not imported\n/* nor /* crate::cli */ here */ use crate::trace::Stamp;"),
        (
            "report",
            "const A: &str = \"crate::tui\"; const B: &str = r#\"unsafe \"crate::cli\"\"#; const C: char = '\"';",
        ),
        ("model", "impl<'a> Lane<'a> { fn f(&'a self) -> char { '\\'' } }"),
        ("model::lane", "use super::{Lane, lock::Lock}; use self::cells::Cells; use std::time::Duration;"),
        ("cli", "use crate::{model::Model, tui, report::text};"),
        ("tui", "let at = std::time::Instant::now();"),
        ("scenario", "use contend_trace::KnobId;"),
        ("shm::ring", "unsafe { f() }"),
    ] {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        assert_eq!(violations(&module, source), Vec::<String>::new(), "{source:?}");
    }
}
