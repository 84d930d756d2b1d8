//! Scripted runs, event by event.

use std::sync::Arc;

use crate::scenario::{Scenario, Settings, Source, check};
use crate::trace::{
    CounterMemory, Event, EventKind, ExitKind, Grant, LockKind, Message, Notice, PoolId, PoolInfo, Registry,
    ResourceId, ResourceInfo, ResourceKind, Sample, Span, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};

/// The scenario of all scripts, with its texts and knobs.
pub(super) const TEXT: &str = r#"
title "Tellers at one account"
group locks
about "Tellers add to one account, each inside the same lock."
knob tellers 3 min=1 max=64 help="how many add to the account"
knob hold "20ms" min="0ms" max="100ms" help="how long a teller computes inside the lock"
knob kind std of="std fair off" help="how the lock is made"
mutex account kind=$kind
counter balance
thread teller count=$tellers { forever { lock account { compute $hold; load balance; store balance }; sleep "1ms" } }
ask "How many deposits a second?" {
    guess "about five" { expect value balance above=15 }
    guess "one" { expect value balance below=6 }
    guess "something else" { otherwise }
}
watch "the lock: held nearly all the time"
try "twice as many tellers" tellers=6
try "in another program"
try "a shorter stay inside" hold="1ms"
"#;

pub(super) fn scenario() -> Arc<Scenario> {
    let source = Source { name: "tellers".into(), path: None, text: TEXT.into() };
    Arc::new(check(&source).expect("the text is a scenario").scenario)
}

pub(super) const fn ms(ms: u64) -> Stamp {
    Stamp(ms * 1_000_000)
}

/// A scripted run: the registry, and the messages up to `until`.
pub(super) struct Script {
    pub(super) scenario: Arc<Scenario>,
    pub(super) settings: Settings,
    pub(super) registry: Arc<Registry>,
    pub(super) messages: Vec<Message>,
    pub(super) until: Stamp,
}

pub(super) struct ScriptBuilder {
    pub(super) registry: Registry,
    pub(super) messages: Vec<Message>,
}

impl ScriptBuilder {
    pub(super) fn new() -> Self {
        let mut messages = vec![Message::Sample(Sample::EventCost { nanos: 9.0 })];
        for i in 1..40 {
            messages.push(Message::Sample(Sample::Cores { at: ms(i * 200), load: vec![Some(0.6), Some(0.3)] }));
        }
        Self { registry: Registry::default(), messages }
    }

    pub(super) fn add_workers(&mut self, group: &str, count: usize) -> Vec<WorkerId> {
        (1..=count)
            .map(|i| {
                let name = if count == 1 { group.to_owned() } else { format!("{group}-{i}") };
                let kind = WorkerKind::Thread;
                self.registry.workers.push(WorkerInfo { name, group: group.into(), kind, pool: None });
                let id = WorkerId::from(self.registry.workers.len() - 1);
                self.push_event(0, id, EventKind::LifeBegan);
                id
            })
            .collect()
    }

    pub(super) fn add_resource(&mut self, name: &str, kind: ResourceKind) -> ResourceId {
        self.registry.resources.push(ResourceInfo { name: name.into(), kind });
        ResourceId::from(self.registry.resources.len() - 1)
    }

    fn add_mutex(&mut self, name: &str) -> ResourceId {
        self.add_resource(name, ResourceKind::Mutex { kind: LockKind::Std })
    }

    pub(super) fn push_event(&mut self, at: u64, worker: WorkerId, kind: EventKind) {
        self.messages.push(Message::Events(vec![Event { at: ms(at), worker, kind }]));
    }

    pub(super) fn into_script(self, until: u64) -> Script {
        let scenario = scenario();
        let settings = scenario.default_settings();
        Script { scenario, settings, registry: Arc::new(self.registry), messages: self.messages, until: ms(until) }
    }
}

