//! A run put into words: a text for people, JSON for programs, and whether the scenario showed what it was to show.
//!
//! Everything here is drawn from a [`Model`]; what the machine is and how the run ended is handed in.

mod answer;
mod compare;
mod expect;
mod follow;
mod json;
mod measure;
mod suite;
pub(crate) mod table;
mod text;
mod trial;
pub(crate) mod words;

pub use answer::{Answer, answer};
pub use compare::{Compared, Pair, compare, pairs};
pub use expect::{Verdict, judge};
pub use follow::{Followed, Run, ends_by_itself, follow};
pub use json::json;
pub use suite::{Round, Tested, tests_json, tests_text};
pub use table::Look;
pub use text::{brief, text};
pub use trial::{Trial, try_out};

use crate::model::{Counter, Finding, Lane, Lock, Model, Pipe, Pool, Queue};
use crate::platform::Machine;
use crate::scenario::{KnobKind, Scenario, Settings, clean};
use crate::trace::{PoolId, PoolInfo, ResourceId, RunEnd, Span, Stamp, WorkerId, WorkerInfo};

/// All that a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    pub model: &'a Model,
    pub scenario: &'a Scenario,
    pub settings: &'a Settings,
    pub machine: &'a Machine,
    pub ended: &'a RunEnd,
    /// The moment the report speaks of: the end of the run.
    pub at: Stamp,
    /// How long it was to go on at most.
    pub limit: Option<Span>,
    pub findings: &'a [Finding],
    pub verdicts: &'a [Verdict],
}

impl<'a> Report<'a> {
    /// How long it went on beyond its limit.
    fn over_limit(&self) -> Option<Span> {
        self.limit.map(|limit| self.at.since(Stamp::default() + limit))
    }

    /// Every knob with its value, as one would write it after `--set`.
    fn params(&self) -> impl Iterator<Item = (&'a str, String)> {
        let (scenario, settings) = (self.scenario, self.settings);
        scenario.knobs.iter().enumerate().map(|(at, knob)| {
            let value = match &knob.kind {
                KnobKind::Text { .. } => clean(settings.text(at.into()).unwrap_or_default()),
                _ => knob.show(settings.number(at.into())),
            };
            (knob.name.as_str(), value)
        })
    }

    /// Lanes that ever were, with what was known of them beforehand.
    fn workers(&self) -> impl Iterator<Item = (WorkerId, &'a WorkerInfo, &'a Lane)> {
        let model = self.model;
        model.lanes().filter_map(|(id, lane)| Some((id, model.cast().worker(id)?, lane)))
    }

    /// Name, kind and history of every lock.
    fn locks(&self) -> impl Iterator<Item = (&'a str, &'static str, &'a Lock)> {
        let model = self.model;
        model.cast().locks().filter_map(|id| {
            let info = model.cast().resource(id)?;
            Some((info.name.as_str(), info.kind.word(), model.lock(id)?))
        })
    }

    fn queues(&self) -> impl Iterator<Item = (&'a str, ResourceId, &'a Queue)> {
        let model = self.model;
        model.cast().queues().filter_map(|id| Some((model.cast().resource_name(id), id, model.queue(id)?)))
    }

    fn pipes(&self) -> impl Iterator<Item = (&'a str, &'a Pipe)> {
        let model = self.model;
        model.cast().pipes().filter_map(|id| Some((model.cast().resource_name(id), model.pipe(id)?)))
    }

    fn counters(&self) -> impl Iterator<Item = (&'a str, &'a Counter)> {
        let model = self.model;
        model.cast().counters().filter_map(|id| Some((model.cast().resource_name(id), model.counter(id)?)))
    }

    fn pools(&self) -> impl Iterator<Item = (&'a PoolInfo, &'a Pool)> {
        let model = self.model;
        let pools = model.cast().pools.iter().enumerate();
        pools.filter_map(|(at, info)| Some((info, model.pool(PoolId::from(at))?)))
    }

    /// Tasks a pool ended a second, over the whole run.
    fn throughput(&self, pool: &Pool) -> f64 {
        let secs = self.at.secs();
        if secs > 0.0 { pool.done() as f64 / secs } else { 0.0 }
    }

    /// Share of the time its workers spent on tasks that went into handing them over, 0 to 1.
    fn handover(&self, pool: &Pool) -> f64 {
        let time = pool.handover(self.at);
        let whole = time.handover_ns.saturating_add(time.work_ns);
        if whole == 0 { 0.0 } else { time.handover_ns as f64 / whole as f64 }
    }
}

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::fixture::{Bank, cast};
    use super::*;
    use crate::model::Budget;
    use crate::trace::{Event, Message, Record};

    proptest! {
        /// Whatever a broken or hostile worker writes into its ring.
        #[test]
        fn any_events_make_a_report(records in prop::collection::vec((0_u16..8, any::<u64>(), any::<u64>()), 0..200)) {
            let mut bank = Bank::new();
            bank.model = Model::new(Arc::new(cast()), Budget::default());
            let event = |(worker, at, word)| {
                Event { at: Stamp(at), worker: WorkerId(worker), kind: Record { ticks: at, word }.kind() }
            };
            bank.model.apply(&Message::Events(records.into_iter().map(event).collect()));
            bank.at = bank.model.newest();
            bank.findings = bank.model.findings(bank.at);
            bank.verdicts = judge(&bank.model, &bank.scenario, &bank.settings, bank.at);
            prop_assert!(!text(&bank.report(), Look::default()).is_empty());
            prop_assert!(json(&bank.report()).is_ok());
        }
    }
}
