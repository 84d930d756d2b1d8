//! The table of requirements: what each worker needs to continue, and what each supply needs that workers wait for.
//!
//! `graph_reduction` finds the stuck workers from it. The proofs that each requirement holds are in `stall` and
//! `orphaned_holds`.

use std::collections::BTreeMap;

use super::graph_reduction::Requirement;
use crate::{Model, ResourceState};
use contend_trace::{LaneRange, ResourceId, ResourceKind, WorkerId};

/// Most requirements. Beyond it nothing is concluded.
const MAX_REQUIREMENTS: usize = 1 << 22;

/// The key of a row after those of the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RowKey {
    /// A supply: an item, a signal, a permit of a semaphore; or room, if `room`.
    Supply { on: ResourceId, room: bool },
    /// One worker of a range, by its first worker and its length.
    AnyWorkerOf(WorkerId, u32),
    /// A lock that a dead worker holds.
    OrphanedLock,
}

/// The rows: first one for each worker, then those of [`RowKey`]s.
pub(super) struct RequirementTable<'a> {
    model: &'a Model,
    rows: Vec<Requirement>,
    row_by_key: BTreeMap<RowKey, usize>,
    /// Requirements so far.
    requirement_count: usize,
}

impl<'a> RequirementTable<'a> {
    /// Builds the requirements of all workers and supplies. `None` if there are too many.
    pub(super) fn build(model: &'a Model) -> Option<Vec<Requirement>> {
        let workers = model.lanes.len();
        let mut table = Self {
            model,
            rows: vec![Requirement::Nothing; workers],
            row_by_key: BTreeMap::new(),
            requirement_count: workers,
        };
        for w in 0..workers {
            let needs = table.worker_requirement(WorkerId::from(w));
            let needs = if model.is_being_cancelled(WorkerId::from(w)) { Requirement::Nothing } else { needs };
            let needs = if needs == Requirement::Nothing { needs } else { needs.or_any_of(&table.canceller_rows(w)) };
            table.requirement_count += needs.dependencies().len();
            table.rows[w] = needs;
            if table.requirement_count > MAX_REQUIREMENTS {
                return None;
            }
        }
        Some(table.rows)
    }

    fn worker_requirement(&mut self, w: WorkerId) -> Requirement {
        let model = self.model;
        if let Some(needs) = model.select_requirement(w, |of| self.supply_row(of.on, of.room)) {
            return needs;
        }
        if let Some((on, room)) = model.awaited_supply(w) {
            let supply = self.supply_row(on, room);
            return match model.helped_queue(w) {
                Some(queue) => Requirement::Any(vec![supply, self.supply_row(queue, false)]),
                None => Requirement::All(vec![supply]),
            };
        }
        if model.lanes[w.index()].is_alive() {
            return if model.has_unlimited_wait(w) { self.lock_requirement(w) } else { Requirement::Nothing };
        }
        if model.has_left(w) {
            return Requirement::Any(Vec::new());
        }
        if model.is_certainly_ended(w) {
            return Requirement::Any(self.neighbour_rows(model.spawners(w)));
        }
        if model.is_absent(w) || model.is_unreplaced(w) {
            return Requirement::Any(Vec::new());
        }
        match model.former_pool_queue(w) {
            Some(queue) => Requirement::All(vec![self.supply_row(queue, false)]),
            None => Requirement::Nothing,
        }
    }

    /// The requirement of a worker that waits for a lock or for another's end.
    fn lock_requirement(&mut self, w: WorkerId) -> Requirement {
        let model = self.model;
        let missing = model.missing_permits(w);
        if missing > 0 {
            return self.permits_requirement(w, missing as usize);
        }
        if model.is_blocked_by_orphan(w) {
            return Requirement::All(vec![self.row(RowKey::OrphanedLock, |_| Requirement::Any(Vec::new()))]);
        }
        let needs = model.requirement(w);
        // The system releases such a lock when its holder dies.
        let is_robust = model.lanes[w.index()].activity.resource.is_some_and(|on| model.is_robust_lock(on));
        let is_dead = |holder: &usize| !model.lanes[*holder].is_alive();
        if is_robust && needs.dependencies().iter().any(is_dead) { Requirement::Nothing } else { needs }
    }

