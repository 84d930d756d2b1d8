//! Splits the time in which a worker seemed to run into time on a CPU and time without one.
//!
//! Events do not show preemption: they tell that the worker ran. The kernel counts how long the worker's thread was on
//! a CPU between two samples. Whatever the worker seemed to run beyond that was without a CPU. The kernel's figure
//! belongs to the whole interval between two samples, so it is compared with all `Running` in that interval, and the
//! difference is spread over it. This is possible only once all events of the interval are known.

mod estimate;
mod lack;

pub(super) use self::estimate::Unsettled;
pub(crate) use self::lack::CpuLack;

use self::lack::Portions;
use super::{Lane, LaneBucket};
use crate::history::proportional_part;
use contend_trace::{Stamp, State};

/// The kernel may count a running thread's time up to one tick late.
const MAX_TICK_NS: u64 = 10_000_000;

/// The most time on a CPU that is kept for later intervals where states are sampled: a sample counts until the next
/// one, so a thread may seem to wait in an interval in which it ran, and to run in one in which it waited.
const MAX_SAMPLED_EXCESS_NS: u64 = 200_000_000;

/// The maximum number of readings that wait until all events before them are known.
const MAX_PENDING: usize = 16;

/// The kernel's figures of one sample.
#[derive(Debug, Clone, Copy)]
struct KernelReading {
    from: Stamp,
    to: Stamp,
    on_cpu: OnCpu,
    queued: u64,
    /// The life of the worker that the reading belongs to.
    life: u32,
}

/// Nanoseconds on a CPU.
#[derive(Debug, Clone, Copy)]
enum OnCpu {
    /// Since the previous reading, or since the thread began if there was none.
    SinceLastReading(u64),
    /// In the whole life.
    InWholeLife(u64),
}

/// The kernel's figures for one lane.
#[derive(Debug, Clone, Default)]
pub(super) struct CpuAccounting {
    /// Total time in the run queue.
    run_queue_delay: Option<u64>,
    /// Readings whose intervals are not settled yet, in order.
    pending: Vec<KernelReading>,
    /// All `Running` before this moment is settled; how much that was.
    settled_until: Stamp,
    settled_ran: u64,
    /// The last settled interval, and how much of it counted as without a CPU.
    last_interval: (Stamp, Stamp, u64),
    /// Time on a CPU that the kernel counted late, and that no interval has got yet.
    late_excess_ns: u64,
    /// Whether the worker may block without a record of it: then time without a CPU is not all in the run queue.
    may_block_unrecorded: bool,
    /// The fraction of the last interval's time without a CPU in which the worker was not ready for one.
    off_core_ratio: f64,
    /// The newest life with readings, and the time on a CPU that was counted in it.
    counted_life: (u32, u64),
    /// The fraction of `Running` in the last interval that was on a CPU; and how much `Running` that interval had.
    on_cpu_ratio: Option<f64>,
    ratio_basis_ns: u64,
    /// The same fraction if all workers that seem to run shared the cores evenly.
    even_share: Option<f64>,
    /// The fraction (0 to 1) by which the estimate of time on a CPU since the last reading is reduced.
    estimate_reduction: f64,
}

impl Lane {
    /// Applies the kernel's figures between two samples: nanoseconds on a CPU, and in the run queue. `from` is zero for
    /// the first sample of a thread.
    pub(crate) fn apply_sched_sample(&mut self, from: Stamp, to: Stamp, on_cpu: u64, queued: u64) {
        self.kernel.run_queue_delay = Some(self.kernel.run_queue_delay.unwrap_or(0).saturating_add(queued));
        self.add_reading(KernelReading {
            from,
            to,
            on_cpu: OnCpu::SinceLastReading(on_cpu),
            queued,
            life: self.life_count,
        });
    }

    /// Applies the worker's own report at the end of a life: nanoseconds on a CPU in the whole life.
    pub(crate) fn apply_reported_cpu_time(&mut self, at: Stamp, on_cpu: u64) {
        let from = self.began.unwrap_or(at);
        self.add_reading(KernelReading {
            from,
            to: at,
            on_cpu: OnCpu::InWholeLife(on_cpu),
            queued: 0,
            life: self.life_count,
        });
    }

    fn add_reading(&mut self, reading: KernelReading) {
        let index = self.kernel.pending.partition_point(|other| other.to <= reading.to);
        self.kernel.pending.insert(index, reading);
        if self.kernel.pending.len() > MAX_PENDING {
            let oldest = self.kernel.pending.remove(0);
            self.settle_reading(oldest);
        }
    }

