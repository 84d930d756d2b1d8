//! One worker's wait slot, decoded: the locks it holds and what it waits for.

use super::Lane;
use super::lane::Alternative;
use super::lock::LockRequest;
use contend_trace::{EventKind, Grant, ResourceId, State};

/// The state of a worker as the events in its slot tell it.
#[derive(Debug, Default)]
pub(super) struct SlotReport {
    pub held: Vec<(ResourceId, Grant)>,
    pub lock_request: LockRequest,
    /// The lock it waits for, and whether the wait has a time limit.
    pub lock_wait: Option<(ResourceId, bool)>,
    /// The life it waits for, and its number.
    pub joined_life: Option<(ResourceId, u64)>,
    /// The supply that another worker must provide.
    pub awaited_supply: Option<(ResourceId, State)>,
    /// If it waits for the first of several things: all of them.
    pub alternatives: Vec<Alternative>,
    /// Whether the wait for the supply has a time limit.
    pub is_block_timed: bool,
    pub has_ended: bool,
}

impl SlotReport {
    pub(super) fn of(events: &[EventKind]) -> Self {
        let mut report = Self::default();
        for event in events {
            match *event {
                EventKind::Held { lock, grant } => report.held.push((lock, grant)),
                EventKind::LockWait { lock, timed, .. } => report.lock_wait = Some((lock, timed)),
                EventKind::Joins { life, nth } => report.joined_life = Some((life, nth)),
                EventKind::Blocked { state, on: Some(on) } => report.awaited_supply = Some((on, state)),
                EventKind::Alternative { on, room, nth } => report.alternatives.push(Alternative { on, room, nth }),
                EventKind::TimedAttempt { .. } => report.is_block_timed = true,
                EventKind::LifeEnded(_) => report.has_ended = true,
                _ => report.lock_request = report.lock_request.updated_by(*event),
            }
        }
        report
    }

    /// Whether the slot was full, so that the worker may hold more locks.
    pub(super) fn is_truncated(&self) -> bool {
        self.held.len() >= usize::from(u8::MAX)
    }

    /// Whether the worker's events tell the same.
    pub(super) fn is_matching(&self, lane: &Lane) -> bool {
        if self.has_ended {
            return !lane.is_in_life();
        }
        let confirmed = &lane.holds.confirmed;
        let listed = self.held.iter().all(|hold| confirmed.contains(hold));
        let holds =
            listed && (self.is_truncated() || self.held.len() == confirmed.len() && lane.holds.uncertain.is_empty());
        let activity = (lane.activity.state, lane.activity.resource);
        holds
            && match (self.lock_wait, self.joined_life, self.awaited_supply) {
                (Some((lock, timed)), ..) => {
                    activity == (State::Lock, Some(lock))
                        && lane
                            .lock_wait()
                            .is_some_and(|wait| (wait.request, wait.is_timed) == (self.lock_request, timed))
                }
                (None, Some((life, nth)), _) => {
                    activity == (State::Signal, Some(life)) && lane.joined_life() == Some(nth)
                }
                (None, None, Some((on, state))) => {
                    activity == (state, Some(on))
                        && lane.is_supply_wait_timed() == self.is_block_timed
                        && lane.awaited_alternatives() == self.alternatives
                }
                (None, None, None) => false,
            }
    }
}
