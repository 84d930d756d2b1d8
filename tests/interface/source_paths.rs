//! The paths in Rust source: it is split into words, and every path in it, also inside nested `use` groups, is resolved
//! against the module of its file.

use std::fs;
use std::path::{Path, PathBuf};

/// Splits Rust source into words and punctuation, without comments, strings and characters.
pub fn words(source: &str) -> Vec<String> {
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
pub fn paths(words: &[String], module: &[String]) -> Vec<Vec<String>> {
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

/// Returns the module of a file: `["report", "text"]` for `src/report/text.rs`, `["model", "lane"]` for
/// `crates/model/src/lane.rs`.
pub fn module_of(file: &Path) -> Vec<String> {
    let words: Vec<String> = file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["crates", layer, "src", "lib"] => vec![(*layer).to_owned()],
        ["crates", layer, "src", ..] => [&[(*layer).to_owned()], &words[3..]].concat(),
        _ => words[1..].to_vec(),
    }
}

pub fn rust_files(dir: &Path) -> Vec<PathBuf> {
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
pub fn source_directories(top: &Path) -> Vec<PathBuf> {
    let crates = fs::read_dir(top.join("crates")).expect("the crates stand there");
    let names = crates.map(|entry| entry.expect("a directory entry").file_name());
    names.map(|name| Path::new("crates").join(name).join("src")).chain(["src".into()]).collect()
}
