//! What the workers shared: locks, queues, counters, and the cores.

use crate::report::Report;
use crate::report::table::{Cell, Look};
use crate::report::words::{count, percent, plain, signed, span_or_dash};

use super::{bar, gauge, numbers, section};

/// Cells of the bar beside a lock's fairness.
const FAIRNESS: usize = 5;

pub(super) fn locks(report: &Report<'_>, look: Look, out: &mut String) {
    let mut table =
        numbers(&["name", "kind", "acquired", "waited", "wait p50", "p99", "max", "held p50", "p99", "fair"]);
    for (name, kind, lock) in report.locks() {
        let (wait, hold) = (lock.wait(), lock.hold());
        let waited = if lock.acquired() == 0 { 0.0 } else { lock.contended() as f64 / lock.acquired() as f64 };
        let fair = lock.fairness().map_or("-".to_owned(), |index| format!("{} {index:.2}", bar(index, FAIRNESS)));
        let cells: [Cell; 10] = [
            name.into(),
            kind.into(),
            count(lock.acquired()).into(),
            percent(waited).into(),
            span_or_dash(wait.percentile(50.0), wait.count()).into(),
            span_or_dash(wait.percentile(99.0), wait.count()).into(),
            span_or_dash(wait.max(), wait.count()).into(),
            span_or_dash(hold.percentile(50.0), hold.count()).into(),
            span_or_dash(hold.percentile(99.0), hold.count()).into(),
            fair.into(),
        ];
        table.row(cells);
    }
    section(out, look, "Locks", &table);
    let orphaned: u64 = report.locks().map(|(_, _, lock)| lock.orphaned()).sum();
    if orphaned > 0 {
        out.push_str(&format!("  {} found with a dead owner\n", super::super::words::many(orphaned, "time")));
    }
}

pub(super) fn queues(report: &Report<'_>, look: Look, out: &mut String) {
    let mut table = numbers(&["name", "room", "put", "taken", "mean depth", "max", "last"]);
    for (name, _, queue) in report.queues() {
        table.row([
            name.into(),
            count(queue.capacity().into()).into(),
            count(queue.put()).into(),
            count(queue.taken()).into(),
            plain((queue.mean() * 10.0).round() / 10.0).into(),
            count(queue.max().into()).into(),
            count(queue.depth().into()).into(),
        ]);
    }
    section(out, look, "Queues", &table);
}

pub(super) fn counters(report: &Report<'_>, look: Look, out: &mut String) {
    let mut table = numbers(&["name", "value", "expected", "lost"]);
    for (name, counter) in report.counters() {
        let cells = [counter.value(), counter.expected(), counter.lost()].map(|n| Cell::from(signed(n)));
        table.row(std::iter::once(name.into()).chain(cells));
    }
    section(out, look, "Counters", &table);
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
}
