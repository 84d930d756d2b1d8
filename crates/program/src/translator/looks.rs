//! Looks: what lanes wait for and who holds it, at one moment, with a count that shows whether a thread ran since.

use std::collections::{BTreeMap, BTreeSet};

use super::Translator;
use super::lane::{Wait, WaitKind};
use contend_trace::{Look, Message, ResourceId, SeenWait, SeenWorker, WorkerId, WorkerKind};

impl Translator {
    /// Adds a look at `now`, which must not be before the mark up to which everything is applied. `moved` returns a
    /// count for a process and a thread that grows whenever the thread runs; `None` if that cannot be seen.
    pub fn look(&mut self, now: u64, mut moved: impl FnMut(u32, u32) -> Option<u64>) {
        if !self.is_complete_until(now) {
            return; // a record that waits for a definition may tell of the end of a wait
        }
        self.find_joined_lanes(now);
        let waits: BTreeMap<usize, (ResourceId, bool, Vec<usize>)> = (0..self.lanes.len())
            .filter(|l| !self.lanes[*l].has_ended)
            .filter_map(|l| Some((l, self.seen_wait(l)?)))
            .collect();
        if waits.is_empty() && !self.had_look {
            return;
        }
        self.had_look = !waits.is_empty();
        let holders = waits.values().flat_map(|(_, _, holders)| holders.iter().copied());
        let involved: BTreeSet<usize> = waits.keys().copied().chain(holders).collect();
        let mut workers = Vec::new();
        for l in involved {
            let lane = &self.lanes[l];
            let count = match lane.kind {
                _ if lane.has_ended => continue,
                WorkerKind::Async => Some(lane.moved),
                _ => moved(lane.info.pid, lane.info.tid),
            };
            let (Some(worker), Some(moved)) = (lane.worker, count) else { continue };
            let wait = waits.get(&l).map(|(on, is_timed, holders)| SeenWait {
                on: *on,
                is_timed: *is_timed,
                held_by: self.workers_of(holders),
            });
            workers.push(SeenWorker { worker, moved, wait });
        }
        let at = self.stamp(now);
        self.out.add_message(Message::Look(Look { at, workers }));
    }

    /// Says for whose end lanes wait that waited for a process before its first record.
    fn find_joined_lanes(&mut self, now: u64) {
        let at = self.stamp(now);
        for l in 0..self.lanes.len() {
            let Some(wait @ Wait { kind: WaitKind::Join, on: None, .. }) = self.wait_of(l) else { continue };
            let target = self.lane_of_object(wait.object).filter(|target| !self.lanes[*target].has_ended);
            let Some(on) = target.and_then(|target| self.life_of(target)) else { continue };
            self.begin_wait(l, at, Wait { on: Some(on), ..wait });
        }
    }

    fn workers_of(&self, lanes: &[usize]) -> Vec<WorkerId> {
        let mut workers: Vec<WorkerId> = lanes.iter().filter_map(|l| self.worker_of(*l)).collect();
        workers.sort_unstable();
        workers.dedup();
        workers
    }

    /// Returns what a lane waits for, whether that ends by itself, and the lanes that must all go on before it can.
    fn seen_wait(&self, l: usize) -> Option<(ResourceId, bool, Vec<usize>)> {
        let Wait { kind, object, on, is_timed, is_granted } = self.wait_of(l)?;
        let on = on.filter(|_| !is_granted)?;
        let holders = match kind {
            WaitKind::Lock => self.objects.get(&object)?.holders.clone(),
            WaitKind::Result => self.result_holders(object)?,
            _ => return None,
        };
        // A permit may be free, or about to be: only all permits together keep a waiter out.
        let permits = match self.objects.get(&object) {
            Some(object) if kind == WaitKind::Lock => object.info.size.unwrap_or(1).max(1),
            _ => 1,
        };
        (kind != WaitKind::Lock || permits == 1 && !holders.is_empty()).then_some((on, is_timed, holders))
    }

    /// Returns the lanes that a wait for the result of a task rests on: the one that executes it, or all workers of its
    /// pool, if the task is queued and each of them waits without a limit for a task that is queued there as well.
    fn result_holders(&self, task: crate::id::Id) -> Option<Vec<usize>> {
        let task = self.tasks.get(&task)?;
        if let Some(lane) = task.runs_on {
            return Some(vec![lane]);
        }
        let pool = &self.pools[task.pool];
        let workers: Vec<usize> = pool.lanes.iter().copied().filter(|l| !self.lanes[*l].has_ended).collect();
        let is_stuck = |l: &usize| {
            let wait = self.wait_of(*l).filter(|wait| wait.kind == WaitKind::Result && !wait.is_timed);
            let awaited = wait.and_then(|wait| self.tasks.get(&wait.object));
            awaited.is_some_and(|awaited| awaited.pool == task.pool && awaited.runs_on.is_none())
        };
        // A pool that may still grow starts another worker for the task.
        let is_full = pool.size > 0 && workers.len() as u64 >= pool.size;
        (is_full && workers.iter().all(is_stuck)).then_some(workers)
    }
}
