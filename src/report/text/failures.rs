//! Failures in the text report: the first messages, and how many commands ended and failed.

use anstyle::Style;

use crate::report::Report;
use crate::report::table::TextFormat;
use crate::trace::Span;
use crate::trace::format::{format_count, format_counted};

/// Most failures that are listed.
const MAX_LISTED: usize = 8;

pub(super) fn write(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let failures = report.model.failures();
    if failures.total() == 0 {
        return;
    }
    text_format.write_heading(out, "Failures");
    for failure in failures.first_failures().iter().take(MAX_LISTED) {
        out.push_str("  ");
        let worker = report.model.registry().worker_name(failure.worker);
        text_format.write_wrapped(out, &format!("{worker}: {}", failure.message), 2, 4, Style::new());
    }
    let more = failures.total().saturating_sub(MAX_LISTED as u64);
    if more > 0 {
        out.push_str("  ");
        text_format.write_wrapped(out, &format!("and {} more", format_count(more)), 2, 2, Style::new().dimmed());
    }
}

/// Writes how many commands ended: `12 commands ended, 1 failed; together they used 3.2 s of CPU time`.
pub(super) fn write_commands(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let (mut ended, mut failed, mut cpu) = (0_u64, 0_u64, 0_u64);
    for (_, _, lane) in report.workers() {
        let of = lane.commands();
        ended += of.ended;
        failed += of.failed;
        cpu = cpu.saturating_add(of.cpu.0);
    }
    if ended > 0 {
        let commands = format_counted(ended, "command");
        let text =
            format!("{commands} ended, {} failed; together they used {} of CPU time", format_count(failed), Span(cpu));
        out.push_str("  ");
        text_format.write_wrapped(out, &text, 2, 2, Style::new());
    }
}
