//! The catalogue: every file is listed, has no mistakes, and carries all texts that a scenario should have.

use std::collections::BTreeSet;
use std::fs;

use contend::catalogue;
use contend::model::Finding;
use contend::scenario::{self, Category, Claim, Scenario, Source};
use contend::trace::FindingId;

fn source(name: &str) -> Source {
    catalogue::find(name).expect("it is in the catalogue")
}

#[test]
fn every_scenario_file_is_listed() {
    let files: BTreeSet<String> = fs::read_dir("scenarios")
        .expect("the catalogue's directory")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    let listed: BTreeSet<String> = catalogue::all().iter().map(|entry| entry.name.to_owned()).collect();
    assert_eq!(files, listed);
}

#[test]
fn every_scenario_checks_without_errors_and_warnings() {
    for entry in catalogue::all() {
        match scenario::check(&source(entry.name)) {
            Ok(checked) => assert!(checked.warnings.is_empty(), "{}", checked.warnings.render(false)),
            Err(mistakes) => panic!("{}", mistakes.render(false)),
        }
    }
}

#[test]
fn every_scenario_has_title_question_watch_and_try_texts() {
    for entry in catalogue::all() {
        let scenario = scenario::check(&source(entry.name)).expect("the scenario has no mistakes").scenario;
        let name = entry.name;
        assert_eq!(scenario.name, name);
        assert_ne!(scenario.category, Category::Own, "{name} has no category");
        assert!(scenario.title.chars().count() <= 60, "{name}: the title is longer than a line");
        assert!(scenario.about.ends_with('.'), "{name}: `about` is not a sentence");
        assert!(scenario.quiz.as_ref().is_some_and(|ask| ask.text.ends_with('?')), "{name} has no question");
        assert!((2..=4).contains(&scenario.watch.len()), "{name} needs 2 to 4 `watch` texts");
        assert!(scenario.suggestions.len() >= 2, "{name} needs 2 `try` suggestions");
        assert!(!scenario.expectations.is_empty(), "{name} has no expectations");
        assert!(scenario.knobs.iter().all(|knob| !knob.help.is_empty()), "{name}: a knob has no help");
    }
}

/// Returns whether the scenario expects this finding, or with `made` false, its absence.
fn expects(scenario: &Scenario, finding: &str, made: bool) -> bool {
    scenario.expectations.iter().any(|expect| match expect.claim.bare() {
        Claim::Finding { id, is_expected: seen } => id == finding && *seen == made,
        Claim::Deadlock { .. } => finding == "deadlock" && made,
        Claim::NoDeadlock => finding == "deadlock" && !made,
        Claim::Measure { .. } | Claim::Formula(_) | Claim::OnCores { .. } => false,
    })
}

/// Both in the same scenario, so that only a knob differs.
#[test]
fn every_finding_is_expected_with_some_knobs_and_excluded_with_others() {
    let all: Vec<Scenario> = catalogue::all()
        .iter()
        .map(|entry| scenario::check(&source(entry.name)).expect("the scenario has no mistakes").scenario)
        .collect();
    // No scenario is a user's program: tests/python has those.
    let of_programs = FindingId::OF_PROGRAMS.map(FindingId::as_str);
    for finding in Finding::IDS.into_iter().filter(|id| !of_programs.contains(id)) {
        let shown = all.iter().any(|scenario| expects(scenario, finding, true) && expects(scenario, finding, false));
        assert!(shown, "no scenario expects `{finding}` with some knobs and its absence with others");
    }
}
