//! What `/proc` tells about each thread of a program: whether it runs, sleeps, or waits for the interpreter's lock.

use std::collections::{BTreeMap, BTreeSet};

use contend_platform::{SchedStat, ThreadActivity, ThreadSyscall, session_members, threads_of};
use contend_program::{
    AddressRange, Definition, Flags, Id, Kind, LaneInfo, Seen, Told, ToldEvent, Translator, runtime_range,
};

/// Time between two looks at each thread, and more for each of many threads: one look takes some microseconds.
const SEEN_INTERVAL: u64 = 10_000_000;
const SEEN_INTERVAL_PER_THREAD: u64 = 200_000;
/// How long a process may take to tell something before its threads are shown without it.
const GRACE: u64 = 700_000_000;
/// Time between two searches for such processes.
const UNTRACED_INTERVAL: u64 = 200_000_000;
/// The most threads that are watched.
const MAX_THREADS: usize = 4_096;
/// Marks the ids that threads without a tracer get.
const UNTRACED: u64 = 0x7ff << 52;

/// A thread, with its open files.
#[derive(Debug)]
struct WatchedThread {
    syscall: Option<ThreadSyscall>,
    stat: Option<SchedStat>,
}

/// The threads of a program.
#[derive(Debug)]
pub(super) struct ThreadWatch {
    root: u32,
    threads: BTreeMap<(u32, u32), WatchedThread>,
    /// Where each interpreter has its lock; `None` where that cannot be told.
    runtimes: BTreeMap<u32, Option<AddressRange>>,
    due: u64,
    untraced_due: u64,
    first_seen: BTreeMap<u32, u64>,
    untraced: BTreeSet<(u32, u32)>,
}

impl ThreadWatch {
    pub fn new(root: u32) -> Self {
        Self {
            root,
            threads: BTreeMap::new(),
            runtimes: BTreeMap::new(),
            due: 0,
            untraced_due: 0,
            first_seen: BTreeMap::new(),
            untraced: BTreeSet::new(),
        }
    }

    /// Looks at all threads, if that is due.
    pub fn sample(&mut self, now: u64, translator: &Translator, told: &mut Vec<Told>) {
        if now < self.due {
            return;
        }
        let live: Vec<_> = translator.threads().filter(|lane| !lane.has_ended).take(MAX_THREADS).collect();
        self.due = now + SEEN_INTERVAL.max(SEEN_INTERVAL_PER_THREAD * live.len() as u64);
        let present: BTreeSet<(u32, u32)> = live.iter().map(|lane| (lane.pid, lane.tid)).collect();
        self.threads.retain(|thread, _| present.contains(thread));
        for lane in live {
            let seen = self.look_at(lane.pid, lane.tid, translator.has_gil(lane.pid));
            told.push(Told::Seen { at: now, lane: lane.id, seen });
        }
    }

    fn thread(&mut self, pid: u32, tid: u32) -> &mut WatchedThread {
        self.threads.entry((pid, tid)).or_insert_with(|| WatchedThread {
            syscall: ThreadSyscall::open(pid, tid),
            stat: SchedStat::open(pid, tid),
        })
    }

    fn look_at(&mut self, pid: u32, tid: u32, has_gil: Option<bool>) -> Seen {
        let activity = self.thread(pid, tid).syscall.as_ref().and_then(ThreadSyscall::read);
        match activity {
            None => Seen::Unknown,
            Some(ThreadActivity::Running) => Seen::Running,
            Some(ThreadActivity::Sleeping) => Seen::Sleep,
            Some(ThreadActivity::Blocked) => Seen::Io,
            Some(ThreadActivity::Futex(address)) => {
                // Without such a lock, the interpreter sleeps on this memory for other reasons.
                let is_gil = has_gil != Some(false)
                    && self
                        .runtimes
                        .entry(pid)
                        .or_insert_with(|| runtime_range(pid))
                        .is_some_and(|at| at.contains(address));
                if is_gil { Seen::Gil } else { Seen::Futex }
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
        for pid in session_members(self.root) {
            let since = *self.first_seen.entry(pid).or_insert(now);
            if traced.contains(&pid) || now - since < GRACE {
                continue;
            }
            present.extend(threads_of(pid).into_iter().map(|tid| (pid, tid)));
        }
        for thread in self.untraced.difference(&present) {
            translator.add([event(now, *thread, Kind::End)]);
        }
        for (pid, tid) in present.difference(&self.untraced).take(MAX_THREADS) {
            let name = std::fs::read_to_string(format!("/proc/{pid}/task/{tid}/comm")).unwrap_or_default();
            let lane = LaneInfo {
                id: untraced_id(*tid),
                pid: *pid,
                tid: *tid,
                name: format!("{} {tid}", contend_scenario::sanitize(name.trim())),
                ..LaneInfo::default()
            };
            translator.add([Told::Definition(Definition::Lane(lane)), event(now, (*pid, *tid), Kind::Begin)]);
        }
        self.untraced = present;
    }
}

fn untraced_id(tid: u32) -> Id {
    Id::of(UNTRACED | u64::from(tid))
}

fn event(at: u64, (_, tid): (u32, u32), kind: Kind) -> Told {
    let lane = untraced_id(tid);
    Told::Event(ToldEvent { at, lane, kind, object: lane, arg: 0, flags: Flags::default() })
}
