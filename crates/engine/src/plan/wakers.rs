//! Who could end a wait for a resource: read from the steps, whatever `when` and `if` say of them.

use super::{Part, Plan};
use contend_scenario::{
    Asked, Feed, LifeStep, Policy, PoolStep, Question, QueueStep, Scenario, Settings, SignalStep, Step, Workers,
};
use contend_trace::{Lanes, PoolInfo, Wakers, WorkerId};

/// By resource: who could end a wait for it.
pub(super) fn of(scenario: &Scenario, plan: &Plan, settings: &Settings) -> Vec<Wakers> {
    let parts = Parts::new(scenario, plan);
    let mut declared = vec![Wakers::default(); scenario.resources.len()];
    let mut spawners = vec![Vec::new(); scenario.workers.len()];
    for (lanes, steps) in &parts.steps {
        enter(&mut declared, *lanes, steps, &scenario.workers);
        enter_guarded(&mut declared, *lanes, steps, (&scenario.workers, settings, false));
        enter_spawners(&mut spawners, *lanes, steps, &scenario.workers);
    }
    let lines = declared.into_iter().zip(&plan.arrays);
    let mut wakers: Vec<Wakers> = lines.flat_map(|(line, (_, count))| vec![line; *count as usize]).collect();
    wakers.extend(plan.wakers_of_lives(&spawners));
    for (pool, info) in plan.cast.pools.iter().enumerate() {
        wakers.push(parts.of_queue(pool));
        wakers.extend(info.results.map(|_| parts.of_results(pool, info)));
    }
    wakers
}

/// Lanes, and what they do.
struct Parts<'a> {
    scenario: &'a Scenario,
    steps: Vec<(Lanes, &'a [Step])>,
    /// By pool: its workers, and its feeder.
    workers: Vec<Lanes>,
    feeders: Vec<Lanes>,
    /// Those who may bring tasks, themselves or by whom they spawn, where pools end when nobody is left who could: whoever
    /// was the last ends them all. Else nobody.
    sources: Vec<Lanes>,
}

