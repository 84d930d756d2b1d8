//! The figures of a repetition: what a run did between two moments.

use std::collections::BTreeSet;

use super::work_unit::WorkUnit;
use crate::model::{DurationStats, Model, StateTimes};
use crate::platform::{busy_nanos_of_all_cores, context_switches, own_cpu_nanos, resident_bytes, session_cpu_nanos};
use crate::trace::{ResourceId, ResourceKind, Span, Stamp, State, WorkerId};

/// Counts at the start of a window.
#[derive(Debug, Clone)]
pub struct WindowStart {
    at: Stamp,
    done: u64,
    failed: u64,
    service: Option<DurationStats>,
    response: Option<DurationStats>,
    switches: (u64, u64),
    all_busy: Option<u64>,
    own_cpu: u64,
    /// CPU time of the run's processes and their commands.
    run_cpu: Option<u64>,
    /// CPU time of the commands that ended.
    commands: u64,
}

/// Percentiles of a distribution, ns.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RepetitionPercentiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub max: f64,
}

/// The usage of a lock or semaphore.
#[derive(Debug, Clone, PartialEq)]
pub struct LockUsage {
    pub name: String,
    pub id: ResourceId,
    /// Number of holders at once.
    pub capacity: u32,
    /// Share of the capacity in use, averaged over the time.
    pub held_share: f64,
    /// Waiting time per unit of work, ns.
    pub wait_ns_per_unit: f64,
}

/// The figures of a run between two moments. Times are nanoseconds, rates per second.
#[derive(Debug, Clone, PartialEq)]
pub struct Repetition {
    /// Length of the window, s.
    pub secs: f64,
    /// How long a run of a program takes, s; mean of the runs of this repetition.
    pub run_secs: Option<f64>,
    pub done: u64,
    pub failed: u64,
    pub throughput: f64,
    /// The throughput in equal slices of the window, in order.
    pub slice_rates: Vec<f64>,
    /// Times from the start to the end of a task.
    pub service: Option<RepetitionPercentiles>,
    /// Times from the intended start to the end of a task.
    pub response: Option<RepetitionPercentiles>,
    /// Share of the tasks whose response took longer than the limit, if there is one.
    pub late_share: Option<f64>,
    /// Time by state of the workers that do the work.
    pub time_by_state: StateTimes,
    pub lock_usages: Vec<LockUsage>,
    /// Cores that the whole run kept busy, on average.
    pub cores_used: f64,
    /// Cores that other programs kept busy, without this one. None where the system does not report it.
    pub others_cores: Option<f64>,
    /// Core speed just before, in arbitrary units: only comparable with other repetitions. None where it is
    /// unknown.
    pub core_speed: Option<f64>,
    /// Context switches per unit of work: voluntary and involuntary.
    pub switches: (f64, f64),
    /// Resident bytes of all processes at the end.
    pub memory: u64,
    /// Number of lost events.
    pub lost: u64,
}

impl Repetition {
    /// Returns the figures as if everything had gone slower by this factor.
    pub(super) fn slowed_down(&self, factor: f64) -> Self {
        let times = |times: RepetitionPercentiles| {
            let [p50, p90, p99, max] = [times.p50, times.p90, times.p99, times.max].map(|ns| ns * factor);
            RepetitionPercentiles { p50, p90, p99, max }
        };
        let mut slow = self.clone();
        slow.secs *= factor;
        slow.throughput /= factor;
        slow.slice_rates.iter_mut().for_each(|rate| *rate /= factor);
        (slow.service, slow.response) = (self.service.map(times), self.response.map(times));
        slow.time_by_state = StateTimes::default();
        for state in State::ALL {
            slow.time_by_state.add_ns(state, (self.time_by_state.get(state) as f64 * factor) as u64);
        }
        slow.lock_usages.iter_mut().for_each(|used| used.wait_ns_per_unit *= factor);
        slow
    }

    /// Returns the share of the workers' time that was not spent waiting for work.
    pub fn utilization(&self) -> f64 {
        match self.time_by_state.alive_ns() {
            0 => 0.0,
            alive => 1.0 - self.time_by_state.get(State::Empty) as f64 / alive as f64,
        }
    }
}

impl WindowStart {
    /// Captures the counts at `at`, the moment up to which the model is complete.
    pub fn capture(model: &Model, work: &WorkUnit, at: Stamp) -> Self {
        let pool = pool(model, work);
        Self {
            at,
            done: work.done_count(model),
            failed: work.failed_count(model),
            service: pool.map(|pool| pool.service_times().clone()),
            response: pool.map(|pool| pool.response_times().clone()),
            switches: all_switches(model),
            all_busy: busy_nanos_of_all_cores(),
            own_cpu: own_cpu_nanos(),
            run_cpu: run_cpu(model),
            commands: commands_cpu(model),
        }
    }

    pub const fn at(&self) -> Stamp {
        self.at
    }

    pub const fn done(&self) -> u64 {
        self.done
    }

