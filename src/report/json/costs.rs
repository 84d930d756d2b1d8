//! Who costs whom in the JSON report.

use serde::Serialize;

use crate::report::Report;
use crate::trace::{Span, State};

/// Waiting time by waiter, and by waiter and the worker that was waited for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WhoCostsWhomJson<'a> {
    waiters: Vec<WaiterCostJson<'a>>,
    pairs: Vec<PairCostJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WaiterCostJson<'a> {
    name: &'a str,
    waited_ms: f64,
    handoff_ms: f64,
    wakeup_ms: f64,
    others_ms: f64,
    unknown_ms: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PairCostJson<'a> {
    waiter: &'a str,
    holder: &'a str,
    waited_ms: f64,
    ms_per_s: f64,
    holder_running_ms: f64,
    holder_ready_ms: f64,
    holder_waiting_ms: f64,
    holder_unknown_ms: f64,
}

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
