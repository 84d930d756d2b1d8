//! Splits the time in which a worker seemed to run into time on a CPU and time without one.
//!
//! Events cannot see a preemption: to them the worker ran. The kernel counts, from look to look, how long its thread was on a
//! CPU. What it seemed to run beyond that was without one. The kernel's figure belongs to the whole stretch between two
//! looks, so it is set against all Running in that stretch, wherever in it that was, and what remains is spread over it.
//! Nothing can be said before all events of the stretch are known.

use super::{Lane, Spent};
use crate::history::part;
use contend_trace::{Stamp, State};

/// The kernel may count a thread that is on a CPU up to a tick late.
const TICK: u64 = 10_000_000;

/// So much Running in the stretch before tells as much of the next one as an even share of the cores does: a thread that
/// ran for a moment without waiting says little of the other 999.
const TELLING: f64 = 50e6;

/// Looks kept until all events before them are known.
const MOST_PENDING: usize = 16;

/// What the kernel said at one look.
#[derive(Debug, Clone, Copy)]
struct Look {
    from: Stamp,
    to: Stamp,
    on_cpu: OnCpu,
    queued: u64,
    /// Which life of the worker it is about.
    life: u32,
}

/// Nanoseconds on a CPU.
#[derive(Debug, Clone, Copy)]
enum OnCpu {
    /// Since the look before, or since its thread began if that is not known.
    Since(u64),
    /// In this whole life.
    InLife(u64),
}

/// The kernel's figures of one lane.
#[derive(Debug, Clone, Default)]
pub(super) struct Kernel {
    /// Time in the run queue.
    delay: Option<u64>,
    /// Looks whose stretches are not split yet, in order.
    pending: Vec<Look>,
    /// All Running before this moment is split; how much that was.
    settled: Stamp,
    settled_ran: u64,
    /// The last stretch, and what of it was put down as without a CPU.
    last: (Stamp, Stamp, u64),
    /// A life, and the time on a CPU that was counted in it.
    counted: (u32, u64),
    /// Part of the Running in the last stretch that was on a CPU; how much Running that was.
    ratio: Option<f64>,
    basis: u64,
    /// What part it would be if all workers that seem to run shared the cores evenly.
    even: Option<f64>,
    /// By how much less is on a CPU, of what no look has told yet, than the looks before would have it.
    less: f64,
}

/// A stretch of which only a part of Running counts as such.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unsettled {
    from: Stamp,
    to: Stamp,
    on_cpu: f64,
}

impl Unsettled {
    /// What of so much Running in `a..b` was without a CPU.
    pub(super) fn without_cpu(&self, running: u64, a: Stamp, b: Stamp) -> u64 {
        let overlap = self.to.min(b).since(self.from.max(a)).0;
        (running.min(overlap) as f64 * (1.0 - self.on_cpu)) as u64
    }
}

/// Shares an amount out in proportion to weights, to the last nanosecond.
struct Portions {
    amount: u64,
    whole: u64,
    seen: u64,
    given: u64,
}

impl Portions {
    /// `whole` is the sum of the weights, and no less than the amount.
    const fn new(amount: u64, whole: u64) -> Self {
        Self { amount, whole, seen: 0, given: 0 }
    }

    /// The portion of the next one: never more than its weight.
    fn next(&mut self, weight: u64) -> u64 {
        self.seen += weight;
        let due = (u128::from(self.amount) * u128::from(self.seen) / u128::from(self.whole.max(1))) as u64;
        let portion = (due - self.given).min(weight);
        self.given = due;
        portion
    }
}

impl Lane {
    /// The kernel's figures between two looks: nanoseconds on a CPU, and in the run queue. `from` is zero at the first look at
    /// a thread.
    pub(crate) fn sched(&mut self, from: Stamp, to: Stamp, on_cpu: u64, queued: u64) {
        self.kernel.delay = Some(self.kernel.delay.unwrap_or(0).saturating_add(queued));
        self.looked(Look { from, to, on_cpu: OnCpu::Since(on_cpu), queued, life: self.lives });
    }

    /// What the worker says itself at the end of a life: nanoseconds on a CPU in all of it.
    pub(crate) fn cpu_time(&mut self, at: Stamp, on_cpu: u64) {
        let from = self.began.unwrap_or(at);
        self.looked(Look { from, to: at, on_cpu: OnCpu::InLife(on_cpu), queued: 0, life: self.lives });
    }

