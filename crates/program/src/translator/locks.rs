//! Locks and semaphores: waits, acquisitions, releases.

use super::Translator;
use super::lane::{Doing, Hold};
use super::lane::{Wait, WaitKind};
use crate::definition::ObjectKind;
use crate::id::Id;
use crate::kind::Flags;
use crate::kind::NO_DEPTH;
use contend_trace::{EventKind, Grant, ResourceId, Stamp};

/// Stands for a number that the program does not tell.
const NOT_TOLD: u64 = NO_DEPTH;
/// The most permits that one release gives back.
const MAX_PERMITS: u64 = 1_024;

impl Translator {
    pub(super) fn wait_for_lock(&mut self, l: usize, at: Stamp, object: Id, flags: Flags) {
        if self.is_folded(object) {
            self.unfold_lock(at, object);
        }
        let on = self.resource_of(object, ObjectKind::Lock);
        if on.is_none() {
            return;
        }
        let wait = Wait { kind: WaitKind::Lock, object, on, is_timed: flags.is_timed(), is_granted: false };
        self.begin_wait(l, at, wait);
    }

    /// Records that a lane got a lock, for the `depth`th time if it had it already.
    pub(super) fn acquire(&mut self, l: usize, at: Stamp, id: Id, depth: u64) {
        if self.is_folded(id) {
            return self.acquire_folded(l, at, id);
        }
        let Some(resource) = self.resource_of(id, ObjectKind::Lock) else { return };
        let (kind, is_scoped) = self.kind_of_lock(id);
        if kind == ObjectKind::Rlock
            && let Some(hold) = self.lanes[l].holds.iter_mut().find(|hold| hold.object == id)
        {
            hold.depth = depth.max(hold.depth + 1);
            return self.make_running(l, at);
        }
        if kind != ObjectKind::Semaphore {
            self.end_stale_holds(id, at);
        }
        let Some(object) = self.objects.get_mut(&id) else { return };
        object.grants += 1;
        let grant = Grant(object.grants);
        if is_scoped {
            object.holders.push(l);
        }
        self.end_wait_for(l, at, resource);
        if is_scoped {
            self.lanes[l].holds.push(Hold { object: id, resource, grant, depth: depth.max(1) });
            self.emit(l, at, EventKind::Acquired { lock: resource, grant });
        } else {
            self.emit(l, at, EventKind::SemaphorePassed { lock: resource, grant });
        }
    }

    /// Releases locks for lanes that seem to hold them although another lane has got them.
    fn end_stale_holds(&mut self, id: Id, at: Stamp) {
        while let Some(holder) = self.objects.get(&id).and_then(|object| object.holders.last().copied()) {
            self.release_of(holder, at, id);
        }
    }

    /// Records a release. A lock may be released by a lane that does not hold it. `arg` is how often the lane still has
    /// a reentrant lock, or the number of permits.
    pub(super) fn release(&mut self, l: usize, at: Stamp, id: Id, arg: u64) {
        let times = match self.kind_of_lock(id).0 {
            ObjectKind::Semaphore if arg != NOT_TOLD => arg.clamp(1, MAX_PERMITS),
            _ => 1,
        };
        for _ in 0..times {
            self.release_once(l, at, id, arg);
        }
    }

    fn release_once(&mut self, l: usize, at: Stamp, id: Id, arg: u64) {
        if self.is_folded(id) {
            return self.release_folded(l, at, id, arg);
        }
        let Some(resource) = self.resource_of(id, ObjectKind::Lock) else { return };
        let (kind, is_scoped) = self.kind_of_lock(id);
        if !is_scoped {
            return self.post(l, at, resource);
        }
        if let Some(hold) = self.lanes[l].holds.iter_mut().rfind(|hold| hold.object == id) {
            let left = if arg == NOT_TOLD { hold.depth - 1 } else { arg };
            if kind == ObjectKind::Rlock && left > 0 {
                hold.depth = left;
                return;
            }
            return self.release_of(l, at, id);
        }
        match self.objects.get(&id).and_then(|object| object.holders.first().copied()) {
            Some(holder) => self.release_of(holder, at, id),
            None if kind == ObjectKind::Semaphore => self.post(l, at, resource),
            None => {}
        }
    }

    fn post(&mut self, l: usize, at: Stamp, lock: ResourceId) {
        self.interrupt_wait(l, at, |this| this.emit(l, at, EventKind::SemaphorePosted { lock }));
    }

    /// Releases the hold of a lane, which may wait for something meanwhile.
    fn release_of(&mut self, l: usize, at: Stamp, id: Id) {
        self.forget_holder(id, l);
        let Some(place) = self.lanes[l].holds.iter().rposition(|hold| hold.object == id) else { return };
        let Hold { resource, grant, .. } = self.lanes[l].holds.remove(place);
        if self.lanes[l].has_ended {
            return; // the run knows that its holder is gone
        }
        self.interrupt_wait(l, at, |this| this.emit(l, at, EventKind::Released { lock: resource, grant }));
    }

    /// Ends the wait for a resource with the event that follows; ends any other wait by itself.
    pub(super) fn end_wait_for(&mut self, l: usize, at: Stamp, resource: ResourceId) {
        if self.wait_of(l).is_some_and(|wait| wait.on == Some(resource)) {
            self.lanes[l].doing = Doing::Running;
        } else {
            self.make_running(l, at);
        }
    }

    /// Returns the kind of a lock, and whether those who acquire it also release it.
    fn kind_of_lock(&self, id: Id) -> (ObjectKind, bool) {
        let Some(object) = self.objects.get(&id) else { return (ObjectKind::Lock, true) };
        (object.info.kind, object.info.kind != ObjectKind::Semaphore || object.info.size != Some(0))
    }
}
