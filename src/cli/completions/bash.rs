//! Completion in bash.
//!
//! Bash splits words at `=` and `:` and drops the separator at the cursor, so `--set order=` would arrive as `--set
//! order`. The script therefore hands over the whole line up to the cursor, and bash's own word, which is all that bash
//! replaces.

use std::ffi::OsString;
use std::io::{Error, Write};
use std::path::Path;

use clap::Command;
use clap_complete::engine::{CompletionCandidate, complete};
use clap_complete::env::EnvCompleter;

const SCRIPT: &str = r#"_contend() {
    local IFS=$'\n'
    COMPREPLY=( $(VAR=bash COMPLETER -- "${COMP_LINE:0:COMP_POINT}" "$2") )
    if [[ ${COMPREPLY[0]-} == *[=/] ]]; then
        compopt -o nospace 2> /dev/null
    fi
    return 0
}
complete -o bashdefault -F _contend BIN
"#;

/// Stands for the cursor while a line is split. No shell passes it on.
const CURSOR: char = '\u{1}';

pub(super) struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == self.name()
    }

    fn write_registration(
        &self,
        var: &str,
        _name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        let script = SCRIPT.replace("VAR", var).replace("COMPLETER", completer).replace("BIN", bin);
        buf.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        cmd: &mut Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        let [line, shell_word] = args.as_slice() else { return Err(Error::other("expected the line and a word")) };
        let words = split_line(&line.to_string_lossy());
        let current = words.last().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
        let kept = current.strip_suffix(&*shell_word.to_string_lossy()).unwrap_or_default();
        let index = words.len().saturating_sub(1);
        for value in listed_values(&complete(cmd, words, index, current_dir)?, current.is_empty()) {
            if let Some(rest) = value.strip_prefix(kept) {
                writeln!(buf, "{}", quote(rest))?;
            }
        }
        Ok(())
    }
}

/// Returns what bash lists: options only once a `-` is typed, or where nothing else fits.
fn listed_values(candidates: &[CompletionCandidate], is_word_empty: bool) -> Vec<String> {
    let all: Vec<String> =
        candidates.iter().map(|candidate| candidate.get_value().to_string_lossy().into_owned()).collect();
    let values: Vec<String> = all.iter().filter(|value| !value.starts_with('-')).cloned().collect();
    if is_word_empty && !values.is_empty() { values } else { all }
}

/// Quotes a candidate for bash, such as a file name with spaces. Leaves `=` alone, which bash does not quote either.
fn quote(candidate: &str) -> String {
    let part = |part| if str::is_empty(part) { part.into() } else { shell_words::quote(part) };
    candidate.split('=').map(part).collect::<Vec<_>>().join("=")
}

/// Splits a line at the cursor into words as a shell does. The last word is the one at the cursor, perhaps empty.
pub(super) fn split_line(line: &str) -> Vec<OsString> {
    let split = |quote: &str| shell_words::split(&format!("{line}{CURSOR}{quote}")).ok();
    // The word at the cursor may be in quotes that are still open.
    let words = ["", "'", "\""].into_iter().find_map(split).unwrap_or_default();
    words.into_iter().map(|word| OsString::from(word.trim_end_matches(CURSOR))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidate_is_quoted_only_where_the_shell_needs_it() {
        for (candidate, quoted) in [("gap=", "gap="), ("order=same", "order=same"), ("my file.kdl", "'my file.kdl'")] {
            assert_eq!(quote(candidate), quoted);
        }
    }

    #[test]
    fn line_is_split_up_to_the_word_at_the_cursor() {
        for (line, words) in [
            ("contend", &["contend"][..]),
            ("contend ", &["contend", ""]),
            ("contend run dead", &["contend", "run", "dead"]),
            ("contend run deadlock --set order=", &["contend", "run", "deadlock", "--set", "order="]),
            ("contend run 'my file", &["contend", "run", "my file"]),
            ("contend run \"my ", &["contend", "run", "my "]),
            ("contend run my\\ file ", &["contend", "run", "my file", ""]),
        ] {
            assert_eq!(split_line(line), words, "{line}");
        }
    }
}
