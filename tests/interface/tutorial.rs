//! Checks the tutorial: reads every scenario in it, and compares the output of every command with the text.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use contend::scenario::{self, Source};

/// A fenced block.
#[derive(Debug)]
struct Block<'a> {
    kind: &'a str,
    text: &'a str,
    /// Its line in the document.
    line: usize,
}

fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(begin) = document[at..].find("```").map(|found| at + found + 3) {
        let kind = document[begin..].lines().next().expect("the rest of the line");
        let from = begin + kind.len() + 1;
        let to = from + document[from..].find("```").expect("it is closed");
        let line = document[..begin].lines().count();
        blocks.push(Block { kind, text: &document[from..to], line });
        at = to + 3;
    }
    blocks
}

fn contend(arguments: &str, directory: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
    command.args(arguments.split_whitespace()).current_dir(directory);
    command.env_remove("CLICOLOR_FORCE").output().expect("the program starts")
}

/// Replaces what differs between runs (numbers, units of time, line breaks), so that outputs can be compared.
fn alike(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = word.trim_start_matches('(');
        let figure = word.starts_with(|c: char| c.is_ascii_digit()) && !word.contains('|');
        match word {
            "us" | "ms" | "s" if words.last().is_some_and(|last| last == "#") => {}
            _ if figure => {
                let rest = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
                words.push("#".to_owned());
                words.extend(Some(rest.to_owned()).filter(|rest| !rest.is_empty()));
            }
            "ms;" | "us;" | "s;" => words.push(";".to_owned()),
            _ => words.push(word.to_owned()),
        }
    }
    words.join(" ")
}

#[test]
fn tutorial_scenarios_parse_and_commands_print_the_shown_output() {
    let document = include_str!("../../docs/tutorial.md");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("park.kdl");
    let (mut files, mut commands) = (0, 0);
    for block in blocks(document) {
        let place = format!("docs/tutorial.md:{}", block.line);
        match block.kind {
            "kdl" | "kdl wrong" => {
                fs::write(&file, block.text).expect("written");
                let source = Source { name: "park".into(), path: None, text: block.text.to_owned() };
                match (scenario::check(&source), block.kind) {
                    (Ok(checked), "kdl") => assert!(checked.warnings.is_empty(), "{place}: {}", checked.warnings),
                    (Err(_), "kdl wrong") => {}
                    (Ok(_), _) => panic!("{place} should be wrong"),
                    (Err(mistakes), _) => panic!("{place}: {mistakes}"),
                }
                files += 1;
            }
            "console" => {
                let (command, printed) = block.text.split_once('\n').expect("a command and what it prints");
                let command = command.strip_prefix("$ contend ").unwrap_or_else(|| panic!("{place}: {command}"));
                let ran = contend(command, directory.path());
                let out = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
                assert_eq!(alike(&out), alike(printed), "{place}: {command}\n{out}");
                commands += 1;
            }
            "sh" => {
                for command in block.text.lines() {
                    let command = command.strip_prefix("contend ").unwrap_or_else(|| panic!("{place}: {command}"));
                    if !file.exists() {
                        fs::write(&file, "thread gate { sleep \"1ms\" }").expect("written");
                    }
                    let ran = contend(&format!("{} --headless", command.replace("--watch", "")), directory.path());
                    let fine = matches!(ran.status.code(), Some(0 | 1 | 3)); // an end of the run, not of the wrong usage
                    assert!(fine, "{place}: {command}: {}", String::from_utf8_lossy(&ran.stderr));
                    commands += 1;
                }
            }
            other => panic!("{place}: a block of kind {other:?}"),
        }
    }
    assert!(files >= 8 && commands >= 8, "{files} files, {commands} commands");
}

/// The last two scenarios pass their own tests, even the one without a shown command.
#[test]
fn tutorial_expectations_are_seen() {
    let document = include_str!("../../docs/tutorial.md");
    let directory = tempfile::tempdir().expect("a directory");
    let blocks = blocks(document);
    let whole: Vec<&Block<'_>> = blocks.iter().filter(|block| block.kind == "kdl").rev().take(2).collect();
    for block in whole {
        fs::write(directory.path().join("park.kdl"), block.text).expect("written");
        let ran = contend("test park.kdl", directory.path());
        assert_eq!(ran.status.code(), Some(0), "line {}: {}", block.line, String::from_utf8_lossy(&ran.stdout));
    }
}

#[test]
fn comparison_ignores_numbers_but_not_words() {
    assert_eq!(
        alike("2.25 times as much; after 900 ms; after\n 1.1 s"),
        alike("1.9 times as much; after 1.2 s; after 80 ms")
    );
    assert_ne!(alike("100 lost"), alike("100 found"));
}
