//! The figures of a run that a comparison looks at.

use std::collections::BTreeMap;

use super::run_report::{DurationsReport, RunReport, WorkerReport};

/// The part of a report that a figure belongs to, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    Run,
    Pools,
    Queues,
    Workers,
    Locks,
}

/// What a figure is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    pub section: Section,
    /// Name of the pool, queue, lock or group of workers; empty for the run.
    pub name: String,
}

/// A figure of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Duration of a run that completed its work, s.
    Duration,
    /// Tasks, items or acquisitions a second.
    Throughput,
    /// Time from when a task was due to its end, ms: a percentile.
    Response(u8),
    /// Time from the start of a task to its end, ms: a percentile.
    Service(u8),
    /// Share of the tasks that failed.
    Failed,
    /// Share of the acquisitions that had to wait.
    Contended,
    /// Time that acquisitions waited, ms: a percentile.
    Wait(u8),
    /// Time that the lock was held, ms: a percentile.
    Hold(u8),
    /// Share of the workers' time in a state, by its word.
    State(&'static str),
}

/// Which values of a figure are the better ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Higher,
    Lower,
}

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    PerSecond,
    Milliseconds,
    /// A part of a whole, 0 to 1.
    Share,
}

/// Words of the states of a worker's time, in the order in which they are shown.
const STATES: [&str; 9] = ["running", "ready", "lock", "empty", "full", "signal", "io", "handover", "sleep"];

impl Figure {
    /// Returns the name of the figure in JSON.
    pub fn id(self) -> String {
        match self {
            Self::Duration => "duration".to_owned(),
            Self::Throughput => "throughput".to_owned(),
            Self::Response(p) => format!("response-p{p}"),
            Self::Service(p) => format!("service-p{p}"),
            Self::Failed => "failed".to_owned(),
            Self::Contended => "contended".to_owned(),
            Self::Wait(p) => format!("wait-p{p}"),
            Self::Hold(p) => format!("held-p{p}"),
            Self::State(state) => state.to_owned(),
        }
    }

    /// Returns the name of the figure on the screen.
    pub fn label(self) -> String {
        self.id().replace("-p", " p")
    }

    pub const fn unit(self) -> Unit {
        match self {
            Self::Duration => Unit::Seconds,
            Self::Throughput => Unit::PerSecond,
            Self::Response(_) | Self::Service(_) | Self::Wait(_) | Self::Hold(_) => Unit::Milliseconds,
            Self::Failed | Self::Contended | Self::State(_) => Unit::Share,
        }
    }

    /// Returns which values are better; `None` for the time in a state, which is good or bad depending on the rest.
    pub const fn better(self) -> Option<Better> {
        match self {
            Self::Throughput => Some(Better::Higher),
            Self::State(_) => None,
            _ => Some(Better::Lower),
        }
    }

    /// Returns the step in which the report rounds the figure, as a share of its value: percentiles have two
    /// significant digits.
    pub const fn resolution(self) -> f64 {
        if matches!(self.unit(), Unit::Milliseconds) { 0.01 } else { 0.0 }
    }
}

/// Returns all figures of a run, in the order in which they are shown.
pub(super) fn figures_of(run: &RunReport) -> Vec<(Subject, Figure, f64)> {
    let mut figures = FigureList::default();
    if run.ended == "completed" {
        figures.push(Section::Run, "", Figure::Duration, run.elapsed_s);
    }
    let per_second = |count: u64| (run.elapsed_s > 0.0).then(|| count as f64 / run.elapsed_s);
    for pool in &run.pools {
        figures.push(Section::Pools, &pool.name, Figure::Throughput, pool.throughput_per_s);
        figures.push_percentiles(Section::Pools, &pool.name, &pool.response_ms, Figure::Response, &[50, 90, 99]);
        figures.push_percentiles(Section::Pools, &pool.name, &pool.service_ms, Figure::Service, &[50, 99]);
        if pool.submitted > 0 {
            figures.push(Section::Pools, &pool.name, Figure::Failed, pool.failed as f64 / pool.submitted as f64);
        }
    }
    for queue in &run.queues {
        let rate = per_second(queue.taken);
        if let Some(rate) = rate {
            figures.push(Section::Queues, &queue.name, Figure::Throughput, rate);
        }
    }
    for (group, shares) in state_shares(&run.workers) {
        for (state, share) in shares {
            figures.push(Section::Workers, &group, Figure::State(state), share);
        }
    }
    for lock in &run.locks {
        let rate = per_second(lock.acquired);
        if let Some(rate) = rate {
            figures.push(Section::Locks, &lock.name, Figure::Throughput, rate);
        }
        if lock.acquired > 0 {
            let share = lock.contended as f64 / lock.acquired as f64;
            figures.push(Section::Locks, &lock.name, Figure::Contended, share);
        }
        figures.push_percentiles(Section::Locks, &lock.name, &lock.wait_ms, Figure::Wait, &[99]);
        figures.push_percentiles(Section::Locks, &lock.name, &lock.held_ms, Figure::Hold, &[50, 99]);
    }
    figures.0
}

#[derive(Default)]
struct FigureList(Vec<(Subject, Figure, f64)>);

impl FigureList {
    fn push(&mut self, section: Section, name: &str, figure: Figure, value: f64) {
        self.0.push((Subject { section, name: name.to_owned() }, figure, value));
    }

    fn push_percentiles(
        &mut self,
        section: Section,
        name: &str,
        durations: &DurationsReport,
        figure: fn(u8) -> Figure,
        percentiles: &[u8],
    ) {
        for p in percentiles.iter().filter(|_| durations.count > 0) {
            let value = match p {
                50 => durations.p50,
                90 => durations.p90,
                _ => durations.p99,
            };
            self.push(section, name, figure(*p), value);
        }
    }
}

/// Returns the shares of the time of each group of workers by state. A state is left out where it is unknown.
fn state_shares(workers: &[WorkerReport]) -> Vec<(String, Vec<(&'static str, f64)>)> {
    let mut groups: BTreeMap<&str, Vec<&WorkerReport>> = BTreeMap::new();
    for worker in workers {
        groups.entry(group_name(&worker.name)).or_default().push(worker);
    }
    let share = |members: &[&WorkerReport], state: &str| {
        let time = |worker: &&WorkerReport| Some(worker.share.get(state).copied()?? * worker.alive_s);
        let whole: f64 = members.iter().map(|worker| worker.alive_s).sum();
        let times: Option<Vec<f64>> = members.iter().map(time).collect();
        times.filter(|_| whole > 0.0).map(|times| times.iter().sum::<f64>() / whole)
    };
    let shares = |members: &[&WorkerReport]| STATES.iter().filter_map(|s| Some((*s, share(members, s)?))).collect();
    groups.into_iter().map(|(group, members)| (group.to_owned(), shares(&members))).collect()
}

/// Returns the name of an array or group without the number of its member: `fork` for `fork-12`.
pub(super) fn group_name(name: &str) -> &str {
    let numbered = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    name.rsplit_once('-').filter(|(_, number)| numbered(number)).map_or(name, |(group, _)| group)
}
