//! Samples taken from outside the workers: run-queue delay, core loads, CPU time, counters and ring totals.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cpu_meter::{CpuMeter, RunProcesses};
use super::timebase::Timebase;
use contend_platform::{
    CoreLoad, SchedStat, ThreadStat, allow_many_files, is_virtual_machine, physical_cores, thread_id,
};
use contend_trace::{Message, Notice, Registry, ResourceId, RunMemory, Sample, Span, Stamp, WorkerId};

/// Minimum time between two samples of a worker's kernel figures.
const SCHED_INTERVAL: Span = Span::from_millis(50);
/// With many workers, the interval grows by this for each: a sample takes about a microsecond.
const SCHED_INTERVAL_PER_WORKER: Span = Span::from_micros(400);
/// Beyond this number of workers, the limit of open files is raised: each worker needs one, and the default limit is
/// 1,024.
const MANY_WORKERS: usize = 500;
/// Beyond this number of workers it is not sampled on which core each one runs: that takes a few microseconds more.
const MAX_PLACED_WORKERS: usize = 256;
/// Time between two samples of the core loads: the kernel counts a core's time in ticks of 10 ms.
const CORES_INTERVAL: Span = Span::from_millis(250);

/// Figures read within this time count as simultaneous.
const MAX_READ_TIME: Span = Span::from_micros(200);
/// How often to read again if a reading took longer.
const MAX_TRIES: usize = 3;

/// The kernel figures of one worker.
#[derive(Debug)]
struct WorkerSampler {
    pid_tid: (u32, u32),
    /// `None` if the worker has ended or its figures are not available.
    stat: Option<SchedStat>,
    /// Where it runs; `None` if that is not sampled.
    place: Option<ThreadStat>,
    last_figures: (u64, u64),
    last_at: Stamp,
}

impl WorkerSampler {
    /// Creates a sampler of a worker that has not been sampled yet.
    fn new(pid_tid: (u32, u32), is_placed: bool) -> Self {
        let (pid, tid) = pid_tid;
        let place = if is_placed { ThreadStat::open(pid, tid) } else { None };
        Self { pid_tid, stat: SchedStat::open(pid, tid), place, last_figures: (0, 0), last_at: Stamp(0) }
    }

    /// Returns the time since the last sample: from, to, nanoseconds on a CPU and on a run queue. The first sample of a
    /// thread covers its whole life.
    fn sample(&mut self, timebase: &Timebase) -> Option<(Stamp, Stamp, u64, u64)> {
        let Some((now, figures)) = self.read_figures(timebase) else {
            self.stat = None;
            return None;
        };
        let from = std::mem::replace(&mut self.last_at, now);
        let (running, ready) =
            (figures.0.saturating_sub(self.last_figures.0), figures.1.saturating_sub(self.last_figures.1));
        self.last_figures = figures;
        Some((from, now, running, ready))
    }

