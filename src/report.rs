//! A run put into words: a text for people, JSON for programs, and whether the scenario showed what it was to show.
//!
//! Everything here is drawn from a [`Model`]; what the machine is and how the run ended is handed in.

mod expect;
mod follow;
mod json;
mod measure;
mod table;
mod text;
mod words;

pub use expect::{Verdict, judge};
pub use follow::{Followed, Run, Until, ends_by_itself, follow};
pub use json::json;
pub use table::Look;
pub use text::text;

use crate::model::{Finding, Lane, Model};
use crate::platform::Machine;
use crate::scenario::{KnobKind, Scenario, Settings};
use crate::trace::{PoolId, RunEnd, Stamp, WorkerId, WorkerInfo};

/// All that a report is made of.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    pub model: &'a Model,
    pub scenario: &'a Scenario,
    pub settings: &'a Settings,
    pub machine: &'a Machine,
    pub ended: &'a RunEnd,
    /// The moment the report speaks of: the end of the run.
    pub at: Stamp,
    pub findings: &'a [Finding],
    pub verdicts: &'a [Verdict],
}

impl<'a> Report<'a> {
    /// Every knob with its value, as one would write it after `--set`.
    fn params(&self) -> impl Iterator<Item = (&'a str, String)> + '_ {
        self.scenario.knobs.iter().enumerate().map(|(at, knob)| {
            let id = at.into();
            let value = match &knob.kind {
                KnobKind::Text { .. } => crate::scenario::clean(self.settings.text(id).unwrap_or_default()),
                _ => knob.show(self.settings.number(id)),
            };
            (knob.name.as_str(), value)
        })
    }

    /// Lanes that ever were, with what is known of them beforehand.
    fn workers(&self) -> impl Iterator<Item = (WorkerId, &'a WorkerInfo, &'a Lane)> + '_ {
        self.model.lanes().filter_map(|(id, lane)| Some((id, self.model.cast().worker(id)?, lane)))
    }

    fn pools(&self) -> impl Iterator<Item = (&'a crate::trace::PoolInfo, &'a crate::model::Pool)> + '_ {
        let pools = self.model.cast().pools.iter().enumerate();
        pools.filter_map(|(at, info)| Some((info, self.model.pool(PoolId::from(at))?)))
    }
}

#[cfg(test)]
mod fixture;
