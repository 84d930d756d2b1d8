//! `contend doctor`: what contend can use of this machine, what works without the rest, and how to get it.

mod kernel;
mod packages;
mod terminal;

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use crate::scenario::sanitize;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DoctorJson {
    schema: u32,
    checks: Vec<Check>,
}

/// The part of the machine that a check looks at, in the order of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(inline))]
#[serde(rename_all = "lowercase")]
enum Group {
    Machine,
    Kernel,
    Terminal,
    Python,
    Clusters,
}

impl Group {
    const fn heading(self) -> &'static str {
        match self {
            Self::Machine => "Machine",
            Self::Kernel => "Kernel",
            Self::Terminal => "Terminal",
            Self::Python => "Python",
            Self::Clusters => "Clusters",
        }
    }
}

/// One line: a facility, whether it is there, and what to do if it is not.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Check {
    group: Group,
    name: &'static str,
    present: bool,
    /// Figures, a version, a path, or the reason of the absence.
    found: String,
    without: Option<&'static str>,
    fix: Option<String>,
}

impl Check {
    /// Returns a check whose subject is present, with its version or place.
    fn present(group: Group, name: &'static str, found: impl AsRef<str>) -> Self {
        Self { group, name, present: true, found: sanitize(found.as_ref()), without: None, fix: None }
    }

    /// Returns a check whose subject is absent: the reason, what works without it, how to get it.
    fn absent(
        group: Group,
        name: &'static str,
        found: impl AsRef<str>,
        without: &'static str,
        fix: impl AsRef<str>,
    ) -> Self {
        let (found, fix) = (sanitize(found.as_ref()), sanitize(fix.as_ref()));
        Self { group, name, present: false, found, without: Some(without), fix: Some(fix) }
    }
}

/// Prints what this machine has, as text or as one JSON object.
pub(super) fn examine(json: bool, colours: Colours) -> Result<ExitOutcome, CliError> {
    let mut checks = kernel::checks();
    checks.extend(terminal::checks(colours));
    checks.extend(packages::checks());
    let text = if json { as_json(checks)? } else { as_text(&checks, colours.stdout) };
    output::print_stdout(&text)?;
    Ok(ExitOutcome::Done)
}

fn as_json(checks: Vec<Check>) -> Result<String, CliError> {
    let text = serde_json::to_string_pretty(&DoctorJson { schema: 1, checks });
    Ok(text.map_err(|error| CliError::Run(error.to_string()))? + "\n")
}

fn as_text(checks: &[Check], colour: bool) -> String {
    let style = |style: Style| if colour { style } else { Style::new() };
    let bold = style(Style::new().bold());
    let coloured = |colour: AnsiColor| style(Style::new().fg_color(Some(colour.into())));
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for group in checks.chunk_by(|a, b| a.group == b.group) {
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{bold}{}{bold:#}", group[0].group.heading());
        for check in group {
            let (word, mark) =
                if check.present { ("yes", coloured(AnsiColor::Green)) } else { ("no ", coloured(AnsiColor::Yellow)) };
            let _ = writeln!(out, "  {mark}{word}{mark:#}  {:width$}  {}", check.name, check.found);
            for (label, text) in [("without it: ", check.without), ("to get it:  ", check.fix.as_deref())] {
                let _ = text.map(|text| writeln!(out, "       {:width$}  {label}{text}", ""));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::{SchemaSource, assert_schema_is_current};

    #[test]
    fn doctor_schema_matches_the_types_and_the_document() {
        assert_schema_is_current::<DoctorJson>(&SchemaSource {
            name: "doctor",
            title: "What contend can use of this machine",
            document: include_str!("../../docs/doctor.md"),
            path_of_row: str::to_owned,
        });
    }

    #[test]
    fn absence_comes_with_what_works_and_a_fix() {
        let checks = [
            Check::present(Group::Machine, "cores", "2"),
            Check::absent(Group::Kernel, "figures", "no file", "The rest works.", "Ask for it."),
        ];
        let expected = "\
Machine
  yes  cores    2

Kernel
  no   figures  no file
                without it: The rest works.
                to get it:  Ask for it.
";
        assert_eq!(as_text(&checks, false), expected);
    }

    #[test]
    fn what_others_say_cannot_reach_the_terminal() {
        let check = Check::absent(Group::Python, "Python", "3.8\u{1b}[31m", "Nothing.", "rm\u{7}\nx");
        let text = as_text(&[check], false);
        assert!(!text.contains(['\u{1b}', '\u{7}']) && text.lines().count() == 4, "{text}");
    }
}