    /// Measures the window from its start until `at`.
    pub fn measure_until(&self, model: &Model, work: &WorkUnit, at: Stamp) -> Repetition {
        let whole = at.span_since(self.at).0.max(1);
        let done = work.done_count(model).saturating_sub(self.done);
        let each = done.max(1) as f64;
        let pool = pool(model, work);
        let shares = |worker: &WorkerId| model.lane(*worker).state_times(self.at, at, at);
        let sum = |workers: &[WorkerId]| {
            workers.iter().map(shares).fold(StateTimes::default(), |mut sum, one| {
                sum.add(&one);
                sum
            })
        };
        let all_workers: Vec<WorkerId> = (0..model.registry().workers.len()).map(WorkerId::from).collect();
        // The CPU time of a command counts for its worker, which waits for the command meanwhile.
        let commands = commands_cpu(model).saturating_sub(self.commands);
        let cores = (sum(&all_workers).get(State::Running) + commands) as f64 / whole as f64;
        let mut spent = sum(&work.workers(model.registry()));
        spent.move_ns(State::Io, State::Running, commands);
        let now = all_switches(model);
        let per = |now: u64, then: u64| now.saturating_sub(then) as f64 / each;
        Repetition {
            secs: Span(whole).as_secs_f64(),
            run_secs: None,
            done,
            failed: work.failed_count(model).saturating_sub(self.failed),
            throughput: done as f64 / Span(whole).as_secs_f64(),
            slice_rates: Vec::new(), // the model does not have them
            service: pool.zip(self.service.as_ref()).and_then(|(pool, then)| percentiles(pool.service_times(), then)),
            response: pool
                .zip(self.response.as_ref())
                .and_then(|(pool, then)| percentiles(pool.response_times(), then)),
            late_share: None, // needs a limit
            time_by_state: spent,
            lock_usages: lock_usages(model, self.at, at, each),
            cores_used: cores,
            others_cores: self.others_load(model, whole as f64, cores),
            core_speed: None, // the model does not have it
            switches: (per(now.0, self.switches.0), per(now.1, self.switches.1)),
            memory: resident_memory(model),
            lost: model.health().lost,
        }
    }

    /// Returns the share of the window's tasks whose response took longer than `limit`.
    pub fn late_share(&self, model: &Model, work: &WorkUnit, limit: Span) -> Option<f64> {
        let since = pool(model, work)?.response_times().minus_earlier(self.response.as_ref()?);
        (since.count() > 0).then(|| since.count_longer_than(limit) as f64 / since.count() as f64)
    }

    fn others_load(&self, model: &Model, whole: f64, ours: f64) -> Option<f64> {
        // Finer than the kernel's ticks, but incomplete if commands ran: some may still run.
        let ours = if commands_cpu(model) == 0 && self.commands == 0 {
            ours
        } else {
            run_cpu(model)?.saturating_sub(self.run_cpu?) as f64 / whole
        };
        let all = busy_nanos_of_all_cores()?.saturating_sub(self.all_busy?) as f64 / whole;
        let own = own_cpu_nanos().saturating_sub(self.own_cpu) as f64 / whole;
        Some((all - own - ours).max(0.0))
    }
}

fn pool<'a>(model: &'a Model, work: &WorkUnit) -> Option<&'a crate::model::Pool> {
    match work {
        WorkUnit::Tasks(pool) => model.pool(*pool),
        _ => None,
    }
}

fn percentiles(now: &DurationStats, then: &DurationStats) -> Option<RepetitionPercentiles> {
    let between = now.minus_earlier(then);
    let of = |p| between.percentile_ns(p) as f64;
    (between.count() > 0).then(|| RepetitionPercentiles {
        p50: of(50.0),
        p90: of(90.0),
        p99: of(99.0),
        max: between.max_ns() as f64,
    })
}

pub(super) fn lock_usages(model: &Model, from: Stamp, to: Stamp, each: f64) -> Vec<LockUsage> {
    let registry = model.registry();
    let one = |id: ResourceId| {
        let lock = model.lock(id)?;
        let capacity = match registry.resource(id)?.kind {
            ResourceKind::Semaphore { permits, .. } => permits.max(1),
            _ => 1,
        };
        let waited = lock.waited_ns(from, to, to) as f64 / each;
        Some(LockUsage {
            name: registry.resource_name(id).to_owned(),
            id,
            capacity,
            held_share: lock.held_share(from, to, to),
            wait_ns_per_unit: waited,
        })
    };
    registry.locks().filter_map(one).collect()
}

/// Returns the CPU time of all processes of a run and of their commands, ns.
fn run_cpu(model: &Model) -> Option<u64> {
    session_cpu_nanos(model.lanes().find_map(|(_, lane)| lane.pid())?)
}

/// Returns the CPU time of the commands that ended, ns.
fn commands_cpu(model: &Model) -> u64 {
    model.lanes().map(|(_, lane)| lane.commands().cpu.0).sum()
}

/// Returns the context switches of all workers since they started.
fn all_switches(model: &Model) -> (u64, u64) {
    let of = |lane: &crate::model::Lane| context_switches(lane.pid()?, lane.tid()?);
    model.lanes().filter_map(|(_, lane)| of(lane)).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

/// Returns the resident bytes of all processes that contain a worker.
fn resident_memory(model: &Model) -> u64 {
    let pids: BTreeSet<u32> = model.lanes().filter_map(|(_, lane)| lane.pid()).collect();
    pids.into_iter().filter_map(resident_bytes).sum()
}