    /// The permits that a worker lacks: one from each hold of a live worker, any number from workers that release
    /// permits without holding them.
    fn permits_requirement(&mut self, w: WorkerId, missing: usize) -> Requirement {
        let model = self.model;
        let Some(on) = model.lanes[w.index()].activity.resource else { return Requirement::Nothing };
        let Some(ResourceState::Lock(lock)) = model.resources.get(on.index()) else { return Requirement::Nothing };
        let can_release = |(holder, grant): &(WorkerId, _)| {
            model.lanes[holder.index()].held_locks().contains(&(on, *grant)) && !model.is_certainly_dead(*holder)
        };
        let mut from: Vec<usize> = lock.certain_holds().filter(can_release).map(|(holder, _)| holder.index()).collect();
        let released = self.supply_row(on, false);
        from.extend(std::iter::repeat_n(released, missing));
        Requirement::AtLeast(missing, from)
    }

    /// The row of a supply.
    fn supply_row(&mut self, on: ResourceId, room: bool) -> usize {
        self.row(RowKey::Supply { on, room }, |table| Requirement::Any(table.supplier_rows(on, room)))
    }

    /// The row of a key. A new row is added before its requirement is computed, which may add rows itself.
    fn row(&mut self, key: RowKey, needs: impl FnOnce(&mut Self) -> Requirement) -> usize {
        if let Some(row) = self.row_by_key.get(&key) {
            return *row;
        }
        let row = self.rows.len();
        self.row_by_key.insert(key, row);
        self.rows.push(Requirement::Nothing);
        let needs = needs(self);
        self.requirement_count += needs.dependencies().len() + 1;
        self.rows[row] = needs;
        row
    }

    fn supplier_rows(&mut self, on: ResourceId, room: bool) -> Vec<usize> {
        let model = self.model;
        let Some(wakers) = model.registry.wakers_of(on) else { return vec![usize::MAX] };
        let lanes = if room { &wakers.takers } else { &wakers.givers };
        match model.resources.get(on.index()) {
            Some(ResourceState::Pipe(_)) => model.suppliers((on, room)).map(WorkerId::index).collect(),
            _ => self.neighbour_rows(lanes),
        }
    }

    /// The workers that may cancel a worker that is alive.
    fn canceller_rows(&mut self, w: usize) -> Vec<usize> {
        let model = self.model;
        if !model.lanes[w].is_alive() || !model.could_be_cancelled(WorkerId::from(w)) {
            return Vec::new();
        }
        let lanes: Vec<LaneRange> = model.cancellers(WorkerId::from(w)).collect();
        self.neighbour_rows(&lanes)
    }

    /// A row for each range of workers: any one of them.
    fn neighbour_rows(&mut self, lanes: &[LaneRange]) -> Vec<usize> {
        let (workers, is_open) = (self.model.lanes.len(), self.model.registry.is_open);
        let members = |lanes: LaneRange| {
            // A worker of an open registry may still appear: it has no row, like anything that is live.
            let may_appear = is_open && lanes.unknown(workers).count > 0;
            lanes.known(workers).iter().map(WorkerId::index).chain(may_appear.then_some(usize::MAX)).collect()
        };
        let mut rows = Vec::with_capacity(lanes.len());
        for group in lanes {
            rows.push(match group.count {
                1 if group.first.index() < workers => group.first.index(),
                _ => self.row(RowKey::AnyWorkerOf(group.first, group.count), |_| Requirement::Any(members(*group))),
            });
        }
        rows
    }
}

impl Model {
    /// The workers that may cancel a worker.
    pub(crate) fn cancellers(&self, w: WorkerId) -> impl Iterator<Item = LaneRange> {
        self.registry.cancellers.iter().filter(move |cancellers| cancellers.of.contains(w)).map(|by| by.by)
    }

    /// Whether the system releases a lock when its holder dies.
    pub(crate) fn is_robust_lock(&self, lock: ResourceId) -> bool {
        let kind = self.registry.resource(lock).map(|resource| &resource.kind);
        matches!(kind, Some(ResourceKind::Mutex { kind }) if kind.is_robust())
    }
}
