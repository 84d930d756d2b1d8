//! Objects of the program, as resources and pools of the run.

use super::{MAX_OBJECTS, Translator};
use crate::definition::{ObjectInfo, ObjectKind};
use crate::id::Id;
use contend_trace::{
    Declared, Evidence, LockKind, PoolId, PoolInfo, ResourceId, ResourceInfo, ResourceKind, WorkerId, WorkerKind,
};

/// Stands for "no limit" in the capacity of a queue.
const UNBOUNDED: u32 = u32::MAX;

/// Python's tracer marks the ids of objects that several processes share with the highest bit.
const SHARED_ID_SHIFT: u32 = 63;

/// An object of the program.
#[derive(Debug)]
pub(super) struct Object {
    pub info: ObjectInfo,
    /// What it was used as first, and nothing else after that.
    role: Option<Role>,
    /// The resource that it is, once it has been used.
    pub resource: Option<ResourceId>,
    pub pool: Option<usize>,
    /// The lanes that hold it, each as often as it holds permits.
    pub holders: Vec<usize>,
    /// Times that it was acquired.
    pub grants: u64,
    pub depth: u64,
    /// Wake-ups from it, or marks of it.
    pub signals: u64,
    pub waiting: u32,
    /// The lanes that hold a lock of a library that is not shown, each as often as it got it.
    pub folded_holders: Vec<usize>,
    pub was_used: bool,
}

/// A pool of the program.
#[derive(Debug)]
pub(super) struct PoolState {
    pub id: PoolId,
    pub queue: ResourceId,
    /// Stands for the results that lanes wait for.
    pub results: Option<ResourceId>,
    pub name: String,
    /// Tasks submitted and not begun.
    pub queued: u64,
    pub lanes: Vec<usize>,
    pub size: u64,
}

impl Translator {
    pub(super) fn add_object(&mut self, info: ObjectInfo) {
        self.end_await(info.id);
        if self.objects.len() >= MAX_OBJECTS && !self.objects.contains_key(&info.id) {
            return;
        }
        let new = |info| Object {
            info,
            role: None,
            resource: None,
            pool: None,
            holders: Vec::new(),
            grants: 0,
            depth: 0,
            signals: 0,
            waiting: 0,
            folded_holders: Vec::new(),
            was_used: false,
        };
        let object = self.objects.entry(info.id).or_insert_with(|| new(ObjectInfo::default()));
        if object.resource.is_none() {
            object.info = info;
        }
    }

    /// Sets a better name, or the pool, of something that has not been shown yet.
    pub(super) fn complete(&mut self, id: Id, name: String, pool: Id) {
        if let Some(object) = self.objects.get_mut(&id).filter(|_| !name.is_empty()) {
            object.info.name.clone_from(&name);
        }
        let Some(lane) = self.lane_by_id.get(&id).map(|l| &mut self.lanes[*l]) else { return };
        if !name.is_empty() {
            lane.info.name = name;
        }
        if pool != Id::None && lane.worker.is_none() {
            lane.info.pool = pool;
            self.await_pool(pool);
        }
    }

    /// Returns an object that the program used as one of this kind, and its resource.
    pub(super) fn resource_of(&mut self, id: Id, used_as: ObjectKind) -> Option<ResourceId> {
        if id == Id::None {
            return None;
        }
        if !self.objects.contains_key(&id) {
            self.add_object(ObjectInfo { id, kind: used_as, ..ObjectInfo::default() });
        }
        let object = self.objects.get_mut(&id)?;
        let role = Role::of(used_as);
        if *object.role.get_or_insert(role) != role {
            return None; // a number that stands for two things
        }
        if let Some(known) = object.resource {
            return Some(known);
        }
        if object.info.kind == ObjectKind::Other || Role::of(object.info.kind) != role {
            object.info.kind = used_as;
        }
        let info = object.info.clone();
        let kind = self.resource_kind(&info)?;
        let evidence = if kind.is_lock() { Evidence::Observed } else { Evidence::Numbered };
        let name = self.names.make(&display_name(&info));
        let resource = self.declare_resource(name, kind, evidence);
        self.objects.get_mut(&id)?.resource = Some(resource);
        Some(resource)
    }

    pub(super) fn declare_resource(&mut self, name: String, kind: ResourceKind, evidence: Evidence) -> ResourceId {
        let id = self.out.next_resource();
        self.out.declare(Declared::Resource { id, info: ResourceInfo { name, kind }, evidence });
        id
    }

