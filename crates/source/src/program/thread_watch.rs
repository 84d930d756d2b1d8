//! What `/proc` tells about each thread of a program: whether it runs, sleeps, or waits for the interpreter's lock, and
//! who has that lock.

use std::collections::{BTreeMap, BTreeSet};

use super::process_names::thread_name;
use super::processes::Processes;
use contend_platform::{SchedStat, ThreadActivity, ThreadSleepPlace, ThreadSyscall, threads_of};
use contend_program::{
    Definition, Flags, Id, Kind, LaneInfo, LaneView, Runtime, Seen, TraceEvent, TraceRecord, Translator, runtime_of,
};

/// Time between two looks at each thread, and more for each of many threads: one look takes some microseconds.
const SEEN_INTERVAL: u64 = 10_000_000;
const SEEN_INTERVAL_PER_THREAD: u64 = 200_000;
/// Time between two searches for processes that tell nothing.
const UNTRACED_INTERVAL: u64 = 200_000_000;
/// The most threads that are watched.
const MAX_THREADS: usize = 4_096;
/// Marks the ids that threads without a tracer get.
const UNTRACED: u64 = 0x7ff << 52;

/// A thread, with its open files.
#[derive(Debug)]
struct WatchedThread {
    activity: Option<ActivityFile>,
    stat: Option<SchedStat>,
}

/// What tells what a thread does.
#[derive(Debug)]
enum ActivityFile {
    Syscall(ThreadSyscall),
    SleepPlace(ThreadSleepPlace),
}

impl ActivityFile {
    fn open(pid: u32, tid: u32) -> Option<Self> {
        // The file can be opened and still refuse to be read.
        let syscall = ThreadSyscall::open(pid, tid).filter(|file| file.read().is_some()).map(Self::Syscall);
        syscall.or_else(|| ThreadSleepPlace::open(pid, tid).map(Self::SleepPlace))
    }

    fn read(&self) -> Option<ThreadActivity> {
        match self {
            Self::Syscall(file) => file.read(),
            Self::SleepPlace(file) => file.read(),
        }
    }
}

/// The threads of a program.
#[derive(Debug)]
pub(super) struct ThreadWatch {
    processes: Processes,
    /// How many nanoseconds a process may take to tell something before its threads are shown without it.
    grace: u64,
    threads: BTreeMap<(u32, u32), WatchedThread>,
    /// Where each interpreter has its lock; `None` where it is unknown.
    runtimes: BTreeMap<u32, Option<Runtime>>,
    due: u64,
    untraced_due: u64,
    first_seen: BTreeMap<u32, u64>,
    untraced: BTreeSet<(u32, u32)>,
}

impl ThreadWatch {
    pub fn new(processes: Processes, grace: u64) -> Self {
        Self {
            processes,
            grace,
            threads: BTreeMap::new(),
            runtimes: BTreeMap::new(),
            due: 0,
            untraced_due: 0,
            first_seen: BTreeMap::new(),
            untraced: BTreeSet::new(),
        }
    }

    /// Looks at all threads, if that is due.
    pub fn sample(&mut self, now: u64, translator: &Translator, records: &mut Vec<TraceRecord>) {
        if now < self.due {
            return;
        }
        let live: Vec<_> = translator.threads().filter(|lane| !lane.has_ended).take(MAX_THREADS).collect();
        self.due = now + SEEN_INTERVAL.max(SEEN_INTERVAL_PER_THREAD * live.len() as u64);
        let present: BTreeSet<(u32, u32)> = live.iter().map(|lane| (lane.pid, lane.tid)).collect();
        self.threads.retain(|thread, _| present.contains(thread));
        let seen: Vec<(LaneView, Seen)> = live
            .into_iter()
            .map(|lane| (lane, self.look_at(lane.pid, lane.tid, translator.has_gil(lane.pid))))
            .collect();
        let holders = self.find_holders(&seen);
        records.extend(seen.into_iter().map(|(lane, seen)| {
            let seen = match seen {
                Seen::Gil { .. } => Seen::Gil { holder: holders.get(&lane.pid).copied().unwrap_or_default() },
                seen => seen,
            };
            TraceRecord::Seen { at: now, lane: lane.id, seen }
        }));
    }

    /// Returns who has the lock of each interpreter that others wait for: the only thread of the process that runs.
    /// Nobody, if several run, since one of them may compute without the lock, or if none does.
    fn find_holders(&mut self, seen: &[(LaneView, Seen)]) -> BTreeMap<u32, Id> {
        let contended: BTreeSet<u32> =
            seen.iter().filter(|(_, seen)| matches!(seen, Seen::Gil { .. })).map(|(lane, _)| lane.pid).collect();
        let mut holders = BTreeMap::new();
        for pid in contended {
            let known: BTreeSet<u32> =
                seen.iter().map(|(lane, _)| lane).filter(|l| l.pid == pid).map(|l| l.tid).collect();
            let mut running = seen.iter().filter(|(lane, seen)| lane.pid == pid && *seen == Seen::Running);
            let (Some((holder, _)), None) = (running.next(), running.next()) else { continue };
            // Threads of C code have no lane.
            let runs =
                |tid: u32| ActivityFile::open(pid, tid).and_then(|file| file.read()) == Some(ThreadActivity::Running);
            let is_still_running = self.look_at(pid, holder.tid, None) == Seen::Running;
            if is_still_running && !threads_of(pid).into_iter().any(|tid| !known.contains(&tid) && runs(tid)) {
                holders.insert(pid, holder.id);
            }
        }
        holders
    }

