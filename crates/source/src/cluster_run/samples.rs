//! Figures of the system about workers of a cluster on this machine.

use std::collections::BTreeMap;

use super::clock::ClusterClock;
use super::translate::Translator;
use contend_platform::{
    CoreLoad, SchedStat, ThreadStat, is_virtual_machine, own_cpu_nanos, physical_cores, process_cpu_nanos,
};
use contend_trace::{Message, Sample, Span, Stamp, WorkerId};

const SCHED_INTERVAL: Span = Span::from_millis(50);
const CORES_INTERVAL: Span = Span::from_millis(250);

/// The open files and last figures of a thread.
#[derive(Debug)]
struct WatchedThread {
    ids: (u32, u32),
    stat: Option<SchedStat>,
    place: Option<ThreadStat>,
    at: Stamp,
    figures: (u64, u64),
}

/// CPU times at one moment.
#[derive(Debug)]
struct UsageLook {
    at: Stamp,
    processes: BTreeMap<u32, u64>,
    viewer: u64,
}

/// Takes the samples of a run on a cluster.
#[derive(Debug)]
pub struct ClusterSampler {
    threads: BTreeMap<WorkerId, WatchedThread>,
    cores: CoreLoad,
    /// Processes beside the workers: the driver and the scheduler.
    others: Vec<u32>,
    /// The last look at the CPU time of each process, in nanoseconds, and of this one.
    usage: Option<UsageLook>,
    sched_due: Stamp,
    cores_due: Option<Stamp>,
}

impl ClusterSampler {
    pub fn new(others: Vec<u32>) -> Self {
        let cores = CoreLoad::start();
        Self { threads: BTreeMap::new(), cores, others, usage: None, sched_due: Stamp(0), cores_due: None }
    }

    /// Takes the samples that are due.
    pub fn sample(&mut self, clock: &ClusterClock, translator: &mut Translator) {
        let now = clock.now();
        if now >= self.sched_due {
            self.sched_due = now + SCHED_INTERVAL;
            for message in self.sample_threads(clock, translator) {
                translator.add_message(message);
            }
        }
        if self.cores_due.is_none_or(|due| now >= due) {
            let is_first = self.cores_due.replace(now + CORES_INTERVAL).is_none();
            let load = self.cores.sample_loads();
            let sample = if is_first {
                Sample::CoreLayout { physical: physical_cores(), is_virtual: is_virtual_machine() }
            } else {
                Sample::Cores { at: now, load }
            };
            translator.add_message(Message::Sample(sample));
            if let Some(sample) = self.sample_usage(now, translator) {
                translator.add_message(Message::Sample(sample));
            }
        }
    }

    fn sample_threads(&mut self, clock: &ClusterClock, translator: &Translator) -> Vec<Message> {
        let mut samples = Vec::new();
        for (worker, pid, tid) in translator.threads() {
            let known = self.threads.get(&worker).is_some_and(|thread| thread.ids == (pid, tid));
            if !known {
                let thread = WatchedThread {
                    ids: (pid, tid),
                    stat: SchedStat::open(pid, tid),
                    place: ThreadStat::open(pid, tid),
                    at: clock.now(),
                    figures: (0, 0),
                };
                let figures = thread.stat.as_ref().and_then(SchedStat::read).unwrap_or_default();
                self.threads.insert(worker, WatchedThread { figures, ..thread });
                continue;
            }
            let Some(thread) = self.threads.get_mut(&worker) else { continue };
            let Some(figures) = thread.stat.as_ref().and_then(SchedStat::read) else { continue };
            let to = clock.now();
            let from = std::mem::replace(&mut thread.at, to);
            let last = std::mem::replace(&mut thread.figures, figures);
            if from >= to {
                continue;
            }
            let (running, ready) = (figures.0.saturating_sub(last.0), figures.1.saturating_sub(last.1));
            samples.push(Message::Sample(Sample::Sched { worker, from, to, running, ready }));
            if let Some(core) = thread.place.as_ref().filter(|_| running > 0).and_then(ThreadStat::last_core) {
                samples.push(Message::Sample(Sample::OnCore { worker, core, from, to, running }));
            }
        }
        samples
    }

    /// What a process used before its first look does not count: it may have started before the run.
    fn sample_usage(&mut self, now: Stamp, translator: &Translator) -> Option<Sample> {
        let pids = self.others.iter().copied().chain(translator.processes());
        let processes: BTreeMap<u32, u64> = pids.filter_map(|pid| Some((pid, process_cpu_nanos(pid)?))).collect();
        let look = UsageLook { at: now, processes, viewer: own_cpu_nanos() };
        let last = self.usage.replace(look).filter(|last| last.at < now)?;
        let look = self.usage.as_ref()?;
        let used =
            |(pid, nanos): (&u32, &u64)| last.processes.get(pid).map_or(0, |before| nanos.saturating_sub(*before));
        Some(Sample::Usage {
            from: last.at,
            to: now,
            run: look.processes.iter().map(used).sum(),
            viewer: look.viewer.saturating_sub(last.viewer),
        })
    }
}