    /// Settles the intervals that end at `at` or before, since all events before `at` are known.
    pub(crate) fn settle_until(&mut self, at: Stamp) {
        let known = self.kernel.pending.partition_point(|reading| reading.to <= at);
        for reading in self.kernel.pending.drain(..known).collect::<Vec<_>>() {
            self.settle_reading(reading);
        }
    }

    fn settle_reading(&mut self, reading: KernelReading) {
        let settled = self.kernel.settled_until;
        if reading.to <= settled {
            return;
        }
        let from = self.reading_start(&reading).clamp(settled, reading.to);
        if from > settled {
            // Without a reading, the worker had a CPU as often as before.
            let ran = self.ran_ns_until(from).saturating_sub(self.kernel.settled_ran);
            let without = (ran as f64 * (1.0 - self.expected_on_cpu_share().unwrap_or(1.0))) as u64;
            let off_core = ((without as f64 * self.kernel.off_core_ratio) as u64).min(without);
            self.spread_without_cpu(settled, from, CpuLack { ready: without - off_core, off_core });
            self.kernel.settled_ran += ran;
        }
        let ran_until = self.ran_ns_until(reading.to);
        let ran = ran_until.saturating_sub(self.kernel.settled_ran);
        let on_cpu = self.on_cpu_ns_since(&reading, from);
        // What the kernel counted too late for the interval before is given back here.
        let given_back = self.kernel.late_excess_ns.min(ran.saturating_sub(on_cpu));
        self.kernel.late_excess_ns -= given_back;
        let rest = ran.saturating_sub(on_cpu) - given_back;
        // A thread that is on a CPU nearly all the time lacks a little that the kernel counts late.
        let late = if on_cpu / 3 >= rest { rest.saturating_sub(reading.queued).min(MAX_TICK_NS) } else { 0 };
        let late = if matches!(reading.on_cpu, OnCpu::InWholeLife(_)) { 0 } else { late };
        // The first reading of a program's thread has what it did before its first record, too.
        let has_earlier = self.kernel.may_block_unrecorded && reading.from == Stamp(0);
        let excess = if has_earlier { 0 } else { on_cpu.saturating_sub(ran) };
        self.correct_tick(excess.min(self.max_excess()));
        let lack = self.divide_lack(rest - late, &reading);
        self.spread_without_cpu(from, reading.to, lack);
        self.kernel.last_interval = (from, reading.to, rest - late);
        self.kernel.settled_until = reading.to;
        self.kernel.settled_ran = ran_until.saturating_sub(late);
        if ran > 0 {
            self.kernel.on_cpu_ratio = Some(1.0 - (rest - late) as f64 / ran as f64);
            self.kernel.ratio_basis_ns = ran;
        }
    }

    /// Divides time without a CPU into that in the run queue and the rest.
    fn divide_lack(&mut self, without: u64, reading: &KernelReading) -> CpuLack {
        if !self.kernel.may_block_unrecorded {
            return CpuLack { ready: without, off_core: 0 };
        }
        let ready = without.min(reading.queued);
        let off_core = without - ready;
        if without > 0 {
            self.kernel.off_core_ratio = off_core as f64 / without as f64;
        }
        CpuLack { ready, off_core }
    }

    /// Returns how much time on a CPU is kept for later intervals at most, ns.
    const fn max_excess(&self) -> u64 {
        if self.kernel.may_block_unrecorded { MAX_SAMPLED_EXCESS_NS } else { MAX_TICK_NS }
    }

    /// Notes that the worker may block without a record of it.
    pub(crate) const fn expect_unrecorded_waits(&mut self) {
        self.kernel.may_block_unrecorded = true;
    }

    /// Returns the start of a reading's interval: the first reading of a thread covers its whole life.
    fn reading_start(&self, reading: &KernelReading) -> Stamp {
        if reading.from == Stamp(0) {
            self.began.filter(|began| *began <= reading.to).unwrap_or(reading.from)
        } else {
            reading.from
        }
    }

    /// Returns the time on a CPU from `from` to the reading, ns.
    fn on_cpu_ns_since(&mut self, reading: &KernelReading, from: Stamp) -> u64 {
        if self.kernel.counted_life.0 != reading.life {
            self.kernel.counted_life = (reading.life, 0);
        }
        let counted = &mut self.kernel.counted_life.1;
        let on_cpu = match reading.on_cpu {
            OnCpu::InWholeLife(all) => all.saturating_sub(*counted),
            OnCpu::SinceLastReading(all) if reading.from == Stamp(0) => all,
            OnCpu::SinceLastReading(all) => proportional_part(all, (reading.from, reading.to), (from, reading.to)),
        };
        *counted = counted.saturating_add(on_cpu);
        on_cpu
    }

