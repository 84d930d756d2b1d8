//! What the workers shared: locks, queues, counters, and the cores.

use std::fmt::Write;

use anstyle::Style;

use crate::model::{Lock, Times};
use crate::report::Report;
use crate::report::table::{Cell, Look, Table};
use crate::report::words::{count, many, percent, plain, signed, span_or_dash};
use crate::trace::Stamp;

use super::{bar, gauge, numbers, section};

/// Copies of one counter that are named.
const COPIES: usize = 20;

/// Cells of the bar beside a lock's fairness.
const FAIRNESS: usize = 5;

pub(super) fn locks(report: &Report<'_>, look: Look, out: &mut String) {
    let bare = lock_table(report, 0);
    section(out, look, "Locks", &lock_table(report, bare.room(look).saturating_sub(1).min(FAIRNESS)));
    let still = |(name, _, lock): (&str, _, &Lock)| match lock.waiters().len() {
        0 => None,
        n => Some(format!("{} for {name}", count(n as u64))),
    };
    let waiting: Vec<String> = report.locks().filter_map(still).collect();
    if !waiting.is_empty() {
        out.push_str("  ");
        look.wrap(out, &format!("still waiting at the end: {}", waiting.join(", ")), 2, 2, Style::new());
    }
    let orphaned: u64 = report.locks().map(|(_, _, lock)| lock.orphaned()).sum();
    if orphaned > 0 {
        let _ = writeln!(out, "  found {} with a dead owner", many(orphaned, "time"));
    }
}

/// `bar_cells` is the width of the bar beside a lock's fairness.
fn lock_table(report: &Report<'_>, bar_cells: usize) -> Table {
    let columns = ["name", "kind", "acquired", "waited", "wait\np50", "\np99", "\nmax", "held\np50", "\np99", "fair"];
    let mut table = numbers(&columns);
    for (name, kind, lock) in report.locks() {
        let waited = if lock.acquired() == 0 { 0.0 } else { lock.contended() as f64 / lock.acquired() as f64 };
        let gap = if bar_cells > 0 { " " } else { "" };
        let fair = |index| format!("{}{gap}{index:.2}", bar(index, bar_cells));
        let mut cells: Vec<Cell> =
            vec![name.into(), kind.into(), count(lock.acquired()).into(), percent(waited).into()];
        cells.extend(times(lock.wait(), &[50.0, 99.0, 100.0]));
        cells.extend(times(lock.hold(), &[50.0, 99.0]));
        let fairness = lock.fairness().filter(|_| report.model.is_complete());
        cells.push(fairness.map_or("-".to_owned(), fair).into());
        table.row(cells);
    }
    table
}

/// Percentiles as cells; the hundredth is the maximum.
pub(super) fn times<'a>(times: &'a Times, percentiles: &'a [f64]) -> impl Iterator<Item = Cell> + 'a {
    percentiles.iter().map(|p| {
        let ns = if *p >= 100.0 { times.max() } else { times.percentile(*p) };
        span_or_dash(ns, times.count()).into()
    })
}

pub(super) fn queues(report: &Report<'_>, look: Look, out: &mut String) {
    let mut table = numbers(&["name", "room", "put", "taken", "mean depth", "max", "last"]);
    for (name, _, queue) in report.queues() {
        table.row([
            name.into(),
            if queue.capacity() == 0 { "-".into() } else { count(queue.capacity().into()).into() },
            count(queue.put()).into(),
            count(queue.taken()).into(),
            plain((queue.mean() * 10.0).round() / 10.0).into(),
            count(queue.max().into()).into(),
            count(queue.depth().into()).into(),
        ]);
    }
    section(out, look, "Queues", &table);
}

pub(super) fn pipes(report: &Report<'_>, look: Look, out: &mut String) {
    let mut table = numbers(&["name", "room", "sent", "received", "mean bytes", "max", "last"]);
    for (name, pipe) in report.pipes() {
        let bytes = pipe.bytes_in_it();
        table.row([
            name.into(),
            count(bytes.capacity().into()).into(),
            count(pipe.sent()).into(),
            count(pipe.received()).into(),
            count(bytes.mean() as u64).into(),
            count(bytes.max().into()).into(),
            count(bytes.depth().into()).into(),
        ]);
    }
    section(out, look, "Pipes", &table);
}

pub(super) fn counters(report: &Report<'_>, look: Look, out: &mut String) {
    let mut table = numbers(&["name", "value", "expected", "lost"]);
    for (name, counter) in report.counters() {
        let known = |n: i64| if report.model.is_complete() { signed(n).into() } else { Cell::from("?") };
        table.row([name.into(), signed(counter.value()).into(), known(counter.should_hold()), known(counter.lost())]);
    }
    section(out, look, "Counters", &table);
    for (name, counter) in report.counters().filter(|(_, counter)| counter.copies().next().is_some()) {
        let copies = counter.copies().map(|(worker, value)| (report.model.cast().worker_name(worker), value));
        let all: Vec<String> = copies.map(|(worker, value)| format!("{worker} {}", signed(value))).collect();
        let more = all.len().saturating_sub(COPIES);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let text = format!("{name} of each process: {}{rest}", all[..all.len() - more].join(", "));
        out.push_str("  ");
        look.wrap(out, &text, 2, 4, Style::new());
    }
}

pub(super) fn cores(report: &Report<'_>, look: Look, out: &mut String) {
    let cores = report.model.cores();
    let mut table = numbers(&["name", "load"]);
    for core in 0..cores.count() {
        if let Some(mean) = cores.mean(core) {
            table.row([format!("cpu {core}").into(), gauge(f64::from(mean)).into()]);
        }
    }
    section(out, look, "Cores", &table);
    if let Some(load) = report.model.cpu_load(Stamp::default(), report.at) {
        let text = format!(
            "cores busy: this run {:.2}, contend {:.2}, other programs about {:.2}",
            load.run, load.viewer, load.others
        );
        out.push_str("  ");
        look.wrap(out, &text, 2, 2, Style::new());
    }
}
