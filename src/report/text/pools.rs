//! The pools: what went through them, and how fast.

use std::fmt::Write;

use crate::model::Times;
use crate::report::Report;
use crate::report::table::Look;
use crate::report::words::{count, many, percent, rate};
use crate::trace::Stamp;

use super::resources::times;
use super::{gauge, numbers, section};

pub(super) fn write(report: &Report<'_>, look: Look, out: &mut String) {
    tasks(report, look, out);
    task_times(report, look, out);
}

fn tasks(report: &Report<'_>, look: Look, out: &mut String) {
    let mut table = numbers(&["name", "workers", "submitted", "done", "failed", "rejected", "rate", "busy"]);
    for (info, pool) in report.pools() {
        table.row([
            info.name.as_str().into(),
            many(pool.size().into(), info.of.noun()).into(),
            count(pool.submitted()).into(),
            count(pool.done()).into(),
            count(pool.failed()).into(),
            count(pool.rejected()).into(),
            rate(report.throughput(pool)).into(),
            gauge(pool.utilization(Stamp::default(), report.at, report.at)).into(),
        ]);
    }
    section(out, look, "Pools", &table);
}

/// Service time is the work itself; response time is what a customer waits, from the moment the task was due.
fn task_times(report: &Report<'_>, look: Look, out: &mut String) {
    let mut table = numbers(&["time of a task", "p50", "p90", "p99", "max"]);
    let mut row = |name: String, of: &Times| {
        table.row(std::iter::once(name.into()).chain(times(of, &[50.0, 90.0, 99.0, 100.0])));
    };
    for (info, pool) in report.pools() {
        row(format!("{}: from start to end", info.name), pool.service());
        row(format!("{}: from due to start", info.name), pool.waited());
        row(format!("{}: from due to end", info.name), pool.response());
    }
    if !table.is_empty() {
        table.render(look, out);
    }
    for (info, pool) in report.pools() {
        let share = report.handover(pool);
        if share > 0.0 {
            let _ = writeln!(out, "  {}: {} of the tasks' time went into handing them over", info.name, percent(share));
        }
    }
}
