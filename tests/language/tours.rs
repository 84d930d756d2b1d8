//! Tours: golden texts for mistakes, and the shipped ones against their scenarios.
//!
//! After an intended change, `INSTA_UPDATE=always cargo test --test language tours` rewrites the texts.

use std::fs;
use std::path::Path;

use contend::demo;
use contend::scenario::{Source, TourAction, TourWait, is_tour};

#[test]
fn mistakes_in_tours_have_golden_texts() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../fixtures/tour/bad");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let directory = Path::new("tests/fixtures/tour/bad");
    let mut files: Vec<_> =
        fs::read_dir(directory).expect("the fixtures").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "kdl"));
    files.sort();
    for path in &files {
        let source = Source::read(path).expect("a file");
        let name = source.name.clone();
        let mistakes = demo::check(&source).expect_err(&name);
        settings.bind(|| insta::assert_snapshot!(name.as_str(), mistakes.render(false)));
    }
    let snapshots = fs::read_dir(directory)
        .expect("the fixtures")
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "snap")));
    assert_eq!(snapshots.count(), files.len(), "every golden text belongs to a fixture");
}

/// The check covers names of scenarios, knobs, values, rows and findings.
#[test]
fn shipped_tours_have_no_mistakes() {
    for entry in demo::all() {
        let source = entry.source();
        assert!(is_tour(&source), "{}", entry.name);
        let tour = demo::check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert!(!tour.about.is_empty() && tour.about.ends_with('.'), "{}: one sentence for the list", tour.name);
        for scene in &tour.scenes {
            assert!(matches!(scene.actions.last(), Some(TourAction::Wait(TourWait::Key))), "{}", scene.scenario.name);
        }
    }
}

#[test]
fn every_file_of_tours_is_shipped() {
    let mut files: Vec<String> = fs::read_dir("tours")
        .expect("the tours")
        .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    let mut shipped: Vec<&str> = demo::all().iter().map(|tour| tour.name).collect();
    files.sort();
    shipped.sort_unstable();
    assert_eq!(files, shipped);
}

#[test]
fn scenarios_are_no_tours() {
    for entry in contend::catalogue::all() {
        let source = Source { name: entry.name.to_owned(), path: None, text: entry.text.to_owned() };
        assert!(!is_tour(&source), "{}", entry.name);
    }
}
