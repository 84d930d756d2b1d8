//! Who uses which end of which pipe, and who visits the manager: read from the steps, whatever `when` and `if` say of them.
//!
//! A worker has the ends that it uses and no others. So whoever reads comes to the end of the stream as soon as the last
//! who could write is gone.

use std::collections::BTreeSet;

use super::{Plan, WorkerRole};
use contend_scenario::{EvalContext, Expr, LifeStep, OverflowPolicy, PipeStep, Scenario, Step, Target, WorkerGroup};
use contend_trace::{CounterMemory, KnobId, LaneRange, ResourceId, ResourceKind, WorkerId, WorkerInfo, WorkerKind};

/// One end of what the kernel carries between workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PipeEnd {
    /// Of a pipe.
    Read(ResourceId),
    Write(ResourceId),
    /// A worker's connection to the manager, and the manager's side of it.
    CounterClient(WorkerId),
    CounterServer(WorkerId),
}

/// Whose steps are read.
struct StepsOwner<'a> {
    lane: WorkerId,
    /// Nothing for a pool's workers: any of them may do any task.
    place: Option<PlaceValues>,
    groups: &'a [WorkerGroup],
}

/// A worker's place, where no knob matters.
struct PlaceValues(u32, u32);

impl EvalContext for PlaceValues {
    fn knob(&self, _: KnobId) -> f64 {
        0.0
    }
    fn worker_position(&self) -> (u32, u32) {
        (self.0, self.1)
    }
}

impl Plan {
    /// The ends of each worker, and the manager if somebody visits one.
    pub(super) fn add_ends(&mut self, scenario: &Scenario) {
        let ends = (0..self.roles.len())
            .map(|lane| self.collect_ends_of(WorkerId::from(lane), scenario).into_iter().collect());
        self.pipe_ends = ends.collect();
        let visits = |end: &PipeEnd| {
            if let PipeEnd::CounterClient(lane) = end { Some(PipeEnd::CounterServer(*lane)) } else { None }
        };
        let served: Vec<PipeEnd> = self.pipe_ends.iter().flatten().filter_map(visits).collect();
        if !served.is_empty() {
            let name = self.free_name("manager");
            let info = WorkerInfo { group: name.clone(), name, kind: WorkerKind::Process, pool: None };
            self.add_worker(info, WorkerRole::CounterServer);
            self.pipe_ends.push(served);
        }
        self.add_pipe_wakers();
    }

    /// Who can read and write each pipe.
    fn add_pipe_wakers(&mut self) {
        for (lane, ends) in self.pipe_ends.iter().enumerate() {
            let lanes = LaneRange { first: WorkerId::from(lane), count: 1 };
            for end in ends {
                match end {
                    PipeEnd::Write(pipe) => self.cast.wakers[pipe.index()].givers.push(lanes),
                    PipeEnd::Read(pipe) => self.cast.wakers[pipe.index()].takers.push(lanes),
                    PipeEnd::CounterClient(_) | PipeEnd::CounterServer(_) => {}
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

    fn collect_ends_of(&self, lane: WorkerId, scenario: &Scenario) -> BTreeSet<PipeEnd> {
        let (steps, place) = match self.roles[lane.index()] {
            WorkerRole::GroupMember { group, index: place, group_size: of } => {
                (&scenario.groups[group].steps, Some(PlaceValues(place, of)))
            }
            WorkerRole::PoolWorker { pool, .. } => (&scenario.pools[pool].task, None),
            // It does tasks itself when the queue is full.
            WorkerRole::Feeder { pool } if scenario.pools[pool].overflow == OverflowPolicy::CallerRuns => {
                (&scenario.pools[pool].task, None)
            }
            WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => {
                return BTreeSet::new();
            }
        };
        let mut ends = BTreeSet::new();
        self.collect_ends(steps, &StepsOwner { lane, place, groups: &scenario.groups }, &mut ends);
        ends
    }

    fn collect_ends(&self, steps: &[Step], user: &StepsOwner<'_>, ends: &mut BTreeSet<PipeEnd>) {
        for step in steps {
            match step {
                Step::Pipe(PipeStep::Send { target, .. }) => {
                    ends.extend(self.possible_targets(target, user.place.as_ref()).map(PipeEnd::Write));
                }
                Step::Pipe(PipeStep::Receive { target, .. } | PipeStep::ForEach { target, .. }) => {
                    ends.extend(self.possible_targets(target, user.place.as_ref()).map(PipeEnd::Read));
                }
                Step::Life(LifeStep::RunInline { group }) => self.collect_ends(&user.groups[*group].steps, user, ends),
                _ => {}
            }
            if step.target().is_some_and(|target| self.is_managed(target)) {
                ends.insert(PipeEnd::CounterClient(user.lane));
            }
            step.bodies().for_each(|body| self.collect_ends(body, user, ends));
        }
    }

    fn is_managed(&self, target: &Target) -> bool {
        let kind = self.cast.resource(self.array_member(target.resource, 0.0)).map(|resource| &resource.kind);
        matches!(kind, Some(ResourceKind::Counter { memory: CounterMemory::Manager, .. }))
    }

    /// Those of an array that a step may mean: one, where its place says which and no knob can change that.
    fn possible_targets(&self, target: &Target, place: Option<&PlaceValues>) -> impl Iterator<Item = ResourceId> {
        let (first, count) = self.arrays[target.resource];
        let fixed = |at: &Expr| at.knobs().is_empty();
        let one = match (&target.index, place) {
            (None, _) => Some(self.array_member(target.resource, 0.0)),
            (Some(at), Some(place)) if fixed(at) => Some(self.array_member(target.resource, at.eval(place))),
            _ => None,
        };
        let all = (0..count).map(move |at| ResourceId(first.0 + at as u16));
        all.filter(move |id| one.is_none_or(|one| one == *id))
    }
}