/// Three tellers and one lock, in turns of 200 ms, for five seconds.
pub(super) fn contention() -> Script {
    let mut w = ScriptBuilder::new();
    let tellers = w.add_workers("teller", 3);
    let lock = w.add_mutex("account");
    let counter = w.add_resource("balance", ResourceKind::Counter { initial: 0, memory: CounterMemory::Shared });
    for turn in 0..25_u64 {
        let at = turn * 200;
        let (now, next) = (tellers[turn as usize % 3], tellers[(turn as usize + 1) % 3]);
        w.push_event(at, now, EventKind::Acquired { lock, grant: Grant(turn + 1) });
        w.push_event(at + 100, next, EventKind::LockWait { lock, held_count: 0, timed: false });
        w.push_event(
            at + 150,
            now,
            EventKind::CounterAdded { counter, delta: 1, value: turn as i32 + 1 - (turn as i32 / 5) },
        );
        w.push_event(at + 200, now, EventKind::Released { lock, grant: Grant(turn + 1) });
        w.push_event(at + 200, now, EventKind::Blocked { state: State::Sleep, on: None });
        w.push_event(at + 300, now, EventKind::Resumed);
    }
    let value = 20;
    w.messages.push(Message::Sample(Sample::Counter { at: ms(5_000), counter, value }));
    w.into_script(5_000)
}

/// Three tellers that take turns at one lock, each for this many milliseconds, for two seconds.
pub(super) fn turns(hold: u64) -> Script {
    turns_of(&vec![hold; (2_000 / hold) as usize])
}

/// Turns of `turns`, and then turns of another length for two seconds, after a knob was turned.
pub(super) fn turns_before_and_after(hold: u64, hold_after: u64) -> Script {
    let holds = [vec![hold; (2_000 / hold) as usize], vec![hold_after; (2_000 / hold_after) as usize]].concat();
    let mut script = turns_of(&holds);
    let value_text = format!("{hold_after}ms");
    let notice = Notice::KnobSet { knob: crate::trace::KnobId(1), name: "hold".into(), value_text };
    script.messages.push(Message::Notice { at: ms(2_000), notice });
    script
}

/// Turns of these lengths, in milliseconds.
fn turns_of(holds: &[u64]) -> Script {
    let mut w = ScriptBuilder::new();
    let tellers = w.add_workers("teller", 3);
    let lock = w.add_mutex("account");
    let mut at = 0;
    for (turn, hold) in holds.iter().enumerate() {
        let grant = Grant(turn as u64 + 1);
        let [now, next] = [turn, turn + 1].map(|turn| tellers[turn % 3]);
        w.push_event(at, now, EventKind::Acquired { lock, grant });
        w.push_event(at + 1, next, EventKind::LockWait { lock, held_count: 0, timed: false });
        at += hold;
        w.push_event(at, now, EventKind::Released { lock, grant });
    }
    w.into_script(at)
}

/// A worker waits for a latch that others have counted down to 1, and a condition was signalled in vain. With this many
/// events that no worker waits for, before these two.
pub(super) fn signals(idle: usize) -> Script {
    let mut w = ScriptBuilder::new();
    let main = w.add_workers("main", 1)[0];
    let services = w.add_workers("service", 2);
    for i in 1..=idle {
        w.add_resource(&format!("idle-{i}"), ResourceKind::Event);
    }
    let mutex = w.add_mutex("m");
    let ready = w.add_resource("ready", ResourceKind::Latch { initial: 2 });
    let nobody = w.add_resource("not-empty", ResourceKind::Condition { mutex });
    w.push_event(100, main, EventKind::Blocked { state: State::Signal, on: Some(ready) });
    w.push_event(500, services[0], EventKind::GroupCounted { on: ready, count: 1, nth: 1 });
    w.push_event(600, services[1], EventKind::Signalled { on: nobody, woken: 0 });
    w.push_event(700, services[0], EventKind::Blocked { state: State::Sleep, on: None });
    w.into_script(3_000)
}