    fn looked(&mut self, look: Look) {
        let place = self.kernel.pending.partition_point(|other| other.to <= look.to);
        self.kernel.pending.insert(place, look);
        if self.kernel.pending.len() > MOST_PENDING {
            let oldest = self.kernel.pending.remove(0);
            self.settle(oldest);
        }
    }

    /// All events before `at` are known: splits the stretches that end there or before.
    pub(crate) fn known_until(&mut self, at: Stamp) {
        let known = self.kernel.pending.partition_point(|look| look.to <= at);
        for look in self.kernel.pending.drain(..known).collect::<Vec<_>>() {
            self.settle(look);
        }
    }

    fn settle(&mut self, look: Look) {
        let settled = self.kernel.settled;
        if look.to <= settled {
            return;
        }
        let from = self.first_of(&look).clamp(settled, look.to);
        if from > settled {
            // Nobody looked: as it was before.
            let ran = self.ran_until(from).saturating_sub(self.kernel.settled_ran);
            let without = (ran as f64 * (1.0 - self.expected().unwrap_or(1.0))) as u64;
            self.put_without_cpu(settled, from, without);
            self.kernel.settled_ran += ran;
        }
        let ran_until = self.ran_until(look.to);
        let ran = ran_until.saturating_sub(self.kernel.settled_ran);
        let on_cpu = self.count(&look, from);
        let rest = ran.saturating_sub(on_cpu);
        // Of a thread that is on a CPU nearly all the time, a little is missing because it is counted late.
        let late = if on_cpu / 3 >= rest { rest.saturating_sub(look.queued).min(TICK) } else { 0 };
        let late = if matches!(look.on_cpu, OnCpu::InLife(_)) { 0 } else { late };
        self.take_back(on_cpu.saturating_sub(ran).min(TICK));
        self.put_without_cpu(from, look.to, rest - late);
        self.kernel.last = (from, look.to, rest - late);
        self.kernel.settled = look.to;
        self.kernel.settled_ran = ran_until.saturating_sub(late);
        if ran > 0 {
            self.kernel.ratio = Some(1.0 - (rest - late) as f64 / ran as f64);
            self.kernel.basis = ran;
        }
    }

    /// Where a look's stretch begins: the first look at a thread speaks of all its life.
    fn first_of(&self, look: &Look) -> Stamp {
        if look.from == Stamp(0) {
            self.began.filter(|began| *began <= look.to).unwrap_or(look.from)
        } else {
            look.from
        }
    }

    /// Time on a CPU from `from` to the look.
    fn count(&mut self, look: &Look, from: Stamp) -> u64 {
        if self.kernel.counted.0 != look.life {
            self.kernel.counted = (look.life, 0);
        }
        let counted = &mut self.kernel.counted.1;
        let on_cpu = match look.on_cpu {
            OnCpu::InLife(all) => all.saturating_sub(*counted),
            OnCpu::Since(all) if look.from == Stamp(0) => all,
            OnCpu::Since(all) => part(all, (look.from, look.to), (from, look.to)),
        };
        *counted = counted.saturating_add(on_cpu);
        on_cpu
    }

    /// How long it seemed to run before `at`.
    fn ran_until(&self, at: Stamp) -> u64 {
        let open = if self.doing.state == State::Running { self.end_of_open(at).since(self.doing.since).0 } else { 0 };
        let mut later = 0;
        if at < self.doing.since {
            if at >= self.exact_from {
                later = self.ran_in_spans(at);
            } else {
                self.history.visit(at, self.doing.since, |a, b, spent| {
                    let running = spent.by_state.get(State::Running);
                    later += running - part(running, (a, b), (a, at.clamp(a, b)));
                });
            }
        }
        (self.ran + open).saturating_sub(later)
    }

    /// Running after `at`, of spans that have ended.
    fn ran_in_spans(&self, at: Stamp) -> u64 {
        let mut end = self.doing.since;
        let mut ran = 0;
        for span in self.exact.iter().rev() {
            if end <= at {
                break;
            }
            if span.state == State::Running {
                ran += end.since(span.since.max(at)).0;
            }
            end = span.since;
        }
        ran
    }

    /// Where the present span ends, as far as that is known at `at`.
    fn end_of_open(&self, at: Stamp) -> Stamp {
        self.dead_since().map_or(at, |dead| dead.min(at))
    }

