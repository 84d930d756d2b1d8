//! Who costs whom in the JSON report.

use super::shape::{PairCostJson, WaiterCostJson, WhoCostsWhomJson};
use crate::report::Report;
use crate::trace::{Span, State};

/// Pairs that are listed; smaller ones are in their waiters' `others_ms`.
const MAX_PAIRS: usize = 256;

pub(super) fn who_costs_whom<'a>(report: &Report<'a>) -> WhoCostsWhomJson<'a> {
    let costs = report.model.who_costs_whom(report.ended_at).with_largest_pairs(MAX_PAIRS);
    let registry = report.model.registry();
    let ms = |ns| Span(ns).as_millis_f64();
    let waiters = costs.waiters.iter().map(|(worker, of)| WaiterCostJson {
        name: registry.worker_name(*worker),
        waited_ms: ms(of.total_ns),
        handoff_ms: ms(of.handoff_ns),
        wakeup_ms: ms(of.wakeup_ns),
        others_ms: ms(of.others_ns),
        unknown_ms: ms(of.unknown_ns),
    });
    let pairs = costs.pairs.iter().map(|pair| PairCostJson {
        waiter: registry.worker_name(pair.waiter),
        holder: registry.worker_name(pair.holder),
        waited_ms: ms(pair.total_ns()),
        ms_per_s: costs.ms_per_second(pair.total_ns()),
        holder_running_ms: ms(pair.holder_times.get(State::Running)),
        holder_ready_ms: ms(pair.holder_times.get(State::Ready)),
        holder_waiting_ms: ms(pair.holder_waiting_ns()),
        holder_unknown_ms: ms(pair.holder_times.get(State::Gap)),
    });
    WhoCostsWhomJson { waiters: waiters.collect(), pairs: pairs.collect() }
}
