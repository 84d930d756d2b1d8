//! Locks that workers died with, and that others wait for.

use super::{About, Finding, Look, Severity, count};
use crate::Room;
use contend_trace::{ResourceId, Span, Stamp, WorkerId};

pub(super) const ID: &str = "orphaned-lock";

/// For so long they must have waited, once it is proved that they wait forever.
const PROVED: Span = Span::millis(200);

/// And without a proof: the next in line finds out that a robust one is free within moments.
const LEAST: Span = Span::millis(500);

/// So many holders are named.
const NAMED: usize = 2;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    let locks = || look.model.cast().locks().filter(|id| !look.model.lost_holds(*id).is_empty());
    if locks().next().is_none() {
        return Vec::new();
    }
    let stuck = look.model.stall().map_or_else(Vec::new, |stall| stall.set);
    locks().filter_map(|id| orphan(look, id, &stuck)).collect()
}

/// `stuck` are those that wait forever.
fn orphan(look: &Look<'_>, id: ResourceId, stuck: &[WorkerId]) -> Option<Finding> {
    let lock = look.model.lock(id)?;
    let dead = look.model.lost_holds(id);
    let (_, since) = *dead.last()?;
    let mut waiting = lock.waiters();
    let longest = waiting.first()?.1;
    let is_proved = waiting.iter().any(|(worker, _)| stuck.contains(worker));
    if is_proved {
        waiting.retain(|(worker, _)| stuck.contains(worker));
    } else if lock.room() != Room::One {
        return None; // others may give them what they need
    }
    if look.now.since(longest.max(since)) < if is_proved { PROVED } else { LEAST } {
        return None;
    }
    let name = look.resource(id);
    let wait = if waiting.len() == 1 { "waits" } else { "wait" };
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!(
            "{} ended without releasing {name}: {} {wait} for it forever.",
            holders(look, &dead),
            count(waiting.len() as u64, "worker")
        ),
        evidence: evidence(look, id, lock.room(), &dead),
        cure: match lock.room() {
            Room::One => "Release it on every way out, or use a robust lock.".into(),
            _ => "Release it on every way out; after a crash, restart all workers that share it.".into(),
        },
        about: Some(About::Resource(id)),
        at: Some(since),
    })
}

/// `a`, `a and b`, `a, b and 3 more workers`.
fn holders(look: &Look<'_>, dead: &[(WorkerId, Stamp)]) -> String {
    let names: Vec<&str> = dead.iter().take(NAMED).map(|(worker, _)| look.name(*worker)).collect();
    match dead.len() - names.len() {
        0 => names.join(" and "),
        more => format!("{} and {}", names.join(", "), count(more as u64, "more worker")),
    }
}

fn evidence(look: &Look<'_>, id: ResourceId, room: Room, dead: &[(WorkerId, Stamp)]) -> String {
    let name = look.resource(id);
    let ends = dead.iter().take(NAMED).map(|(worker, at)| format!("{} ended at {}", look.name(*worker), Span(at.0)));
    let ends = ends.collect::<Vec<_>>().join(", ");
    match room {
        Room::Permits { permits, .. } => {
            let lost = count(look.model.lost_count(id) as u64, "permit");
            format!("{ends}; lost with them: {lost} of {name}, which has {permits}.")
        }
        _ => format!("{ends}; {name} was not released."),
    }
}
