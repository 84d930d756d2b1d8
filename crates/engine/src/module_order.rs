//! Holds the order of modules that the table in `lib.rs` states.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the rank of each module in the table of `lib.rs`.
fn ranks() -> BTreeMap<&'static str, usize> {
    let rows = include_str!("lib.rs").lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.filter_map(|row| row.split_once('`')).enumerate().map(|(rank, (module, _))| (module, rank)).collect()
}

fn source_files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("a readable directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { source_files(&path) } else { vec![path] }).collect()
}

/// Returns the modules after each `crate::` in code.
fn imported_modules(source: &str) -> Vec<&str> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let paths = code.flat_map(|line| line.split("crate::").skip(1));
    paths.map(|path| path.split(|c: char| c != '_' && !c.is_alphanumeric()).next().unwrap_or_default()).collect()
}

#[test]
fn modules_import_only_modules_above_them_in_the_table() {
    let (ranks, root) = (ranks(), Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut imports = 0;
    for file in source_files(&root) {
        let inside = file.strip_prefix(&root).expect("a file below").with_extension("");
        let module = inside.iter().next().expect("a name").to_string_lossy().into_owned();
        let Some(rank) = ranks.get(module.as_str()) else {
            assert!(["lib", "module_order"].contains(&module.as_str()), "`{module}` is missing in the table of lib.rs");
            continue;
        };
        let source = fs::read_to_string(&file).expect("text");
        for imported in imported_modules(&source).into_iter().filter(|imported| *imported != module) {
            assert!(ranks.get(imported).is_some_and(|other| other < rank), "{}: `{imported}`", file.display());
            imports += 1;
        }
    }
    assert!(imports > 200, "only {imports} imports were found");
}