    fn thread(&mut self, pid: u32, tid: u32) -> &mut WatchedThread {
        self.threads.entry((pid, tid)).or_insert_with(|| WatchedThread {
            activity: ActivityFile::open(pid, tid),
            stat: SchedStat::open(pid, tid),
        })
    }

    fn look_at(&mut self, pid: u32, tid: u32, has_gil: Option<bool>) -> Seen {
        let activity = self.thread(pid, tid).activity.as_ref().and_then(ActivityFile::read);
        match activity {
            None => Seen::Unknown,
            Some(ThreadActivity::Running) => Seen::Running,
            Some(ThreadActivity::Sleeping) => Seen::Sleep,
            Some(ThreadActivity::Blocked) => Seen::Io,
            Some(ThreadActivity::Asleep) => Seen::Asleep,
            Some(ThreadActivity::Futex(address)) => {
                let runtime = *self.runtimes.entry(pid).or_insert_with(|| runtime_of(pid));
                let is_gil = has_gil != Some(false) && runtime.is_some_and(|runtime| runtime.is_lock(address));
                if is_gil { Seen::Gil { holder: Id::None } } else { Seen::Asleep }
            }
        }
    }

    /// Returns a count that grows whenever the thread runs.
    pub fn moved(&mut self, pid: u32, tid: u32) -> Option<u64> {
        let (running, ready) = self.figures(pid, tid)?;
        Some(running.wrapping_mul(31).wrapping_add(ready))
    }

    /// Returns the nanoseconds that the thread was on a CPU, and ready for one.
    pub fn figures(&mut self, pid: u32, tid: u32) -> Option<(u64, u64)> {
        self.thread(pid, tid).stat.as_ref()?.read()
    }

    /// Adds lanes for the threads of processes that tell nothing, and ends those that are gone.
    pub fn find_untraced(&mut self, now: u64, translator: &mut Translator) {
        if now < self.untraced_due {
            return;
        }
        self.untraced_due = now + UNTRACED_INTERVAL;
        let traced: BTreeSet<u32> = translator.live_processes().collect();
        let mut present = BTreeSet::new();
        for pid in self.processes.list() {
            let since = *self.first_seen.entry(pid).or_insert(now);
            if traced.contains(&pid) {
                let threads = threads_of(pid);
                let known = self.untraced.iter().filter(|(of, tid)| *of == pid && threads.contains(tid));
                present.extend(known);
                end_silent(now, pid, &threads, translator);
                continue;
            }
            if now - since < self.grace {
                continue;
            }
            present.extend(threads_of(pid).into_iter().map(|tid| (pid, tid)));
        }
        for thread in self.untraced.difference(&present) {
            translator.add([event(now, *thread, Kind::End)]);
        }
        for (pid, tid) in present.difference(&self.untraced).take(MAX_THREADS) {
            let lane = LaneInfo {
                id: untraced_id(*tid),
                pid: *pid,
                tid: *tid,
                name: thread_name(*pid, *tid),
                is_silent: true,
                ..LaneInfo::default()
            };
            translator.add([TraceRecord::Definition(Definition::Lane(lane)), event(now, (*pid, *tid), Kind::Begin)]);
        }
        self.untraced = present;
    }
}

/// Ends the lanes of a traced process whose threads have told nothing, not even their end.
fn end_silent(now: u64, pid: u32, threads: &[u32], translator: &mut Translator) {
    let is_gone = |lane: &LaneView| lane.pid == pid && lane.is_silent && !threads.contains(&lane.tid);
    let gone: Vec<Id> = translator.threads().filter(|lane| !lane.has_ended && is_gone(lane)).map(|l| l.id).collect();
    translator.add(gone.into_iter().map(|lane| event_of(now, lane, Kind::End)));
}

fn untraced_id(tid: u32) -> Id {
    Id::of(UNTRACED | u64::from(tid))
}

fn event(at: u64, (_, tid): (u32, u32), kind: Kind) -> TraceRecord {
    event_of(at, untraced_id(tid), kind)
}

fn event_of(at: u64, lane: Id, kind: Kind) -> TraceRecord {
    TraceRecord::Event(TraceEvent { at, lane, kind, object: lane, arg: 0, flags: Flags::default() })
}
