//! Locks in the text report. A program may have hundreds: then those without waits are counted in one line.

use std::fmt::Write;

use anstyle::Style;

use super::listing::list_some;
use super::resources::{percentile_cells, write_gave_up};
use super::{number_table, share_bar, write_section};
use crate::model::{Lock, SHORTEST_FAITHFUL_HOLD};
use crate::report::table::{TextCell, TextFormat, TextTable};
use crate::report::{Report, ReportedLock};
use crate::trace::Span;
use crate::trace::format::{format_count, format_counted, format_percent};

/// Most locks of a program with a row each, if some of them had no waits; and most rows at all.
const MAX_QUIET_ROWS: usize = 16;
const MAX_ROWS: usize = 40;

/// Most locks that are listed with their waiters.
const MAX_LISTED_WAITS: usize = 12;

/// Width of the bar beside a lock's fairness.
const FAIRNESS_BAR_WIDTH: usize = 5;

pub(super) fn write(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let (rows, rest) = lock_rows(report);
    let spare = lock_table(report, &rows, 0).spare_width(text_format).saturating_sub(1);
    write_section(out, text_format, "Locks", &lock_table(report, &rows, spare.min(FAIRNESS_BAR_WIDTH)));
    if rows.is_empty() && !rest.is_empty() {
        text_format.write_heading(out, "Locks");
    }
    for line in rest.iter().chain(&waits_at_end(report)).chain(&distorted(report)) {
        out.push_str("  ");
        text_format.write_wrapped(out, line, 2, 2, Style::new());
    }
    write_gave_up(report.locks().map(|row| (row.name, row.lock.timeouts())), text_format, out);
    let orphaned: u64 = report.locks().map(|row| row.lock.orphanings()).sum();
    if orphaned > 0 {
        let _ = writeln!(out, "  locks with a dead owner: found {}", format_counted(orphaned, "time"));
    }
}

/// Returns the locks that have a row, and what is said about the others. Of a program with many locks, those at which
/// workers waited have rows, the longest waits first.
fn lock_rows<'a>(report: &Report<'a>) -> (Vec<ReportedLock<'a>>, Vec<String>) {
    let all: Vec<ReportedLock<'a>> = report.locks().collect();
    if !report.model.registry().is_open || all.len() <= MAX_QUIET_ROWS {
        return (all, Vec::new());
    }
    let (mut waited, quiet): (Vec<_>, Vec<_>) = all.into_iter().partition(|row| had_waits(row.lock));
    waited.sort_by_cached_key(|row| std::cmp::Reverse(waited_ns(report, row.lock)));
    let hidden = waited.split_off(waited.len().min(MAX_ROWS));
    let mut rest = Vec::new();
    if !hidden.is_empty() {
        let ns = hidden.iter().fold(0_u64, |sum, row| sum.saturating_add(waited_ns(report, row.lock)));
        let count = format_counted(hidden.len() as u64, "more lock");
        rest.push(format!("{count} with shorter waits, {} in all", Span(ns)));
    }
    if !quiet.is_empty() {
        rest.push(format!("{} without waits", format_counted(quiet.len() as u64, "lock")));
    }
    (waited, rest)
}

fn had_waits(lock: &Lock) -> bool {
    lock.contended() + lock.timeouts() + lock.orphanings() > 0 || !lock.waiters().is_empty()
}

/// Returns how long workers waited for a lock, those included that still wait.
fn waited_ns(report: &Report<'_>, lock: &Lock) -> u64 {
    let still = lock.waiters().into_iter().map(|(_, since)| report.ended_at.span_since(since).0);
    still.fold(lock.wait_times().total_ns(), u64::saturating_add)
}

/// Says how many workers still waited at the end, and for which locks.
fn waits_at_end(report: &Report<'_>) -> Option<String> {
    let still = |row: ReportedLock<'_>| match row.lock.waiters().len() {
        0 => None,
        n => Some(format!("{} for {}", format_count(n as u64), row.name)),
    };
    let waiting: Vec<String> = report.locks().filter_map(still).collect();
    let listed = list_some(&waiting, MAX_LISTED_WAITS, "and at");
    (!waiting.is_empty()).then(|| format!("still waiting at the end: {listed}"))
}

/// Names the locks whose contention is not that of the program without its tracer.
fn distorted(report: &Report<'_>) -> Option<String> {
    let names: Vec<&str> =
        report.locks().filter(|row| row.is_distorted && had_waits(row.lock)).map(|row| row.name).collect();
    let listed = list_some(&names, MAX_LISTED_WAITS, "and");
    let held = format!("mostly held for less than {SHORTEST_FAITHFUL_HOLD}");
    (!names.is_empty()).then(|| format!("{held}, so that tracing adds to holds and waits: {listed}"))
}

/// Returns the table of locks, with a fairness bar of `bar_cells` columns.
fn lock_table(report: &Report<'_>, rows: &[ReportedLock<'_>], bar_cells: usize) -> TextTable {
    let columns = ["name", "kind", "acquired", "waited", "wait\np50", "\np99", "\nmax", "held\np50", "\np99", "fair"];
    let mut table = number_table(&columns);
    for ReportedLock { name, kind, lock, .. } in rows {
        let waited = if lock.acquired() == 0 { 0.0 } else { lock.contended() as f64 / lock.acquired() as f64 };
        let gap = if bar_cells > 0 { " " } else { "" };
        let fair = |index| format!("{}{gap}{index:.2}", share_bar(index, bar_cells));
        let mut cells: Vec<TextCell> =
            vec![(*name).into(), (*kind).into(), format_count(lock.acquired()).into(), format_percent(waited).into()];
        cells.extend(percentile_cells(lock.wait_times(), &[50.0, 99.0, 100.0]));
        cells.extend(percentile_cells(lock.hold_times(), &[50.0, 99.0]));
        let fairness = lock.fairness().filter(|_| report.model.is_complete());
        cells.push(fairness.map_or("-".to_owned(), fair).into());
        table.push_row(cells);
    }
    table
}