    /// Reads the figures and the time. Reads again if this thread lost its own core in between, since figures and time
    /// would not belong together.
    fn read_figures(&self, timebase: &Timebase) -> Option<(Stamp, (u64, u64))> {
        let read = || {
            let before = timebase.now();
            let figures = self.stat.as_ref()?.read()?;
            Some((before, figures, timebase.now()))
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

/// Takes all samples of a run.
#[derive(Debug)]
pub struct Sampler {
    run_memory: Arc<RunMemory>,
    timebase: Timebase,
    /// Each counter, the location of its value, and the value that was sent last.
    counters: Vec<(ResourceId, (ResourceId, usize), Option<i64>)>,
    workers: Vec<Option<WorkerSampler>>,
    ring_totals: Vec<(u64, u64)>,
    core_load: CoreLoad,
    cpu_meter: CpuMeter,
    sched_due: Stamp,
    cores_due: Stamp,
    is_cost_sent: bool,
}

impl Sampler {
    pub fn new(run_memory: Arc<RunMemory>, registry: &Registry, timebase: Timebase, processes: RunProcesses) -> Self {
        let workers = registry.workers.len();
        if workers > MANY_WORKERS {
            allow_many_files();
        }
        Self {
            counters: registry.counters().map(|c| (c, registry.counter_location(c), None)).collect(),
            workers: (0..workers).map(|_| None).collect(),
            ring_totals: vec![(0, 0); workers],
            core_load: CoreLoad::start(),
            cpu_meter: CpuMeter::new(processes),
            sched_due: Stamp::default(),
            cores_due: Stamp::default(),
            is_cost_sent: false,
            run_memory,
            timebase,
        }
    }

    /// Takes the samples that are due.
    pub fn sample_due(&mut self, send: &mut impl FnMut(Message)) {
        let now = self.timebase.now();
        if now >= self.sched_due {
            let workers = self.sample_sched(send);
            self.sched_due = now + SCHED_INTERVAL.max(Span(SCHED_INTERVAL_PER_WORKER.0 * workers));
            self.sample_counters(send);
        }
        if now >= self.cores_due {
            let first = self.cores_due == Stamp::default();
            if first && SchedStat::open(std::process::id(), thread_id()).and_then(|own| own.read()).is_none() {
                send(Message::Sample(Sample::SchedUnavailable)); // not even for this thread
            }
            self.cores_due = now + CORES_INTERVAL;
            self.sample_cores(first, send);
            self.sample_rings(send);
        }
    }

    /// Takes the last samples at the end of a run, of counters that have not changed too: updates may have been lost
    /// since, and count up to the newest sample.
    pub fn sample_final(&mut self, send: &mut impl FnMut(Message)) {
        self.counters.iter_mut().for_each(|(.., sent)| *sent = None);
        self.sample_sched(send);
        self.sample_counters(send);
        self.sample_rings(send);
    }

    /// Samples all live workers and returns their number.
    fn sample_sched(&mut self, send: &mut impl FnMut(Message)) -> u64 {
        let (mut alive, is_placed) = (0, self.workers.len() <= MAX_PLACED_WORKERS);
        for (i, slot) in self.workers.iter_mut().enumerate() {
            let worker = WorkerId::from(i);
            // An async task has no thread of its own: only its events show what it does.
            let Some(pid_tid) = self.run_memory.ring(worker).producer_ids().filter(|(_, tid)| *tid != 0) else {
                continue;
            };
            if slot.as_ref().is_none_or(|w| w.pid_tid != pid_tid) {
                *slot = Some(WorkerSampler::new(pid_tid, is_placed));
                let notice = Notice::Started { worker, pid: pid_tid.0, tid: pid_tid.1 };
                send(Message::Notice { at: self.timebase.now(), notice });
            }
            let sample = slot.as_mut().and_then(|sampler| sampler.sample(&self.timebase));
            let Some((from, to, running, ready)) = sample else { continue };
            alive += 1;
            if from < to {
                send(Message::Sample(Sample::Sched { worker, from, to, running, ready }));
                // The first sample covers a time in which the worker may have been anywhere.
                let place = slot.as_ref().and_then(|sampler| sampler.place.as_ref());
                let place = place.filter(|_| running > 0 && from > Stamp(0));
                if let Some(core) = place.and_then(ThreadStat::last_core) {
                    send(Message::Sample(Sample::OnCore { worker, core, from, to, running }));
                }
            }
        }
        alive
    }

    fn sample_counters(&mut self, send: &mut impl FnMut(Message)) {
        for (counter, (home, word), sent) in &mut self.counters {
            // Before the load: additions up to this moment are in the value.
            let at = self.timebase.now();
            let value = self.run_memory.resource(*home)[*word].load(Ordering::Relaxed) as i64;
            if sent.replace(value) != Some(value) {
                send(Message::Sample(Sample::Counter { at, counter: *counter, value }));
            }
        }
    }

    /// Samples the core loads, except at the first call, and the CPU time of the run.
    fn sample_cores(&mut self, first: bool, send: &mut impl FnMut(Message)) {
        if first {
            send(Message::Sample(Sample::CoreLayout { physical: physical_cores(), is_virtual: is_virtual_machine() }));
        }
        let load = self.core_load.sample_loads();
        if !first && load.iter().any(Option::is_some) {
            send(Message::Sample(Sample::Cores { at: self.timebase.now(), load }));
        }
        let now = self.timebase.now();
        if let Some((from, run, viewer)) = self.cpu_meter.measure(now, &self.run_memory) {
            send(Message::Sample(Sample::Usage { from, to: now, run, viewer }));
        }
    }

    fn sample_rings(&mut self, send: &mut impl FnMut(Message)) {
        for (i, last) in self.ring_totals.iter_mut().enumerate() {
            let worker = WorkerId::from(i);
            let totals = self.run_memory.ring(worker).totals();
            if std::mem::replace(last, totals) != totals {
                send(Message::Sample(Sample::Ring { worker, produced: totals.0, lost: totals.1 }));
            }
        }
        if let (false, Some(nanos)) = (self.is_cost_sent, self.run_memory.event_cost()) {
            self.is_cost_sent = true;
            send(Message::Sample(Sample::EventCost { nanos: nanos as f32 }));
        }
    }
}
