//! Finds the workers that could end a wait for a resource. Read from the steps, without regard to `when` and `if`.

use super::{Plan, WorkerRole};
use contend_scenario::{
    EvalContext, Feed, LifeStep, LoopStep, Operand, OverflowPolicy, PoolStep, Question, QueueStep, Scenario, Settings,
    ShutdownMode, SignalStep, Step, WorkerGroup,
};
use contend_trace::{Cancellers, LaneRange, PoolInfo, Wakers, WorkerId};

/// Returns, by resource, the workers that could end a wait for it.
pub(super) fn find_wakers(scenario: &Scenario, plan: &Plan, settings: &Settings) -> Vec<Wakers> {
    let lane_steps = LaneSteps::new(scenario, plan);
    let mut declared = vec![Wakers::default(); scenario.resources.len()];
    let mut spawners = vec![Vec::new(); scenario.groups.len()];
    for (lanes, steps) in &lane_steps.steps {
        add_wakers(&mut declared, *lanes, steps, &scenario.groups);
        add_guarded_waits(&mut declared, *lanes, steps, (&scenario.groups, settings, false));
        add_spawners(&mut spawners, *lanes, steps, &scenario.groups);
    }
    let rows = declared.into_iter().zip(&plan.arrays);
    let mut wakers: Vec<Wakers> = rows.flat_map(|(row, (_, count))| vec![row; *count as usize]).collect();
    wakers.extend(plan.life_wakers(&spawners));
    for (pool, info) in plan.registry.pools.iter().enumerate() {
        wakers.push(lane_steps.pool_queue_wakers(pool));
        wakers.extend(info.results.map(|_| lane_steps.result_wakers(pool, info)));
    }
    wakers.extend(plan.blocking_threads.map(|_| lane_steps.blocking_thread_wakers()));
    wakers
}

/// Returns which workers may cancel which others.
pub(super) fn find_cancellers(scenario: &Scenario, plan: &Plan) -> Vec<Cancellers> {
    let lane_steps = LaneSteps::new(scenario, plan);
    let mut cancellers = Vec::new();
    for (by, steps) in &lane_steps.steps {
        for (index, pool) in lane_steps.workers.iter().enumerate() {
            let interrupts = |step: &Step| {
                matches!(step, Step::Pool(PoolStep::Shutdown { pool, mode })
                    if *pool == index && mode.may_be(ShutdownMode::interrupts))
            };
            if scenario.contains_step(steps, &interrupts) {
                cancellers.push(Cancellers { of: *pool, by: *by });
            }
        }
        for group in 0..scenario.groups.len() {
            let cancels =
                |step: &Step| matches!(step, Step::Life(LifeStep::Cancel { members, .. }) if members.group == group);
            if scenario.contains_step(steps, &cancels) {
                cancellers.push(Cancellers { of: plan.group_lanes(group), by: *by });
            }
        }
    }
    cancellers
}

/// Lanes with the steps that they run.
struct LaneSteps<'a> {
    scenario: &'a Scenario,
    steps: Vec<(LaneRange, &'a [Step])>,
    /// By pool: the lanes of its workers, and of its feeder.
    workers: Vec<LaneRange>,
    feeders: Vec<LaneRange>,
    /// The workers that may submit tasks: the last of them closes all queues. Empty if no step submits tasks.
    sources: Vec<LaneRange>,
}

