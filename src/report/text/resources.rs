//! Shared resources in the text report: queues, pipes, counters and cores.

use anstyle::Style;

use crate::model::{DurationStats, SwapCounts};
use crate::report::Report;
use crate::report::table::{TextCell, TextFormat};
use crate::trace::Stamp;
use crate::trace::format::{format_count, format_number, format_signed, format_span_or_dash};

use super::listing::list_some;
use super::{number_table, share_gauge, write_section};

/// Most private copies of one counter that are listed.
const MAX_LISTED_COPIES: usize = 20;

/// Most resources that are listed with how many waits gave up there.
const MAX_LISTED_RESOURCES: usize = 12;

/// Returns percentiles as cells. The hundredth is the maximum.
pub(super) fn percentile_cells<'a>(
    times: &'a DurationStats,
    percentiles: &'a [f64],
) -> impl Iterator<Item = TextCell> + 'a {
    percentiles.iter().map(|p| {
        let ns = if *p >= 100.0 { times.max_ns() } else { times.percentile_ns(*p) };
        format_span_or_dash(ns, times.count()).into()
    })
}

pub(super) fn write_queues(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let mut table = number_table(&["name", "capacity", "put", "taken", "mean depth", "max", "last"]);
    for (name, _, queue) in report.queues() {
        table.push_row([
            name.into(),
            if matches!(queue.capacity(), 0 | u32::MAX) {
                "-".into()
            } else {
                format_count(queue.capacity().into()).into()
            },
            format_count(queue.put_count()).into(),
            format_count(queue.taken_count()).into(),
            format_number((queue.mean_depth() * 10.0).round() / 10.0).into(),
            format_count(queue.max_depth().into()).into(),
            format_count(queue.depth().into()).into(),
        ]);
    }
    write_section(out, text_format, "Queues", &table);
    write_priorities(report, text_format, out);
    write_gave_up(report.queues().map(|(name, _, queue)| (name, queue.timeouts())), text_format, out);
}

/// Writes how long the items of each priority stayed, for queues whose items have priorities.
fn write_priorities(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let mut table = number_table(&["name", "priority", "put", "taken", "stay p50", "p99", "max", "oldest left"]);
    for (name, _, queue) in report.queues() {
        for (priority, items) in queue.priorities() {
            let counts = [priority.into(), items.put_count(), items.taken_count()].map(|n| format_count(n).into());
            let mut cells: Vec<TextCell> = std::iter::once(name.into()).chain(counts).collect();
            cells.extend(percentile_cells(items.stays(), &[50.0, 99.0, 100.0]));
            let oldest = items.oldest_wait(report.ended_at);
            cells.push(oldest.map_or("-".to_owned(), |wait| wait.to_string()).into());
            table.push_row(cells);
        }
    }
    write_section(out, text_format, "Items by priority", &table);
}

/// Writes how many waits gave up, for the resources where any did.
pub(super) fn write_gave_up<'a>(
    counts: impl Iterator<Item = (&'a str, u64)>,
    text_format: TextFormat,
    out: &mut String,
) {
    let some = counts.filter(|(_, count)| *count > 0);
    let all: Vec<String> = some.map(|(name, count)| format!("{} at {name}", format_count(count))).collect();
    if all.is_empty() {
        return;
    }
    let text = format!("waits that gave up: {}", list_some(&all, MAX_LISTED_RESOURCES, "and"));
    out.push_str("  ");
    text_format.write_wrapped(out, &text, 2, 2, Style::new());
}

pub(super) fn write_pipes(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let mut table = number_table(&["name", "capacity", "sent", "received", "mean bytes", "max", "last"]);
    for (name, pipe) in report.pipes() {
        let bytes = pipe.byte_queue();
        table.push_row([
            name.into(),
            format_count(bytes.capacity().into()).into(),
            format_count(pipe.sent()).into(),
            format_count(pipe.received()).into(),
            format_count(bytes.mean_depth() as u64).into(),
            format_count(bytes.max_depth().into()).into(),
            format_count(bytes.depth().into()).into(),
        ]);
    }
    write_section(out, text_format, "Pipes", &table);
}

pub(super) fn write_counters(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let mut table = number_table(&["name", "value", "expected", "lost"]);
    for (name, counter) in report.counters() {
        let known = |n: i64| match (counter.has_expected(), report.model.is_complete()) {
            (true, true) => format_signed(n).into(),
            (true, false) => TextCell::from("?"),
            (false, _) => TextCell::from("-"),
        };
        table.push_row([
            name.into(),
            format_signed(counter.value()).into(),
            known(counter.comparable_expected()),
            known(counter.lost_updates()),
        ]);
    }
    write_section(out, text_format, "Counters", &table);
    for (name, counter) in report.counters().filter(|(_, counter)| counter.swaps() != SwapCounts::default()) {
        let swaps = counter.swaps();
        let (failed, tried) = (format_count(swaps.failed), format_count(swaps.failed + swaps.succeeded));
        let text = format!("{name}: {failed} of {tried} compare-and-sets failed");
        out.push_str("  ");
        text_format.write_wrapped(out, &text, 2, 4, Style::new());
    }
    for (name, counter) in report.counters().filter(|(_, counter)| counter.private_copies().next().is_some()) {
        let copies =
            counter.private_copies().map(|(worker, value)| (report.model.registry().worker_name(worker), value));
        let all: Vec<String> = copies.map(|(worker, value)| format!("{worker} {}", format_signed(value))).collect();
        let text = format!("{name}, copy of each process: {}", list_some(&all, MAX_LISTED_COPIES, "and"));
        out.push_str("  ");
        text_format.write_wrapped(out, &text, 2, 4, Style::new());
    }
}

pub(super) fn write_cores(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let cores = report.model.cores();
    let mut table = number_table(&["name", "load"]);
    for core in 0..cores.count() {
        if let Some(mean) = cores.mean_load(core) {
            table.push_row([format!("cpu {core}").into(), share_gauge(f64::from(mean)).into()]);
        }
    }
    write_section(out, text_format, "Cores", &table);
    if let Some(load) = report.model.cpu_load(Stamp::default(), report.ended_at) {
        let text = format!(
            "cores busy: this run {:.2}, contend {:.2}, other programs about {:.2}",
            load.run, load.viewer, load.others
        );
        out.push_str("  ");
        text_format.write_wrapped(out, &text, 2, 2, Style::new());
    }
}
