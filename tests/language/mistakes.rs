//! Every mistake that the language knows, as it is shown: one file each under `tests/fixtures/scenario/bad`.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo test --test language mistakes` writes the new texts.

use std::fs;
use std::path::PathBuf;

use contend::scenario::{self, Source};

/// The files of a directory of fixtures, under names that do not depend on where the project lies.
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

/// What must never reach a terminal from a file.
fn assert_harmless(name: &str, text: &str) {
    let dangerous =
        |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{e0000}'..='\u{e0fff}');
    assert!(!text.contains(dangerous), "{name} prints something dangerous: {text:?}");
    assert!(text.matches('\u{301}').count() < 20, "{name} prints a flood of marks");
}

#[test]
fn every_mistake_is_explained() {
    for source in fixtures("bad") {
        let mistakes = scenario::check(&source).err().unwrap_or_else(|| panic!("{} has a mistake", source.name));
        assert!(mistakes.count_errors() > 0);
        let shown = mistakes.render(false);
        assert_harmless(&source.name, &shown);
        assert!(shown.contains(&format!("{}.kdl:", source.name)), "{} says where: {shown}", source.name);
        snapshots("bad").bind(|| insta::assert_snapshot!(source.name.clone(), shown));
    }
}

#[test]
fn what_is_doubtful_is_said_and_runs() {
    for source in fixtures("doubtful") {
        let checked = scenario::check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert!(!checked.warnings.is_empty(), "{} is doubtful", source.name);
        snapshots("doubtful").bind(|| insta::assert_snapshot!(source.name.clone(), checked.warnings.render(false)));
    }
}

#[test]
fn what_is_right_is_left_alone() {
    for source in fixtures("good") {
        let checked = scenario::check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert!(checked.warnings.is_empty(), "{}", checked.warnings);
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let source = fixtures("bad").into_iter().find(|source| source.name == "many-at-once").expect("it is there");
    let mistakes = scenario::check(&source).expect_err("there are many");
    assert!(mistakes.count_errors() >= 12, "{} are told", mistakes.count_errors());
}

#[test]
fn a_file_full_of_mistakes_is_shown_in_part_and_counted_in_full() {
    let text = "mutex a kind=stb\n".repeat(5_000);
    let source = Source { name: "full".into(), path: None, text };
    let mistakes = scenario::check(&source).expect_err("there are many");
    assert_eq!(mistakes.count_errors(), 9_999, "every kind is wrong, and every name but the first");
    let shown = mistakes.render(false);
    assert!(shown.lines().count() < 600);
    assert!(shown.ends_with("... and 9949 more\n"), "{shown}");
}

#[test]
fn colour_is_only_added() {
    let source = fixtures("bad").into_iter().find(|source| source.name == "lock-unknown").expect("it is there");
    let mistakes = scenario::check(&source).expect_err("a lock is unknown");
    let (plain, coloured) = (mistakes.render(false), mistakes.render(true));
    let mut parts = coloured.split("\u{1b}[");
    let begin = parts.next().unwrap_or_default().to_owned();
    let stripped = parts.fold(begin, |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest));
    assert_ne!(plain, coloured);
    assert_eq!(plain, stripped);
}
