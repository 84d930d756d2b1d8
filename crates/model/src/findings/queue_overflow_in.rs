//! `queue-overflow-in`: a queue that grows and will be full soon, by default within a minute.

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_number};
use contend_trace::{FindingId, ResourceId, Span};

pub(super) const ID: &str = FindingId::QueueOverflowIn.as_str();

/// Least growth in the period, in items.
const MIN_GROWTH: f64 = 10.0;

/// Least growth as a share of its capacity: chance moves a queue up and down, too.
const MIN_GROWN_SHARE: f64 = 0.05;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    if analysis.model.run_end().is_some() {
        return Vec::new();
    }
    // A batch is all there from the start: its queue is full at once, and empty in the end.
    let batch = |queue| analysis.pools().any(|(_, info, pool)| info.queue == queue && pool.total_tasks().is_some());
    let mut found = Vec::new();
    for id in analysis.model.registry().queues().filter(|queue| !batch(*queue)) {
        let Some(queue) = analysis.model.queue(id).filter(|_| !has_stuck_consumer(analysis, id)) else { continue };
        let (depth, room) = (f64::from(queue.depth()), f64::from(queue.capacity()));
        let span = analysis.span();
        let (rate, lately) = (queue.growth_rate(span, analysis.now), queue.growth_rate(Span(span.0 / 2), analysis.now));
        let grown = rate * span.as_secs_f64();
        let left = (room - depth) / rate.min(lately);
        let grows = rate > 0.0 && lately > 0.0 && grown >= MIN_GROWTH.max(room * MIN_GROWN_SHARE).min(room);
        if !grows || depth >= room || left > analysis.thresholds.queue_overflow_in {
            continue;
        }
        let finding = Finding {
            id: ID,
            severity: Severity::Warning,
            sentence: format!(
                "{} grows by {}/s; at this rate it is full in {}.",
                analysis.resource_name(id),
                format_number(rate),
                Span::from_secs(left.max(0.1)),
            ),
            evidence: format!("{} of {} places are taken.", format_number(depth), format_number(room)),
            fix: "Accept fewer items or add workers; a bigger queue only delays the overflow.".into(),
            subject: Some(FindingSubject::Resource(id)),
            at: None,
        };
        found.push((-left, finding));
    }
    sort_worst_first(found.into_iter())
}

/// Whether a consumer of a queue is stuck forever: then that is why it grows.
fn has_stuck_consumer(analysis: &Analysis<'_>, id: ResourceId) -> bool {
    let takers = analysis.model.registry().wakers_of(id).map_or(&[][..], |wakers| &wakers.takers);
    analysis.stuck_workers.iter().any(|worker| takers.iter().any(|lanes| lanes.contains(*worker)))
}
