//! Layer rules that the compiler cannot check: modules of the program import only modules before them, the model and
//! the drawing code read no clock, and `unsafe` stays in two crates.
//!
//! The `Cargo.toml` files keep the crates in order. This test splits the source into words and resolves every path in
//! it, also inside nested `use` groups, against the module of the file.

use std::fs;
use std::path::{Path, PathBuf};

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

/// Splits Rust source into words and punctuation, without comments, strings and characters.
fn words(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skip = skipped(rest);
        if skip > 0 {
            rest = &rest[skip..];
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            words.push(rest[..end].to_owned());
            rest = &rest[end..];
        } else {
            let end = if rest.starts_with("::") { 2 } else { first.len_utf8() };
            if !first.is_whitespace() {
                words.push(rest[..end].to_owned());
            }
            rest = &rest[end..];
        }
    }
    words
}

/// Returns the length of the comment, string or character literal at the start of `rest`, 0 if there is none.
fn skipped(rest: &str) -> usize {
    let until = |from: usize, end: &str| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    for prefix in ["br", "cr", "r"] {
        if let Some(raw) = rest.strip_prefix(prefix) {
            let hashes = raw.len() - raw.trim_start_matches('#').len();
            if raw[hashes..].starts_with('"') {
                return until(prefix.len() + hashes + 1, &format!("\"{}", "#".repeat(hashes)));
            }
        }
    }
    if let Some(quote) = ["\"", "b\"", "c\""].iter().find(|quote| rest.starts_with(**quote)) {
        return quoted(rest, quote.len(), '"');
    }
    if rest.starts_with('\'') {
        let mut chars = rest.chars().skip(1);
        let (one, two) = (chars.next(), chars.next());
        // Any other single quote begins a lifetime.
        return if one == Some('\\') || two == Some('\'') { quoted(rest, 1, '\'') } else { 1 };
    }
    0
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    for (at, _) in rest.char_indices() {
        if rest[at..].starts_with("/*") {
            depth += 1;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

fn quoted(rest: &str, from: usize, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest[from..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return from + at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Returns every path in the words, in full. Paths that begin with `crate`, `self` or `super` are resolved to begin
/// with `crate`. `module` is the path of the file's module.
fn paths(words: &[String], module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut inner: Vec<(String, usize)> = Vec::new(); // inline modules and the depth of braces they opened at
    let mut depth = 0;
    let mut at = 0;
    while at < words.len() {
        match words[at].as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inner.pop_if(|(_, opened)| *opened == depth);
            }
            "mod" if words.get(at + 2).is_some_and(|w| w == "{") => inner.push((words[at + 1].clone(), depth)),
            word if is_name(word) => {
                let here: Vec<String> =
                    module.iter().cloned().chain(inner.iter().map(|(name, _)| name.clone())).collect();
                let mut tails = Vec::new();
                at = tree(words, at, &[], &mut tails);
                found.extend(tails.into_iter().map(|path| resolve(&path, &here)));
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Reads the path or use-tree at `at` and returns its end.
fn tree(words: &[String], mut at: usize, before: &[String], out: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    while let Some(word) = words.get(at) {
        if word == "{" {
            at += 1;
            while words.get(at).is_some_and(|w| w != "}") {
                at = tree(words, at, &path, out).max(at + 1);
            }
            return at + 1;
        }
        if !is_name(word) && word != "*" {
            break;
        }
        path.push(word.clone());
        at += 1;
        if words.get(at).is_none_or(|w| w != "::") {
            break;
        }
        at += 1;
    }
    if path.len() > before.len() {
        out.push(path);
    }
    at
}

/// Resolves a path used in `module`, such as `["report", "text"]` for `src/report/text.rs`.
fn resolve(path: &[String], module: &[String]) -> Vec<String> {
    let mut base: Vec<String> = module.to_vec();
    let mut rest = path;
    match rest.first().map(String::as_str) {
        Some("crate") => base.clear(),
        Some("self" | "super") if path.len() > 1 => {}
        _ => return path.to_vec(),
    }
    while let Some(first) = rest.first() {
        match first.as_str() {
            "super" => drop(base.pop()),
            "self" | "crate" => {}
            _ => break,
        }
        rest = &rest[1..];
    }
    std::iter::once("crate".to_owned()).chain(base).chain(rest.iter().cloned()).collect()
}

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

/// Returns the module of a file: `["report", "text"]` for `src/report/text.rs`, `["model", "lane"]` for
/// `crates/model/src/lane.rs`.
fn module_of(file: &Path) -> Vec<String> {
    let words: Vec<String> = file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["crates", layer, "src", "lib"] => vec![(*layer).to_owned()],
        ["crates", layer, "src", ..] => [&[(*layer).to_owned()], &words[3..]].concat(),
        _ => words[1..].to_vec(),
    }
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
        let path = entry.expect("a directory entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

/// Returns the source directories of the program and its crates.
fn source_directories(top: &Path) -> Vec<PathBuf> {
    let crates = fs::read_dir(top.join("crates")).expect("the crates stand there");
    let names = crates.map(|entry| entry.expect("a directory entry").file_name());
    names.map(|name| Path::new("crates").join(name).join("src")).chain(["src".into()]).collect()
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
