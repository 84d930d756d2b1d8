//! A lock whose owner is gone and that others wait for.

use super::{About, Finding, Look, Severity, count};
use crate::model::STANDS;
use crate::trace::{Span, State};

pub(super) const ID: &str = "orphaned-lock";

/// A robust lock is found out by the next one in line within moments; one that is not hangs for good. What is proven need not
/// be waited for.
const LEAST: Span = Span::millis(500);

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let stall = look.model.stall().filter(|stall| look.now.since(stall.at) >= STANDS);
    let is_proven = |worker| stall.as_ref().is_some_and(|stall| stall.set.contains(&worker));
    for id in look.model.cast().mutexes() {
        let Some(lock) = look.model.lock(id) else { continue };
        let Some((owner, _)) = lock.owner() else { continue };
        let doing = look.model.lane(owner).doing();
        let waiters = lock.waiters();
        if !matches!(doing.state, State::Done | State::Crashed) || waiters.is_empty() {
            continue;
        }
        let waited = look.now.since(waiters[0].1.max(doing.since));
        if waited < LEAST && !is_proven(waiters[0].0) {
            continue;
        }
        let (name, owner_name) = (look.resource(id), look.name(owner));
        let wait = if waiters.len() == 1 { "waits" } else { "wait" };
        found.push(Finding {
            id: ID,
            severity: Severity::Error,
            sentence: format!(
                "{owner_name} ended without releasing {name}: {} {wait} for it{}.",
                count(waiters.len() as u64, "worker"),
                if waiters.iter().all(|(worker, _)| is_proven(*worker)) { " forever" } else { "" }
            ),
            evidence: format!("{owner_name} is gone since {}; {name} was not released.", Span(doing.since.0)),
            cure: "Release it on every way out, or use a robust lock.".into(),
            about: Some(About::Resource(id)),
            at: Some(doing.since),
        });
    }
    found
}
