//! Fuzz target: text as a scenario, which is read, checked, set and planned.

use std::collections::BTreeSet;
use std::path::Path;

use contend::catalogue;
use contend::engine::{InputItems, Plan};
use contend::scenario::{FormatError, LanguageExample, Source, check, format, language_examples, language_reference};
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

/// Longest input, in bytes.
const LONGEST: usize = 700;

/// Returns the texts of the catalogue and of the language fixtures, and an example of every word of the grammar.
fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scenario");
    let fixtures = ["good", "bad"].map(|kind| std::fs::read_dir(folder.join(kind)).expect("a folder of fixtures"));
    let mut files: Vec<_> = fixtures.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let texts = files.iter().filter(|file| file.extension().is_some_and(|end| end == "kdl"));
    let texts = texts.map(|file| std::fs::read(file).expect("a fixture"));
    let texts = texts.chain(catalogue::all().iter().map(|entry| entry.text.as_bytes().to_vec()));
    texts.chain(language_examples().into_iter().map(|example| example.text.into_bytes())).collect()
}

/// Returns every word of the grammar, and every word that the language reference marks as code.
fn words() -> Vec<String> {
    let reference = language_reference();
    let mut words: Vec<String> = reference.split('`').skip(1).step_by(2).map(|word| format!("{word} ")).collect();
    words.retain(|word| word.len() < 40);
    words.extend(language_examples().into_iter().flat_map(|example| example.words).map(as_fragment));
    words.extend(["{ ", " }\n", "\n", "; ", "$i ", "/- ", "\"", "5ms ", "\u{202e}", "\u{1b}[31m"].map(str::to_owned));
    words.sort();
    words.dedup();
    words
}

/// Returns a word with what follows it: nothing, for the name of a property.
fn as_fragment(word: String) -> String {
    if word.ends_with('=') { word } else { word + " " }
}

/// Returns whether a text is a scenario without mistakes.
fn is_valid(text: &str) -> bool {
    check(&Source { name: "any".to_owned(), path: None, text: text.to_owned() }).is_ok()
}

/// Words come from the tables of the grammar, so a new one is here by itself. But an input that uses it must be valid,
/// so that mutations of it reach what lies behind the checker, and short enough to be mutated whole.
#[test]
fn every_word_of_the_grammar_is_known_and_in_a_valid_input() {
    let (examples, words) = (language_examples(), words());
    assert!(examples.len() > 300, "{} examples", examples.len());
    let mut all = examples.iter().flat_map(|example| &example.words);
    assert_eq!(all.find(|word| !words.contains(&as_fragment((*word).clone()))), None);
    assert_eq!(examples.iter().find(|example| example.text.len() > LONGEST), None);
    let known: BTreeSet<(&str, &str)> = examples
        .iter()
        .filter(|example| is_valid(&example.text))
        .map(|example| (example.node, example.value))
        .collect();
    let others: Vec<String> = seeds().into_iter().filter_map(|seed| String::from_utf8(seed).ok()).collect();
    let others: Vec<&String> = others.iter().filter(|text| is_valid(text)).collect();
    let is_used = |node: &str, value: &str| {
        let (node, property) = (format!("{node} "), format!(" {value}="));
        let uses = |line: &str| line.split_once(&node).is_some_and(|(_, rest)| format!(" {rest}").contains(&property));
        others.iter().any(|text| text.lines().any(uses))
    };
    let unused: Vec<&LanguageExample> = examples
        .iter()
        .filter(|example| !known.contains(&(example.node, example.value)) && !is_used(example.node, example.value))
        .collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn arbitrary_text_is_a_scenario_or_has_mistakes() {
    Target { name: "scenarios", seeds: seeds(), words: words(), longest: LONGEST, some: 1_000 }.fuzz(text);
}
