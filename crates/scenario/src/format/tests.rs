use std::path::Path;

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::*;

fn source(text: &str) -> Source {
    Source { name: "any".to_owned(), path: None, text: text.to_owned() }
}

fn formatted(text: &str) -> String {
    format(&source(text)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Formats a text that has no syntax mistakes, twice. `format` itself compares meaning and comments.
fn assert_formats(text: &str) {
    match format(&source(text)) {
        Err(FormatError::Mistakes(_)) => {}
        Err(FormatError::MeaningChanged) => panic!("the meaning changed: {text:?}"),
        Ok(once) => assert_eq!(formatted(&once), once, "formatted twice: {text:?}"),
    }
}

#[test]
fn layout_is_canonical() {
    for (text, wanted) in [
        ("", ""),
        ("\n\n", ""),
        ("thread w{compute \"1ms\"}", "thread w { compute \"1ms\" }\n"),
        ("thread w {\ncompute \"1ms\";compute \"2ms\"}", "thread w {\n    compute \"1ms\"\n    compute \"2ms\"\n}\n"),
        ("thread w { lock a {\n compute 1 } }", "thread w {\n    lock a {\n        compute 1\n    }\n}\n"),
        ("process w by=fork {\n}", "process w by=fork { }\n"),
        ("mutex a;;mutex   b\tkind = spin", "mutex a\nmutex b kind=spin\n"),
        ("\n\nmutex a\n\n\n\nmutex b\n\n", "mutex a\n\nmutex b\n"),
        ("thread w {\n\n\nabort\n\n}", "thread w {\n    abort\n}\n"),
        ("\u{feff}mutex a\r\nmutex b\r\n", "mutex a\nmutex b\n"),
        ("mutex a \\\n  kind=spin", "mutex a \\\n    kind=spin\n"),
        ("mutex a \\ // why\n kind=spin", "mutex a \\ // why\n    kind=spin\n"),
        ("mutex a \\\n", "mutex a\n"),
        ("/-  thread off { x }", "/-thread off { x }\n"),
        ("mutex a /- kind=std /-  { x }", "mutex a /-kind=std /-{ x }\n"),
    ] {
        assert_eq!(formatted(text), wanted, "{text:?}");
    }
}

#[test]
fn else_has_a_line_of_its_own_or_follows_a_semicolon() {
    let long = "thread w {\ntry-lock a { x } else { y }\nif q above=1 {\nx\n} else {\ny\n}\n\n else { z } }";
    let wanted = "thread w {\n    try-lock a { x }\n    else { y }\n    if q above=1 {\n        x\n    }\n    else {\n\
                  \x20       y\n    }\n    else { z }\n}\n";
    assert_eq!(formatted(long), wanted);
    assert_eq!(formatted("thread w { try-lock a { x } else { y } }"), "thread w { try-lock a { x }; else { y } }\n");
    assert_eq!(
        formatted("thread w { put q timeout=\"1ms\" else { y } }"),
        "thread w { put q timeout=\"1ms\"; else { y } }\n"
    );
    assert_eq!(formatted("w {\n} // why\n\nelse { y }"), "w { } // why\nelse { y }\n");
}

#[test]
fn block_on_one_line_is_broken_up_if_it_does_not_fit() {
    let steps = ["compute \"1ms\""; 8].join("; ");
    let long = format!("thread worker {{ lock a {{ {steps} }} }}");
    let wanted =
        ["thread worker {\n", &format!("    lock a {{\n{}    }}\n", "        compute \"1ms\"\n".repeat(8)), "}\n"];
    assert_eq!(formatted(&long), wanted.concat());
    assert!(formatted(&format!("about \"{}\"", "long ".repeat(99))).lines().count() == 1);
}

#[test]
fn quotes_are_canonical() {
    for (text, wanted) in [
        ("mutex \"a\" \"kind\"=\"spin\"", "mutex a kind=spin"),
        ("\"mutex\" #\"a\"#", "mutex a"),
        ("title Deadlock", "title \"Deadlock\""),
        ("title #\"a \"b\" c\"#", "title #\"a \"b\" c\"#"),
        ("title #\"plain\"#", "title \"plain\""),
        ("title \"\\u{41}\"", "title \"\\u{41}\""),
        ("thread w count=\"$n\"", "thread w count=$n"),
        ("thread w count=\"5\"", "thread w count=\"5\""),
        ("thread w core=i+1", "thread w core=\"i+1\""),
        ("thread w daemon=#true", "thread w daemon=#true"),
        ("thread w count=\"true\"", "thread w count=\"true\""),
        ("expect \"deadlock\"", "expect \"deadlock\""),
        ("unknown \"word\" other", "unknown \"word\" other"),
    ] {
        assert_eq!(formatted(text).trim_end(), wanted, "{text}");
    }
}

#[test]
fn comments_stay_where_they_are() {
    for (text, wanted) in [
        ("  // one\n\n// two\nmutex a// three", "// one\n\n// two\nmutex a // three\n"),
        ("w { // why\n  x\n// end\n}", "w { // why\n    x\n    // end\n}\n"),
        ("w { // why\n}", "w { // why\n}\n"),
        ("w {\n// why\n}", "w {\n    // why\n}\n"),
        ("w{/* a */x/* b */;/* c */y;z// d\n}", "w {\n    /* a */ x /* b */\n    /* c */ y\n    z // d\n}\n"),
        ("w { /* a */ }", "w { /* a */ }\n"),
        ("w { x; /* a */ }", "w { x /* a */ }\n"),
        ("/* a\n   b */ mutex a", "/* a\n   b */ mutex a\n"),
        ("mutex a    // one\nmutex account kind=spin // two", "mutex a // one\nmutex account kind=spin // two\n"),
        ("mutex a         // one\nmutex account   // two", "mutex a       // one\nmutex account // two\n"),
    ] {
        assert_eq!(formatted(text), wanted, "{text:?}");
    }
}

#[test]
fn text_with_syntax_mistakes_is_refused() {
    assert!(matches!(format(&source("thread w {")), Err(FormatError::Mistakes(_))));
    assert_eq!(formatted("thread   w { nonsense }"), "thread w { nonsense }\n");
}

/// Returns the texts of the catalogue and of the fixtures.
fn files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = [
        "scenarios",
        "tests/fixtures/scenario/bad",
        "tests/fixtures/scenario/doubtful",
        "tests/fixtures/scenario/good",
    ];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).expect("a folder"));
    let files = files
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "kdl"));
    files.filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