impl<'a> Parts<'a> {
    fn new(scenario: &'a Scenario, plan: &Plan) -> Self {
        let mut steps: Vec<(Lanes, &'a [Step])> = Vec::new();
        for (index, group) in scenario.workers.iter().enumerate() {
            let lanes = plan.lanes(|part| matches!(part, Part::Member { group, .. } if *group == index));
            steps.push((lanes, &group.steps));
        }
        let (mut workers, mut feeders) = (Vec::new(), Vec::new());
        for (index, pool) in scenario.pools.iter().enumerate() {
            workers.push(plan.lanes(|part| matches!(part, Part::PoolWorker { pool, .. } if *pool == index)));
            steps.push((workers[index], &pool.task));
            let feeder = plan.lanes(|part| matches!(part, Part::Feeder { pool } if *pool == index));
            feeders.push(feeder);
            if pool.policy == Policy::CallerRuns && !matches!(pool.feed, Feed::Submitted) {
                steps.push((feeder, &pool.task)); // it does tasks itself when the queue is full
            }
        }
        let sources = (0..plan.sources.len()).map(WorkerId::from).filter(|worker| plan.is_source(*worker));
        let sources = sources.map(|first| Lanes { first, count: 1 }).collect();
        Self { scenario, steps, workers, feeders, sources }
    }

    /// Those with such a step.
    fn with(&self, wanted: impl Fn(&PoolStep) -> bool) -> impl Iterator<Item = Lanes> {
        let is = move |step: &Step| matches!(step, Step::Pool(step) if wanted(step));
        self.steps.iter().filter(move |(_, steps)| self.scenario.does(steps, &is)).map(|(lanes, _)| *lanes)
    }

    fn shutters(&self, pool: usize) -> impl Iterator<Item = Lanes> {
        self.with(move |step| matches!(step, PoolStep::Shutdown { pool: of, .. } if *of == pool))
    }

    /// Of a pool's queue: items come from feeders and steps, and whoever lets the pool end ends the wait for them, too.
    fn of_queue(&self, pool: usize) -> Wakers {
        let mut givers: Vec<Lanes> = self.shutters(pool).collect();
        if self.sources.is_empty() {
            givers.push(self.feeders[pool]);
        } else {
            givers.extend(self.sources.iter().chain(&self.workers));
        }
        let takers = std::iter::once(self.workers[pool]).chain(self.shutters(pool)).collect();
        Wakers { givers, takers, ..Wakers::default() }
    }

    /// A result comes from whoever does the task, or calls it off.
    fn of_results(&self, pool: usize, info: &PoolInfo) -> Wakers {
        let mut givers: Vec<Lanes> = std::iter::once(self.workers[pool]).chain(self.shutters(pool)).collect();
        if self.scenario.pools[pool].policy == Policy::CallerRuns {
            givers.extend(self.with(|step| matches!(step, PoolStep::Submit { pool: of, .. } if *of == pool)));
            givers.extend(info.feeder.map(|_| self.feeders[pool]));
        }
        Wakers { givers, ..Wakers::default() }
    }
}

/// Enters `lanes` as those who run `steps` into the table of wakers, which has a line for each declaration.
fn enter(wakers: &mut [Wakers], lanes: Lanes, steps: &[Step], groups: &[Workers]) {
    for step in steps {
        match step {
            Step::Queue(step) => of_queue(wakers, lanes, step),
            Step::Acquire { target, .. } => add(&mut wakers[target.resource].takers, lanes),
            Step::Up(target)
            | Step::Signal(
                SignalStep::Notify(target)
                | SignalStep::NotifyAll(target)
                | SignalStep::Set(target)
                | SignalStep::Meet(target),
            ) => add(&mut wakers[target.resource].givers, lanes),
            Step::Life(LifeStep::Run { group }) => enter(wakers, lanes, &groups[*group].steps, groups),
            _ => {}
        }
        step.bodies().for_each(|body| enter(wakers, lanes, body, groups));
    }
}

/// Enters `lanes` wherever `steps` wait for a condition inside a step that looks at something shared first, as the knobs
/// stand at the start.
fn enter_guarded(
    wakers: &mut [Wakers],
    lanes: Lanes,
    steps: &[Step],
    (groups, settings, looks): (&[Workers], &Settings, bool),
) {
    for step in steps {
        let looks = looks || looks_first(step);
        let mut enter = |body: &[Step]| enter_guarded(wakers, lanes, body, (groups, settings, looks));
        match step {
            Step::When { knob, is, body, otherwise } => {
                let stands = (settings.number(*knob) - is).abs() < f64::EPSILON;
                enter(if stands { body } else { otherwise });
            }
            Step::Life(LifeStep::Run { group }) => enter(&groups[*group].steps),
            Step::Signal(SignalStep::Wait { target, .. }) if looks => add(&mut wakers[target.resource].guarded, lanes),
            _ => step.bodies().for_each(enter),
        }
    }
}

/// Whether the steps in its blocks depend on the state of something shared.
fn looks_first(step: &Step) -> bool {
    matches!(
        step,
        Step::If { question: Question { of: Asked::Resource(_), .. }, .. }
            | Step::While { question: Question { of: Asked::Resource(_), .. }, .. }
            | Step::Queue(QueueStep::TryPut { .. } | QueueStep::TryTake { .. })
            | Step::TryLock { .. }
    )
}

/// Enters `lanes` as those who run `steps` into the table of who spawns whom, which has a line for each group.
pub(super) fn enter_spawners(spawners: &mut [Vec<Lanes>], lanes: Lanes, steps: &[Step], groups: &[Workers]) {
    for step in steps {
        match step {
            Step::Life(LifeStep::Spawn(members)) => add(&mut spawners[members.group], lanes),
            Step::Life(LifeStep::Run { group }) => enter_spawners(spawners, lanes, &groups[*group].steps, groups),
            _ => {}
        }
        step.bodies().for_each(|body| enter_spawners(spawners, lanes, body, groups));
    }
}

fn of_queue(wakers: &mut [Wakers], lanes: Lanes, step: &QueueStep) {
    match step {
        QueueStep::Put(target) | QueueStep::TryPut { target, .. } => add(&mut wakers[target.resource].givers, lanes),
        QueueStep::Take(target) | QueueStep::Each { target, .. } | QueueStep::TryTake { target, .. } => {
            add(&mut wakers[target.resource].takers, lanes);
        }
        // Those who wait for room go on as well, if only to fail.
        QueueStep::Close(target) => {
            add(&mut wakers[target.resource].givers, lanes);
            add(&mut wakers[target.resource].takers, lanes);
        }
    }
}

fn add(to: &mut Vec<Lanes>, lanes: Lanes) {
    if to.last() != Some(&lanes) {
        to.push(lanes);
    }
}
