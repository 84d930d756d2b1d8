//! Snapshots of every mistake as the program prints it: one fixture each in `tests/fixtures/scenario/bad`.
//!
//! After an intended change, `INSTA_UPDATE=always cargo test --test language mistakes` rewrites the snapshots.

use std::fs;
use std::path::PathBuf;

use contend::scenario::{self, Source};

/// Returns the fixtures of a directory, with paths relative to it so that snapshots do not depend on the machine.
fn fixtures(kind: &str) -> Vec<Source> {
    let directory = PathBuf::from("tests/fixtures/scenario").join(kind);
    let mut sources: Vec<Source> = fs::read_dir(&directory)
        .expect("the fixtures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "kdl"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("text");
            Source { path: Some(format!("{name}.kdl").into()), name, text }
        })
        .collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(sources.len() > 5, "the fixtures are there");
    sources
}

fn snapshots(kind: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../fixtures/scenario/{kind}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

/// Asserts that a text holds no control characters and no flood of combining marks.
fn assert_safe_to_print(name: &str, text: &str) {
    let dangerous =
        |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{e0000}'..='\u{e0fff}');
    assert!(!text.contains(dangerous), "{name} prints a dangerous character: {text:?}");
    assert!(text.matches('\u{301}').count() < 20, "{name} prints a flood of marks");
}

#[test]
fn every_bad_fixture_matches_its_snapshot() {
    for source in fixtures("bad") {
        let mistakes = scenario::check(&source).err().unwrap_or_else(|| panic!("{} has no mistake", source.name));
        assert!(mistakes.count_errors() > 0);
        let shown = mistakes.render(false);
        assert_safe_to_print(&source.name, &shown);
        assert!(shown.contains(&format!("{}.kdl:", source.name)), "{} does not name the file: {shown}", source.name);
        snapshots("bad").bind(|| insta::assert_snapshot!(source.name.clone(), shown));
    }
}

#[test]
fn doubtful_fixtures_pass_with_the_warnings_of_their_snapshot() {
    for source in fixtures("doubtful") {
        let checked = scenario::check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert!(!checked.warnings.is_empty(), "{} has no warning", source.name);
        snapshots("doubtful").bind(|| insta::assert_snapshot!(source.name.clone(), checked.warnings.render(false)));
    }
}

#[test]
fn good_fixtures_have_no_warnings() {
    for source in fixtures("good") {
        let checked = scenario::check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert!(checked.warnings.is_empty(), "{}", checked.warnings);
    }
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once() {
    let source = fixtures("bad").into_iter().find(|source| source.name == "many-at-once").expect("it is there");
    let mistakes = scenario::check(&source).expect_err("there are many");
    assert!(mistakes.count_errors() >= 12, "only {} are reported", mistakes.count_errors());
}

#[test]
fn long_list_of_mistakes_is_cut_and_the_rest_counted() {
    let text = "mutex a kind=stb\n".repeat(5_000);
    let source = Source { name: "full".into(), path: None, text };
    let mistakes = scenario::check(&source).expect_err("there are many");
    assert_eq!(mistakes.count_errors(), 9_999, "5,000 unknown kinds and 4,999 duplicate names");
    let shown = mistakes.render(false);
    assert!(shown.lines().count() < 600);
    assert!(shown.ends_with("... and 9949 more\n"), "{shown}");
}

#[test]
fn coloured_text_without_escapes_equals_plain_text() {
    let source = fixtures("bad").into_iter().find(|source| source.name == "lock-unknown").expect("it is there");
    let mistakes = scenario::check(&source).expect_err("a lock is unknown");
    let (plain, coloured) = (mistakes.render(false), mistakes.render(true));
    let mut parts = coloured.split("\u{1b}[");
    let begin = parts.next().unwrap_or_default().to_owned();
    let stripped = parts.fold(begin, |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest));
    assert_ne!(plain, coloured);
    assert_eq!(plain, stripped);
}
