//! `straggler`: a worker that usually reaches a barrier last, while the others wait there.

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_percent, format_thousands};
use contend_trace::{FindingId, ResourceId, State, WorkerId};

pub(super) const ID: &str = FindingId::Straggler.as_str();

/// Least number of rounds to judge by.
const MIN_ROUNDS: u64 = 10;

/// Share of its runnable time without a core above which that is why it is slow.
const MAX_READY_SHARE: f64 = 0.30;

/// Least share of their time that the others wait.
const MIN_IDLE_SHARE: f64 = 0.20;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    sort_worst_first(analysis.model.registry().signals().filter_map(|id| check_barrier(analysis, id)))
}

fn check_barrier(analysis: &Analysis<'_>, id: ResourceId) -> Option<(f64, Finding)> {
    let Some(contend_trace::ResourceKind::Barrier { parties }) =
        analysis.model.registry().resource(id).map(|r| &r.kind)
    else {
        return None;
    };
    let signals = analysis.model.signals(id)?.recent();
    let (slowest, last) = signals.effective_by_worker().max_by_key(|(_, last)| *last)?;
    let rounds = signals.sent();
    let share = last as f64 / rounds.max(1) as f64;
    let parties_of = analysis.model.registry().wakers_of(id).map_or(&[][..], |wakers| &wakers.givers);
    let members = parties_of.iter().flat_map(|lanes| lanes.known(analysis.model.lanes.len()).iter());
    let others = members.filter(|worker: &WorkerId| *worker != slowest);
    let alive: u64 = others.map(|worker| analysis.model.lane(worker).total_state_times(analysis.now).alive_ns()).sum();
    // Only waits at this barrier count; the slowest hardly waits there.
    let idle = signals.wait_ns() as f64 / alive.max(1) as f64;
    if rounds < MIN_ROUNDS || *parties < 3 || share < analysis.thresholds.straggler || idle < MIN_IDLE_SHARE {
        return None;
    }
    let name = analysis.resource_name(id);
    let shares = analysis.total_shares([slowest]);
    let (running, ready) = (shares.get(State::Running), shares.get(State::Ready));
    let lacks_cpu = ready as f64 > MAX_READY_SHARE * (running + ready) as f64;
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} reaches {name} last in {} of the rounds; the others wait there {} of their time.",
            analysis.worker_name(slowest),
            format_percent(share),
            format_percent(idle)
        ),
        evidence: format!("It was the last in {} of {}.", format_thousands(last as i64), format_count(rounds, "round")),
        fix: if lacks_cpu {
            "It lacks a core: use as many workers as cores, or smaller pieces that any free worker takes.".into()
        } else {
            "Split the work into smaller pieces that any free worker takes.".into()
        },
        subject: Some(FindingSubject::Worker(slowest)),
        at: None,
    };
    Some((idle, finding))
}
