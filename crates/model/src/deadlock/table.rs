//! What every worker needs before it can go on, and what each thing needs that workers wait for: who can ever run again
//! follows from it (`reduce.rs`), and from what is proved of each need (`stall.rs`, `lost.rs`).

use std::collections::BTreeMap;

use super::reduce::Needs;
use crate::{Model, Res};
use contend_trace::{Lanes, ResourceId, ResourceKind, WorkerId};

/// Needs beyond which nothing is concluded.
const MOST: usize = 1 << 22;

/// Something that a line of the table stands for, behind the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    /// An item, a signal, a permit of a semaphore; or room, if `room`.
    Given { on: ResourceId, room: bool },
    /// One of these workers, by the first and how many.
    One(WorkerId, u16),
    /// A lock that a dead worker holds.
    Lost,
}

/// The lines: those of the workers first.
pub(super) struct Table<'a> {
    model: &'a Model,
    lines: Vec<Needs>,
    things: BTreeMap<Thing, usize>,
    /// Needs so far.
    size: usize,
}

impl<'a> Table<'a> {
    /// The needs of everybody and everything. `None` when there are too many.
    pub(super) fn of(model: &'a Model) -> Option<Vec<Needs>> {
        let workers = model.lanes.len();
        let mut table = Self { model, lines: vec![Needs::Nothing; workers], things: BTreeMap::new(), size: workers };
        for w in 0..workers {
            let needs = table.worker(WorkerId::from(w));
            table.size += needs.of().len();
            table.lines[w] = needs;
            if table.size > MOST {
                return None;
            }
        }
        Some(table.lines)
    }

    fn worker(&mut self, w: WorkerId) -> Needs {
        let model = self.model;
        if let Some((on, room)) = model.awaited(w) {
            return Needs::All(vec![self.given(on, room)]);
        }
        if model.lanes[w.index()].is_alive() {
            return if model.waits_for_good(w) { self.lock(w) } else { Needs::Nothing };
        }
        if model.is_over(w) {
            return Needs::Any(self.each_of(model.spawners(w)));
        }
        if model.is_absent(w) || model.is_given_up(w) {
            return Needs::Any(Vec::new());
        }
        match model.left_queue(w) {
            Some(queue) => Needs::All(vec![self.given(queue, false)]),
            None => Needs::Nothing,
        }
    }

    /// What a worker needs that waits for a lock, or for another's end.
    fn lock(&mut self, w: WorkerId) -> Needs {
        let model = self.model;
        let missing = model.permits_missing(w);
        if missing > 0 {
            return self.permits(w, missing as usize);
        }
        if model.lost_hold_for(w) {
            return Needs::All(vec![self.line(Thing::Lost, |_| Needs::Any(Vec::new()))]);
        }
        let needs = model.needs(w);
        // What the dead hold of such a lock the system returns.
        let returned = model.lanes[w.index()].doing.on.is_some_and(|on| model.recovers(on));
        let is_dead = |holder: &usize| !model.lanes[*holder].is_alive();
        if returned && needs.of().iter().any(is_dead) { Needs::Nothing } else { needs }
    }

    /// So many permits: one for each that a worker holds, any number of whoever releases others.
    fn permits(&mut self, w: WorkerId, missing: usize) -> Needs {
        let model = self.model;
        let Some(on) = model.lanes[w.index()].doing.on else { return Needs::Nothing };
        let Some(Res::Lock(lock)) = model.resources.get(on.index()) else { return Needs::Nothing };
        let returns = |(holder, grant): &(WorkerId, _)| {
            model.lanes[holder.index()].held().contains(&(on, *grant)) && !model.is_certainly_dead(*holder)
        };
        let mut from: Vec<usize> = lock.holds().filter(returns).map(|(holder, _)| holder.index()).collect();
        let released = self.given(on, false);
        from.extend(std::iter::repeat_n(released, missing));
        Needs::Some(missing, from)
    }

    /// The line of something that somebody must give.
    fn given(&mut self, on: ResourceId, room: bool) -> usize {
        self.line(Thing::Given { on, room }, |table| Needs::Any(table.givers(on, room)))
    }

    /// The line of a thing; made, if it is new, before what it needs.
    fn line(&mut self, thing: Thing, needs: impl FnOnce(&mut Self) -> Needs) -> usize {
        if let Some(line) = self.things.get(&thing) {
            return *line;
        }
        let line = self.lines.len();
        self.things.insert(thing, line);
        self.lines.push(Needs::Nothing);
        let needs = needs(self);
        self.size += needs.of().len() + 1;
        self.lines[line] = needs;
        line
    }

    fn givers(&mut self, on: ResourceId, room: bool) -> Vec<usize> {
        let model = self.model;
        let Some(wakers) = model.cast.wakers.get(on.index()) else { return vec![usize::MAX] };
        let lanes = if room { &wakers.takers } else { &wakers.givers };
        match model.resources.get(on.index()) {
            Some(Res::Pipe(_)) => model.who_gives((on, room)).map(WorkerId::index).collect(),
            _ => self.each_of(lanes),
        }
    }

    /// A line for each of these neighbours: any one of them.
    fn each_of(&mut self, lanes: &[Lanes]) -> Vec<usize> {
        let workers = self.model.lanes.len();
        let members = |lanes: Lanes| lanes.iter().map(WorkerId::index).filter(|w| *w < workers).collect();
        let mut lines = Vec::with_capacity(lanes.len());
        for group in lanes {
            lines.push(match group.count {
                1 if group.first.index() < workers => group.first.index(),
                _ => self.line(Thing::One(group.first, group.count), |_| Needs::Any(members(*group))),
            });
        }
        lines
    }
}

impl Model {
    /// Whether the system gives back a lock that its holder died with.
    pub(crate) fn recovers(&self, lock: ResourceId) -> bool {
        let kind = self.cast.resource(lock).map(|resource| &resource.kind);
        matches!(kind, Some(ResourceKind::Mutex { kind }) if kind.is_robust())
    }
}
