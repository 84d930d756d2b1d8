//! Who could end a wait for a resource: read from the steps, whatever `when` and `if` say of them.

use super::{Part, Plan};
use crate::scenario::{Feed, Policy, PoolStep, QueueStep, Scenario, SignalStep, Step};
use crate::trace::{Lanes, PoolInfo, Wakers};

/// By resource: who could end a wait for it.
pub(super) fn of(scenario: &Scenario, plan: &Plan) -> Vec<Wakers> {
    let parts = Parts::new(scenario, plan);
    let mut declared = vec![Wakers::default(); scenario.resources.len()];
    for (lanes, steps) in &parts.steps {
        enter(&mut declared, *lanes, steps);
    }
    let lines = declared.into_iter().zip(&plan.arrays);
    let mut wakers: Vec<Wakers> = lines.flat_map(|(line, (_, count))| vec![line; *count as usize]).collect();
    for (pool, info) in plan.cast.pools.iter().enumerate() {
        wakers.push(parts.of_queue(pool));
        wakers.extend(info.results.map(|_| parts.of_results(pool, info, scenario)));
    }
    wakers
}

/// Lanes, and what they do.
struct Parts<'a> {
    steps: Vec<(Lanes, &'a [Step])>,
    /// By pool: its workers, and its feeder.
    workers: Vec<Lanes>,
    feeders: Vec<Lanes>,
    /// Pools end when nobody is left who could bring them tasks: whoever was the last ends them all.
    together: bool,
}

impl<'a> Parts<'a> {
    fn new(scenario: &'a Scenario, plan: &Plan) -> Self {
        let mut steps: Vec<(Lanes, &'a [Step])> = Vec::new();
        for (index, group) in scenario.workers.iter().enumerate() {
            let lanes = plan.lanes_that(|part| matches!(part, Part::Member { group, .. } if *group == index));
            steps.push((lanes, &group.steps));
        }
        let (mut workers, mut feeders) = (Vec::new(), Vec::new());
        for (index, pool) in scenario.pools.iter().enumerate() {
            workers.push(plan.lanes_that(|part| matches!(part, Part::PoolWorker { pool, .. } if *pool == index)));
            steps.push((workers[index], &pool.task));
            let feeder = plan.lanes_that(|part| matches!(part, Part::Feeder { pool } if *pool == index));
            feeders.push(feeder);
            if pool.policy == Policy::CallerRuns && !matches!(pool.feed, Feed::Submitted) {
                steps.push((feeder, &pool.task)); // it does tasks itself when the queue is full
            }
        }
        Self { steps, workers, feeders, together: !plan.sources.is_empty() }
    }

    /// Those with such a step.
    fn with(&self, wanted: impl Fn(&PoolStep) -> bool) -> impl Iterator<Item = Lanes> {
        let is = move |step: &Step| matches!(step, Step::Pool(step) if wanted(step));
        self.steps.iter().filter(move |(_, steps)| steps.iter().any(|step| step.any(&is))).map(|(lanes, _)| *lanes)
    }

    fn shutters(&self, pool: usize) -> impl Iterator<Item = Lanes> {
        self.with(move |step| matches!(step, PoolStep::Shutdown { pool: of, .. } if *of == pool))
    }

    /// Of a pool's queue: items come from feeders and steps, and whoever lets the pool end ends the wait for them, too.
    fn of_queue(&self, pool: usize) -> Wakers {
        let mut givers: Vec<Lanes> = self.shutters(pool).collect();
        if self.together {
            givers.extend(self.with(|step| matches!(step, PoolStep::Submit { .. })));
            givers.extend(self.workers.iter().chain(&self.feeders));
        } else {
            givers.push(self.feeders[pool]);
        }
        let takers = std::iter::once(self.workers[pool]).chain(self.shutters(pool)).collect();
        Wakers { givers, takers, timed: false }
    }

    /// A result comes from whoever does the task, or calls it off.
    fn of_results(&self, pool: usize, info: &PoolInfo, scenario: &Scenario) -> Wakers {
        let mut givers: Vec<Lanes> = std::iter::once(self.workers[pool]).chain(self.shutters(pool)).collect();
        if scenario.pools[pool].policy == Policy::CallerRuns {
            givers.extend(self.with(|step| matches!(step, PoolStep::Submit { pool: of, .. } if *of == pool)));
            givers.extend(info.feeder.map(|_| self.feeders[pool]));
        }
        Wakers { givers, takers: Vec::new(), timed: false }
    }
}

/// Enters `lanes` as those who run `steps` into the table of wakers, which has a line for each declaration.
fn enter(wakers: &mut [Wakers], lanes: Lanes, steps: &[Step]) {
    for step in steps {
        match step {
            Step::Queue(step) => of_queue(wakers, lanes, step),
            Step::Signal(SignalStep::Wait { target, timeout }) => {
                wakers[target.resource].timed |= timeout.is_some();
            }
            Step::Signal(
                SignalStep::Notify(target)
                | SignalStep::NotifyAll(target)
                | SignalStep::Set(target)
                | SignalStep::Meet(target),
            ) => add(&mut wakers[target.resource].givers, lanes),
            _ => {}
        }
        step.bodies().for_each(|body| enter(wakers, lanes, body));
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
