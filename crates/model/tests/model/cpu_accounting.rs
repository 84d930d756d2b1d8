//! Times by state under any load: all workers together run no longer than the cores allow, and each runs as long as the
//! kernel counts. A simulated scheduler shares the cores among threads and counts CPU time as Linux does.

use std::sync::Arc;

use contend_model::{Budget, Model};
use contend_trace::{
    DeathCause, Event, EventKind, ExitKind, Message, Notice, Registry, RunEnd, Sample, Span, Stamp, State, WorkerId,
    WorkerInfo, WorkerKind,
};
use fastrand::Rng;
use proptest::prelude::*;

const MS: u64 = 1_000_000;
/// The kernel counts the time of a running thread at ticks of 4 ms.
const TICK: u64 = 4;

/// A random load of threads.
#[derive(Debug, Clone)]
struct Load {
    seed: u64,
    cores: usize,
    threads: usize,
    /// The longest computation and the longest sleep, ms. With 0, no thread sleeps.
    compute: u64,
    sleep: u64,
    /// How many of 10 threads end early by themselves, and how many are killed.
    ends: u64,
    killed: u64,
    /// The time between two samples of the kernel's figures, ms.
    every: u64,
}

fn load() -> impl Strategy<Value = Load> {
    let short = prop_oneof![1u64..5, 1u64..60, Just(100_000)];
    let sleep = prop_oneof![Just(0), 1u64..5, 1u64..200];
    let every = prop_oneof![Just(50u64), 50u64..400];
    (any::<u64>(), 1usize..5, 1usize..40, short, sleep, 0u64..6, 0u64..3, every).prop_map(
        |(seed, cores, threads, compute, sleep, ends, killed, every)| Load {
            seed,
            cores,
            threads,
            compute,
            sleep,
            ends,
            killed,
            every,
        },
    )
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Is {
    Unborn {
        until: u64,
    },
    /// Computes for `left` more ms. `reported`: its events tell that it runs.
    Runnable {
        left: u64,
        reported: bool,
        since: u64,
    },
    Asleep {
        until: u64,
    },
    Over,
}

#[derive(Debug, Clone)]
struct Thread {
    is: Is,
    on_core: bool,
    slice: u64,
    on_cpu: u64,
    queued: u64,
    /// `on_cpu` as the kernel shows it: late by up to one tick.
    shown: u64,
    /// When the thread ends, ms, and whether it reports its end itself.
    ends: Option<(u64, bool)>,
}

struct World {
    load: Load,
    rng: Rng,
    now: u64,
    threads: Vec<Thread>,
    samples: Vec<(u64, (u64, u64))>,
    next_sample: u64,
    model: Model,
    events: Vec<Event>,
    notices: Vec<Message>,
}

impl World {
    fn new(load: Load) -> Self {
        let mut rng = Rng::with_seed(load.seed);
        let info = |i| WorkerInfo { name: format!("w{i}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        let registry = Registry {
            workers: (0..load.threads).map(info).collect(),
            cores: Some(load.cores as f64),
            ..Registry::default()
        };
        let mut thread = || {
            let fate = rng.u64(0..10);
            let when = rng.u64(20..2_500);
            let ends =
                if fate < load.ends { Some((when, true)) } else { (fate >= 10 - load.killed).then_some((when, false)) };
            let is = Is::Unborn { until: if rng.bool() { 0 } else { rng.u64(0..800) } };
            Thread { is, on_core: false, slice: 0, on_cpu: 0, queued: 0, shown: 0, ends }
        };
        Self {
            threads: (0..load.threads).map(|_| thread()).collect(),
            samples: vec![(0, (0, 0)); load.threads],
            next_sample: 0,
            model: Model::new(Arc::new(registry), Budget::default()),
            rng,
            now: 0,
            events: Vec::new(),
            notices: Vec::new(),
            load,
        }
    }

    fn emit(&mut self, who: usize, kind: EventKind) {
        self.events.push(Event { at: Stamp(self.now * MS), worker: WorkerId::from(who), kind });
    }

    /// Simulates 1 ms: threads wake up, get a core, and compute.
    fn step(&mut self) {
        for who in 0..self.threads.len() {
            self.wake(who);
        }
        self.schedule();
        self.now += 1;
        for who in 0..self.threads.len() {
            self.work(who);
        }
        if self.now >= self.next_sample {
            self.sample();
            self.next_sample = self.now + self.load.every;
        }
        if self.now.is_multiple_of(40) {
            self.deliver();
        }
    }

    fn wake(&mut self, who: usize) {
        let is = self.threads[who].is;
        match is {
            Is::Unborn { until } | Is::Asleep { until } if until <= self.now => {
                let left = self.rng.u64(1..=self.load.compute);
                let reported = matches!(is, Is::Unborn { .. });
                if reported {
                    self.emit(who, EventKind::LifeBegan);
                }
                self.threads[who].is = Is::Runnable { left, reported, since: self.now };
            }
            _ => {}
        }
    }

    /// Assigns the cores. A thread keeps its core for 3 ms; then the thread that waited longest gets it.
    fn schedule(&mut self) {
        for thread in &mut self.threads {
            if thread.on_core && thread.slice == 0 {
                thread.on_core = false;
                thread.shown = thread.on_cpu;
                if let Is::Runnable { since, .. } = &mut thread.is {
                    *since = self.now;
                }
            }
        }
        let busy = self.threads.iter().filter(|thread| thread.on_core).count();
        let waits = |thread: &Thread| match thread.is {
            Is::Runnable { since, .. } if !thread.on_core => Some(since),
            _ => None,
        };
        let mut queue: Vec<(u64, usize)> =
            self.threads.iter().enumerate().filter_map(|(who, thread)| Some((waits(thread)?, who))).collect();
        queue.sort_unstable();
        for (since, who) in queue.into_iter().take(self.load.cores - busy) {
            let thread = &mut self.threads[who];
            (thread.on_core, thread.slice) = (true, 3);
            thread.queued += self.now - since;
            if let Is::Runnable { reported: reported @ false, .. } = &mut thread.is {
                *reported = true;
                self.emit(who, EventKind::Resumed);
            }
        }
    }

    fn work(&mut self, who: usize) {
        let thread = &mut self.threads[who];
        if thread.on_core {
            thread.on_cpu += 1;
            thread.slice -= 1;
            if self.now.is_multiple_of(TICK) {
                thread.shown = thread.on_cpu;
            }
        }
        let over =
            thread.ends.is_some_and(|(at, _)| at <= self.now) && !matches!(thread.is, Is::Unborn { .. } | Is::Over);
        // A thread that reports its end has to be on a CPU for that.
        let (by_itself, on_cpu) = (thread.ends.is_some_and(|(_, by_itself)| by_itself), thread.on_cpu);
        if over && (thread.on_core || !by_itself) {
            (thread.is, thread.on_core, thread.shown) = (Is::Over, false, on_cpu);
            if by_itself {
                self.emit(who, EventKind::CpuTime(Span(on_cpu * MS)));
                self.emit(who, EventKind::LifeEnded(ExitKind::Finished));
            } else {
                let notice = Notice::Died { worker: WorkerId::from(who), cause: DeathCause::Signal(9) };
                self.notices.push(Message::Notice { at: Stamp(self.now * MS), notice });
            }
            return;
        }
        let thread = &mut self.threads[who];
        if let (true, Is::Runnable { left, .. }) = (thread.on_core, &mut thread.is) {
            *left -= 1;
            if *left == 0 && self.load.sleep > 0 {
                thread.is = Is::Asleep { until: self.now + self.rng.u64(1..=self.load.sleep) };
                (thread.on_core, thread.shown) = (false, on_cpu);
                self.emit(who, EventKind::Blocked { state: State::Sleep, on: None });
            } else if *left == 0 {
                *left = self.load.compute;
            }
        }
    }

    /// Samples the kernel's figures of all living threads.
    fn sample(&mut self) {
        for (who, thread) in self.threads.iter().enumerate() {
            if matches!(thread.is, Is::Unborn { .. } | Is::Over) {
                continue;
            }
            let (at, (on_cpu, queued)) = self.samples[who];
            let sample = Sample::Sched {
                worker: WorkerId::from(who),
                from: Stamp(at * MS),
                to: Stamp(self.now * MS),
                running: (thread.shown - on_cpu) * MS,
                ready: (thread.queued - queued) * MS,
            };
            self.notices.push(Message::Sample(sample));
            self.samples[who] = (self.now, (thread.shown, thread.queued));
        }
    }

    fn deliver(&mut self) {
        self.model.apply(&Message::Events(std::mem::take(&mut self.events)));
        for message in std::mem::take(&mut self.notices) {
            self.model.apply(&message);
        }
        self.model.apply(&Message::Watermark(Stamp(self.now * MS)));
    }

    fn end(&mut self) {
        self.sample();
        self.deliver();
        self.model.apply(&Message::Ended { at: Stamp(self.now * MS), reason: RunEnd::Time });
    }

    /// Returns how long all workers ran between two moments according to the model, ms.
    fn ran(&self, from: u64, to: u64) -> u64 {
        let now = Stamp(self.now * MS);
        let one = |(_, lane): (_, &contend_model::Lane)| {
            lane.state_times(Stamp(from * MS), Stamp(to * MS), now).get(State::Running)
        };
        self.model.lanes().map(one).sum::<u64>() / MS
    }

    /// Returns how long one worker has run so far according to the model, ms.
    fn ran_by(&self, who: usize) -> u64 {
        let now = Stamp(self.now * MS);
        self.model.lane(WorkerId::from(who)).total_state_times(now).get(State::Running) / MS
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 48 } else { 512 }))]

    #[test]
    fn workers_run_as_long_as_the_kernel_counts_and_together_no_longer_than_the_cores_allow(load in load()) {
        let (cores, every) = (load.cores as u64, load.every);
        let mut world = World::new(load);
        // One tick of each core may be counted late; an interval begins and ends between two samples.
        let slack = cores * 2 * TICK + 2;
        for step in 1..=3_000_u64 {
            world.step();
            if step % 500 == 0 {
                for (who, thread) in world.threads.iter().enumerate() {
                    let apart = world.ran_by(who).abs_diff(thread.on_cpu);
                    prop_assert!(apart <= every + 42, "worker {who} at {step} ms: {apart} ms apart");
                }
            }
        }
        world.end();
        let killed = |thread: &&Thread| thread.is == Is::Over && thread.ends.is_some_and(|(_, by_itself)| !by_itself);
        // What killed threads did after their last sample is unknown.
        let unknown = world.threads.iter().filter(killed).count() as u64 * every;
        let ran = world.ran(0, world.now);
        prop_assert!(ran <= cores * world.now + slack + unknown, "{ran} ms on {cores} cores in {} ms", world.now);
        for (who, thread) in world.threads.iter().enumerate() {
            let lane = world.model.lane(WorkerId::from(who));
            let apart = world.ran_by(who).abs_diff(thread.on_cpu);
            let unknown = if killed(&thread) { every } else { 0 };
            prop_assert!(apart <= TICK + 2 + unknown, "worker {who}: {apart} ms from {}", thread.on_cpu);
            if lane.life_count() > 0 {
                let totals = lane.total_state_times(Stamp(world.now * MS));
                let shares: f64 = State::ALL.into_iter().filter(|s| s.is_alive()).map(|s| totals.share(s)).sum();
                prop_assert!(totals.alive_ns() == 0 || (shares - 1.0).abs() < 1e-9, "shares add up to 1: {shares}");
                prop_assert_eq!(totals.total_ns(), world.now * MS, "no time is lost or counted twice");
            }
        }
        for from in (0..2_000).step_by(333) {
            let (to, edge) = (from + 900, cores * 2 * every);
            let ran = world.ran(from, to);
            prop_assert!(ran <= cores * 900 + slack + edge + unknown, "{ran} ms from {from} to {to} ms");
        }
    }
}

#[test]
fn thread_that_computes_alone_runs_all_the_time() {
    let load = Load { seed: 1, cores: 2, threads: 1, compute: 100_000, sleep: 0, ends: 0, killed: 0, every: 50 };
    let mut world = World::new(load);
    (0..2_000).for_each(|_| world.step());
    let lane = world.model.lane(WorkerId(0));
    let now = Stamp(world.now * MS);
    let shares = lane.total_state_times(now);
    assert!(shares.share(State::Ready) < 0.005, "a late tick is not a wait: {shares:?}");
}

#[test]
fn threads_without_a_sample_are_assumed_to_share_the_cores() {
    let load = Load { seed: 1, cores: 2, threads: 40, compute: 100_000, sleep: 0, ends: 0, killed: 0, every: 100_000 };
    let mut world = World::new(load);
    world.next_sample = u64::MAX;
    (0..2_000).for_each(|_| world.step());
    let ran = world.ran(0, 2_000);
    assert!(ran <= 4_100, "{ran} ms in 2,000 ms on 2 cores");
}
