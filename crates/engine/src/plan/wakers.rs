//! Who could end a wait for a resource: read from the steps, whatever `when` and `if` say of them.

use super::{Plan, WorkerRole};
use contend_scenario::{
    EvalContext, Feed, LifeStep, Operand, OverflowPolicy, PoolStep, Question, QueueStep, Scenario, Settings,
    SignalStep, Step, WorkerGroup,
};
use contend_trace::{LaneRange, PoolInfo, Wakers, WorkerId};

/// By resource: who could end a wait for it.
pub(super) fn find_wakers(scenario: &Scenario, plan: &Plan, settings: &Settings) -> Vec<Wakers> {
    let parts = LaneSteps::new(scenario, plan);
    let mut declared = vec![Wakers::default(); scenario.resources.len()];
    let mut spawners = vec![Vec::new(); scenario.groups.len()];
    for (lanes, steps) in &parts.steps {
        add_wakers(&mut declared, *lanes, steps, &scenario.groups);
        add_guarded_waits(&mut declared, *lanes, steps, (&scenario.groups, settings, false));
        add_spawners(&mut spawners, *lanes, steps, &scenario.groups);
    }
    let lines = declared.into_iter().zip(&plan.arrays);
    let mut wakers: Vec<Wakers> = lines.flat_map(|(line, (_, count))| vec![line; *count as usize]).collect();
    wakers.extend(plan.life_wakers(&spawners));
    for (pool, info) in plan.cast.pools.iter().enumerate() {
        wakers.push(parts.pool_queue_wakers(pool));
        wakers.extend(info.results.map(|_| parts.result_wakers(pool, info)));
    }
    wakers
}

/// Lanes, and what they do.
struct LaneSteps<'a> {
    scenario: &'a Scenario,
    steps: Vec<(LaneRange, &'a [Step])>,
    /// By pool: its workers, and its feeder.
    workers: Vec<LaneRange>,
    feeders: Vec<LaneRange>,
    /// Those who may bring tasks, themselves or by whom they spawn, where pools end when nobody is left who could: whoever
    /// was the last ends them all. Else nobody.
    sources: Vec<LaneRange>,
}

impl<'a> LaneSteps<'a> {
    fn new(scenario: &'a Scenario, plan: &Plan) -> Self {
        let mut steps: Vec<(LaneRange, &'a [Step])> = Vec::new();
        for (index, group) in scenario.groups.iter().enumerate() {
            let lanes =
                plan.lanes_of_role(|part| matches!(part, WorkerRole::GroupMember { group, .. } if *group == index));
            steps.push((lanes, &group.steps));
        }
        let (mut workers, mut feeders) = (Vec::new(), Vec::new());
        for (index, pool) in scenario.pools.iter().enumerate() {
            workers
                .push(plan.lanes_of_role(|part| matches!(part, WorkerRole::PoolWorker { pool, .. } if *pool == index)));
            steps.push((workers[index], &pool.task));
            let feeder = plan.lanes_of_role(|part| matches!(part, WorkerRole::Feeder { pool } if *pool == index));
            feeders.push(feeder);
            if pool.overflow == OverflowPolicy::CallerRuns && !matches!(pool.feed, Feed::Submitted) {
                steps.push((feeder, &pool.task)); // it does tasks itself when the queue is full
            }
        }
        let sources = (0..plan.task_sources.len()).map(WorkerId::from).filter(|worker| plan.is_task_source(*worker));
        let sources = sources.map(|first| LaneRange { first, count: 1 }).collect();
        Self { scenario, steps, workers, feeders, sources }
    }

    /// Those with such a step.
    fn lanes_with(&self, wanted: impl Fn(&PoolStep) -> bool) -> impl Iterator<Item = LaneRange> {
        let is = move |step: &Step| matches!(step, Step::Pool(step) if wanted(step));
        self.steps.iter().filter(move |(_, steps)| self.scenario.contains_step(steps, &is)).map(|(lanes, _)| *lanes)
    }

    fn lanes_shutting_down(&self, pool: usize) -> impl Iterator<Item = LaneRange> {
        self.lanes_with(move |step| matches!(step, PoolStep::Shutdown { pool: of, .. } if *of == pool))
    }

    /// Of a pool's queue: items come from feeders and steps, and whoever lets the pool end ends the wait for them, too.
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

    /// A result comes from whoever does the task, or calls it off.
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

/// Enters `lanes` as those who run `steps` into the table of wakers, which has a line for each declaration.
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
                | SignalStep::BarrierWait(target),
            ) => push_lanes(&mut wakers[target.resource].givers, lanes),
            Step::Life(LifeStep::RunInline { group }) => add_wakers(wakers, lanes, &groups[*group].steps, groups),
            _ => {}
        }
        step.bodies().for_each(|body| add_wakers(wakers, lanes, body, groups));
    }
}

/// Enters `lanes` wherever `steps` wait for a condition inside a step that looks at something shared first, as the knobs
/// stand at the start.
fn add_guarded_waits(
    wakers: &mut [Wakers],
    lanes: LaneRange,
    steps: &[Step],
    (groups, settings, looks): (&[WorkerGroup], &Settings, bool),
) {
    for step in steps {
        let looks = looks || has_shared_guard(step);
        let mut enter = |body: &[Step]| add_guarded_waits(wakers, lanes, body, (groups, settings, looks));
        match step {
            Step::When { knob, value, body, otherwise } => {
                enter(if settings.knob_equals(*knob, *value) { body } else { otherwise });
            }
            Step::Life(LifeStep::RunInline { group }) => enter(&groups[*group].steps),
            Step::Signal(SignalStep::Wait { target, .. }) if looks => {
                push_lanes(&mut wakers[target.resource].predicate_waiters, lanes);
            }
            _ => step.bodies().for_each(|body| enter(body)),
        }
    }
}

/// Whether the steps in its blocks depend on the state of something shared.
fn has_shared_guard(step: &Step) -> bool {
    matches!(
        step,
        Step::If { question: Question { operand: Operand::Resource(_), .. }, .. }
            | Step::While { question: Question { operand: Operand::Resource(_), .. }, .. }
            | Step::Queue(QueueStep::TryPut { .. } | QueueStep::TryTake { .. })
            | Step::TryLock { .. }
    )
}

/// Enters `lanes` as those who run `steps` into the table of who spawns whom, which has a line for each group.
pub(super) fn add_spawners(spawners: &mut [Vec<LaneRange>], lanes: LaneRange, steps: &[Step], groups: &[WorkerGroup]) {
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
        QueueStep::Put(target) | QueueStep::TryPut { target, .. } => {
            push_lanes(&mut wakers[target.resource].givers, lanes);
        }
        QueueStep::Take(target) | QueueStep::ForEach { target, .. } | QueueStep::TryTake { target, .. } => {
            push_lanes(&mut wakers[target.resource].takers, lanes);
        }
        // Those who wait for room go on as well, if only to fail.
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
