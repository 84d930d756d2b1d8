//! Runs that never happened, event by event.

use std::sync::Arc;

use crate::scenario::{Scenario, Settings, Source, check};
use crate::trace::{
    Cast, Event, EventKind, Grant, How, LockKind, Memory, Message, Notice, PoolId, PoolInfo, ResourceId, ResourceInfo,
    ResourceKind, Sample, Span, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};

/// A scenario's words and knobs, for runs that are told apart from it.
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

/// What takes part, and what happened up to `until`.
pub(super) struct Script {
    pub(super) scenario: Arc<Scenario>,
    pub(super) settings: Settings,
    pub(super) cast: Arc<Cast>,
    pub(super) messages: Vec<Message>,
    pub(super) until: Stamp,
}

struct Writer {
    cast: Cast,
    messages: Vec<Message>,
}

impl Writer {
    fn new() -> Self {
        let mut messages = vec![Message::Sample(Sample::EventCost { nanos: 9.0 })];
        for i in 1..40 {
            messages.push(Message::Sample(Sample::Cores { at: ms(i * 200), load: vec![Some(0.6), Some(0.3)] }));
        }
        Self { cast: Cast::default(), messages }
    }

    fn workers(&mut self, group: &str, count: usize) -> Vec<WorkerId> {
        (1..=count)
            .map(|i| {
                let name = if count == 1 { group.to_owned() } else { format!("{group}-{i}") };
                let kind = WorkerKind::Thread;
                self.cast.workers.push(WorkerInfo { name, group: group.into(), kind, pool: None });
                let id = WorkerId::from(self.cast.workers.len() - 1);
                self.at(0, id, EventKind::Began);
                id
            })
            .collect()
    }

    fn resource(&mut self, name: &str, kind: ResourceKind) -> ResourceId {
        self.cast.resources.push(ResourceInfo { name: name.into(), kind });
        ResourceId::from(self.cast.resources.len() - 1)
    }

    fn mutex(&mut self, name: &str) -> ResourceId {
        self.resource(name, ResourceKind::Mutex { kind: LockKind::Std })
    }

    fn at(&mut self, at: u64, worker: WorkerId, kind: EventKind) {
        self.messages.push(Message::Events(vec![Event { at: ms(at), worker, kind }]));
    }

    fn script(self, until: u64) -> Script {
        let scenario = scenario();
        let settings = scenario.defaults();
        Script { scenario, settings, cast: Arc::new(self.cast), messages: self.messages, until: ms(until) }
    }
}

/// Three tellers and one lock, in turns of 200 ms, for five seconds.
pub(super) fn contention() -> Script {
    let mut w = Writer::new();
    let tellers = w.workers("teller", 3);
    let lock = w.mutex("account");
    let counter = w.resource("balance", ResourceKind::Counter { initial: 0, memory: Memory::Shared });
    for turn in 0..25_u64 {
        let at = turn * 200;
        let (now, next) = (tellers[turn as usize % 3], tellers[(turn as usize + 1) % 3]);
        w.at(at, now, EventKind::Acquired { lock, grant: Grant(turn + 1) });
        w.at(at + 100, next, EventKind::Wait { lock, held: 0, timed: false });
        w.at(at + 150, now, EventKind::Added { counter, delta: 1, value: turn as i32 + 1 - (turn as i32 / 5) });
        w.at(at + 200, now, EventKind::Released { lock, grant: Grant(turn + 1) });
        w.at(at + 200, now, EventKind::Block { state: State::Sleep, on: None });
        w.at(at + 300, now, EventKind::Resume);
    }
    let value = 20;
    w.messages.push(Message::Sample(Sample::Counter { at: ms(5_000), counter, value }));
    w.script(5_000)
}

/// The same on a machine with so many cores, each busier than the one before; the second is gone from the third second on,
/// the third was never there.
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

/// The same, and after three seconds a knob was turned.
pub(super) fn turned() -> Script {
    turned_at(3_000)
}

/// The same, and a knob was turned at this moment.
pub(super) fn turned_at(at: u64) -> Script {
    let mut script = contention();
    let notice = Notice::Turned { knob: crate::trace::KnobId(1), name: "hold".into(), shown: "50ms".into() };
    script.messages.push(Message::Notice { at: ms(at), notice });
    script
}

