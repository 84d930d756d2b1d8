//! Modules of a crate import each other in one direction: none imports, even through others, a module that imports it.
//!
//! A module and those inside it are one subject: links between them do not count. Neither do those of tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::source_paths::{module_of, paths, rust_files, source_directories, words};

/// The modules of a crate, and those that each imports.
type Imports = BTreeMap<Vec<String>, BTreeSet<Vec<String>>>;

/// Returns the imports of each module, given the source of all.
fn imports_of(sources: &BTreeMap<Vec<String>, String>) -> Imports {
    let imports = |module: &Vec<String>, source: &str| {
        let words = words(source);
        let found = paths(without_tests(&words), module);
        let inside = found.iter().filter(|path| path[0] == "crate").map(|path| &path[1..]);
        let known = inside.filter_map(|path| {
            (1..=path.len()).rev().map(|length| path[..length].to_vec()).find(|place| sources.contains_key(place))
        });
        known.filter(|other| !module.starts_with(other) && !other.starts_with(module)).collect()
    };
    sources.iter().map(|(module, source)| (module.clone(), imports(module, source))).collect()
}

/// Returns the words before the tests of a file.
fn without_tests(words: &[String]) -> &[String] {
    let begin = ["cfg", "(", "test", ")", "]", "mod"];
    let at = words
        .windows(begin.len() + 2)
        .position(|next| next.iter().zip(begin).all(|(word, want)| word == want) && next[begin.len() + 1] == "{");
    &words[..at.unwrap_or(words.len())]
}

/// Returns the imports through which a module is reached from itself: `report::a imports report::b`.
fn circles(imports: &Imports) -> Vec<String> {
    let reached: BTreeMap<_, _> = imports.keys().map(|module| (module, reached_from(imports, module))).collect();
    let is_in_circle =
        |from: &Vec<String>, to: &Vec<String>| reached.get(to).is_some_and(|reached| reached.contains(from));
    let links = imports.iter().flat_map(|(from, others)| others.iter().map(move |to| (from, to)));
    links
        .filter(|(from, to)| is_in_circle(from, to))
        .map(|(from, to)| format!("{} imports {}", from.join("::"), to.join("::")))
        .collect()
}

fn reached_from<'a>(imports: &'a Imports, module: &'a Vec<String>) -> BTreeSet<&'a Vec<String>> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![module]);
    while let Some(module) = next.pop() {
        next.extend(imports.get(module).into_iter().flatten().filter(|other| reached.insert(*other)));
    }
    reached
}

/// Returns the source of each module of a crate.
fn sources_in(directory: &Path) -> BTreeMap<Vec<String>, String> {
    let file_module =
        |file: &Path| module_of(&Path::new("src").join(file.strip_prefix(directory).expect("found below it")));
    let files = rust_files(directory).into_iter().map(|file| (file_module(&file), file));
    let files =
        files.filter(|(module, _)| !module.iter().any(|part| ["tests", "lib", "main"].contains(&part.as_str())));
    files.map(|(module, file)| (module, fs::read_to_string(file).expect("source is text"))).collect()
}

#[test]
fn modules_import_each_other_in_one_direction() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut wrong, mut links) = (Vec::new(), 0);
    for directory in source_directories(top) {
        let imports = imports_of(&sources_in(&top.join(&directory)));
        links += imports.values().map(BTreeSet::len).sum::<usize>();
        wrong.extend(circles(&imports).into_iter().map(|link| format!("{}: {link}", directory.display())));
    }
    assert!(wrong.is_empty(), "circles of modules:\n{}", wrong.join("\n"));
    assert!(links > 1_000, "{links} imports: some were not found");
}

#[test]
fn circle_of_three_modules_is_found_and_nothing_else() {
    let sources = |files: &[(&str, &str)]| {
        files
            .iter()
            .map(|(module, source)| (module.split("::").map(str::to_owned).collect(), (*source).to_owned()))
            .collect()
    };
    let round = [
        ("report", ""),
        ("report::a", "use super::b::{self, B};"),
        ("report::b", "fn f() { crate::report::c::g() }"),
        ("report::c", "use super::{a::A, d}; // and not super::e"),
        ("report::d", "use std::fmt; #[cfg(test)] mod tests { use super::super::c::C; }"),
    ];
    let found = circles(&imports_of(&sources(&round)));
    assert_eq!(found, ["report::a imports report::b", "report::b imports report::c", "report::c imports report::a"]);
    let straight =
        [("a", "use crate::b;"), ("b", "use self::c::C;"), ("b::c", "use super::B;"), ("d", "use crate::{a, b};")];
    assert!(circles(&imports_of(&sources(&straight))).is_empty());
}
