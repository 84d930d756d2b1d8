//! Tasks of pools, and waits for their results.

use super::lane::Doing;
use super::lane::{Wait, WaitKind};
use super::{MAX_TASKS, Translator};
use crate::definition::ObjectKind;
use crate::id::Id;
use crate::kind::Flags;
use crate::line::pool_of_submit;
use contend_trace::{EventKind, Evidence, ResourceId, ResourceKind, Span, Stamp};

/// A task that was submitted and has not ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    pub pool: usize,
    pub submitted: Stamp,
    /// The lane that executes it.
    pub runs_on: Option<usize>,
}

impl Translator {
    pub(super) fn submit(&mut self, l: usize, at: Stamp, task: Id, pool: u64) {
        let Some(place) = self.pool_at(pool_of_submit(pool)) else { return };
        if self.tasks.contains_key(&task) {
            return; // recorded twice, or its start arrived first
        }
        if self.tasks.len() < MAX_TASKS {
            self.tasks.insert(task, Task { pool: place, submitted: at, runs_on: None });
        }
        let pool = &mut self.pools[place];
        pool.queued += 1;
        let (queue, depth) = (pool.queue, u32::try_from(pool.queued).unwrap_or(u32::MAX - 1));
        self.make_running(l, at);
        self.emit(l, at, EventKind::Put { queue, depth: depth.max(1) });
    }

    pub(super) fn start_task(&mut self, l: usize, at: Stamp, task: Id) {
        let own_pool = self.lanes[l].info.pool;
        let known = self.tasks.get(&task).copied();
        let Some(place) = known.map(|task| task.pool).or_else(|| self.pool_at(own_pool)) else { return };
        let waited = known.map_or(Span::ZERO, |task| at.span_since(task.submitted));
        if known.is_some() || self.tasks.len() < MAX_TASKS {
            let submitted = known.map_or(at, |task| task.submitted);
            self.tasks.insert(task, Task { pool: place, submitted, runs_on: Some(l) });
        }
        let pool = &mut self.pools[place];
        let is_counted = known.is_some() && pool.queued > 0;
        pool.queued -= u64::from(is_counted);
        let (id, queue, depth) = (pool.id, pool.queue, u32::try_from(pool.queued).unwrap_or(u32::MAX - 1));
        self.make_running(l, at);
        if known.is_some() {
            self.emit(l, at, EventKind::Took { queue, depth });
        }
        self.emit(l, at, EventKind::TaskBegan { pool: id, waited });
        self.lanes[l].tasks.push(task);
    }

    pub(super) fn finish_task(&mut self, l: usize, at: Stamp, task: Id, ok: bool) {
        if self.tasks.get(&task).is_some_and(|known| known.runs_on.is_none()) {
            return self.drop_task(l, at, task, ok); // where it ran was not seen
        }
        let known = self.tasks.remove(&task);
        let Some(place) = self.lanes[l].tasks.iter().rposition(|open| *open == task) else { return };
        self.lanes[l].tasks.truncate(place);
        let own_pool = self.lanes[l].info.pool;
        let Some(place) = known.map(|task| task.pool).or_else(|| self.pool_at(own_pool)) else { return };
        let pool = self.pools[place].id;
        self.make_running(l, at);
        self.emit(l, at, EventKind::TaskEnded { pool, ok });
    }

    /// Records that a lane waits for the result of a task.
    pub(super) fn wait_for_result(&mut self, l: usize, at: Stamp, task: Id, flags: Flags) {
        let on = match self.tasks.get(&task).map(|task| task.pool) {
            Some(pool) => Some(self.results_of(pool)),
            None => self.objects.contains_key(&task).then(|| self.resource_of(task, ObjectKind::Future)).flatten(),
        };
        let wait = Wait { kind: WaitKind::Result, object: task, on, is_timed: flags.is_timed(), is_granted: false };
        self.begin_wait(l, at, wait);
    }

    pub(super) fn end_result_wait(&mut self, l: usize, at: Stamp) {
        match self.wait_of(l) {
            Some(Wait { kind: WaitKind::Result, on: Some(on), .. }) => {
                self.emit(l, at, EventKind::Woken { on, nth: 0 });
                self.lanes[l].doing = Doing::Running;
            }
            _ => self.make_running(l, at),
        }
    }

    /// Returns the resource that stands for the results of a pool.
    fn results_of(&mut self, place: usize) -> ResourceId {
        if let Some(known) = self.pools[place].results {
            return known;
        }
        let name = self.names.make(&format!("{} results", self.pools[place].name));
        let results = self.declare_resource(name, ResourceKind::Event, Evidence::Observed);
        self.pools[place].results = Some(results);
        results
    }
}