/// A ring of this many, closed after 100 ms; one more waits for them in vain.
pub(super) fn deadlock(members: usize) -> Script {
    let mut w = Writer::new();
    let names: Vec<WorkerId> = w.workers("seat", members);
    let guest = w.workers("guest", 1)[0];
    let forks: Vec<ResourceId> = (1..=members).map(|i| w.mutex(&format!("fork-{i}"))).collect();
    for (i, worker) in names.iter().enumerate() {
        w.at(50, *worker, EventKind::Acquired { lock: forks[i], grant: Grant(1) });
    }
    for (i, worker) in names.iter().enumerate() {
        w.at(100, *worker, EventKind::Held { lock: forks[i], grant: Grant(1) });
        w.at(100, *worker, EventKind::Wait { lock: forks[(i + 1) % members], held: 1, timed: false });
    }
    w.at(200, guest, EventKind::Wait { lock: forks[0], held: 0, timed: false });
    w.script(4_300)
}

/// Two workers that cannot keep up with what arrives.
pub(super) fn pool() -> Script {
    let mut w = Writer::new();
    let workers = w.workers("worker", 2);
    let feeder = w.workers("arrivals", 1)[0];
    let queue = w.resource("queue", ResourceKind::Queue { capacity: 40 });
    for worker in &workers {
        w.cast.workers[worker.index()].pool = Some(PoolId(0));
    }
    let of = WorkerKind::Thread;
    let info = PoolInfo {
        name: "pool".into(),
        of,
        workers: workers.clone(),
        feeder: Some(feeder),
        queue,
        results: None,
        size: 2,
        total: Some(100),
    };
    w.cast.pools.push(info);
    let pool = PoolId(0);
    let mut depth = 0;
    for task in 0..50_u64 {
        let at = task * 100;
        depth += 1;
        w.at(at, feeder, EventKind::Put { queue, depth });
        w.at(at, feeder, EventKind::Block { state: State::Sleep, on: None });
        if task % 2 == 0 {
            let worker = workers[task as usize / 2 % 2];
            depth -= 1;
            w.at(at + 10, worker, EventKind::Took { queue, depth });
            w.at(at + 10, worker, EventKind::TaskBegan { pool, waited: Span::millis(at / 2) });
            w.at(at + 10, worker, EventKind::Block { state: State::Io, on: None });
            w.at(at + 180, worker, EventKind::Resume);
            w.at(at + 190, worker, EventKind::TaskEnded { pool, ok: true });
            w.at(at + 190, worker, EventKind::Block { state: State::Empty, on: Some(queue) });
        }
        w.at(at + 99, feeder, EventKind::Resume);
    }
    w.script(5_000)
}

/// One of everything that goes wrong: a crash, a gap, a lost event, words on standard error.
pub(super) fn wreck() -> Script {
    let mut w = Writer::new();
    let workers = w.workers("worker", 3);
    w.at(1_000, workers[0], EventKind::Ended(How::Panicked));
    w.at(2_000, workers[1], EventKind::Gap { lost: 12 });
    w.at(2_500, workers[1], EventKind::Block { state: State::Sleep, on: None });
    w.at(3_000, workers[2], EventKind::Ended(How::Finished));
    let ring = Sample::Ring { worker: workers[1], produced: 40, lost: 12 };
    w.messages.push(Message::Sample(ring));
    for text in ["thread panicked at step 3", "\x1b[31mred\x1b[0m and \u{202e}backwards"] {
        w.messages.push(Message::Notice { at: ms(1_001), notice: Notice::Stderr(text.into()) });
    }
    w.script(4_000)
}

/// More workers than any screen has rows; every tenth waits for a lock.
pub(super) fn crowd(count: usize) -> Script {
    let mut w = Writer::new();
    let workers = w.workers("w", count);
    let lock = w.mutex("door");
    w.at(10, workers[0], EventKind::Acquired { lock, grant: Grant(1) });
    for (i, worker) in workers.iter().enumerate().skip(1) {
        let kind = match i % 10 {
            0 => EventKind::Wait { lock, held: 0, timed: false },
            _ => EventKind::Block { state: State::Sleep, on: None },
        };
        w.at(100, *worker, kind);
    }
    w.script(3_000)
}

/// When something of this message happened last.
pub(super) fn time_of(message: &Message) -> Stamp {
    match message {
        Message::Events(events) => events.last().map_or(Stamp(0), |event| event.at),
        Message::Notice { at, .. }
        | Message::Ended { at, .. }
        | Message::Through(at)
        | Message::Sample(Sample::Cores { at, .. } | Sample::Counter { at, .. }) => *at,
        _ => Stamp(0),
    }
}

/// The same run as a live one tells of it: in the order of time, and up to when everything is told.
pub(super) fn told(mut script: Script) -> Script {
    script.messages.retain(|message| time_of(message) <= script.until);
    script.messages.sort_by_key(time_of);
    let messages = std::mem::take(&mut script.messages);
    let mut next = ms(50);
    for message in messages {
        while time_of(&message) > next {
            script.messages.push(Message::Through(next));
            next = next + Span::millis(50);
        }
        script.messages.push(message);
    }
    script.messages.push(Message::Through(script.until));
    script
}