/// Several rings of two without a common lock: the first closes after 100 ms, each other one 100 ms later. One more
/// worker waits for the first ring.
pub(super) fn pairs(count: usize) -> Script {
    let mut w = ScriptBuilder::new();
    let rings: Vec<_> = (1..=count).map(|n| (w.add_workers(&format!("ring{n}"), 2), n as u64)).collect();
    let guest = w.add_workers("guest", 1)[0];
    let mut first = None;
    for (pair, n) in rings {
        let locks: Vec<ResourceId> = ["x", "y"].iter().map(|l| w.add_mutex(&format!("{l}{n}"))).collect();
        first.get_or_insert(locks[0]);
        for (i, worker) in pair.iter().enumerate() {
            w.push_event(50, *worker, EventKind::Acquired { lock: locks[i], grant: Grant(1) });
            w.push_event(100 * n, *worker, EventKind::Held { lock: locks[i], grant: Grant(1) });
            w.push_event(100 * n, *worker, EventKind::LockWait { lock: locks[1 - i], held_count: 1, timed: false });
        }
    }
    w.push_event(900, guest, EventKind::LockWait { lock: first.expect("a ring"), held_count: 0, timed: false });
    w.into_script(4_300)
}

/// The contention script on a machine with this many cores, each busier than the one before. The second is offline from
/// the third second on, the third always was.
pub(super) fn on_cores(count: usize) -> Script {
    let mut script = contention();
    for message in &mut script.messages {
        if let Message::Sample(Sample::Cores { at, load }) = message {
            let is_there = |core| core != 2 && (core != 1 || *at < ms(3_000));
            *load = (0..count).map(|core| is_there(core).then_some((core + 1) as f32 / count as f32)).collect();
        }
    }
    script
}

/// The contention script with a knob turned after three seconds.
pub(super) fn knob_turned() -> Script {
    knob_turned_at(3_000)
}

/// The contention script with a knob turned at this moment, in milliseconds.
pub(super) fn knob_turned_at(at: u64) -> Script {
    let mut script = contention();
    let notice = Notice::KnobSet { knob: crate::trace::KnobId(1), name: "hold".into(), value_text: "50ms".into() };
    script.messages.push(Message::Notice { at: ms(at), notice });
    script
}

/// A ring of this many, closed after 100 ms, and one more worker that waits for it.
pub(super) fn deadlock(members: usize) -> Script {
    let mut w = ScriptBuilder::new();
    let names: Vec<WorkerId> = w.add_workers("seat", members);
    let guest = w.add_workers("guest", 1)[0];
    let forks: Vec<ResourceId> = (1..=members).map(|i| w.add_mutex(&format!("fork-{i}"))).collect();
    for (i, worker) in names.iter().enumerate() {
        w.push_event(50, *worker, EventKind::Acquired { lock: forks[i], grant: Grant(1) });
    }
    for (i, worker) in names.iter().enumerate() {
        w.push_event(100, *worker, EventKind::Held { lock: forks[i], grant: Grant(1) });
        w.push_event(100, *worker, EventKind::LockWait { lock: forks[(i + 1) % members], held_count: 1, timed: false });
    }
    w.push_event(200, guest, EventKind::LockWait { lock: forks[0], held_count: 0, timed: false });
    w.into_script(4_300)
}

