//! Reports on runs: as text for people, as JSON for programs, with the verdicts on a scenario's expectations.
//!
//! Everything here is computed from a [`Model`]. The caller passes in the machine and how the run ended.

mod answer;
mod bound_check;
mod compare;
mod cores_used;
mod doubt;
pub(crate) mod endings;
mod expect;
mod finding_options;
mod follow;
mod formula;
mod interference;
mod json;
mod measure;
mod monotonic;
mod recorded;
pub(crate) mod table;
mod test_report;
mod test_run;
mod text;
pub(crate) mod text_width;
mod verdict;

pub use answer::{Answer, AnswerState, GuessState, answer_question};
pub use compare::{ComparedRun, Comparison, RunSet, compare_runs, run_sets};
pub use doubt::Doubt;
pub use expect::judge_expectations;
pub use follow::{FinishedRun, FollowOptions, ends_by_itself, follow_run};
pub use formula::condition_holds;
pub use interference::Interference;
pub use json::report_json;
pub use recorded::{RecordedRun, describe_run, end_of_recording, replay_recording};
pub use table::TextFormat;
pub use test_report::{SkippedScenario, TestRound, TestedScenario, tests_json, tests_text};
pub use test_run::{TestRun, depends_on_cores, max_test_time, run_test};
pub use text::{brief_report_text, report_text};
pub use verdict::{Judgement, Verdict};

use crate::model::{Counter, Finding, Lane, Lock, Model, Pipe, Pool, Queue};
use crate::platform::Machine;
use crate::scenario::{KnobKind, Scenario, Settings, sanitize};
use crate::trace::{PoolId, PoolInfo, ResourceId, RunEnd, Span, Stamp, WorkerId, WorkerInfo};

/// The contents of a report.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    pub model: &'a Model,
    pub scenario: &'a Scenario,
    pub settings: &'a Settings,
    pub machine: &'a Machine,
    pub ended: &'a RunEnd,
    /// The moment of the report: the end of the run.
    pub ended_at: Stamp,
    /// Longest time that the run was allowed.
    pub time_limit: Option<Span>,
    pub findings: &'a [Finding],
    /// Findings that the user asked not to list.
    pub muted: &'a [Finding],
    pub verdicts: &'a [Verdict],
}

/// A lock in a report.
#[derive(Debug, Clone, Copy)]
struct ReportedLock<'a> {
    name: &'a str,
    /// The word for its kind.
    kind: &'static str,
    lock: &'a Lock,
    /// Whether the hooks of a tracer change how contended it is.
    is_distorted: bool,
}

impl<'a> Report<'a> {
    /// Returns the id of each muted finding.
    fn muted_ids(&self) -> Vec<&'static str> {
        self.muted.iter().map(|finding| finding.id).collect()
    }

    /// Returns how long the run went on beyond its limit.
    fn overrun(&self) -> Option<Span> {
        self.time_limit.map(|limit| self.ended_at.span_since(Stamp::default() + limit))
    }

    /// Returns every knob with its value, as written after `--set`.
    fn knob_values(&self) -> impl Iterator<Item = (&'a str, String)> {
        let (scenario, settings) = (self.scenario, self.settings);
        scenario.knobs.iter().enumerate().map(|(at, knob)| {
            let value = match &knob.kind {
                KnobKind::Text { .. } => sanitize(settings.text(at.into()).unwrap_or_default()),
                _ => knob.format_value(settings.number(at.into())),
            };
            (knob.name.as_str(), value)
        })
    }

    /// Returns every lane that was ever used, with its entry in the registry.
    fn workers(&self) -> impl Iterator<Item = (WorkerId, &'a WorkerInfo, &'a Lane)> {
        let model = self.model;
        model.lanes().filter_map(|(id, lane)| Some((id, model.registry().worker(id)?, lane)))
    }

    fn locks(&self) -> impl Iterator<Item = ReportedLock<'a>> {
        let model = self.model;
        model.registry().locks().filter_map(|id| {
            let info = model.registry().resource(id)?;
            let lock = model.lock(id)?;
            let is_distorted = model.is_distorted_by_hooks(id, lock.hold_times());
            Some(ReportedLock { name: &info.name, kind: info.kind.word(), lock, is_distorted })
        })
    }

    fn queues(&self) -> impl Iterator<Item = (&'a str, ResourceId, &'a Queue)> {
        let model = self.model;
        model.registry().queues().filter_map(|id| Some((model.registry().resource_name(id), id, model.queue(id)?)))
    }

    fn pipes(&self) -> impl Iterator<Item = (&'a str, &'a Pipe)> {
        let model = self.model;
        model.registry().pipes().filter_map(|id| Some((model.registry().resource_name(id), model.pipe(id)?)))
    }

    fn counters(&self) -> impl Iterator<Item = (&'a str, &'a Counter)> {
        let model = self.model;
        model.registry().counters().filter_map(|id| Some((model.registry().resource_name(id), model.counter(id)?)))
    }

    fn pools(&self) -> impl Iterator<Item = (&'a PoolInfo, &'a Pool)> {
        let model = self.model;
        let pools = model.registry().pools.iter().enumerate();
        pools.filter_map(|(at, info)| Some((info, model.pool(PoolId::from(at))?)))
    }

    /// Returns the tasks that a pool ended per second, over the whole run.
    fn throughput(&self, pool: &Pool) -> f64 {
        let secs = self.ended_at.as_secs_f64();
        if secs > 0.0 { pool.done() as f64 / secs } else { 0.0 }
    }

    /// Returns the share of the workers' busy time (on tasks, or handing them over) that they spent on handing over, 0
    /// to 1.
    fn handover_share(&self, pool: &Pool) -> f64 {
        let time = pool.handover_time(self.ended_at);
        let whole = time.handover_ns.saturating_add(time.work_ns);
        if whole == 0 { 0.0 } else { time.handover_ns as f64 / whole as f64 }
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
pub(crate) mod schema;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::fixture::{BankFixture, bank_registry};
    use super::*;
    use crate::model::Budget;
    use crate::trace::{Event, Message, Record};

    proptest! {
        /// Random events, as a broken or hostile worker could write them into its ring.
        #[test]
        fn report_is_written_for_any_events(
            records in prop::collection::vec((0_u32..8, any::<u64>(), any::<u64>()), 0..200),
        ) {
            let mut bank = BankFixture::new();
            bank.model = Model::new(Arc::new(bank_registry()), Budget::default());
            let event = |(worker, at, word)| {
                Event { at: Stamp(at), worker: WorkerId(worker), kind: Record { ticks: at, word }.kind() }
            };
            bank.model.apply(&Message::Events(records.into_iter().map(event).collect()));
            bank.at = bank.model.newest_stamp();
            bank.findings = bank.model.findings(bank.at);
            bank.verdicts = judge_expectations(&bank.model, &bank.scenario, &bank.settings, bank.at);
            prop_assert!(!report_text(&bank.report(), TextFormat::default()).is_empty());
            prop_assert!(report_json(&bank.report()).is_ok());
        }
    }
}
