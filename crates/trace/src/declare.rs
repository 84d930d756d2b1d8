//! Declarations of an open registry, and looks from outside at workers that record nothing themselves.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::registry::{
    Cancellers, PoolInfo, Registry, ResourceInfo, ResourceKind, Wakers, WorkerInfo, WorkerKind, mask_name,
};
use super::{PoolId, ResourceId, Stamp, WorkerId};

/// What a source makes known about a program while it runs.
///
/// An id is declared before the first message that names it, and never again for anything else. A source numbers its
/// ids one after the other. The end of a worker or resource is declared after the last message that names it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Declared {
    /// A worker. It joins the pool that it names, which is declared before.
    Worker { id: WorkerId, info: WorkerInfo },
    /// A resource, and the kind of evidence that there is about its holders.
    Resource { id: ResourceId, info: ResourceInfo, evidence: Evidence },
    /// A pool. Its workers, if it has any yet, are declared before.
    Pool { id: PoolId, info: PoolInfo },
    /// All workers that could end a wait for a resource, in place of an earlier list. The model concludes nothing from
    /// the absence of suppliers unless they are declared.
    Suppliers { of: ResourceId, wakers: Wakers },
    /// Workers that others may cancel.
    Cancellers(Cancellers),
    /// A worker will do nothing any more.
    WorkerGone(WorkerId),
    /// A resource will not be used any more.
    ResourceGone(ResourceId),
}

/// The kind of evidence for the holders of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Evidence {
    /// Its grants are counted inside the lock.
    #[default]
    Numbered,
    /// Holders are seen from outside, or reported by hooks around the lock. A wait counts if two looks in a row see it,
    /// and neither the waiter nor the holder moved in between.
    Observed,
}

impl Declared {
    /// Whether it says that something is gone.
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::WorkerGone(_) | Self::ResourceGone(_))
    }
}

impl Evidence {
    /// Returns the word used in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Numbered => "numbered",
            Self::Observed => "observed",
        }
    }
}

/// The states of the workers at one moment, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Look {
    pub at: Stamp,
    /// Every worker that could be seen, in the same order in every look: the entry of one worker may be a little older
    /// than that of another, but a look ends before the next one begins.
    pub workers: Vec<SeenWorker>,
}

/// A worker as a look found it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SeenWorker {
    pub worker: WorkerId,
    /// A count that grows whenever the worker runs, such as its context switches and its CPU time.
    pub moved: u64,
    /// What it was blocked on. `None` if it was not, or if that could not be seen.
    pub wait: Option<SeenWait>,
}

/// A wait as a look found it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SeenWait {
    pub on: ResourceId,
    /// Whether the wait may end by itself.
    pub is_timed: bool,
    /// The workers that hold the resource and must all release it. Empty if they are unknown.
    pub held_by: Vec<WorkerId>,
}

impl Registry {
    /// Most workers and most resources that a run may have, those that are gone included.
    pub const MAX_DECLARED: usize = 1 << 20;

    /// Most ids that may be declared ahead of the one that is next in order.
    const MAX_AHEAD: usize = 1 << 12;

    /// Enters a declaration. Returns whether it is valid: it names an id that is next in order or nearly so, and what
    /// it refers to is declared. The entry of a worker or resource that is gone loses its names.
    pub fn declare(&mut self, declared: &Declared) -> bool {
        match declared {
            Declared::Worker { id, info } => self.declare_worker(*id, info.clone()),
            Declared::Resource { id, info, evidence } => self.declare_resource(*id, info.clone(), *evidence),
            Declared::Pool { id, info } => {
                let knows = |worker: &WorkerId| worker.index() < self.workers.len();
                let is_next = id.index() == self.pools.len() && info.workers.iter().all(knows);
                if is_next {
                    let mut info = info.clone();
                    mask_name(&mut info.name);
                    self.pools.push(info);
                }
                is_next
            }
            Declared::Suppliers { of, wakers } => {
                let is_known = of.index() < self.resources.len();
                if is_known {
                    if self.wakers.len() <= of.index() {
                        self.wakers.resize(of.index() + 1, Wakers::default());
                    }
                    self.wakers[of.index()] = wakers.clone();
                    self.with_suppliers.insert(*of);
                }
                is_known
            }
            Declared::Cancellers(cancellers) => {
                self.cancellers.push(*cancellers);
                true
            }
            Declared::WorkerGone(id) => self.workers.get_mut(id.index()).is_some_and(|info| {
                (info.name, info.group) = (String::new(), String::new());
                true
            }),
            Declared::ResourceGone(id) => self.remove_resource(*id),
        }
    }

