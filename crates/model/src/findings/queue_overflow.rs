//! A queue that will be full before long.

use super::families::worst_first;
use super::{About, Finding, Look, Severity, number};
use contend_trace::{ResourceId, Span};

pub(super) const ID: &str = "queue-overflow-in";

/// What is further away than this may come otherwise.
const SOON: f64 = 60.0;

/// Items that it must have grown by to speak of a pace, at least.
const GROWN: f64 = 10.0;

/// As part of its room: chance moves a queue up and down, too.
const GROWN_PART: f64 = 0.05;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    if look.model.ended().is_some() {
        return Vec::new();
    }
    // All of a batch is there from the beginning: its queue is full at once, and empty in the end.
    let batch = |queue| look.pools().any(|(_, info, pool)| info.queue == queue && pool.total().is_some());
    let mut found = Vec::new();
    for id in look.model.cast().queues().filter(|queue| !batch(*queue)) {
        let Some(queue) = look.model.queue(id).filter(|_| !takers_are_stuck(look, id)) else { continue };
        let (depth, room) = (f64::from(queue.depth()), f64::from(queue.capacity()));
        let span = look.span();
        let (pace, lately) = (queue.slope(span, look.now), queue.slope(Span(span.0 / 2), look.now));
        let grown = pace * span.secs();
        let left = (room - depth) / pace.min(lately);
        let grows = pace > 0.0 && lately > 0.0 && grown >= GROWN.max(room * GROWN_PART).min(room);
        if !grows || depth >= room || left > SOON {
            continue;
        }
        let finding = Finding {
            id: ID,
            severity: Severity::Warning,
            sentence: format!(
                "At this pace {} overflows in {}: it grows by {}/s.",
                look.resource(id),
                Span::from_secs(left.max(0.1)),
                number(pace),
            ),
            evidence: format!("{} of {} places are taken.", number(depth), number(room)),
            cure: "Accept fewer items or add workers; a bigger queue only delays the overflow.".into(),
            about: Some(About::Resource(id)),
            at: None,
        };
        found.push((-left, finding));
    }
    worst_first(found.into_iter())
}

/// Whether somebody who takes from a queue can never go on: then that is why it grows.
fn takers_are_stuck(look: &Look<'_>, id: ResourceId) -> bool {
    let takers = look.model.cast().wakers.get(id.index()).map_or(&[][..], |wakers| &wakers.takers);
    takers.iter().flat_map(|lanes| lanes.iter()).any(|worker| look.is_stuck(worker))
}
