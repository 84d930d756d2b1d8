//! Waits for the first of several alternatives: such a worker is stuck only if each of them is.
//!
//! Each alternative needs the same proof as a wait for it alone. Three differ, because a worker with alternatives is
//! not counted as a waiter there:
//!
//! - An event flag. The worker found it clear after it had been set n times. If exactly n are known, none was set
//!   since.
//! - A queue without room. The worker completes with a worker that waits on the other side, which it is woken for:
//!   while such a worker is known to wait, the two are about to meet.
//! - A pipe. The worker recorded how many bytes had ever been read when it tried. Suppose it is the first of the set to
//!   continue: then the bytes known to be written are all, and if it saw as many read, the pipe is empty.

use super::graph_reduction::Requirement;
use crate::lane::Alternative;
use crate::{Model, ResourceState};
use contend_trace::WorkerId;

/// What an alternative of a worker needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AlternativeNeed {
    /// It may be ready, or become ready by itself.
    Nothing,
    /// A worker that supplies it.
    Supply,
    /// This worker's next step.
    Worker(WorkerId),
    /// An item from before the queue was closed, which is empty: a worker that supplies it, if its put is not known
    /// yet.
    SupplyBeforeClose,
}

impl Model {
    /// Returns what an alternative of a worker needs to become ready.
    pub(super) fn alternative_need(&self, waiter: WorkerId, alternative: Alternative) -> AlternativeNeed {
        let Alternative { on, room, nth } = alternative;
        if self.registry.wakers_of(on).is_none() {
            return AlternativeNeed::Nothing;
        }
        let is_missing = match self.resources.get(on.index()) {
            Some(ResourceState::Queue(queue)) if queue.capacity() == 0 => {
                match (queue.is_closed(), self.is_no_partner_there(queue, on, room)) {
                    (true, true) if !room => return AlternativeNeed::SupplyBeforeClose,
                    (is_closed, is_missing) => is_missing && !is_closed,
                }
            }
            Some(ResourceState::Queue(queue)) if !room && queue.is_closed_and_drained() => {
                return AlternativeNeed::SupplyBeforeClose;
            }
            Some(ResourceState::Queue(queue)) if room => queue.is_full(),
            Some(ResourceState::Queue(queue)) => queue.is_drained(),
            Some(ResourceState::Signals(signals)) => signals.sent() == nth,
            Some(ResourceState::Pipe(pipe)) => {
                let senders = self.registry.wakers.get(on.index()).map_or(&[][..], |wakers| &wakers.givers);
                pipe.is_all_read_at(nth) && self.is_kept_open(pipe, senders)
            }
            Some(ResourceState::Life(life)) => {
                let edges = self.join_blockers(waiter, on, life.worker(), nth).edges;
                return edges.first().map_or(AlternativeNeed::Nothing, |edge| AlternativeNeed::Worker(edge.holder));
            }
            _ => false,
        };
        if is_missing { AlternativeNeed::Supply } else { AlternativeNeed::Nothing }
    }

    /// The requirement of a worker that waits for the first of several alternatives; `row` returns the row of a supply.
    /// `None` for any other worker.
    pub(super) fn select_requirement(
        &self,
        w: WorkerId,
        mut row: impl FnMut(Alternative) -> usize,
    ) -> Option<Requirement> {
        let lane = &self.lanes[w.index()];
        let alternatives = lane.awaited_alternatives();
        if alternatives.is_empty() || !lane.is_alive() {
            return None;
        }
        if lane.is_supply_wait_timed() || !lane.has_all_alternatives() {
            return Some(Requirement::Nothing);
        }
        let (mut rows, mut closed) = (Vec::with_capacity(alternatives.len()), 0);
        for alternative in alternatives {
            match self.alternative_need(w, *alternative) {
                AlternativeNeed::Nothing => return Some(Requirement::Nothing),
                AlternativeNeed::Supply => rows.push(row(*alternative)),
                AlternativeNeed::Worker(other) => rows.push(other.index()),
                AlternativeNeed::SupplyBeforeClose => {
                    closed += 1;
                    rows.push(row(*alternative));
                }
            }
        }
        // If all queues are closed, the worker ends.
        Some(if closed == alternatives.len() { Requirement::Nothing } else { Requirement::Any(rows) })
    }
}
