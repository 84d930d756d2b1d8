//! Whether a cancellation ends the wait of a worker, and which workers can still cancel.

use crate::Model;
use contend_trace::{LaneRange, LockKind, ResourceKind, WorkerId, WorkerKind};

impl Model {
    /// Whether the present wait of a worker will end because another worker has cancelled it.
    pub(crate) fn is_being_cancelled(&self, worker: WorkerId) -> bool {
        let lane = &self.lanes[worker.index()];
        let pending = lane.cancellation.filter(|(life, _)| lane.is_alive() && *life >= u64::from(lane.life_count));
        pending.is_some_and(|(_, kills)| kills || self.has_interruptible_wait(worker))
    }

    /// Whether a cancellation ends the present wait of a worker: any wait but those for a mutex of threads or processes
    /// and for a pipe alone.
    fn has_interruptible_wait(&self, worker: WorkerId) -> bool {
        if !self.lanes[worker.index()].awaited_alternatives().is_empty() {
            return true;
        }
        let on = self.lanes[worker.index()].activity.resource.and_then(|on| self.registry.resource(on));
        match on.map(|resource| &resource.kind) {
            Some(ResourceKind::Mutex { kind }) => matches!(kind, LockKind::Async | LockKind::AsyncReentrant),
            Some(ResourceKind::Pipe { .. }) => false,
            _ => true,
        }
    }

    /// Whether others could end the present wait of a worker by cancelling it. A process can be killed in any wait.
    pub(crate) fn could_be_cancelled(&self, worker: WorkerId) -> bool {
        let is_process = self.registry.worker(worker).is_some_and(|info| info.kind == WorkerKind::Process);
        is_process || self.has_interruptible_wait(worker)
    }

    /// Whether a worker may have been cancelled by an event that was lost: a worker that can cancel it has lost some.
    pub(super) fn may_be_cancelled_unseen(&self, worker: WorkerId) -> bool {
        let has_lost = |by: LaneRange| {
            let mut known = by.known(self.lanes.len()).iter();
            known.any(|by| self.lanes[by.index()].lost_events() > 0) || self.gone_lost_events() > 0
        };
        self.cancellers(worker).any(has_lost)
    }

    /// Whether a worker may still reach a step that cancels others: it has not ended for good.
    pub(super) fn can_still_cancel(&self, worker: WorkerId) -> bool {
        let may_exist = worker.index() < self.lanes.len() || self.registry.is_open;
        may_exist && !(self.is_certainly_ended(worker) && self.spawners(worker).is_empty())
    }
}
