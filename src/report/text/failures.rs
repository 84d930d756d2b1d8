//! What failed, and why; and what commands came to.

use anstyle::Style;

use crate::report::Report;
use crate::report::table::Look;
use crate::report::words::{count, many};
use crate::trace::Span;

/// Failures that are told one by one.
const SHOWN: usize = 8;

pub(super) fn write(report: &Report<'_>, look: Look, out: &mut String) {
    let failures = report.model.failures();
    if failures.total() == 0 {
        return;
    }
    look.heading(out, "Failures");
    for failure in failures.first().iter().take(SHOWN) {
        out.push_str("  ");
        let worker = report.model.cast().worker_name(failure.worker);
        look.wrap(out, &format!("{worker}: {}", failure.what), 2, 4, Style::new());
    }
    let more = failures.total().saturating_sub(SHOWN as u64);
    if more > 0 {
        out.push_str("  ");
        look.wrap(out, &format!("and {} more", count(more)), 2, 2, Style::new().dimmed());
    }
}

/// `12 commands ended, 1 of them failed; together they took 3.2 s of CPU time`.
pub(super) fn commands(report: &Report<'_>, look: Look, out: &mut String) {
    let (mut ended, mut failed, mut cpu) = (0_u64, 0_u64, 0_u64);
    for (_, _, lane) in report.workers() {
        let of = lane.commands();
        ended += of.ended;
        failed += of.failed;
        cpu = cpu.saturating_add(of.cpu.0);
    }
    if ended > 0 {
        let said = many(ended, "command");
        let text = format!("{said} ended, {} of them failed; they took {} of CPU time", count(failed), Span(cpu));
        out.push_str("  ");
        look.wrap(out, &text, 2, 2, Style::new());
    }
}