impl<'a> LaneSteps<'a> {
    fn new(scenario: &'a Scenario, plan: &Plan) -> Self {
        let mut steps: Vec<(LaneRange, &'a [Step])> = Vec::new();
        for (index, group) in scenario.groups.iter().enumerate() {
            let lanes =
                plan.lanes_of_role(|role| matches!(role, WorkerRole::GroupMember { group, .. } if *group == index));
            steps.push((lanes, &group.steps));
        }
        let (mut workers, mut feeders) = (Vec::new(), Vec::new());
        for (index, pool) in scenario.pools.iter().enumerate() {
            workers
                .push(plan.lanes_of_role(|role| matches!(role, WorkerRole::PoolWorker { pool, .. } if *pool == index)));
            steps.push((workers[index], &pool.task));
            let feeder = plan.lanes_of_role(|role| matches!(role, WorkerRole::Feeder { pool } if *pool == index));
            feeders.push(feeder);
            if pool.overflow == OverflowPolicy::CallerRuns && !matches!(pool.feed, Feed::Submitted) {
                steps.push((feeder, &pool.task)); // the feeder runs tasks itself when the queue is full
            }
        }
        let sources = (0..plan.task_sources.len()).map(WorkerId::from).filter(|worker| plan.is_task_source(*worker));
        let sources = sources.map(|first| LaneRange { first, count: 1 }).collect();
        Self { scenario, steps, workers, feeders, sources }
    }

    /// Returns the lanes with such a step.
    fn lanes_with(&self, wanted: impl Fn(&PoolStep) -> bool) -> impl Iterator<Item = LaneRange> {
        let is_wanted = move |step: &Step| matches!(step, Step::Pool(step) if wanted(step));
        self.steps
            .iter()
            .filter(move |(_, steps)| self.scenario.contains_step(steps, &is_wanted))
            .map(|(lanes, _)| *lanes)
    }

    /// Returns the lanes that may shut the pool down or drop tasks from its queue.
    fn lanes_shutting_down(&self, pool: usize) -> impl Iterator<Item = LaneRange> {
        self.lanes_with(move |step| {
            matches!(step, PoolStep::Shutdown { pool: of, .. } | PoolStep::CancelQueued { pool: of, .. } if *of == pool)
        })
    }

    /// Returns the wakers of the semaphore that limits the threads of `to-thread`.
    fn blocking_thread_wakers(&self) -> Wakers {
        let uses = |step: &Step| matches!(step, Step::Loop(LoopStep::ToThread(_)));
        let users = self.steps.iter().filter(|(_, steps)| self.scenario.contains_step(steps, &uses));
        Wakers { takers: users.map(|(lanes, _)| *lanes).collect(), ..Wakers::default() }
    }

    /// Returns the wakers of a pool's queue. Tasks come from feeders and steps; a worker that closes the queue also
    /// ends the wait for them.
    fn pool_queue_wakers(&self, pool: usize) -> Wakers {
        let mut givers: Vec<LaneRange> = self.lanes_shutting_down(pool).collect();
        if self.sources.is_empty() {
            givers.push(self.feeders[pool]);
        } else {
            givers.extend(self.sources.iter().chain(&self.workers));
        }
        let takers = std::iter::once(self.workers[pool]).chain(self.lanes_shutting_down(pool)).collect();
        Wakers { givers, takers, ..Wakers::default() }
    }

    /// Returns the wakers of a pool's results: the workers that may run or cancel a task.
    fn result_wakers(&self, pool: usize, info: &PoolInfo) -> Wakers {
        let mut givers: Vec<LaneRange> =
            std::iter::once(self.workers[pool]).chain(self.lanes_shutting_down(pool)).collect();
        if self.scenario.pools[pool].overflow == OverflowPolicy::CallerRuns {
            givers.extend(self.lanes_with(|step| matches!(step, PoolStep::Submit { pool: of, .. } if *of == pool)));
            givers.extend(info.feeder.map(|_| self.feeders[pool]));
        }
        Wakers { givers, ..Wakers::default() }
    }
}

/// Enters `lanes`, which run `steps`, into the table of wakers, which has a row for each declaration.
fn add_wakers(wakers: &mut [Wakers], lanes: LaneRange, steps: &[Step], groups: &[WorkerGroup]) {
    for step in steps {
        match step {
            Step::Queue(step) => add_queue_wakers(wakers, lanes, step),
            Step::Acquire { target, .. } => push_lanes(&mut wakers[target.resource].takers, lanes),
            Step::BareRelease(target)
            | Step::Signal(
                SignalStep::Notify(target)
                | SignalStep::NotifyAll(target)
                | SignalStep::Set(target)
                | SignalStep::GroupDone(target)
                | SignalStep::BarrierWait { target, .. },
            ) => push_lanes(&mut wakers[target.resource].givers, lanes),
            Step::Life(LifeStep::RunInline { group }) => add_wakers(wakers, lanes, &groups[*group].steps, groups),
            _ => {}
        }
        step.bodies().for_each(|body| add_wakers(wakers, lanes, body, groups));
    }
}

/// Enters `lanes` wherever `steps` wait for a condition inside a step that checks something shared first, with the
/// knobs of the start.
fn add_guarded_waits(
    wakers: &mut [Wakers],
    lanes: LaneRange,
    steps: &[Step],
    (groups, settings, is_guarded): (&[WorkerGroup], &Settings, bool),
) {
    for step in steps {
        let is_guarded = is_guarded || has_shared_guard(step);
        let mut enter = |body: &[Step]| add_guarded_waits(wakers, lanes, body, (groups, settings, is_guarded));
        match step {
            Step::When { knob, value, body, otherwise } => {
                enter(if settings.knob_equals(*knob, *value) { body } else { otherwise });
            }
            Step::Life(LifeStep::RunInline { group }) => enter(&groups[*group].steps),
            Step::Signal(SignalStep::Wait { target, .. }) if is_guarded => {
                push_lanes(&mut wakers[target.resource].predicate_waiters, lanes);
                for body in step.bodies() {
                    add_guarded_waits(wakers, lanes, body, (groups, settings, is_guarded));
                }
            }
            _ => step.bodies().for_each(|body| enter(body)),
        }
    }
}

/// Whether a step runs its blocks depending on the state of something shared.
fn has_shared_guard(step: &Step) -> bool {
    matches!(
        step,
        Step::If { question: Question { operand: Operand::Resource(_), .. }, .. }
            | Step::While { question: Question { operand: Operand::Resource(_), .. }, .. }
            | Step::Queue(QueueStep::TryPut { .. } | QueueStep::TryTake { .. })
            | Step::TryLock { .. }
    )
}

/// Enters `lanes`, which run `steps`, into the table of spawners, which has a row for each group.
fn add_spawners(spawners: &mut [Vec<LaneRange>], lanes: LaneRange, steps: &[Step], groups: &[WorkerGroup]) {
    for step in steps {
        match step {
            Step::Life(LifeStep::Spawn(members)) => push_lanes(&mut spawners[members.group], lanes),
            Step::Life(LifeStep::RunInline { group }) => add_spawners(spawners, lanes, &groups[*group].steps, groups),
            _ => {}
        }
        step.bodies().for_each(|body| add_spawners(spawners, lanes, body, groups));
    }
}

fn add_queue_wakers(wakers: &mut [Wakers], lanes: LaneRange, step: &QueueStep) {
    match step {
        QueueStep::Put { target, .. } | QueueStep::TryPut { target, .. } => {
            push_lanes(&mut wakers[target.resource].givers, lanes);
        }
        QueueStep::Take { target, .. } | QueueStep::ForEach { target, .. } | QueueStep::TryTake { target, .. } => {
            push_lanes(&mut wakers[target.resource].takers, lanes);
        }
        // Workers that wait for room are woken too, if only to fail.
        QueueStep::Close(target) => {
            push_lanes(&mut wakers[target.resource].givers, lanes);
            push_lanes(&mut wakers[target.resource].takers, lanes);
        }
    }
}

fn push_lanes(to: &mut Vec<LaneRange>, lanes: LaneRange) {
    if to.last() != Some(&lanes) {
        to.push(lanes);
    }
}
