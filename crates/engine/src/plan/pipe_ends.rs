//! Finds which worker uses which end of which pipe, and which connects to the counter server. Read from the steps,
//! without regard to `when` and `if`.
//!
//! A worker has only the ends that it uses, so a reader gets the end of the stream as soon as the last writer is gone.

use std::collections::BTreeSet;

use super::{Plan, WorkerRole};
use contend_scenario::{EvalContext, Expr, LifeStep, OverflowPolicy, PipeStep, Scenario, Step, Target, WorkerGroup};
use contend_trace::{CounterMemory, KnobId, LaneRange, ResourceId, ResourceKind, WorkerId, WorkerInfo, WorkerKind};

/// One end of a pipe or connection between workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PipeEnd {
    Read(ResourceId),
    Write(ResourceId),
    /// A worker's side of its connection to the counter server, and the server's side.
    CounterClient(WorkerId),
    CounterServer(WorkerId),
}

/// The worker whose steps are read.
struct StepsOwner<'a> {
    lane: WorkerId,
    /// `None` for a pool's workers: each of them may run any task.
    position: Option<PositionValues>,
    groups: &'a [WorkerGroup],
}

/// A worker's position in its group, for expressions without knobs.
struct PositionValues(u32, u32);

impl EvalContext for PositionValues {
    fn knob(&self, _: KnobId) -> f64 {
        0.0
    }
    fn worker_position(&self) -> (u32, u32) {
        (self.0, self.1)
    }
}

impl Plan {
    /// Adds the ends of each worker, and the counter server if some worker connects to it.
    pub(super) fn add_ends(&mut self, scenario: &Scenario) {
        let ends = (0..self.roles.len())
            .map(|lane| self.collect_ends_of(WorkerId::from(lane), scenario).into_iter().collect());
        self.pipe_ends = ends.collect();
        let server_end = |end: &PipeEnd| {
            if let PipeEnd::CounterClient(lane) = end { Some(PipeEnd::CounterServer(*lane)) } else { None }
        };
        let served: Vec<PipeEnd> = self.pipe_ends.iter().flatten().filter_map(server_end).collect();
        if !served.is_empty() {
            let name = self.free_name("manager");
            let info = WorkerInfo { group: name.clone(), name, kind: WorkerKind::Process, pool: None };
            self.add_worker(info, WorkerRole::CounterServer);
            self.pipe_ends.push(served);
        }
        self.add_pipe_wakers();
    }

    /// Adds the workers that can read and write each pipe as its wakers.
    fn add_pipe_wakers(&mut self) {
        for (lane, ends) in self.pipe_ends.iter().enumerate() {
            let lanes = LaneRange { first: WorkerId::from(lane), count: 1 };
            for end in ends {
                match end {
                    PipeEnd::Write(pipe) => self.registry.wakers[pipe.index()].givers.push(lanes),
                    PipeEnd::Read(pipe) => self.registry.wakers[pipe.index()].takers.push(lanes),
                    PipeEnd::CounterClient(_) | PipeEnd::CounterServer(_) => {}
                }
            }
        }
    }

    fn free_name(&self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while self.registry.workers.iter().any(|worker| worker.name == name) {
            name.push_str("-process");
        }
        name
    }

    fn collect_ends_of(&self, lane: WorkerId, scenario: &Scenario) -> BTreeSet<PipeEnd> {
        let (steps, position) = match self.roles[lane.index()] {
            WorkerRole::GroupMember { group, index, group_size } => {
                (&scenario.groups[group].steps, Some(PositionValues(index, group_size)))
            }
            WorkerRole::PoolWorker { pool, .. } => (&scenario.pools[pool].task, None),
            // Runs tasks itself when the queue is full.
            WorkerRole::Feeder { pool } if scenario.pools[pool].overflow == OverflowPolicy::CallerRuns => {
                (&scenario.pools[pool].task, None)
            }
            WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => {
                return BTreeSet::new();
            }
        };
        let mut ends = BTreeSet::new();
        self.collect_ends(steps, &StepsOwner { lane, position, groups: &scenario.groups }, &mut ends);
        ends
    }

    fn collect_ends(&self, steps: &[Step], owner: &StepsOwner<'_>, ends: &mut BTreeSet<PipeEnd>) {
        for step in steps {
            match step {
                Step::Pipe(PipeStep::Send { target, .. }) => {
                    ends.extend(self.possible_targets(target, owner.position.as_ref()).map(PipeEnd::Write));
                }
                Step::Pipe(PipeStep::Receive { target, .. } | PipeStep::ForEach { target, .. }) => {
                    ends.extend(self.possible_targets(target, owner.position.as_ref()).map(PipeEnd::Read));
                }
                Step::Life(LifeStep::RunInline { group }) => {
                    self.collect_ends(&owner.groups[*group].steps, owner, ends);
                }
                _ => {}
            }
            if step.target().is_some_and(|target| self.is_managed(target)) {
                ends.insert(PipeEnd::CounterClient(owner.lane));
            }
            step.bodies().for_each(|body| self.collect_ends(body, owner, ends));
        }
    }

    fn is_managed(&self, target: &Target) -> bool {
        let kind = self.registry.resource(self.array_member(target.resource, 0.0)).map(|resource| &resource.kind);
        matches!(kind, Some(ResourceKind::Counter { memory: CounterMemory::Manager, .. }))
    }

    /// Returns the members of an array that a step may use: one if the worker's position selects it and no knob can
    /// change that, else all.
    fn possible_targets(&self, target: &Target, position: Option<&PositionValues>) -> impl Iterator<Item = ResourceId> {
        let (first, count) = self.arrays[target.resource];
        let is_fixed = |index: &Expr| index.knobs().is_empty();
        let only = match (&target.index, position) {
            (None, _) => Some(self.array_member(target.resource, 0.0)),
            (Some(index), Some(position)) if is_fixed(index) => {
                Some(self.array_member(target.resource, index.eval(position)))
            }
            _ => None,
        };
        let all = (0..count).map(move |index| ResourceId(first.0 + index));
        all.filter(move |id| only.is_none_or(|only| only == *id))
    }
}
