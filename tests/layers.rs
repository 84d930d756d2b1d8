//! The layers hold: a module imports only what stands above it, the model and the drawing know no clock, and so on.
//!
//! The source is read as text, cut into words, and every path in it (also inside nested `use` groups) is resolved
//! against the module it stands in. `ARCHITECTURE.md` says what the layers are for.

use std::fs;
use std::path::{Path, PathBuf};

/// Top to bottom: a layer may import those before it.
const LAYERS: [&str; 10] =
    ["platform", "trace", "scenario", "model", "engine", "source", "report", "tune", "tui", "cli"];

/// Below the rule of order: pairs that must not meet although one stands above the other.
const STRANGERS: [(&str, &str); 1] = [("engine", "model")];

/// Files whose module path begins like this may not use paths or words that begin like that.
const FENCES: [(&str, &[&str]); 9] = [
    // No logic rests on the time of day, which may be set: all times are from clocks that only go on.
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
    ("scenario", &["crate::trace::Event", "crate::trace::EventKind", "crate::trace::Message"]),
    ("model", &["std::io", "std::fs", "std::net", "std::process", "std::thread", "std::env", "rustix", "libc"]),
    ("model", &["ratatui", "crossterm", "crossbeam_channel", "println", "eprintln"]),
    ("model", &["Instant", "SystemTime", "clock_gettime", "std::time::Instant", "std::time::SystemTime"]),
    ("tui::draw", &["Instant", "SystemTime", "clock_gettime", "std::time::Instant", "std::time::SystemTime"]),
    ("engine", &["ratatui", "crossterm"]),
    ("tui::app", &["crate::tui::draw"]),
    ("tui::plan", &["crate::tui::draw", "crate::tui::app"]),
];

/// One word or sign of Rust source; comments, strings and characters are gone.
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

/// Length of the comment, string or character literal that `rest` begins with; 0 if it begins with none.
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
        // Anything else that begins with a single quote is a lifetime.
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

/// Every path in the words, each from its root, resolved where it begins with `crate`, `self` or `super` (then it
/// begins with `crate`). `module` is the path of the file's module.
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

/// Reads one path or use-tree that begins at `at`; returns where it ends.
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

/// `module` is where the path stands: `["report", "text"]` for `src/report/text.rs`.
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

/// What a file does that its layer must not; empty when all is well.
fn violations(module: &[String], source: &str) -> Vec<String> {
    let words = words(source);
    let mut wrong = Vec::new();
    let Some(layer) = module.first().filter(|first| LAYERS.contains(&first.as_str())) else {
        return vec![format!(
            "`{}` is no layer: add it to the list of this test and to ARCHITECTURE.md",
            module.join("::")
        )];
    };
    let rank = |name: &str| LAYERS.iter().position(|l| *l == name);
    for path in paths(&words, module) {
        let shown = path.join("::");
        if path.first().is_some_and(|root| root == "crate") {
            match path.get(1).map(String::as_str) {
                Some("*" | "self") => wrong.push(format!("`{shown}` takes in every layer")),
                Some(other) if rank(other) > rank(layer) => wrong.push(format!("{layer} imports `{shown}` from below")),
                Some(other) if STRANGERS.contains(&(layer.as_str(), other)) => {
                    wrong.push(format!("{layer} must not know `{shown}`"));
                }
                Some(_) | None => {} // `pub(crate)` is a path of one word
            }
        }
        for (place, banned) in FENCES {
            if module.join("::").starts_with(place) && banned.iter().any(|ban| begins(&shown, ban)) {
                wrong.push(format!("{place} must not use `{shown}`"));
            }
        }
    }
    if layer != "platform" && words.iter().any(|word| word == "unsafe") {
        wrong.push("`unsafe` outside platform".to_owned());
    }
    wrong
}

fn begins(path: &str, with: &str) -> bool {
    path.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// `src/report/text.rs` is `["report", "text"]`.
fn module_of(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix("src").unwrap_or(file).with_extension("");
    inside.iter().map(|part| part.to_string_lossy().into_owned()).collect()
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

#[test]
fn every_file_keeps_to_its_layer() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&src) {
        let inside = file.strip_prefix(&src).expect("found below it").to_owned();
        let module = module_of(&inside);
        if module == ["lib"] || module == ["main"] {
            continue;
        }
        let source = fs::read_to_string(&file).expect("source is text");
        wrong.extend(violations(&module, &source).into_iter().map(|what| format!("src/{}: {what}", inside.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_scanner_finds_what_it_looks_for() {
    for (module, source, found) in [
        ("model", "use crate::engine::Run;", "model imports `crate::engine::Run` from below"),
        ("model::lane", "use crate::{trace::Stamp, tui::{self, draw}};", "model imports `crate::tui::draw` from below"),
        ("model::lane", "use super::super::report;", "model imports `crate::report` from below"),
        ("model", "mod tests { use super::super::cli::args; }", "model imports `crate::cli::args` from below"),
        ("trace", "fn f() -> crate::model::Model { todo!() }", "trace imports `crate::model::Model` from below"),
        ("trace", "pub use crate::*;", "`crate::*` takes in every layer"),
        ("engine", "use crate::model::Model;", "engine must not know `crate::model::Model`"),
        ("model::lane", "use std::time::{Duration, Instant};", "model must not use `std::time::Instant`"),
        ("model", "let t = Instant::now();", "model must not use `Instant::now`"),
        ("model", "use std::{fmt, io::{self, Write}};", "model must not use `std::io::self`"),
        ("tui::draw::lane", "let now = SystemTime::now();", "tui::draw must not use `SystemTime::now`"),
        ("tui", "unsafe { f() }", "`unsafe` outside platform"),
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
fn the_scanner_leaves_the_innocent_alone() {
    for (module, source) in [
        ("model", "// crate::tui is not imported\n/* nor /* crate::cli */ here */ use crate::trace::Stamp;"),
        (
            "model",
            "const A: &str = \"crate::tui\"; const B: &str = r#\"unsafe \"crate::cli\"\"#; const C: char = '\"';",
        ),
        ("model", "impl<'a> Lane<'a> { fn f(&'a self) -> char { '\\'' } }"),
        ("model::lane", "use super::{Lane, lock::Lock}; use self::cells::Cells; use std::time::Duration;"),
        ("cli", "use crate::{model::Model, tui, report::text};"),
        ("tui", "let at = std::time::Instant::now();"),
        ("platform::ring", "unsafe { f() }"),
    ] {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        assert_eq!(violations(&module, source), Vec::<String>::new(), "{source:?}");
    }
}
