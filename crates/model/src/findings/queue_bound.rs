//! A queue or a pipe that is full, because those who take from it are slower than those who put.

use super::families::worst_first;
use super::{About, Finding, Look, Severity, count, number, percent};
use contend_trace::{Lanes, ResourceId, State, WorkerId};

pub(super) const ID: &str = "queue-bound";

/// Part of their time that those who put must wait for room.
const FULL: f64 = 0.30;

/// Part of their time that those who take may wait: for an item, or for room in the next queue. Then they are the slow ones.
const IDLE: f64 = 0.20;

/// Items that must have been taken: else it is one that stands still.
const TAKEN: u64 = 10;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    // A pool's queue is the pool's matter.
    let of_pool = |id: ResourceId| look.pools().any(|(_, info, _)| info.queue == id);
    worst_first(look.model.cast().with_depth().filter(|id| !of_pool(*id)).filter_map(|id| check(look, id)))
}

fn check(look: &Look<'_>, id: ResourceId) -> Option<(f64, Finding)> {
    let queue = look.model.queue(id)?;
    let wakers = look.model.cast().wakers.get(id.index())?;
    let (givers, takers) = (present(look, &wakers.givers), present(look, &wakers.takers));
    let taken = queue.taken_between(look.from, look.now);
    let filled = f64::from(queue.depth()) >= 0.5 * f64::from(queue.capacity());
    if givers.is_empty() || takers.is_empty() || taken < TAKEN || !filled {
        return None;
    }
    let alive = look.sum(givers.iter().copied()).alive();
    let waits = queue.waited_for_room(look.from, look.now) as f64 / alive.max(1) as f64;
    let work = look.sum(takers.iter().copied());
    let idle = work.share(State::Empty) + work.share(State::Full);
    if waits < FULL || idle > IDLE || takers.iter().chain(&givers).any(|worker| look.is_stuck(*worker)) {
        return None;
    }
    let name = look.resource(id);
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{name} is full: {} {} {} of the time for room. Ceiling: {}/s, what {} {}.",
            count(givers.len() as u64, "producer"),
            if givers.len() == 1 { "waits" } else { "wait" },
            percent(waits),
            number(taken as f64 / look.span().secs()),
            count(takers.len() as u64, "consumer"),
            if takers.len() == 1 { "takes" } else { "take" },
        ),
        evidence: format!("The consumers wait for an item, or for room elsewhere, {} of their time.", percent(idle)),
        cure: "Add consumers or make each item cheaper; a bigger queue only delays the wait.".into(),
        about: Some(About::Resource(id)),
        at: None,
    };
    Some((waits, finding))
}

/// Those of these workers that are there.
fn present(look: &Look<'_>, of: &[Lanes]) -> Vec<WorkerId> {
    let mut all: Vec<WorkerId> = of.iter().flat_map(|lanes| lanes.iter()).filter(|w| !look.is_gone(*w)).collect();
    all.sort_unstable();
    all.dedup();
    all
}
