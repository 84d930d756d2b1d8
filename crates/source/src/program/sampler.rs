//! Figures of the system about a program: time on cores and in run queues, the load of each core, CPU time.

use std::collections::BTreeMap;

use super::RunClock;
use super::processes::Processes;
use super::thread_watch::ThreadWatch;
use contend_platform::{CoreLoad, ThreadStat, own_cpu_nanos};
use contend_program::Translator;
use contend_trace::{Message, Sample, Span, Stamp, WorkerId};

const SCHED_INTERVAL: Span = Span::from_millis(50);
const SCHED_INTERVAL_PER_THREAD: Span = Span::from_micros(400);
const CORES_INTERVAL: Span = Span::from_millis(250);

/// The last figures of a thread.
#[derive(Debug)]
struct ThreadFigures {
    at: Stamp,
    figures: (u64, u64),
    place: Option<ThreadStat>,
}

/// Takes the samples of a program.
#[derive(Debug)]
pub(super) struct SystemSampler {
    processes: Processes,
    threads: BTreeMap<WorkerId, ThreadFigures>,
    cores: CoreLoad,
    usage: Option<(Stamp, u64, u64)>,
    sched_due: Stamp,
    cores_due: Option<Stamp>,
}

impl SystemSampler {
    pub fn new(processes: Processes) -> Self {
        Self {
            processes,
            threads: BTreeMap::new(),
            cores: CoreLoad::start(),
            usage: None,
            sched_due: Stamp(0),
            cores_due: None,
        }
    }

    /// Takes the samples that are due.
    pub fn sample(
        &mut self,
        clock: RunClock,
        translator: &Translator,
        threads: &mut ThreadWatch,
        out: &mut Vec<Message>,
    ) {
        let now = clock.now();
        self.sample_new_threads(clock, translator, threads, out);
        if now >= self.sched_due {
            let count = self.sample_threads(clock, translator, threads, out);
            self.sched_due = now + SCHED_INTERVAL.max(Span(SCHED_INTERVAL_PER_THREAD.0 * count));
        }
        if self.cores_due.is_none_or(|due| now >= due) {
            let is_first = self.cores_due.replace(now + CORES_INTERVAL).is_none();
            let load = self.cores.sample_loads();
            if !is_first && load.iter().any(Option::is_some) {
                out.push(Message::Sample(Sample::Cores { at: now, load }));
            }
            self.sample_usage(now, out);
        }
    }

    /// Takes the first figures of threads that are new. A thread may have ended before the next sample is due.
    fn sample_new_threads(
        &mut self,
        clock: RunClock,
        translator: &Translator,
        threads: &mut ThreadWatch,
        out: &mut Vec<Message>,
    ) {
        for lane in translator.threads().filter(|lane| !lane.has_ended) {
            if self.threads.contains_key(&lane.worker) {
                continue;
            }
            let Some(figures) = threads.figures(lane.pid, lane.tid) else { continue };
            let at = clock.now();
            let place = ThreadStat::open(lane.pid, lane.tid);
            self.threads.insert(lane.worker, ThreadFigures { at, figures, place });
            let (running, ready) = figures;
            out.push(Message::Sample(Sample::Sched { worker: lane.worker, from: Stamp(0), to: at, running, ready }));
        }
    }

    fn sample_threads(
        &mut self,
        clock: RunClock,
        translator: &Translator,
        threads: &mut ThreadWatch,
        out: &mut Vec<Message>,
    ) -> u64 {
        let mut count = 0;
        for lane in translator.threads() {
            if lane.has_ended {
                self.threads.remove(&lane.worker);
                continue;
            }
            count += 1;
            let Some(figures) = threads.figures(lane.pid, lane.tid) else { continue };
            let Some(before) = self.threads.get_mut(&lane.worker) else { continue };
            let to = clock.now();
            let from = std::mem::replace(&mut before.at, to);
            let last = std::mem::replace(&mut before.figures, figures);
            if from >= to {
                continue;
            }
            let (running, ready) = (figures.0.saturating_sub(last.0), figures.1.saturating_sub(last.1));
            out.push(Message::Sample(Sample::Sched { worker: lane.worker, from, to, running, ready }));
            let core = before.place.as_ref().filter(|_| running > 0).and_then(ThreadStat::last_core);
            if let Some(core) = core {
                out.push(Message::Sample(Sample::OnCore { worker: lane.worker, core, from, to, running }));
            }
        }
        count
    }

    fn sample_usage(&mut self, now: Stamp, out: &mut Vec<Message>) {
        let Some(run) = self.processes.cpu_nanos() else { return };
        let viewer = own_cpu_nanos();
        let (from, run_then, viewer_then) = self.usage.unwrap_or((now, run, viewer));
        self.usage = Some((now, run.max(run_then), viewer));
        if from < now {
            let usage = Sample::Usage {
                from,
                to: now,
                run: run.saturating_sub(run_then),
                viewer: viewer.saturating_sub(viewer_then),
            };
            out.push(Message::Sample(usage));
        }
    }
}
