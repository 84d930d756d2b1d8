//! Numbers and their nouns: "1 worker", not "1 workers"; "2 workers", not "2 worker".

/// Nouns that texts of the program count, in the singular.
const NOUNS: [&str; 48] = [
    "worker",
    "task",
    "thread",
    "process",
    "core",
    "lock",
    "queue",
    "item",
    "event",
    "update",
    "finding",
    "deadlock",
    "ring",
    "lane",
    "holder",
    "reader",
    "writer",
    "permit",
    "signal",
    "second",
    "turn",
    "cell",
    "mark",
    "failure",
    "suggestion",
    "knob",
    "threshold",
    "caption",
    "scene",
    "value",
    "result",
    "slot",
    "byte",
    "wake-up",
    "round",
    "attempt",
    "job",
    "message",
    "run",
    "level",
    "increment",
    "deposit",
    "request",
    "acquisition",
    "other",
    "teller",
    "retry",
    "switch",
];

/// Returns each number in a text that does not agree with its noun: `1 workers`.
pub fn wrong_plurals(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split([' ', '\n']).collect();
    let pairs = (1..words.len()).map(|at| (words[at - 1].trim_start_matches('('), counted_noun(&words[at..])));
    let wrong = pairs.filter(|(number, noun)| match is_one(number) {
        Some(true) => NOUNS.iter().any(|one| plural(one) == *noun),
        Some(false) => NOUNS.contains(noun),
        None => false,
    });
    wrong.map(|(number, noun)| format!("{number} {noun}")).collect()
}

/// Returns the noun behind a number: in `11 other tasks` that is `tasks`, in `11 others got it` it is `others`.
fn counted_noun<'a>(words: &[&'a str]) -> &'a str {
    let is_noun = |word: &str| NOUNS.iter().any(|one| *one == word || plural(one) == word);
    match words {
        ["other", next, ..] if is_noun(bare(next)) => bare(next),
        [first, ..] => bare(first),
        [] => "",
    }
}

/// Returns the word without the punctuation at its end. A word with more after that is a name, such as `worker-1`.
fn bare(word: &str) -> &str {
    word.trim_end_matches(['.', ',', ';', ':', ')', '?'])
}

/// Whether a word is the number 1; `None` if it is no whole number.
fn is_one(word: &str) -> Option<bool> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    (digits && word.starts_with(|first: char| first.is_ascii_digit())).then_some(word == "1")
}

fn plural(noun: &str) -> String {
    match noun {
        "retry" => "retries".to_owned(),
        "process" | "switch" => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

#[test]
fn number_and_noun_must_agree() {
    assert_eq!(wrong_plurals("1 workers wait, 2 worker run (1 cores)"), ["1 workers", "2 worker", "1 cores"]);
    assert_eq!(wrong_plurals("11 other task wait, 11 other got it"), ["11 task", "11 other"]);
    assert!(wrong_plurals("11 other tasks wait; 11 others got it; 1 other task").is_empty());
    assert!(wrong_plurals("1 worker waits; 12 ms, 1,000 tasks, 0 lost; worker-1 tasks; 1.5 cores").is_empty());
}
