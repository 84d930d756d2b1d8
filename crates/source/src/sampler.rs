//! What is measured from outside the workers: run-queue delay, load of the cores, counters, the rings' own totals.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cpu_meter::{CpuMeter, RunProcesses};
use super::timebase::Timebase;
use contend_platform::{CoreLoad, SchedStat, allow_many_files, thread_id};
use contend_trace::{Message, Notice, Registry, ResourceId, RunMemory, Sample, Span, Stamp, WorkerId};

/// Least time between two looks at a worker's kernel figures.
const SCHED_INTERVAL: Span = Span::from_millis(50);
/// More workers are looked at less often: a look takes about a microsecond.
const SCHED_INTERVAL_PER_WORKER: Span = Span::from_micros(400);
/// The figures of each worker are an open file, and a process may have 1,024 unless it asks for more.
const MANY_WORKERS: usize = 500;
/// The kernel counts a core's time in ticks of 10 ms.
const CORES_INTERVAL: Span = Span::from_millis(250);

/// Figures read within this time are of one moment; how often to try again for that.
const MAX_READ_TIME: Span = Span::from_micros(200);
const MAX_TRIES: usize = 3;

/// One worker's kernel figures.
#[derive(Debug)]
struct WorkerSampler {
    pid_tid: (u32, u32),
    /// None when it has ended, or its figures are not to be had.
    stat: Option<SchedStat>,
    last_figures: (u64, u64),
    last_at: Stamp,
}

impl WorkerSampler {
    /// One that nothing was told of yet.
    fn new(who: (u32, u32)) -> Self {
        Self { pid_tid: who, stat: SchedStat::open(who.0, who.1), last_figures: (0, 0), last_at: Stamp(0) }
    }

    /// What came since the last look: from when to when, on a CPU and on a run queue. The first look at a thread speaks of
    /// all its life, from whenever that began.
    fn sample(&mut self, time: &Timebase) -> Option<(Stamp, Stamp, u64, u64)> {
        let Some((now, figures)) = self.read_figures(time) else {
            self.stat = None;
            return None;
        };
        let from = std::mem::replace(&mut self.last_at, now);
        let (running, ready) =
            (figures.0.saturating_sub(self.last_figures.0), figures.1.saturating_sub(self.last_figures.1));
        self.last_figures = figures;
        Some((from, now, running, ready))
    }

    /// The figures and their moment. Where this thread lost its own core in between they are not of one moment, and are read
    /// again.
    fn read_figures(&self, time: &Timebase) -> Option<(Stamp, (u64, u64))> {
        let read = || {
            let before = time.now();
            let figures = self.stat.as_ref()?.read()?;
            Some((before, figures, time.now()))
        };
        let mut last = read()?;
        for _ in 0..MAX_TRIES {
            let (before, _, after) = last;
            if after.span_since(before) <= MAX_READ_TIME {
                break;
            }
            last = read()?;
        }
        Some((last.2, last.1))
    }
}

#[derive(Debug)]
pub struct Sampler {
    run_memory: Arc<RunMemory>,
    timebase: Timebase,
    /// Each counter, where its value lies, and what it held when last looked at.
    counters: Vec<(ResourceId, (ResourceId, usize), i64)>,
    workers: Vec<Option<WorkerSampler>>,
    ring_totals: Vec<(u64, u64)>,
    core_load: CoreLoad,
    cpu_meter: CpuMeter,
    sched_due: Stamp,
    cores_due: Stamp,
    is_cost_sent: bool,
}

impl Sampler {
    pub fn new(board: Arc<RunMemory>, cast: &Registry, time: Timebase, crew: RunProcesses) -> Self {
        let workers = cast.workers.len();
        if workers > MANY_WORKERS {
            allow_many_files();
        }
        Self {
            counters: cast.counters().map(|c| (c, cast.counter_location(c), i64::MIN)).collect(),
            workers: (0..workers).map(|_| None).collect(),
            ring_totals: vec![(0, 0); workers],
            core_load: CoreLoad::start(),
            cpu_meter: CpuMeter::new(crew),
            sched_due: Stamp::default(),
            cores_due: Stamp::default(),
            is_cost_sent: false,
            run_memory: board,
            timebase: time,
        }
    }

