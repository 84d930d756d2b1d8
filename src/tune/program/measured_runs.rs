//! The figures of a repetition: sums over the runs of a program.

use std::time::Instant;

use crate::model::{DurationStats, Model, StateTimes};
use crate::platform::{EndedChildrenUsage, busy_nanos_of_all_cores, ended_children_usage, own_cpu_nanos};
use crate::report::FinishedRun;
use crate::trace::{Span, Stamp, WorkerId};
use crate::tune::repetition::{LockUsage, Repetition, RepetitionPercentiles, lock_usages};
use crate::tune::trial::TrialOutcome;
use crate::tune::work_unit::{WorkUnit, program_pools};

/// Sums over the runs so far, and the machine's figures at the start.
pub(super) struct MeasuredRuns {
    began: Instant,
    all_busy: Option<u64>,
    own_cpu: u64,
    children: EndedChildrenUsage,
    runs: usize,
    ns: u64,
    done: u64,
    failed: u64,
    service: DurationStats,
    time_by_state: StateTimes,
    locks: Vec<LockUsage>,
    memory: u64,
    lost: u64,
    model: Option<Model>,
}

impl MeasuredRuns {
    pub(super) fn start() -> Self {
        Self {
            began: Instant::now(),
            all_busy: busy_nanos_of_all_cores(),
            own_cpu: own_cpu_nanos(),
            children: ended_children_usage(),
            runs: 0,
            ns: 0,
            done: 0,
            failed: 0,
            service: DurationStats::from_spans([]),
            time_by_state: StateTimes::default(),
            locks: Vec::new(),
            memory: 0,
            lost: 0,
            model: None,
        }
    }

    /// Returns how long the runs took, s.
    pub(super) fn secs(&self) -> f64 {
        Span(self.ns).as_secs_f64()
    }

    pub(super) const fn runs(&self) -> usize {
        self.runs
    }

    /// Adds a run of at most `memory` bytes. `locks` has the order of the locks' figures, and grows.
    pub(super) fn add(&mut self, run: &FinishedRun, work: &WorkUnit, memory: u64, locks: &mut Vec<String>) {
        let (model, end) = (&run.model, run.ended_at);
        let whole = end.span_since(Stamp::default()).0.max(1);
        self.runs += 1;
        self.ns += whole;
        self.done += work.done_count(model);
        self.failed += work.failed_count(model);
        program_pools(model).for_each(|pool| self.service.merge(pool.service_times()));
        let workers: Vec<WorkerId> = match work {
            WorkUnit::ProgramTasks => work.workers(model.registry()),
            _ => model.lanes().map(|(id, _)| id).collect(),
        };
        for worker in workers {
            self.time_by_state.add(&model.lane(worker).state_times(Stamp::default(), end, end));
        }
        let each = work.done_count(model).max(1) as f64;
        self.locks = in_order(lock_usages(model, Stamp::default(), end, each), locks);
        self.memory = self.memory.max(memory);
        self.lost += model.health().lost;
        self.model = Some(model.clone());
    }

    /// Returns the repetition.
    pub(super) fn finish(self, work: &WorkUnit) -> TrialOutcome {
        let (model, secs) = (self.model.clone().unwrap_or_else(super::empty_model), self.secs());
        if self.done == 0 {
            return TrialOutcome::Failed(format!("no {} was done", work.word()), Box::new(model));
        }
        let used = ended_children_usage();
        let cpu = used.cpu_nanos.saturating_sub(self.children.cpu_nanos);
        let switches = |now: u64, then: u64| now.saturating_sub(then) as f64 / self.done as f64;
        let repetition = Repetition {
            secs,
            run_secs: Some(secs / self.runs as f64),
            done: self.done,
            failed: self.failed,
            throughput: self.done as f64 / secs,
            slice_rates: Vec::new(),
            service: (*work == WorkUnit::ProgramTasks).then(|| percentiles(&self.service)).flatten(),
            response: None,
            late_share: None,
            time_by_state: self.time_by_state,
            lock_usages: self.locks.clone(),
            cores_used: cpu as f64 / self.ns as f64,
            others_cores: self.others_load(cpu),
            core_speed: None,
            switches: (
                switches(used.voluntary_switches, self.children.voluntary_switches),
                switches(used.involuntary_switches, self.children.involuntary_switches),
            ),
            memory: self.memory,
            lost: self.lost,
        };
        TrialOutcome::Measured(Box::new(repetition), Box::new(model))
    }

    /// Returns the cores that other programs kept busy meanwhile.
    fn others_load(&self, cpu: u64) -> Option<f64> {
        let whole = self.began.elapsed().as_nanos() as f64;
        let all = busy_nanos_of_all_cores()?.saturating_sub(self.all_busy?) as f64;
        let own = own_cpu_nanos().saturating_sub(self.own_cpu) as f64;
        Some(((all - own - cpu as f64) / whole).max(0.0))
    }
}

/// Puts figures of locks into the order of `names`, to whose end new ones go: the locks of a program may come in
/// another order in every run.
fn in_order(found: Vec<LockUsage>, names: &mut Vec<String>) -> Vec<LockUsage> {
    let mut ordered: Vec<Option<LockUsage>> = names.iter().map(|_| None).collect();
    for used in found.into_iter().filter(|used| used.held_share > 0.0 || used.wait_ns_per_unit > 0.0) {
        if let Some(at) = names.iter().position(|name| *name == used.name) {
            ordered[at] = Some(used);
        } else {
            names.push(used.name.clone());
            ordered.push(Some(used));
        }
    }
    let unused = |name: &String| LockUsage {
        name: name.clone(),
        id: crate::trace::ResourceId(0),
        capacity: 1,
        held_share: 0.0,
        wait_ns_per_unit: 0.0,
    };
    ordered.into_iter().zip(names).map(|(used, name)| used.unwrap_or_else(|| unused(name))).collect()
}

fn percentiles(times: &DurationStats) -> Option<RepetitionPercentiles> {
    let of = |p| times.percentile_ns(p) as f64;
    (times.count() > 0).then(|| RepetitionPercentiles {
        p50: of(50.0),
        p90: of(90.0),
        p99: of(99.0),
        max: times.max_ns() as f64,
    })
}