/// Two workers that cannot keep up with the arrivals.
pub(super) fn pool() -> Script {
    let mut w = ScriptBuilder::new();
    let workers = w.add_workers("worker", 2);
    let feeder = w.add_workers("arrivals", 1)[0];
    let queue = w.add_resource("queue", ResourceKind::Queue { capacity: 40 });
    for worker in &workers {
        w.registry.workers[worker.index()].pool = Some(PoolId(0));
    }
    let of = WorkerKind::Thread;
    let info = PoolInfo {
        name: "pool".into(),
        worker_kind: of,
        workers: workers.clone(),
        feeder: Some(feeder),
        queue,
        results: None,
        size: 2,
        total_tasks: Some(100),
        restarts_workers: true,
    };
    w.registry.pools.push(info);
    let pool = PoolId(0);
    let mut depth = 0;
    for task in 0..50_u64 {
        let at = task * 100;
        depth += 1;
        w.push_event(at, feeder, EventKind::Put { queue, depth });
        w.push_event(at, feeder, EventKind::Blocked { state: State::Sleep, on: None });
        if task % 2 == 0 {
            let worker = workers[task as usize / 2 % 2];
            depth -= 1;
            w.push_event(at + 10, worker, EventKind::Took { queue, depth });
            w.push_event(at + 10, worker, EventKind::TaskBegan { pool, waited: Span::from_millis(at / 2) });
            w.push_event(at + 10, worker, EventKind::Blocked { state: State::Io, on: None });
            w.push_event(at + 180, worker, EventKind::Resumed);
            w.push_event(at + 190, worker, EventKind::TaskEnded { pool, ok: true });
            w.push_event(at + 190, worker, EventKind::Blocked { state: State::Empty, on: Some(queue) });
        }
        w.push_event(at + 99, feeder, EventKind::Resumed);
    }
    w.into_script(5_000)
}

/// One of every failure: a crash, a gap, a lost event, text on standard error.
pub(super) fn everything_wrong() -> Script {
    let mut w = ScriptBuilder::new();
    let workers = w.add_workers("worker", 3);
    w.push_event(1_000, workers[0], EventKind::LifeEnded(ExitKind::Panicked));
    w.push_event(2_000, workers[1], EventKind::Gap { lost: 12 });
    w.push_event(2_500, workers[1], EventKind::Blocked { state: State::Sleep, on: None });
    w.push_event(3_000, workers[2], EventKind::LifeEnded(ExitKind::Finished));
    let ring = Sample::Ring { worker: workers[1], produced: 40, lost: 12 };
    w.messages.push(Message::Sample(ring));
    for text in ["thread panicked at step 3", "\x1b[31mred\x1b[0m and \u{202e}backwards"] {
        w.messages.push(Message::Notice { at: ms(1_001), notice: Notice::Stderr(text.into()) });
    }
    w.into_script(4_000)
}

/// More workers than any screen has rows; every tenth waits for a lock.
pub(super) fn many_workers(count: usize) -> Script {
    let mut w = ScriptBuilder::new();
    let workers = w.add_workers("w", count);
    let lock = w.add_mutex("door");
    w.push_event(10, workers[0], EventKind::Acquired { lock, grant: Grant(1) });
    for (i, worker) in workers.iter().enumerate().skip(1) {
        let kind = match i % 10 {
            0 => EventKind::LockWait { lock, held_count: 0, timed: false },
            _ => EventKind::Blocked { state: State::Sleep, on: None },
        };
        w.push_event(100, *worker, kind);
    }
    w.into_script(3_000)
}

/// Returns the time of a message's last event.
pub(super) fn time_of(message: &Message) -> Stamp {
    match message {
        Message::Events(events) => events.last().map_or(Stamp(0), |event| event.at),
        Message::Notice { at, .. }
        | Message::Ended { at, .. }
        | Message::Watermark(at)
        | Message::Sample(Sample::Cores { at, .. } | Sample::Counter { at, .. }) => *at,
        _ => Stamp(0),
    }
}

/// Returns the script as a live run delivers it: in the order of time, with watermarks.
pub(super) fn in_delivery_order(mut script: Script) -> Script {
    script.messages.retain(|message| time_of(message) <= script.until);
    script.messages.sort_by_key(time_of);
    let messages = std::mem::take(&mut script.messages);
    let mut next = ms(50);
    for message in messages {
        while time_of(&message) > next {
            script.messages.push(Message::Watermark(next));
            next = next + Span::from_millis(50);
        }
        script.messages.push(message);
    }
    script.messages.push(Message::Watermark(script.until));
    script
}
