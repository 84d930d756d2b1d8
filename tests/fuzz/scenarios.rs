//! Fuzz target: text as a scenario, which is read, checked, set and planned.

use std::path::Path;

use contend::catalogue;
use contend::engine::{InputItems, Plan};
use contend::scenario::{FormatError, Source, check, format, language_reference};
use contend::trace::WorkerKind;

use crate::drive::Target;

/// Asserts that text is safe to print on a terminal.
fn assert_harmless(shown: &str) {
    let dangerous =
        |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!shown.contains(dangerous), "{shown:?}");
}

/// Asserts that formatted text is its own canonical form. `format` itself compares meaning and comments.
fn assert_formats(source: &Source) {
    match format(source) {
        Ok(once) => {
            let again =
                format(&Source { text: once.clone(), ..source.clone() }).expect("formatted text is well-formed");
            assert_eq!(again, once);
        }
        Err(FormatError::Mistakes(mistakes)) => assert!(mistakes.count_errors() > 0),
        Err(error @ FormatError::MeaningChanged) => panic!("{error}"),
    }
}

fn text(input: &[u8]) {
    let source = match Source::from_bytes("any", input.to_vec()) {
        Ok(source) => source,
        Err(why) => return assert_harmless(&why),
    };
    assert_formats(&source);
    let checked = match check(&source) {
        Ok(checked) => checked,
        Err(mistakes) => {
            assert!(mistakes.count_errors() > 0);
            return assert_harmless(&mistakes.render(false));
        }
    };
    assert_harmless(&checked.warnings.render(false));
    let scenario = checked.scenario;
    for executor in [None, Some(WorkerKind::Thread), Some(WorkerKind::Process), Some(WorkerKind::Async)] {
        match scenario.settings(&[], executor.is_some().then_some(3), executor) {
            // Skips the search for files, which would depend on this machine.
            Ok(settings) => match Plan::new(&scenario, &settings, &InputItems::default()) {
                Ok(plan) => plan.registry.workers.iter().for_each(|worker| assert_harmless(&worker.name)),
                Err(why) => assert_harmless(&why.to_string()),
            },
            Err(why) => assert_harmless(&why.to_string()),
        }
    }
    for set in source.text.lines().take(3) {
        if let Err(why) = scenario.settings(&[set.to_owned()], None, None) {
            assert_harmless(&why.to_string());
        }
    }
}

/// Returns the texts of the catalogue and of the language fixtures.
fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scenario");
    let fixtures = ["good", "bad"].map(|kind| std::fs::read_dir(folder.join(kind)).expect("a folder of fixtures"));
    let mut files: Vec<_> = fixtures.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let texts = files.iter().filter(|file| file.extension().is_some_and(|end| end == "kdl"));
    let texts = texts.map(|file| std::fs::read(file).expect("a fixture"));
    texts.chain(catalogue::all().iter().map(|entry| entry.text.as_bytes().to_vec())).collect()
}

/// Returns every word that the language reference marks as code.
fn words() -> Vec<String> {
    let reference = language_reference();
    let mut words: Vec<String> = reference.split('`').skip(1).step_by(2).map(|word| format!("{word} ")).collect();
    words.retain(|word| word.len() < 40);
    words.extend(["{ ", " }\n", "\n", "; ", "$i ", "/- ", "\"", "5ms ", "\u{202e}", "\u{1b}[31m"].map(str::to_owned));
    words.sort();
    words.dedup();
    words
}

#[test]
fn arbitrary_text_is_a_scenario_or_has_mistakes() {
    Target { name: "scenarios", seeds: seeds(), words: words(), longest: 700, some: 1_000 }.fuzz(text);
}
