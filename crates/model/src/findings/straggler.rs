//! A worker for which all others wait at a barrier, time and again.

use super::families::worst_first;
use super::{About, Finding, Look, Severity, count, percent, thousands};
use contend_trace::{ResourceId, State, WorkerId};

pub(super) const ID: &str = "straggler";

/// Rounds without which nothing can be said.
const ROUNDS: u64 = 10;

/// Part of the rounds in which one worker comes last.
const LAST: f64 = 0.6;

/// Part of the time in which it could run that the slowest has no CPU: beyond, that is why it is slow.
const READY: f64 = 0.30;

/// Part of their time that the others wait.
const IDLE: f64 = 0.20;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    worst_first(look.model.cast().signals().filter_map(|id| check(look, id)))
}

fn check(look: &Look<'_>, id: ResourceId) -> Option<(f64, Finding)> {
    let Some(contend_trace::ResourceKind::Barrier { parties }) = look.model.cast().resource(id).map(|r| &r.kind) else {
        return None;
    };
    let signals = look.model.signals(id)?.recent();
    let (slowest, last) = signals.by_worker().max_by_key(|(_, last)| *last)?;
    let rounds = signals.given();
    let share = last as f64 / rounds.max(1) as f64;
    let parties_of = look.model.cast().wakers.get(id.index()).map_or(&[][..], |wakers| &wakers.givers);
    let others = parties_of.iter().flat_map(|lanes| lanes.iter()).filter(|worker: &WorkerId| *worker != slowest);
    let alive: u64 = others.map(|worker| look.model.lane(worker).totals(look.now).alive()).sum();
    // Only what they wait at this barrier counts: the slowest hardly waits there.
    let idle = signals.waited_ns() as f64 / alive.max(1) as f64;
    if rounds < ROUNDS || *parties < 3 || share < LAST || idle < IDLE {
        return None;
    }
    let name = look.resource(id);
    let shares = look.sum([slowest]);
    let (running, ready) = (shares.get(State::Running), shares.get(State::Ready));
    let lacks_cpu = ready as f64 > READY * (running + ready) as f64;
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} comes last to {name} in {} of the rounds; the others wait {} of their time.",
            look.name(slowest),
            percent(share),
            percent(idle)
        ),
        evidence: format!("It was the last in {} of {}.", thousands(last as i64), count(rounds, "round")),
        cure: if lacks_cpu {
            "It lacks a CPU: use as many workers as cores, or smaller pieces that any free worker takes.".into()
        } else {
            "Split the work into smaller pieces that any free worker takes.".into()
        },
        about: Some(About::Worker(slowest)),
        at: None,
    };
    Some((idle, finding))
}