    /// Returns how long the worker seemed to run before `at`, ns.
    fn ran_ns_until(&self, at: Stamp) -> u64 {
        let open = if self.activity.state == State::Running {
            self.open_span_end(at).span_since(self.activity.since).0
        } else {
            0
        };
        let mut later = 0;
        if at < self.activity.since {
            if at >= self.exact_from {
                later = self.ran_ns_after(at);
            } else {
                self.history.visit_buckets(at, self.activity.since, |a, b, spent| {
                    let running = spent.by_state.get(State::Running);
                    later += running - proportional_part(running, (a, b), (a, at.clamp(a, b)));
                });
            }
        }
        (self.ran_ns + open).saturating_sub(later)
    }

    /// Returns the `Running` after `at` in spans that have ended, ns.
    fn ran_ns_after(&self, at: Stamp) -> u64 {
        let mut end = self.activity.since;
        let mut ran = 0;
        for span in self.exact_spans.iter().rev() {
            if end <= at {
                break;
            }
            if span.state == State::Running {
                ran += end.span_since(span.since.max(at)).0;
            }
            end = span.since;
        }
        ran
    }

    /// Returns the end of the present span, as far as it is known at `at`.
    fn open_span_end(&self, at: Stamp) -> Stamp {
        self.dead_since().map_or(at, |dead| dead.min(at))
    }

    /// Spreads nanoseconds without a CPU over the `Running` in `from..to`.
    fn spread_without_cpu(&mut self, from: Stamp, to: Stamp, lack: CpuLack) {
        let without = lack.total();
        if without == 0 || from >= to {
            return;
        }
        let open = (self.activity.since, self.open_span_end(to));
        let is_open = self.activity.state == State::Running;
        // Each bucket gets no more than its `Running`, and no more than its part of the interval.
        let room = move |spent: &LaneBucket, a: Stamp, b: Stamp| {
            let open = if is_open { open.1.min(b).span_since(open.0.max(a)).0 } else { 0 };
            let ran = spent.by_state.get(State::Running) + open;
            ran.saturating_sub(spent.without_cpu_ns).min(b.min(to).span_since(a.max(from)).0)
        };
        let mut whole = 0_u64;
        self.history.change_buckets(from, to, |a, b, spent| whole += room(spent, a, b));
        let mut portions = Portions::new(without.min(whole), whole);
        let mut of_them = Portions::new(lack.off_core.min(whole), without.min(whole));
        self.history.change_buckets(from, to, |a, b, spent| {
            let portion = portions.next(room(spent, a, b));
            spent.without_cpu_ns += portion;
            spent.off_core_ns += of_them.next(portion);
        });
    }

    /// Corrects the last interval when the kernel has counted more than the worker ran: the excess is a late tick of
    /// that interval, or of an earlier one: then it is given back in the next intervals.
    fn correct_tick(&mut self, excess: u64) {
        let (from, to, counted) = self.kernel.last_interval;
        let late = excess.min(counted);
        self.kernel.late_excess_ns = (self.kernel.late_excess_ns + excess - late).min(self.max_excess());
        if late == 0 {
            return;
        }
        let mut whole = 0_u64;
        self.history.change_buckets(from, to, |_, _, spent| whole += spent.without_cpu_ns);
        let mut portions = Portions::new(late.min(whole), whole);
        self.history.change_buckets(from, to, |_, _, spent| {
            spent.without_cpu_ns -= portions.next(spent.without_cpu_ns);
            spent.off_core_ns = spent.off_core_ns.min(spent.without_cpu_ns);
        });
    }

    /// Records that the thread of a task was without a CPU for `queued` nanoseconds since the task was resumed.
    pub(crate) fn record_run_queue_wait(&mut self, at: Stamp, queued: u64) {
        let ran = at.span_since(self.activity.since).0;
        if self.activity.state == State::Running {
            self.kernel.run_queue_delay = Some(self.kernel.run_queue_delay.unwrap_or(0).saturating_add(queued));
            self.spread_without_cpu(self.activity.since, at, CpuLack { ready: queued.min(ran), off_core: 0 });
        }
    }

    /// Returns how long the worker was runnable without a CPU according to the kernel, ns; `None` without a reading.
    pub fn run_queue_delay(&self) -> Option<u64> {
        self.kernel.run_queue_delay
    }
}
