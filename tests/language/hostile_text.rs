//! Hostile and random texts: the checker answers within a time limit and never panics.

use std::time::Duration;

use contend::catalogue;
use contend::scenario::{self, Source};
use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};

fn source(text: impl Into<String>) -> Source {
    Source { name: "evil".into(), path: Some("evil.kdl".into()), text: text.into() }
}

/// Checks a text, renders the result, asserts that it is safe to print, and returns the number of errors.
fn check_and_render(text: impl Into<String>) -> usize {
    let (count, shown) = match scenario::check(&source(text)) {
        Ok(checked) => (0, checked.warnings.render(false)),
        Err(mistakes) => (mistakes.count_errors(), mistakes.render(false)),
    };
    let dangerous =
        |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!shown.contains(dangerous), "{shown:?}");
    count
}

/// Returns the CPU time of this thread, which does not depend on other programs.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[test]
fn floods_and_deep_nesting_are_refused_within_ten_seconds() {
    let (many, deep) = (20_000, 100_000);
    let texts = [
        ("open blocks", "a {".repeat(deep)),
        ("open blocks on lines", "a {\n".repeat(deep)),
        ("closed blocks", "}".repeat(deep)),
        ("closed blocks on lines", "}\n".repeat(many)),
        ("nested blocks", "a {".repeat(deep) + &"}".repeat(deep)),
        ("switched off blocks", "/-a {".repeat(deep) + &"}".repeat(deep)),
        ("switches", "/-".repeat(many)),
        ("switches on lines", "/-\n".repeat(many)),
        ("comments", "/*".repeat(many)),
        ("nested comments", "/*".repeat(deep) + &"*/".repeat(deep)),
        ("quotes", "\"".repeat(many)),
        ("hashes", "#".repeat(many)),
        ("hashes and quotes", "#\"".repeat(many)),
        ("raw texts with many hashes", format!("a {}\"", "#".repeat(many))),
        ("backslashes", "\\".repeat(many)),
        ("backslashes on lines", "a \\\n".repeat(many)),
        ("parentheses", "(".repeat(many)),
        ("types", "(a)".repeat(many)),
        ("equals signs", "a=".repeat(many)),
        ("semicolons", ";".repeat(many)),
        ("nodes", "a;".repeat(many)),
        ("empty texts", "\"\" ".repeat(many)),
        ("one name", "a".repeat(1 << 20)),
        ("wrong lines in long texts", "a \"\"\"\nx\n  \"\"\"\n".repeat(many / 2)),
        ("switched off nodes", "/-a;".repeat(many)),
        ("switched off values", format!("a {}", "/-b ".repeat(many))),
        ("switched off blocks of one node", format!("a {}", "/-{} ".repeat(many))),
        ("one argument after another", format!("title {}", "a ".repeat(many))),
        ("one property after another", format!("mutex a {}", "kind=std ".repeat(many))),
        ("one mistake after another", "mutex a kind=stb\n".repeat(many / 2)),
        ("one lock after another", format!("mutex a\nthread w {{ {} }}", "lock a;".repeat(many))),
        (
            "one way after another",
            format!("knob k 1 min=1 max=2\nmutex a\nthread w {{ {} }}", "lock a;when k=1 {};".repeat(many / 3)),
        ),
        ("a formula", format!("thread w {{ compute \"{}\" }}", "(".repeat(many))),
        ("an enormous file", "// nothing\n".repeat(deep)),
        ("lines of a long text", format!("title \"\"\"\n{}\"\"\"", "\n".repeat(many))),
        ("deep and wrong", format!("{}compute 5ms{}", "a {".repeat(60), "}".repeat(60))),
        ("deep, with a text as a name", format!("{}\"x\" \"y{}", "a {".repeat(60), "}".repeat(60))),
        ("deep and switched off", format!("{}/-{}{}", "a {".repeat(60), "b {}".repeat(50), "}".repeat(60))),
        ("deep, every node switched off", format!("{}{}", "/-a {".repeat(60), "}".repeat(60))),
        ("deep, every block switched off", format!("{}{}", "a /-{".repeat(60), "}".repeat(60))),
        ("deep, some blocks switched off", format!("{}{}", "a {b /-{".repeat(30), "}".repeat(60))),
        ("deep, without names", format!("{}{}", "{".repeat(60), "}".repeat(60))),
        ("deep, without names, on lines", format!("{}{}", "a\n{".repeat(60), "}".repeat(60))),
        ("deep, with two blocks each", format!("{}{}", "a {b} {".repeat(30), "}".repeat(30))),
    ];
    for (what, text) in texts {
        let began = cpu_time();
        assert!(check_and_render(text) > 0, "{what} is not refused");
        let took = cpu_time().saturating_sub(began);
        assert!(took < Duration::from_secs(10), "{what} took {took:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_renders_safely(text in any::<String>()) {
        check_and_render(text);
    }

    #[test]
    fn any_text_of_syntax_characters_renders_safely(text in "[a-c{}()\"#/*\\\\=; \n$+\\-0-9m]{0,80}") {
        check_and_render(text);
    }

    #[test]
    fn any_bytes_render_safely(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(source) = Source::from_bytes("bytes", bytes) {
            check_and_render(source.text);
        }
    }

    #[test]
    fn catalogue_scenario_with_changed_bytes_renders_safely(
        which in any::<prop::sample::Index>(),
        changed in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = which.get(catalogue::all()).text.as_bytes().to_vec();
        for (at, byte) in changed {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        match Source::from_bytes("bytes", bytes) {
            Ok(source) => {
                check_and_render(source.text);
            }
            Err(what) => prop_assert!(!what.is_empty()),
        }
    }

    #[test]
    fn any_words_of_the_language_render_safely(words in prop::collection::vec(prop::sample::select(WORDS), 0..60)) {
        check_and_render(words.concat());
    }

    #[test]
    fn catalogue_scenario_with_random_edits_renders_safely(
        which in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, "[a-z{}\"$ 0-9\n]{0,4}"), 1..4),
    ) {
        let mut text: Vec<char> = which.get(catalogue::all()).text.chars().collect();
        for (at, length, with) in cuts {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, with.chars());
        }
        check_and_render(text.into_iter().collect::<String>());
    }
}

const WORDS: &[&str] = &[
    "title ",
    "knob ",
    "mutex ",
    "counter ",
    "thread ",
    "process ",
    "pool ",
    "expect ",
    "try ",
    "watch ",
    "compute ",
    "lock ",
    "unlock ",
    "try-lock ",
    "try-acquire ",
    "else ",
    "load ",
    "store ",
    "repeat ",
    "forever ",
    "when ",
    "task ",
    "batch ",
    "arrive ",
    "clients ",
    "pattern=$a ",
    "burst=9 ",
    "on=\"5ms\" ",
    "off=\"5ms\" ",
    "day=\"9s\" ",
    "trace=\"a.csv\" ",
    "speed=2 ",
    "sleep \"service\" ",
    "a ",
    "b ",
    "\"5ms\" ",
    "5 ",
    "$a ",
    "$b ",
    "min=1 ",
    "max=9 ",
    "of=\"a b\" ",
    "text=#true ",
    "count=2 ",
    "count=$a ",
    "at=\"i+1\" ",
    "kind=$a ",
    "a=b ",
    "{ ",
    "} ",
    "\n",
    "; ",
    "/- ",
    "\"",
    "// ",
    "above=5 ",
    "when=\"a=b\" ",
    "deadlock ",
    "contended ",
    "share ",
    "workers=$a ",
    "rate=\"5/s\" ",
];
