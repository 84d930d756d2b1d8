//! A worker for which all others wait at a barrier, time and again.

use super::{About, Finding, Look, Severity, count, percent, thousands};
use crate::trace::{ResourceId, State, WorkerId};

pub(super) const ID: &str = "straggler";

/// Rounds without which nothing can be said.
const ROUNDS: u64 = 10;

/// Part of the rounds in which one worker comes last.
const LAST: f64 = 0.6;

/// Part of their time that the others wait.
const IDLE: f64 = 0.20;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    look.model.cast().signals().filter_map(|id| check(look, id)).collect()
}

fn check(look: &Look<'_>, id: ResourceId) -> Option<Finding> {
    let Some(crate::trace::ResourceKind::Barrier { parties }) = look.model.cast().resource(id).map(|r| &r.kind) else {
        return None;
    };
    let signals = look.model.signals(id)?;
    let (slowest, last) = signals.by_worker().max_by_key(|(_, last)| *last)?;
    let rounds = signals.given();
    let share = last as f64 / rounds.max(1) as f64;
    let parties_of = look.model.cast().wakers.get(id.index()).map_or(&[][..], |wakers| &wakers.givers);
    let others = parties_of.iter().flat_map(|lanes| lanes.iter()).filter(|worker: &WorkerId| *worker != slowest);
    let idle = look.sum(others).share(State::Signal);
    if rounds < ROUNDS || *parties < 3 || share < LAST || idle < IDLE {
        return None;
    }
    let name = look.resource(id);
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} comes last to {name} in {} of the rounds: the others wait {} of their time.",
            look.name(slowest),
            percent(share),
            percent(idle)
        ),
        evidence: format!("It was the last in {} of {}.", thousands(last as i64), count(rounds, "round")),
        cure: "Share the work out more evenly, in smaller pieces that whoever is free takes.".into(),
        about: Some(About::Worker(slowest)),
        at: None,
    })
}
