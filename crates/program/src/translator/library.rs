//! Objects that libraries make for themselves. A program with a few of its own may have hundreds of these, so one is
//! shown only once a thread waits for it that is not a library's own.

use super::Translator;
use super::lane::Hold;
use crate::definition::ObjectKind;
use crate::id::Id;
use contend_trace::{EventKind, Grant, Stamp};

/// How many objects of libraries were used and never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FoldedCounts {
    pub locks: u64,
    pub queues: u64,
}

impl Translator {
    /// Whether an object belongs to a library and is not shown.
    pub(super) fn is_folded(&self, id: Id) -> bool {
        self.objects.get(&id).is_some_and(|object| object.info.is_of_library && object.resource.is_none())
    }

    /// Whether a wait for a folded object is the library's own affair.
    pub(super) fn is_internal_wait(&self, l: usize, object: Id) -> bool {
        self.lanes[l].info.is_of_library && self.is_folded(object)
    }

    /// Notes that a lane got a folded lock.
    pub(super) fn acquire_folded(&mut self, l: usize, at: Stamp, id: Id) {
        self.make_running(l, at);
        let Some(object) = self.objects.get_mut(&id) else { return };
        object.was_used = true;
        let is_scoped = object.info.kind != ObjectKind::Semaphore || object.info.size != Some(0);
        if object.info.kind != ObjectKind::Semaphore {
            object.folded_holders.retain(|holder| *holder == l);
        }
        if is_scoped {
            object.folded_holders.push(l);
        }
    }

    /// Notes that a lane released a folded lock, perhaps one that another lane got. `left` is how often it still has a
    /// reentrant lock.
    pub(super) fn release_folded(&mut self, l: usize, at: Stamp, id: Id, left: u64) {
        self.make_running(l, at);
        let Some(object) = self.objects.get_mut(&id) else { return };
        let place = object.folded_holders.iter().rposition(|holder| *holder == l);
        if let Some(place) = place.or_else(|| object.folded_holders.len().checked_sub(1)) {
            object.folded_holders.remove(place);
        }
        if left == 0 && object.info.kind == ObjectKind::Rlock {
            object.folded_holders.retain(|holder| *holder != l);
        }
    }

    /// Notes that a folded queue was used.
    pub(super) fn use_folded(&mut self, l: usize, at: Stamp, id: Id) {
        self.make_running(l, at);
        if let Some(object) = self.objects.get_mut(&id) {
            object.was_used = true;
        }
    }

    /// Shows a lock that a thread waits for, and who holds it.
    pub(super) fn unfold_lock(&mut self, at: Stamp, id: Id) {
        let Some(object) = self.objects.get_mut(&id).filter(|object| object.resource.is_none()) else { return };
        let holders = std::mem::take(&mut object.folded_holders);
        let is_counted = object.info.kind == ObjectKind::Semaphore;
        let Some(resource) = self.resource_of(id, ObjectKind::Lock) else { return };
        for l in holders {
            if self.lanes[l].has_ended {
                continue;
            }
            if let Some(hold) = self.lanes[l].holds.iter_mut().find(|hold| hold.object == id && !is_counted) {
                hold.depth += 1;
                continue;
            }
            let Some(object) = self.objects.get_mut(&id) else { return };
            object.grants += 1;
            object.holders.push(l);
            let grant = Grant(object.grants);
            // A wait that begins again names all that its worker holds, this lock too.
            self.lanes[l].holds.push(Hold { object: id, resource, grant, depth: 1 });
            self.interrupt_wait(l, at, |this| this.emit(l, at, EventKind::Acquired { lock: resource, grant }));
        }
    }

    /// Returns how many objects of libraries were used and never shown.
    pub fn folded_counts(&self) -> FoldedCounts {
        let folded = self.objects.values().filter(|object| object.was_used && object.resource.is_none());
        folded.fold(FoldedCounts::default(), |counts, object| match object.info.kind {
            ObjectKind::Queue | ObjectKind::Pipe => FoldedCounts { queues: counts.queues + 1, ..counts },
            _ => FoldedCounts { locks: counts.locks + 1, ..counts },
        })
    }
}
