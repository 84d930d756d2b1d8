//! A fair lock that is in use for a small part of the time, although there is always a queue for it: at each turn the
//! next in line has to be woken first. (Blasgen, Gray, Mitchell, Price: The convoy phenomenon, 1979.)

use super::{About, Finding, Look, Severity, number, percent};
use crate::model::Lock;
use crate::trace::{LockKind, ResourceId, ResourceKind, Span};

pub(super) const ID: &str = "convoy";

/// Turns without which nothing can be said.
const TURNS: u64 = 100;

/// How many times as long as a turn it lies idle between two.
const IDLE: u64 = 2;

/// Part of the time in which nobody has it.
const IDLE_SHARE: f64 = 0.6;

/// Who waits at least, on average: there is hardly a moment without a queue.
const QUEUE: f64 = 1.0;

/// Part of its acquisitions that had to wait.
const CONTENDED: f64 = 0.5;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    // A lost release makes the hold before it look like nothing; in a deadlock nothing is handed over.
    if !look.lossless() || look.model.deadlock().is_some() {
        return Vec::new();
    }
    let hands_over = |id: &ResourceId| {
        let kind = look.model.cast().resource(*id).map(|resource| &resource.kind);
        matches!(kind, Some(ResourceKind::Mutex { kind: LockKind::Fair }))
    };
    look.model.cast().mutexes().filter(hands_over).filter_map(|id| check(look, id, look.model.lock(id)?)).collect()
}

fn check(look: &Look<'_>, id: ResourceId, lock: &Lock) -> Option<Finding> {
    let turns = lock.handoffs(look.from)?;
    let queue = lock.waited_ns(look.from, look.now, look.now) as f64 / look.span().0.max(1) as f64;
    let contended = lock.recent_contended() as f64 / lock.recent_acquired().max(1) as f64;
    let idle = turns.idle >= turns.held.saturating_mul(IDLE) && turns.idle_share >= IDLE_SHARE;
    if turns.count < TURNS || !idle || queue < QUEUE || contended < CONTENDED {
        return None;
    }
    let name = look.resource(id);
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{name} is handed over at each turn: the next in line takes {} to wake and has it for {}, so that nobody \
             has it {} of the time, while {} wait.",
            Span(turns.idle),
            Span(turns.held),
            percent(turns.idle_share),
            number(queue),
        ),
        evidence: format!(
            "It changed hands {}/s; {} of those who took it had waited.",
            number(lock.releases(look.from, look.now) as f64 / look.span().secs()),
            percent(contended),
        ),
        cure: "Use a lock that whoever runs may take (kind=std), or do more in one turn.".into(),
        about: Some(About::Resource(id)),
        at: None,
    })
}
