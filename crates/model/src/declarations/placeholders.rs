//! Placeholders for workers and resources that events name before anything declares them.

use std::sync::Arc;

use crate::Model;
use contend_trace::{
    Declared, EventKind, Evidence, ResourceId, ResourceInfo, ResourceKind, WorkerId, WorkerInfo, WorkerKind,
};

/// Most placeholders for workers, and most for resources. Events of further ids are only counted.
const MAX_PLACEHOLDERS: usize = 256;

impl Model {
    /// Adds a placeholder for a worker that events name and nothing declared. Returns whether there is one.
    #[cold]
    pub(crate) fn add_placeholder_worker(&mut self, id: WorkerId) -> bool {
        let has_room = self.registry.is_open
            && !self.lanes.is_gone(id.index())
            && self.open.placeholder_workers.len() < MAX_PLACEHOLDERS;
        let info = WorkerInfo {
            name: format!("undeclared-{}", id.0),
            group: "undeclared".to_owned(),
            kind: WorkerKind::Thread,
            pool: None,
        };
        let declared = Declared::Worker { id, info: info.clone() };
        if !has_room || !Arc::make_mut(&mut self.registry).declare(&declared) {
            return false;
        }
        self.add_worker(id, &info);
        self.open.placeholder_workers.insert(id);
        self.plan_histories();
        true
    }

    /// Gives a name to a resource that an event names and nothing declared.
    #[inline]
    pub(crate) fn note_resource(&mut self, kind: &EventKind) {
        if self.registry.is_open
            && let Some(id) = kind.resource()
            && self.resources.get(id.index()).is_none()
        {
            self.add_placeholder_resource(id);
        }
    }

    #[cold]
    fn add_placeholder_resource(&mut self, id: ResourceId) {
        let is_known = self.resources.is_gone(id.index()) || self.open.placeholder_resources.contains(&id);
        if is_known || self.open.placeholder_resources.len() >= MAX_PLACEHOLDERS {
            return;
        }
        let info = ResourceInfo { name: format!("undeclared-{}", id.0), kind: ResourceKind::Undeclared };
        let declared = Declared::Resource { id, info, evidence: Evidence::Numbered };
        if Arc::make_mut(&mut self.registry).declare(&declared) {
            self.resources.skip(id.index());
            self.open.placeholder_resources.insert(id);
        }
    }
}
