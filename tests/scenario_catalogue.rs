//! The catalogue: every file is listed, right, and says what a scenario should say.

use std::collections::BTreeSet;
use std::fs;

use contend::catalogue;
use contend::model::Finding;
use contend::scenario::{self, Claim, Group, Scenario, Source};

fn source(name: &str) -> Source {
    catalogue::find(name).expect("it is in the catalogue")
}

#[test]
fn every_file_is_listed() {
    let files: BTreeSet<String> = fs::read_dir("scenarios")
        .expect("the catalogue's directory")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    let listed: BTreeSet<String> = catalogue::all().iter().map(|entry| entry.name.to_owned()).collect();
    assert_eq!(files, listed);
}

#[test]
fn every_scenario_is_right_and_nothing_about_it_is_doubtful() {
    for entry in catalogue::all() {
        match scenario::check(&source(entry.name)) {
            Ok(checked) => assert!(checked.warnings.is_empty(), "{}", checked.warnings.render(false)),
            Err(mistakes) => panic!("{}", mistakes.render(false)),
        }
    }
}

#[test]
fn every_scenario_teaches() {
    for entry in catalogue::all() {
        let scenario = scenario::check(&source(entry.name)).expect("it is right").scenario;
        let name = entry.name;
        assert_eq!(scenario.name, name);
        assert_ne!(scenario.group, Group::Own, "{name} stands in no group");
        assert!(scenario.title.chars().count() <= 60, "{name}: the title fits on a line");
        assert!(scenario.about.ends_with('.'), "{name}: a sentence says what it shows");
        assert!(scenario.ask.as_ref().is_some_and(|ask| ask.text.ends_with('?')), "{name} asks a question");
        assert!((2..=4).contains(&scenario.watch.len()), "{name} says what to watch");
        assert!(scenario.tries.len() >= 2, "{name} says what to try");
        assert!(!scenario.expects.is_empty(), "{name} expects something");
        assert!(scenario.knobs.iter().all(|knob| !knob.help.is_empty()), "{name}: every knob has help");
    }
}

/// Whether the scenario says that a run makes this finding, or that it makes it not.
fn expects(scenario: &Scenario, finding: &str, made: bool) -> bool {
    scenario.expects.iter().any(|expect| match &expect.claim {
        Claim::Finding { id, seen } => id == finding && *seen == made,
        Claim::Deadlock { .. } => finding == "deadlock" && made,
        Claim::NoDeadlock => finding == "deadlock" && !made,
        Claim::Measure { .. } => false,
    })
}

/// Each in one scenario, where turning a knob is all that differs.
#[test]
fn every_finding_is_made_and_by_a_twin_it_is_not() {
    let all: Vec<Scenario> = catalogue::all()
        .iter()
        .map(|entry| scenario::check(&source(entry.name)).expect("it is right").scenario)
        .collect();
    for finding in Finding::IDS {
        let shown = all.iter().any(|one| expects(one, finding, true) && expects(one, finding, false));
        assert!(shown, "no scenario makes `{finding}` with its knobs one way and not another way");
    }
}
