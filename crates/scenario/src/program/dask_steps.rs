//! What a scenario must not have to run on Dask: its workers share nothing but results, and only some steps have twins
//! there (`crates/program/python/contend_cluster/steps.py`).

use super::{
    Block, CrashPolicy, Feed, Operand, OverflowPolicy, PoolSpec, Question, RateCurve, RealWork, Scenario, SourceSpan,
    Step, TaskDistribution,
};
use crate::choice::Choice;
use crate::knob::Settings;
use contend_trace::WorkerKind;

/// Something that cannot be on Dask.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DaskObstacle {
    /// What it is, and why it cannot be there.
    pub what: String,
    pub help: &'static str,
    pub place: ObstaclePlace,
}

/// Where an obstacle stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObstaclePlace {
    /// A group, by its position.
    Group(usize),
    /// A resource, by its position.
    Resource(usize),
    /// A pool, by its position.
    Pool(usize),
    /// A property of a pool, or of its feed.
    PoolProperty(usize, &'static str),
    Step(SourceSpan),
    /// The scenario has no pool.
    Nowhere,
}

const LEAVE_OUT: &str = "remove it, or use of=processes";

impl Scenario {
    /// Whether a pool's workers are workers of Dask with these settings.
    pub fn runs_on_dask(&self, settings: &Settings) -> bool {
        self.pools.iter().any(|pool| settings.pool_kind(&pool.worker_kind) == WorkerKind::Dask)
    }

    /// Returns everything that keeps this scenario from running on Dask.
    pub(crate) fn dask_obstacles(&self) -> Vec<DaskObstacle> {
        let mut found = Vec::new();
        let mut add = |what: String, help, place| found.push(DaskObstacle { what, help, place });
        if self.pools.is_empty() {
            add("it has no pool, and only tasks of a pool go to Dask".to_owned(), LEAVE_OUT, ObstaclePlace::Nowhere);
        }
        for (at, group) in self.groups.iter().enumerate() {
            let what = format!("`{}` are workers of this machine, and only tasks of a pool go to Dask", group.name);
            add(what, LEAVE_OUT, ObstaclePlace::Group(at));
        }
        for (at, resource) in self.resources.iter().enumerate() {
            let what = format!("workers of Dask cannot share `{}`: they have no memory in common", resource.name);
            let help = "let tasks return results instead, or use of=processes";
            add(what, help, ObstaclePlace::Resource(at));
        }
        if self.pools.len() > 1 {
            let what = format!("a scenario has one pool on Dask, and `{}` is the second", self.pools[1].name);
            add(what, "remove it, or use of=processes for all", ObstaclePlace::Pool(1));
        }
        for (at, pool) in self.pools.iter().enumerate() {
            found.extend(pool_obstacle(pool).map(|(property, what)| DaskObstacle {
                what,
                help: LEAVE_OUT,
                place: ObstaclePlace::PoolProperty(at, property),
            }));
            step_obstacles(&pool.name, &pool.task, &mut found);
        }
        found
    }
}

/// Returns the property of a pool that has no meaning on Dask, and why.
fn pool_obstacle(pool: &PoolSpec) -> Option<(&'static str, String)> {
    let is_not = |choice: &Choice<TaskDistribution>| choice.may_be(|way| way != TaskDistribution::Shared);
    Some(match pool {
        PoolSpec { feed: Feed::Submitted, .. } => ("", "no step on Dask can submit tasks".to_owned()),
        PoolSpec { feed: Feed::Words { .. }, .. } => ("each", "no step on Dask takes a word".to_owned()),
        PoolSpec { feed: Feed::Trace { .. }, .. } => ("trace", "traces are replayed on this machine only".to_owned()),
        PoolSpec { feed: Feed::Clients { .. }, .. } => {
            ("count", "clients that wait for results are of this machine only".to_owned())
        }
        PoolSpec { feed: Feed::OpenLoop(arrivals), .. } if arrivals.curve != RateCurve::Constant => {
            ("rate", "on Dask, tasks arrive at a constant rate or as a batch".to_owned())
        }
        PoolSpec { results: Some(_), .. } => ("results", "on Dask, the feeder reads no results".to_owned()),
        _ if is_not(&pool.distribution) => ("schedule", "Dask's scheduler distributes the tasks itself".to_owned()),
        PoolSpec { overflow: OverflowPolicy::CallerRuns, .. } => {
            ("policy", "`caller-runs` would run tasks beside the cluster".to_owned())
        }
        _ if pool.on_crash.may_be(|policy| policy != CrashPolicy::Restart) => {
            ("on-crash", "Dask replaces a worker and repeats its tasks".to_owned())
        }
        _ if pool.scheduling.nice.is_some() => ("nice", "Dask starts its workers itself".to_owned()),
        _ if pool.scheduling.core.is_some() => ("core", "Dask starts its workers itself".to_owned()),
        _ => return None,
    })
}

fn step_obstacles(pool: &str, block: &Block, found: &mut Vec<DaskObstacle>) {
    for (step, span) in block.with_spans() {
        if !has_twin(step) {
            found.push(DaskObstacle {
                what: format!("the task of `{pool}` has a step without a twin on Dask, whose workers share nothing"),
                help: "on Dask run: compute, sleep, io, hash, primes, thumbnail, allocate, repeat, choose, when, if \
                       with a number, fail, abort, exit",
                place: ObstaclePlace::Step(span),
            });
        }
        step.bodies().for_each(|body| step_obstacles(pool, body, found));
    }
}

/// Whether `steps.py` has this step; its blocks aside.
const fn has_twin(step: &Step) -> bool {
    matches!(
        step,
        Step::Compute(_)
            | Step::Sleep(_)
            | Step::Io(_)
            | Step::Allocate { .. }
            | Step::If { question: Question { operand: Operand::Number(_), .. }, .. }
            | Step::Repeat { .. }
            | Step::When { .. }
            | Step::Thumbnail { .. }
            | Step::Choose(_)
            | Step::RealWork(RealWork::Primes(_) | RealWork::Hash(_))
            | Step::Fail(_)
            | Step::Abort
            | Step::Exit(_)
    )
}
