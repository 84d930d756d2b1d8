//! Queues, pipes and calls of servers.

use super::Translator;
use super::lane::{Wait, WaitKind};
use crate::definition::ObjectKind;
use crate::id::Id;
use crate::kind::{Flags, NO_DEPTH};
use contend_trace::{EventKind, Stamp};

impl Translator {
    pub(super) fn put(&mut self, l: usize, at: Stamp, id: Id, depth: u64) {
        if self.is_folded(id) {
            self.set_depth(id, depth, |depth| depth + 1);
            return self.use_folded(l, at, id);
        }
        let Some(queue) = self.resource_of(id, ObjectKind::Queue) else { return };
        let depth = self.set_depth(id, depth, |depth| depth + 1).max(1);
        self.end_wait_for(l, at, queue);
        self.emit(l, at, EventKind::Put { queue, depth });
    }

    pub(super) fn take(&mut self, l: usize, at: Stamp, id: Id, depth: u64) {
        if self.is_folded(id) {
            self.set_depth(id, depth, |depth| depth.saturating_sub(1));
            return self.use_folded(l, at, id);
        }
        let Some(queue) = self.resource_of(id, ObjectKind::Queue) else { return };
        let depth = self.set_depth(id, depth, |depth| depth.saturating_sub(1));
        self.end_wait_for(l, at, queue);
        self.emit(l, at, EventKind::Took { queue, depth });
    }

    fn set_depth(&mut self, id: Id, recorded: u64, change: impl Fn(u64) -> u64) -> u32 {
        let Some(object) = self.objects.get_mut(&id) else { return 0 };
        object.depth = if recorded == NO_DEPTH { change(object.depth) } else { recorded };
        u32::try_from(object.depth).unwrap_or(u32::MAX - 1)
    }

    pub(super) fn wait_at_queue(&mut self, l: usize, at: Stamp, object: Id, for_room: bool, flags: Flags) {
        let pool = self.objects.get(&object).and_then(|object| object.pool);
        let on = match pool {
            Some(pool) => Some(self.pools[pool].queue),
            None if self.is_internal_wait(l, object) => None,
            None => self.resource_of(object, ObjectKind::Queue),
        };
        let kind = if for_room { WaitKind::Room } else { WaitKind::Item };
        self.begin_wait(l, at, Wait { kind, object, on, is_timed: flags.is_timed(), is_granted: false });
    }

    pub(super) fn call(&mut self, l: usize, at: Stamp) {
        let wait = Wait { kind: WaitKind::Call, object: Id::None, on: None, is_timed: false, is_granted: false };
        self.begin_wait(l, at, wait);
    }
}