    /// Looks at what is due.
    pub fn sample_due(&mut self, tell: &mut impl FnMut(Message)) {
        let now = self.timebase.now();
        if now >= self.sched_due {
            let looked_at = self.sample_sched(tell);
            self.sched_due = now + SCHED_INTERVAL.max(Span(SCHED_INTERVAL_PER_WORKER.0 * looked_at));
            self.sample_counters(tell);
        }
        if now >= self.cores_due {
            let first = self.cores_due == Stamp::default();
            if first && SchedStat::open(std::process::id(), thread_id()).and_then(|own| own.read()).is_none() {
                tell(Message::Sample(Sample::SchedUnavailable)); // not even our own
            }
            self.cores_due = now + CORES_INTERVAL;
            self.sample_cores(first, tell);
            self.sample_rings(tell);
        }
    }

    /// Looks at everything once more, at the end of a run.
    pub fn sample_final(&mut self, tell: &mut impl FnMut(Message)) {
        self.sample_sched(tell);
        self.sample_counters(tell);
        self.sample_rings(tell);
    }

    /// Looks at all who live; how many that are.
    fn sample_sched(&mut self, tell: &mut impl FnMut(Message)) -> u64 {
        let mut alive = 0;
        for (i, slot) in self.workers.iter_mut().enumerate() {
            let worker = WorkerId::from(i);
            // A task has no thread of its own: what it does is known from its events alone.
            let Some(who) = self.run_memory.ring(worker).producer_ids().filter(|(_, tid)| *tid != 0) else { continue };
            if slot.as_ref().is_none_or(|w| w.pid_tid != who) {
                *slot = Some(WorkerSampler::new(who));
                let notice = Notice::Started { worker, pid: who.0, tid: who.1 };
                tell(Message::Notice { at: self.timebase.now(), notice });
            }
            let looked = slot.as_mut().and_then(|watched| watched.sample(&self.timebase));
            let Some((from, to, running, ready)) = looked else { continue };
            alive += 1;
            if from < to {
                tell(Message::Sample(Sample::Sched { worker, from, to, running, ready }));
            }
        }
        alive
    }

    fn sample_counters(&mut self, tell: &mut impl FnMut(Message)) {
        for (counter, (home, word), last) in &mut self.counters {
            // Before the load: additions up to this moment are in the value.
            let at = self.timebase.now();
            let value = self.run_memory.resource(*home)[*word].load(Ordering::Relaxed) as i64;
            if std::mem::replace(last, value) != value {
                tell(Message::Sample(Sample::Counter { at, counter: *counter, value }));
            }
        }
    }

    /// What is known of the cores from the first look to this one, and then from look to look.
    fn sample_cores(&mut self, first: bool, tell: &mut impl FnMut(Message)) {
        let load = self.core_load.sample_loads();
        if !first && load.iter().any(Option::is_some) {
            tell(Message::Sample(Sample::Cores { at: self.timebase.now(), load }));
        }
        let now = self.timebase.now();
        if let Some((from, run, viewer)) = self.cpu_meter.measure(now, &self.run_memory) {
            tell(Message::Sample(Sample::Usage { from, to: now, run, viewer }));
        }
    }

    fn sample_rings(&mut self, tell: &mut impl FnMut(Message)) {
        for (i, last) in self.ring_totals.iter_mut().enumerate() {
            let worker = WorkerId::from(i);
            let totals = self.run_memory.ring(worker).totals();
            if std::mem::replace(last, totals) != totals {
                tell(Message::Sample(Sample::Ring { worker, produced: totals.0, lost: totals.1 }));
            }
        }
        if let (false, Some(nanos)) = (self.is_cost_sent, self.run_memory.event_cost()) {
            self.is_cost_sent = true;
            tell(Message::Sample(Sample::EventCost { nanos: nanos as f32 }));
        }
    }
}