    fn declare_worker(&mut self, id: WorkerId, mut info: WorkerInfo) -> bool {
        info.mask_names();
        if !Self::has_room(self.workers.len(), id.index()) {
            return false;
        }
        let is_new = self.workers.len() <= id.index(); // all members of pools are known: most workers are not searched
        if is_new {
            self.workers.resize(id.index() + 1, WorkerInfo::undeclared());
        }
        if let Some(pool) = info.pool.and_then(|pool| self.pools.get_mut(pool.index()))
            && (is_new || !pool.workers.contains(&id))
        {
            pool.workers.push(id);
        }
        self.workers[id.index()] = info;
        true
    }

    fn declare_resource(&mut self, id: ResourceId, mut info: ResourceInfo, evidence: Evidence) -> bool {
        mask_name(&mut info.name);
        if !Self::has_room(self.resources.len(), id.index()) {
            return false;
        }
        if self.resources.len() <= id.index() {
            self.resources.resize(id.index() + 1, ResourceInfo::undeclared());
        }
        self.resources[id.index()] = info;
        match evidence {
            Evidence::Numbered => self.observed.remove(&id),
            Evidence::Observed => self.observed.insert(id),
        };
        true
    }

    fn remove_resource(&mut self, id: ResourceId) -> bool {
        self.observed.remove(&id);
        self.with_suppliers.remove(&id);
        if let Some(wakers) = self.wakers.get_mut(id.index()) {
            *wakers = Wakers::default();
        }
        self.resources.get_mut(id.index()).is_some_and(|info| {
            *info = ResourceInfo::undeclared();
            true
        })
    }

    /// Whether an id may be declared if there are `len` entries.
    pub fn has_room(len: usize, id: usize) -> bool {
        id < Self::MAX_DECLARED && id <= len + Self::MAX_AHEAD
    }

    /// Returns the kind of evidence that there is about the holders of a resource.
    pub fn evidence(&self, id: ResourceId) -> Evidence {
        if self.observed.contains(&id) { Evidence::Observed } else { Evidence::Numbered }
    }

    /// Returns the workers that could end a wait for a resource, if all of them are known.
    pub fn wakers_of(&self, id: ResourceId) -> Option<&Wakers> {
        self.wakers.get(id.index()).filter(|_| !self.is_open || self.with_suppliers.contains(&id))
    }
}

impl WorkerInfo {
    /// Returns the entry of an id that is not declared, or gone.
    pub const fn undeclared() -> Self {
        Self { name: String::new(), group: String::new(), kind: WorkerKind::Thread, pool: None }
    }
}

impl ResourceInfo {
    /// Returns the entry of an id that is not declared, or gone.
    pub const fn undeclared() -> Self {
        Self { name: String::new(), kind: ResourceKind::Undeclared }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LaneRange;

    fn worker(id: u32) -> Declared {
        let info = WorkerInfo { name: format!("w{id}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        Declared::Worker { id: WorkerId(id), info }
    }

    #[test]
    fn ids_are_declared_in_any_order_but_not_far_ahead() {
        let mut registry = Registry { is_open: true, ..Registry::default() };
        assert!(registry.declare(&worker(3)) && registry.declare(&worker(0)));
        assert_eq!((registry.workers.len(), registry.worker_name(WorkerId(3))), (4, "w3"));
        assert_eq!(registry.worker_name(WorkerId(1)), "?");
        assert!(!registry.declare(&worker(1 << 19)) && !registry.declare(&worker(u32::MAX)));
        assert_eq!(registry.workers.len(), 4);
    }

    #[test]
    fn suppliers_of_an_open_registry_count_only_if_they_are_declared() {
        let mut registry = Registry { is_open: true, ..Registry::default() };
        let (items, jobs) = (ResourceId(0), ResourceId(1));
        for (id, name) in [(items, "items"), (jobs, "jobs")] {
            let info = ResourceInfo { name: name.into(), kind: ResourceKind::Queue { capacity: 1 } };
            assert!(registry.declare(&Declared::Resource { id, info, evidence: Evidence::Numbered }));
        }
        let givers = vec![LaneRange { first: WorkerId(0), count: 1 }];
        let wakers = Wakers { givers, ..Wakers::default() };
        assert!(registry.declare(&Declared::Suppliers { of: jobs, wakers: wakers.clone() }));
        assert_eq!((registry.wakers_of(items), registry.wakers_of(jobs)), (None, Some(&wakers)));
        assert!(registry.declare(&Declared::ResourceGone(jobs)));
        assert_eq!((registry.wakers_of(jobs), registry.resource_name(jobs)), (None, "?"));
    }
}
