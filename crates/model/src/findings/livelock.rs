//! Workers that give up for each other again and again: busy, and no further.

use super::{About, Finding, Look, Severity, count, thousands};
use crate::lock::Streak;
use contend_trace::{ResourceId, Span, WorkerId};

pub(super) const ID: &str = "livelock";

/// Attempts in a row that ended without the lock. By chance alone nobody loses that often.
const IN_A_ROW: u32 = 25;

/// Whoever has not given up for this long has stopped trying.
const RECENT: Span = Span::millis(1_000);

/// A worker that goes on giving up on a lock.
#[derive(Clone, Copy)]
struct Polite {
    worker: WorkerId,
    lock: ResourceId,
    streak: Streak,
}

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    let mut polite: Vec<Polite> = Vec::new();
    for id in look.model.cast().locks() {
        let Some(lock) = look.model.lock(id) else { continue };
        let tired = lock.streaks().filter(|(_, streak)| streak.gave_up >= IN_A_ROW);
        let recent = tired.filter(|(_, streak)| look.now.since(streak.last) <= RECENT);
        polite.extend(recent.map(|(worker, streak)| Polite { worker, lock: id, streak }));
    }
    // Whose lock none of the others has only asks in vain: who has it gets on.
    while let Some(at) = polite.iter().position(|one| !polite.iter().any(|other| keeps_from(look, other, one))) {
        polite.swap_remove(at);
    }
    let first = polite.iter().min_by_key(|one| (one.worker, one.lock))?;
    let second = polite.iter().filter(|other| keeps_from(look, other, first)).min_by_key(|o| (o.worker, o.lock))?;
    let since = first.streak.since.max(second.streak.since);
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!(
            "{} and {} each give up for the other and try again: {} and {} in a row.",
            look.name(first.worker),
            look.name(second.worker),
            thousands(i64::from(first.streak.gave_up)),
            count(second.streak.gave_up.into(), "failed attempt"),
        ),
        evidence: format!(
            "{} did not get {} since {}, {} did not get {}.",
            look.name(first.worker),
            look.resource(first.lock),
            Span(since.0),
            look.name(second.worker),
            look.resource(second.lock),
        ),
        cure: "Wait for a random time before trying again, or take the locks in one order.".into(),
        about: Some(About::Worker(first.worker)),
        at: Some(since),
    })
}

/// Whether `other` takes the lock that `one` does not get.
fn keeps_from(look: &Look<'_>, other: &Polite, one: &Polite) -> bool {
    let takes = |lock: &crate::Lock| lock.by_worker().any(|(w, n)| w == other.worker && n > 0);
    other.worker != one.worker && other.lock != one.lock && look.model.lock(one.lock).is_some_and(takes)
}