    fn resource_kind(&mut self, info: &ObjectInfo) -> Option<ResourceKind> {
        let size = info.size.and_then(|size| u32::try_from(size).ok());
        Some(match info.kind {
            ObjectKind::Lock => ResourceKind::Mutex { kind: LockKind::Std },
            ObjectKind::Rlock => ResourceKind::Mutex { kind: LockKind::Reentrant },
            ObjectKind::Semaphore => {
                ResourceKind::Semaphore { permits: size.unwrap_or(1).max(1), scoped: size != Some(0) }
            }
            ObjectKind::Queue | ObjectKind::Pipe | ObjectKind::Socket => {
                ResourceKind::Queue { capacity: size.filter(|size| *size > 0).unwrap_or(UNBOUNDED) }
            }
            ObjectKind::Condition => match self.resource_of(info.of, ObjectKind::Lock) {
                Some(mutex) => ResourceKind::Condition { mutex },
                None => ResourceKind::Event,
            },
            ObjectKind::Barrier => ResourceKind::Barrier { parties: size.unwrap_or(1) },
            ObjectKind::Event | ObjectKind::Future | ObjectKind::Manager | ObjectKind::Loop => ResourceKind::Event,
            ObjectKind::Pool | ObjectKind::Process | ObjectKind::Task | ObjectKind::Other => return None,
        })
    }

    /// Returns the place of a pool, which becomes known now if it is new.
    pub(super) fn pool_at(&mut self, id: Id) -> Option<usize> {
        if id == Id::None {
            return None;
        }
        if !self.objects.contains_key(&id) {
            self.add_object(ObjectInfo { id, kind: ObjectKind::Pool, ..ObjectInfo::default() });
        }
        let object = self.objects.get(&id)?;
        if object.pool.is_some() {
            return object.pool;
        }
        let info = object.info.clone();
        let name = self.names.make(&display_name(&info));
        let queue_name = self.names.make(&format!("{name} tasks"));
        let queue = self.declare_resource(queue_name, ResourceKind::Queue { capacity: UNBOUNDED }, Evidence::Numbered);
        let pool = self.out.next_pool();
        let size = info.size.unwrap_or(0);
        let described = PoolInfo {
            name: name.clone(),
            worker_kind: if self.has_processes(id) { WorkerKind::Process } else { WorkerKind::Thread },
            workers: Vec::new(),
            feeder: None,
            queue,
            results: None,
            size: u32::try_from(size).unwrap_or(u32::MAX),
            total_tasks: None,
            restarts_workers: false,
        };
        self.out.declare(Declared::Pool { id: pool, info: described });
        self.pools.push(PoolState { id: pool, queue, results: None, name, queued: 0, lanes: Vec::new(), size });
        self.objects.get_mut(&id)?.pool = Some(self.pools.len() - 1);
        Some(self.pools.len() - 1)
    }

    /// Whether the workers of a pool are processes, as far as the lanes tell.
    fn has_processes(&self, pool: Id) -> bool {
        let id_of_processes = matches!(pool, Id::Number(number) if number >> SHARED_ID_SHIFT != 0);
        id_of_processes || self.lanes.iter().any(|lane| lane.info.pool == pool && lane.kind == WorkerKind::Process)
    }

    /// Returns the pool that a lane works for.
    pub(super) fn pool_of_lane(&mut self, l: usize) -> Option<PoolId> {
        let place = self.pool_at(self.lanes[l].info.pool)?;
        self.pools[place].lanes.push(l);
        Some(self.pools[place].id)
    }

    pub(super) fn worker_of(&self, l: usize) -> Option<WorkerId> {
        self.lanes.get(l)?.worker
    }

    pub(super) fn forget_holder(&mut self, object: Id, l: usize) {
        if let Some(object) = self.objects.get_mut(&object)
            && let Some(place) = object.holders.iter().rposition(|holder| *holder == l)
        {
            object.holders.remove(place);
        }
    }
}

/// What an object is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Lock,
    Queue,
    Signal,
    Other,
}

impl Role {
    const fn of(kind: ObjectKind) -> Self {
        use ObjectKind as K;
        match kind {
            K::Lock | K::Rlock | K::Semaphore => Self::Lock,
            K::Queue | K::Pipe | K::Socket => Self::Queue,
            K::Condition | K::Event | K::Barrier | K::Future | K::Manager | K::Loop => Self::Signal,
            K::Pool | K::Process | K::Task | K::Other => Self::Other,
        }
    }
}

/// Returns the name with the place in the source: `Account.lock · bank.py:8`.
fn display_name(info: &ObjectInfo) -> String {
    match (info.name.as_str(), info.site.as_str()) {
        ("", "") => info.kind.noun().to_owned(),
        ("", site) => format!("{} · {site}", info.kind.noun()),
        (name, "") => name.to_owned(),
        (name, site) => format!("{name} · {site}"),
    }
}
