//! Who costs whom in the text report: the pairs of workers of which one waited longest for the other.

use anstyle::Style;

use super::{number_table, write_section};
use crate::model::WhoCostsWhom;
use crate::report::Report;
use crate::report::table::{TextFormat, TextTable};
use crate::trace::State;
use crate::trace::format::{compact_percent, format_counted, format_tenths};

/// Pairs that are listed.
const MAX_LISTED: usize = 10;

pub(super) fn write(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let costs = report.model.who_costs_whom(report.ended_at);
    let table = pair_table(report, &costs);
    if table.is_empty() {
        return;
    }
    write_section(out, text_format, "Who costs whom", &table);
    out.push_str("  ");
    text_format.write_wrapped(out, &describe_rest(&costs), 2, 2, Style::new().dimmed());
}

fn pair_table(report: &Report<'_>, costs: &WhoCostsWhom) -> TextTable {
    let mut table = number_table(&["worker", "waits for", "ms/s", "which runs", "is ready", "waits"]);
    let registry = report.model.registry();
    for pair in costs.pairs.iter().take(MAX_LISTED) {
        let share = |ns: u64| compact_percent(ns as f64 / pair.total_ns().max(1) as f64);
        table.push_row([
            registry.worker_name(pair.waiter).into(),
            registry.worker_name(pair.holder).into(),
            format_tenths(costs.ms_per_second(pair.total_ns())).into(),
            share(pair.holder_times.get(State::Running)).into(),
            share(pair.holder_times.get(State::Ready)).into(),
            share(pair.holder_waiting_ns()).into(),
        ]);
    }
    table
}

/// Says how much waiting there is in all, and how much of it is not in the table.
fn describe_rest(costs: &WhoCostsWhom) -> String {
    let sum = |of: fn(&crate::model::WaiterCosts) -> u64| costs.waiters.iter().map(|(_, waiter)| of(waiter)).sum();
    let rate = |ns: u64| format!("{} ms/s", format_tenths(costs.ms_per_second(ns)));
    let mut parts = vec![format!("all waits for other workers: {}", rate(costs.total_ns()))];
    let hidden: u64 = costs.pairs.iter().skip(MAX_LISTED).map(crate::model::PairCost::total_ns).sum();
    let others = hidden + sum(|waiter| waiter.others_ns);
    if others > 0 {
        let more = costs.pairs.len().saturating_sub(MAX_LISTED) as u64;
        let count = if more > 0 { format_counted(more, "more pair") } else { "other pairs".to_owned() };
        parts.push(format!("{count}: {}", rate(others)));
    }
    for (text, ns) in [
        ("a free lock not taken yet", sum(|waiter| waiter.handoff_ns)),
        ("wait over, not running yet", sum(|waiter| waiter.wakeup_ns)),
        ("unknown", sum(|waiter| waiter.unknown_ns)),
    ] {
        if ns > 0 {
            parts.push(format!("{text}: {}", rate(ns)));
        }
    }
    parts.join("; ")
}