    /// Spreads so much time without a CPU over the Running in `from..to`.
    fn put_without_cpu(&mut self, from: Stamp, to: Stamp, without: u64) {
        if without == 0 || from >= to {
            return;
        }
        let open = (self.doing.since, self.end_of_open(to));
        let is_open = self.doing.state == State::Running;
        // In each bucket no more than ran there, nor than lies between the two moments.
        let room = move |spent: &Spent, a: Stamp, b: Stamp| {
            let open = if is_open { open.1.min(b).since(open.0.max(a)).0 } else { 0 };
            let ran = spent.by_state.get(State::Running) + open;
            ran.saturating_sub(spent.without_cpu).min(b.min(to).since(a.max(from)).0)
        };
        let mut whole = 0_u64;
        self.history.change(from, to, |a, b, spent| whole += room(spent, a, b));
        let mut portions = Portions::new(without.min(whole), whole);
        self.history.change(from, to, |a, b, spent| spent.without_cpu += portions.next(room(spent, a, b)));
    }

    /// The kernel has counted more than the worker ran: a tick that belongs to the stretch before.
    fn take_back(&mut self, late: u64) {
        let (from, to, put) = self.kernel.last;
        let late = late.min(put);
        if late == 0 {
            return;
        }
        let mut whole = 0_u64;
        self.history.change(from, to, |_, _, spent| whole += spent.without_cpu);
        let mut portions = Portions::new(late.min(whole), whole);
        self.history.change(from, to, |_, _, spent| spent.without_cpu -= portions.next(spent.without_cpu));
    }

    /// A task's thread was without a CPU for so long since the task went on.
    pub(crate) fn lacked_cpu(&mut self, at: Stamp, queued: u64) {
        let ran = at.since(self.doing.since).0;
        if self.doing.state == State::Running {
            self.kernel.delay = Some(self.kernel.delay.unwrap_or(0).saturating_add(queued));
            self.put_without_cpu(self.doing.since, at, queued.min(ran));
        }
    }

    /// What part of Running that nobody looked at was on a CPU: between that of the stretch before and the even share, the
    /// nearer to the first the longer that stretch was.
    fn expected(&self) -> Option<f64> {
        match (self.kernel.ratio, self.kernel.even) {
            (Some(ratio), Some(even)) => {
                let basis = self.kernel.basis as f64;
                Some((basis * ratio + TELLING * even) / (basis + TELLING))
            }
            (ratio, even) => ratio.or(even),
        }
    }

    /// Says what part of their Running workers would have a CPU if all shared the cores evenly.
    pub(crate) fn share_evenly(&mut self, part: f64) {
        self.kernel.even = Some(part);
    }

    /// Says by how much less (0 to 1) is on a CPU, of what no look has told yet, than the looks before would have it.
    pub(crate) fn expect_less(&mut self, part: f64) {
        self.kernel.less = part;
    }

    /// The stretches that are not split yet, up to `now`: those of looks that wait for events, and what follows the last one,
    /// which is taken to be as the last one was.
    pub(super) fn unsettled(&self, now: Stamp) -> Vec<Unsettled> {
        let mut from = self.kernel.settled;
        let mut ratio = self.expected();
        let mut all = Vec::with_capacity(self.kernel.pending.len() + 1);
        for look in &self.kernel.pending {
            let to = look.to.min(now);
            let begin = self.first_of(look).max(from);
            if begin >= to {
                continue;
            }
            if let OnCpu::Since(on_cpu) = look.on_cpu {
                let ran = self.ran_until(look.to).saturating_sub(self.ran_until(begin));
                if ran > 0 {
                    ratio = Some((on_cpu as f64 / ran as f64).min(1.0));
                }
            }
            all.extend(ratio.map(|on_cpu| Unsettled { from, to, on_cpu }));
            from = to;
        }
        let less = 1.0 - self.kernel.less;
        all.extend(ratio.filter(|_| from < now).map(|on_cpu| Unsettled { from, to: now, on_cpu: on_cpu * less }));
        all
    }

    /// Nanoseconds it was runnable without a CPU, as the kernel says; none as long as that has said nothing.
    pub fn run_queue_delay(&self) -> Option<u64> {
        self.kernel.delay
    }

    /// Part of the time in which it seemed to run lately that it had a CPU. None as long as the kernel has said nothing.
    pub fn part_on_cpu(&self, now: Stamp) -> Option<f64> {
        self.unsettled(now).last().map(|last| last.on_cpu).or(self.kernel.ratio)
    }
}
