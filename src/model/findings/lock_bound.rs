//! One lock that everybody waits for.

use super::{About, Finding, Look, Severity, number, percent};
use crate::trace::{ResourceId, Span, State, WorkerId};

pub(super) const ID: &str = "lock-bound";

/// Part of all workers' time that must go into waiting for the lock.
const WAITED: f64 = 0.30;

/// Part of the time that the lock must be held.
const HELD: f64 = 0.75;

/// Holds that must have ended: else it is one long hold, not a busy lock.
const HOLDS: u64 = 10;

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    // Those in a deadlock wait too, but there is nothing to speed up.
    if look.model.deadlock().is_some() {
        return None;
    }
    let everyone = &look.everyone;
    if everyone.get(State::Lock) as f64 <= WAITED * everyone.alive() as f64 {
        return None;
    }
    let waited = |id: &ResourceId| look.model.lock(*id).map_or(0, |lock| lock.waited_ns(look.from, look.now, look.now));
    // One that a dead worker holds is not busy, but lost.
    let busy = look.model.cast().mutexes().filter(|id| look.model.lost_holds(*id).is_empty());
    let id = busy.max_by_key(waited)?;
    let lock = look.model.lock(id)?;
    let share = waited(&id) as f64 / everyone.alive().max(1) as f64;
    let held = lock.held_share(look.from, look.now, look.now);
    let holds = lock.releases(look.from, look.now);
    if share < WAITED || held < HELD || holds < HOLDS {
        return None;
    }
    let mean = held * look.span().0 as f64 / holds as f64;
    let name = look.resource(id);
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} of the workers' time waits for {name}, which is held {} of the time: no number of {} passes {}/s.",
            percent(share.min(1.0)),
            percent(held),
            users(look, lock.by_worker().map(|(worker, _)| worker)),
            number(1e9 / mean),
        ),
        evidence: format!(
            "{name} was given back {}/s, held {} each time; 1 s holds {} of that.",
            number(holds as f64 / look.span().secs()),
            Span(mean as u64),
            number(1e9 / mean),
        ),
        cure: "Shorten what is done inside it, or split it.".into(),
        about: Some(About::Resource(id)),
        at: None,
    })
}

/// What to call those who use it: by their group if they have one in common.
fn users(look: &Look<'_>, workers: impl Iterator<Item = WorkerId>) -> String {
    let mut groups = workers.filter_map(|w| look.model.cast().worker(w)).map(|info| info.group.as_str());
    let first = groups.next().unwrap_or_default();
    match first {
        "" => "workers".into(),
        _ if groups.any(|group| group != first) => "workers".into(),
        _ if first.ends_with('s') => first.into(),
        _ => format!("{first}s"),
    }
}
