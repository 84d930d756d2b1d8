//! Who uses which end of which pipe, and who visits the manager: read from the steps, whatever `when` and `if` say of them.
//!
//! A worker has the ends that it uses and no others. So whoever reads comes to the end of the stream as soon as the last
//! who could write is gone.

use std::collections::BTreeSet;

use super::{Part, Plan};
use contend_scenario::{Expr, LifeStep, PipeStep, Policy, Scenario, Step, Target, Values, Workers};
use contend_trace::{KnobId, Lanes, Memory, ResourceId, ResourceKind, WorkerId, WorkerInfo, WorkerKind};

/// One end of what the kernel carries between workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Of a pipe.
    Read(ResourceId),
    Write(ResourceId),
    /// A worker's connection to the manager, and the manager's side of it.
    Visit(WorkerId),
    Serve(WorkerId),
}

/// Whose steps are read.
struct User<'a> {
    lane: WorkerId,
    /// Nothing for a pool's workers: any of them may do any task.
    place: Option<Place>,
    groups: &'a [Workers],
}

/// A worker's place, where no knob matters.
struct Place(u32, u32);

impl Values for Place {
    fn knob(&self, _: KnobId) -> f64 {
        0.0
    }
    fn place(&self) -> (u32, u32) {
        (self.0, self.1)
    }
}

impl Plan {
    /// The ends of each worker, and the manager if somebody visits one.
    pub(super) fn add_ends(&mut self, scenario: &Scenario) {
        let ends = (0..self.parts.len()).map(|lane| self.ends_of(WorkerId::from(lane), scenario).into_iter().collect());
        self.ends = ends.collect();
        let visits = |end: &End| if let End::Visit(lane) = end { Some(End::Serve(*lane)) } else { None };
        let served: Vec<End> = self.ends.iter().flatten().filter_map(visits).collect();
        if !served.is_empty() {
            let name = self.free_name("manager");
            let info = WorkerInfo { group: name.clone(), name, kind: WorkerKind::Process, pool: None };
            self.add_worker(info, Part::Manager);
            self.ends.push(served);
        }
        self.pipes_wakers();
    }

    /// Who can read and write each pipe.
    fn pipes_wakers(&mut self) {
        for (lane, ends) in self.ends.iter().enumerate() {
            let lanes = Lanes { first: WorkerId::from(lane), count: 1 };
            for end in ends {
                match end {
                    End::Write(pipe) => self.cast.wakers[pipe.index()].givers.push(lanes),
                    End::Read(pipe) => self.cast.wakers[pipe.index()].takers.push(lanes),
                    End::Visit(_) | End::Serve(_) => {}
                }
            }
        }
    }

    fn free_name(&self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while self.cast.workers.iter().any(|worker| worker.name == name) {
            name.push_str("-process");
        }
        name
    }

    fn ends_of(&self, lane: WorkerId, scenario: &Scenario) -> BTreeSet<End> {
        let (steps, place) = match self.parts[lane.index()] {
            Part::Member { group, place, of } => (&scenario.workers[group].steps, Some(Place(place, of))),
            Part::PoolWorker { pool, .. } => (&scenario.pools[pool].task, None),
            // It does tasks itself when the queue is full.
            Part::Feeder { pool } if scenario.pools[pool].policy == Policy::CallerRuns => {
                (&scenario.pools[pool].task, None)
            }
            Part::Feeder { .. } | Part::Server { .. } | Part::Manager => return BTreeSet::new(),
        };
        let mut ends = BTreeSet::new();
        self.enter(steps, &User { lane, place, groups: &scenario.workers }, &mut ends);
        ends
    }

    fn enter(&self, steps: &[Step], user: &User<'_>, ends: &mut BTreeSet<End>) {
        for step in steps {
            match step {
                Step::Pipe(PipeStep::Send { target, .. }) => {
                    ends.extend(self.meant(target, user.place.as_ref()).map(End::Write));
                }
                Step::Pipe(PipeStep::Receive { target, .. } | PipeStep::Each { target, .. }) => {
                    ends.extend(self.meant(target, user.place.as_ref()).map(End::Read));
                }
                Step::Life(LifeStep::Run { group }) => self.enter(&user.groups[*group].steps, user, ends),
                _ => {}
            }
            if step.target().is_some_and(|target| self.is_managed(target)) {
                ends.insert(End::Visit(user.lane));
            }
            step.bodies().for_each(|body| self.enter(body, user, ends));
        }
    }

    fn is_managed(&self, target: &Target) -> bool {
        let kind = self.cast.resource(self.member(target.resource, 0.0)).map(|resource| &resource.kind);
        matches!(kind, Some(ResourceKind::Counter { memory: Memory::Manager, .. }))
    }

    /// Those of an array that a step may mean: one, where its place says which and no knob can change that.
    fn meant(&self, target: &Target, place: Option<&Place>) -> impl Iterator<Item = ResourceId> {
        let (first, count) = self.arrays[target.resource];
        let fixed = |at: &Expr| at.knobs().is_empty();
        let one = match (&target.at, place) {
            (None, _) => Some(self.member(target.resource, 0.0)),
            (Some(at), Some(place)) if fixed(at) => Some(self.member(target.resource, at.eval(place))),
            _ => None,
        };
        let all = (0..count).map(move |at| ResourceId(first.0 + at as u16));
        all.filter(move |id| one.is_none_or(|one| one == *id))
    }
}
