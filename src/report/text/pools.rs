//! Pools in the text report: task counts, throughput, and service and response times.

use std::fmt::Write;

use crate::model::DurationStats;
use crate::report::Report;
use crate::report::table::TextFormat;
use crate::trace::Stamp;
use crate::trace::format::{format_count, format_counted, format_percent, format_rate};

use super::resources::percentile_cells;
use super::{number_table, share_gauge, write_section};

pub(super) fn write(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    write_task_counts(report, text_format, out);
    write_task_times(report, text_format, out);
}

fn write_task_counts(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let mut table = number_table(&["name", "workers", "submitted", "done", "failed", "rejected", "rate", "busy"]);
    for (info, pool) in report.pools() {
        table.push_row([
            info.name.as_str().into(),
            format_counted(pool.worker_count().into(), info.worker_kind.noun()).into(),
            format_count(pool.submitted()).into(),
            format_count(pool.done()).into(),
            format_count(pool.failed()).into(),
            format_count(pool.rejected()).into(),
            format_rate(report.throughput(pool)).into(),
            share_gauge(pool.utilization(Stamp::default(), report.ended_at, report.ended_at)).into(),
        ]);
    }
    write_section(out, text_format, "Pools", &table);
}

/// Writes the service time (from start to end), the queueing delay (from due to start) and the response time of tasks.
fn write_task_times(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let mut table = number_table(&["time of a task", "p50", "p90", "p99", "max"]);
    let mut row = |name: String, of: &DurationStats| {
        table.push_row(std::iter::once(name.into()).chain(percentile_cells(of, &[50.0, 90.0, 99.0, 100.0])));
    };
    for (info, pool) in report.pools() {
        row(format!("{}: from start to end", info.name), pool.service_times());
        row(format!("{}: from due to start", info.name), pool.wait_times());
        row(format!("{}: from due to end", info.name), pool.response_times());
    }
    if !table.is_empty() {
        table.render(text_format, out);
    }
    for (info, pool) in report.pools() {
        let share = report.handover_share(pool);
        if share > 0.0 {
            let _ = writeln!(
                out,
                "  {}: its workers spent {} of their busy time on handing over tasks",
                info.name,
                format_percent(share)
            );
        }
    }
}
