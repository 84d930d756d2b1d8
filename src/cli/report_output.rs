//! The report of a run on standard output.

use std::io::{self, IsTerminal};

use super::exit::CliError;
use super::output::{self, Colours};
use crate::model::{Finding, Model};
use crate::report::{self, Report, TextFormat};
use crate::trace::Stamp;

/// Least and greatest width of a text report, in columns.
const WIDTH_RANGE: (usize, usize) = (80, 160);

/// Prints a report as text or JSON.
pub(super) fn print_report(report: &Report<'_>, is_json: bool, colours: Colours) -> Result<(), CliError> {
    let text =
        if is_json { report::report_json(report) } else { Ok(report::report_text(report, text_format(colours))) };
    output::print_stdout(&text.map_err(|error| CliError::Run(format!("cannot write the report: {error}")))?)?;
    Ok(())
}

/// Returns whether a finding named by `--fail-on` was reported. `deadlock` covers all findings of workers that wait
/// forever.
pub(super) fn has_named_finding(model: &Model, findings: &[Finding], ids: &[String], now: Stamp) -> bool {
    let is_named = |id: &str| ids.iter().any(|named| named == id);
    findings.iter().any(|finding| is_named(finding.id)) || (is_named("deadlock") && !model.stuck_groups(now).is_empty())
}

/// Returns the format of a text report: as wide as the terminal on standard output, within bounds.
pub(super) fn text_format(colours: Colours) -> TextFormat {
    let (least, most) = WIDTH_RANGE;
    let columns = rustix::termios::tcgetwinsize(io::stdout()).map_or(least, |size| usize::from(size.ws_col));
    let width = if io::stdout().is_terminal() { columns.clamp(least, most) } else { least };
    TextFormat { width, colour: colours.stdout }
}