#[test]
fn every_file_formats_to_a_fixed_point() {
    let files = files();
    assert!(files.len() > 300, "{} files", files.len());
    for text in &files {
        assert_formats(text);
    }
}

const PARTS: &[&str] = &[
    "a",
    "b ",
    " c",
    "a=",
    " = ",
    " ",
    " ",
    " ",
    "\n",
    "\n",
    ";",
    "{",
    "}",
    "{",
    "}",
    " { ",
    " }\n",
    "\"x\"",
    "else",
    " else {",
    "\"\\\"\"",
    " \\\n",
    " \\ // why\n",
    "#true",
    "#\"y\"#",
    "/-",
    " /-",
    "// c\n",
    "/* d */",
    "/* e\n */",
    "5",
    " -5",
    "1.5",
    "#nan",
    "$gap",
    "\r\n",
    "λ",
    "\"\"\"\n x\n \"\"\"",
    " title ",
    " compute ",
    "\n\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_text_formats_to_a_fixed_point(parts in prop::collection::vec(prop::sample::select(PARTS), 0..25)) {
        assert_formats(&parts.concat());
    }
}

#[test]
fn random_texts_are_often_well_formed() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = prop::collection::vec(prop::sample::select(PARTS), 0..25);
    let is_formatted = |_: usize| {
        let parts = strategy.new_tree(&mut runner).expect("a text").current();
        format(&source(&parts.concat())).is_ok()
    };
    let formatted = (0..1_000).map(is_formatted).filter(|done| *done).count();
    assert!(formatted > 100, "{formatted} of 1,000");
}
