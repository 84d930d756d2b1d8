//! What is measured from outside the workers: run-queue delay, load of the cores, counters, the rings' own totals.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::timebase::Timebase;
use super::usage::{Crew, Usage};
use contend_platform::{CoreLoad, SchedStat, allow_many_files, thread_id};
use contend_trace::{Board, Cast, Message, Notice, ResourceId, Sample, Span, Stamp, WorkerId};

/// Least time between two looks at a worker's kernel figures.
const SCHED_EVERY: Span = Span::millis(50);
/// More workers are looked at less often: a look takes about a microsecond.
const SCHED_PER_WORKER: Span = Span::micros(400);
/// The figures of each worker are an open file, and a process may have 1,024 unless it asks for more.
const MANY: usize = 500;
/// The kernel counts a core's time in ticks of 10 ms.
const CORES_EVERY: Span = Span::millis(250);

/// Figures read within this time are of one moment; how often to try again for that.
const ONE_MOMENT: Span = Span::micros(200);
const TRIES: usize = 3;

/// One worker's kernel figures.
#[derive(Debug)]
struct Watched {
    who: (u32, u32),
    /// None when it has ended, or its figures are not to be had.
    stat: Option<SchedStat>,
    last: (u64, u64),
    at: Stamp,
}

impl Watched {
    /// One that nothing was told of yet.
    fn new(who: (u32, u32)) -> Self {
        Self { who, stat: SchedStat::open(who.0, who.1), last: (0, 0), at: Stamp(0) }
    }

    /// What came since the last look: from when to when, on a CPU and on a run queue. The first look at a thread speaks of
    /// all its life, from whenever that began.
    fn look(&mut self, time: &Timebase) -> Option<(Stamp, Stamp, u64, u64)> {
        let Some((now, figures)) = self.figures(time) else {
            self.stat = None;
            return None;
        };
        let from = std::mem::replace(&mut self.at, now);
        let (running, ready) = (figures.0.saturating_sub(self.last.0), figures.1.saturating_sub(self.last.1));
        self.last = figures;
        Some((from, now, running, ready))
    }

    /// The figures and their moment. Where this thread lost its own core in between they are not of one moment, and are read
    /// again.
    fn figures(&self, time: &Timebase) -> Option<(Stamp, (u64, u64))> {
        let read = || {
            let before = time.now();
            let figures = self.stat.as_ref()?.read()?;
            Some((before, figures, time.now()))
        };
        let mut last = read()?;
        for _ in 0..TRIES {
            let (before, _, after) = last;
            if after.since(before) <= ONE_MOMENT {
                break;
            }
            last = read()?;
        }
        Some((last.2, last.1))
    }
}

#[derive(Debug)]
pub struct Sampler {
    board: Arc<Board>,
    time: Timebase,
    /// Each counter, where its value lies, and what it held when last looked at.
    counters: Vec<(ResourceId, (ResourceId, usize), i64)>,
    watched: Vec<Option<Watched>>,
    rings: Vec<(u64, u64)>,
    cores: CoreLoad,
    usage: Usage,
    sched_due: Stamp,
    cores_due: Stamp,
    cost_told: bool,
}

impl Sampler {
    pub fn new(board: Arc<Board>, cast: &Cast, time: Timebase, crew: Crew) -> Self {
        let workers = cast.workers.len();
        if workers > MANY {
            allow_many_files();
        }
        Self {
            counters: cast.counters().map(|c| (c, cast.place_of(c), i64::MIN)).collect(),
            watched: (0..workers).map(|_| None).collect(),
            rings: vec![(0, 0); workers],
            cores: CoreLoad::from_now(),
            usage: Usage::new(crew),
            sched_due: Stamp::default(),
            cores_due: Stamp::default(),
            cost_told: false,
            board,
            time,
        }
    }

    /// Looks at what is due.
    pub fn look(&mut self, tell: &mut impl FnMut(Message)) {
        let now = self.time.now();
        if now >= self.sched_due {
            let looked_at = self.sched(tell);
            self.sched_due = now + SCHED_EVERY.max(Span(SCHED_PER_WORKER.0 * looked_at));
            self.counters(tell);
        }
        if now >= self.cores_due {
            let first = self.cores_due == Stamp::default();
            if first && SchedStat::open(std::process::id(), thread_id()).and_then(|own| own.read()).is_none() {
                tell(Message::Sample(Sample::NoSched)); // not even our own
            }
            self.cores_due = now + CORES_EVERY;
            self.cores(first, tell);
            self.rings(tell);
        }
    }

    /// Looks at everything once more, at the end of a run.
    pub fn last_look(&mut self, tell: &mut impl FnMut(Message)) {
        self.sched(tell);
        self.counters(tell);
        self.rings(tell);
    }

    /// Looks at all who live; how many that are.
    fn sched(&mut self, tell: &mut impl FnMut(Message)) -> u64 {
        let mut alive = 0;
        for (i, slot) in self.watched.iter_mut().enumerate() {
            let worker = WorkerId::from(i);
            // A task has no thread of its own: what it does is known from its events alone.
            let Some(who) = self.board.ring(worker).who().filter(|(_, tid)| *tid != 0) else { continue };
            if slot.as_ref().is_none_or(|w| w.who != who) {
                *slot = Some(Watched::new(who));
                let notice = Notice::Started { worker, pid: who.0, tid: who.1 };
                tell(Message::Notice { at: self.time.now(), notice });
            }
            let looked = slot.as_mut().and_then(|watched| watched.look(&self.time));
            let Some((from, to, running, ready)) = looked else { continue };
            alive += 1;
            if from < to {
                tell(Message::Sample(Sample::Sched { worker, from, to, running, ready }));
            }
        }
        alive
    }

    fn counters(&mut self, tell: &mut impl FnMut(Message)) {
        for (counter, (home, word), last) in &mut self.counters {
            let value = self.board.resource(*home)[*word].load(Ordering::Relaxed) as i64;
            if std::mem::replace(last, value) != value {
                tell(Message::Sample(Sample::Counter { at: self.time.now(), counter: *counter, value }));
            }
        }
    }

    /// What is known of the cores from the first look to this one, and then from look to look.
    fn cores(&mut self, first: bool, tell: &mut impl FnMut(Message)) {
        let load = self.cores.look();
        if !first && load.iter().any(Option::is_some) {
            tell(Message::Sample(Sample::Cores { at: self.time.now(), load }));
        }
        let now = self.time.now();
        if let Some((from, run, viewer)) = self.usage.look(now, &self.board) {
            tell(Message::Sample(Sample::Usage { from, to: now, run, viewer }));
        }
    }

    fn rings(&mut self, tell: &mut impl FnMut(Message)) {
        for (i, last) in self.rings.iter_mut().enumerate() {
            let worker = WorkerId::from(i);
            let totals = self.board.ring(worker).totals();
            if std::mem::replace(last, totals) != totals {
                tell(Message::Sample(Sample::Ring { worker, produced: totals.0, lost: totals.1 }));
            }
        }
        if let (false, Some(nanos)) = (self.cost_told, self.board.event_cost()) {
            self.cost_told = true;
            tell(Message::Sample(Sample::EventCost { nanos: nanos as f32 }));
        }
    }
}
