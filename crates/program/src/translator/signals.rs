//! Conditions, event flags, barriers, and waits for the end of a lane.

use super::Translator;
use super::lane::Doing;
use super::lane::{Wait, WaitKind};
use crate::definition::ObjectKind;
use crate::id::Id;
use crate::kind::Flags;
use contend_trace::{EventKind, Evidence, ResourceId, ResourceKind, Stamp};

impl Translator {
    pub(super) fn wait_for_signal(&mut self, l: usize, at: Stamp, object: Id, flags: Flags) {
        let is_internal = self.is_internal_wait(l, object);
        let on = if is_internal { None } else { self.resource_of(object, ObjectKind::Event) };
        if let Some(object) = self.objects.get_mut(&object) {
            object.waiting += 1;
        }
        let wait = Wait { kind: WaitKind::Signal, object, on, is_timed: flags.is_timed(), is_granted: false };
        self.begin_wait(l, at, wait);
    }

    /// Ends a wait for a signal. The wait for a condition ends when its lock is taken again, so it may be over already.
    pub(super) fn wake(&mut self, l: usize, at: Stamp, object: Id, flags: Flags) {
        let nth = self.objects.get_mut(&object).map_or(0, |object| {
            object.waiting = object.waiting.saturating_sub(1);
            object.signals += u64::from(flags.is_ok());
            object.signals
        });
        match self.wait_of(l).filter(|wait| wait.object == object && wait.kind == WaitKind::Signal) {
            Some(Wait { on: Some(on), .. }) => {
                let kind =
                    if flags.is_ok() { EventKind::Woken { on, nth } } else { EventKind::WaitTimedOut { lock: on } };
                self.emit(l, at, kind);
                self.lanes[l].doing = Doing::Running;
            }
            _ => self.make_running(l, at),
        }
    }

    pub(super) fn signal(&mut self, l: usize, at: Stamp, id: Id, count: u64) {
        if self.is_folded(id) {
            return self.use_folded(l, at, id);
        }
        let Some(on) = self.resource_of(id, ObjectKind::Event) else { return };
        let Some(object) = self.objects.get(&id) else { return };
        let limit = if object.info.kind == ObjectKind::Condition { count } else { u64::MAX };
        let woken = u32::try_from(u64::from(object.waiting).min(limit)).unwrap_or(u32::MAX);
        self.make_running(l, at);
        self.emit(l, at, EventKind::Signalled { on, woken });
    }

    pub(super) fn join(&mut self, l: usize, at: Stamp, object: Id, flags: Flags) {
        let on = self.lane_of_object(object).and_then(|target| self.life_of(target));
        let wait = Wait { kind: WaitKind::Join, object, on, is_timed: flags.is_timed(), is_granted: false };
        self.begin_wait(l, at, wait);
    }

    /// Returns the lane that a lane waits for: the object is a lane, or a process.
    pub(super) fn lane_of_object(&self, id: Id) -> Option<usize> {
        self.lane_by_id.get(&id).copied().or_else(|| self.main_lane_of(self.pid_of_process(id)?))
    }

    /// Returns the resource that stands for the end of a lane.
    pub(super) fn life_of(&mut self, l: usize) -> Option<ResourceId> {
        let worker = self.declare_lane(l);
        if self.lanes[l].life.is_none() && !self.lanes[l].has_ended {
            let name = self.names.make(&format!("end of {}", self.lanes[l].name));
            let life = self.declare_resource(name, ResourceKind::Life { worker }, Evidence::Numbered);
            self.lanes[l].life = Some(life);
        }
        self.lanes[l].life
    }
}
