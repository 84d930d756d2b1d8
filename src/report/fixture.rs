//! A small recorded run with a bit of everything, as the fixture of report tests.

use std::sync::Arc;

use super::{Report, Verdict, judge_expectations};
use crate::model::{Budget, Finding, Model, Severity};
use crate::platform::Machine;
use crate::scenario::{Scenario, Settings, Source, check};
use crate::trace::{
    CounterMemory, Event, EventKind, ExitKind, Grant, LockKind, Message, Notice, PoolId, PoolInfo, Registry,
    ResourceId, ResourceInfo, ResourceKind, RunEnd, Sample, Span, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};

/// The scenario without its expectations.
pub(super) const BANK_SCENARIO: &str = r#"
title "A bank with a bit of everything"
group locks
about "Two clerks lock two accounts in opposite order while a pool does the post."
knob hold "1ms" min="0us" max="10ms" help="how long an account is held"
mutex a
mutex b kind=fair
counter balance
thread left { forever { lock a { compute $hold; lock b { add balance by=1 } } } }
thread right { forever { lock b { compute $hold; lock a { add balance by=1 } } } }
thread late { lock a { compute $hold } }
pool post of=threads workers=2 queue=64 {
    arrive rate="100/s"
    task { compute "2ms" }
}
"#;

const EXPECTATIONS: &str = r#"
expect deadlock within="1s"
expect contended a above="10%"
expect lost balance equals=0
expect done post above=1000
"#;

const LEFT: WorkerId = WorkerId(0);
const RIGHT: WorkerId = WorkerId(1);
const POOL_WORKERS: [WorkerId; 2] = [WorkerId(2), WorkerId(3)];
const FEEDER: WorkerId = WorkerId(4);
const LATE: WorkerId = WorkerId(5);
const A: ResourceId = ResourceId(0);
const B: ResourceId = ResourceId(1);
const BALANCE: ResourceId = ResourceId(2);
const QUEUE: ResourceId = ResourceId(3);
const RESULTS: ResourceId = ResourceId(4);
const POOL: PoolId = PoolId(0);

/// The owned data of a report.
pub(super) struct BankFixture {
    pub(super) scenario: Scenario,
    pub(super) settings: Settings,
    pub(super) model: Model,
    pub(super) findings: Vec<Finding>,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) machine: Machine,
    pub(super) ended: RunEnd,
    pub(super) at: Stamp,
}

impl BankFixture {
    pub(super) fn new() -> Self {
        let source = Source { name: "bank".to_owned(), path: None, text: format!("{BANK_SCENARIO}{EXPECTATIONS}") };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        let settings = scenario.default_settings();
        let mut model = Model::new(Arc::new(bank_registry()), Budget::default());
        for message in bank_messages() {
            model.apply(&message);
        }
        let at = ms(500);
        Self {
            findings: vec![finding(at)],
            verdicts: judge_expectations(&model, &scenario, &settings, at),
            machine: Machine { cores: 4, usable: 2, quota: Some(1.5), os: "Linux 6.1".to_owned() },
            ended: RunEnd::Deadlock,
            scenario,
            settings,
            model,
            at,
        }
    }

    pub(super) fn report(&self) -> Report<'_> {
        Report {
            time_limit: None,
            model: &self.model,
            scenario: &self.scenario,
            settings: &self.settings,
            machine: &self.machine,
            ended: &self.ended,
            ended_at: self.at,
            findings: &self.findings,
            muted: &[],
            verdicts: &self.verdicts,
        }
    }
}

/// Returns a fixed finding, so that a report does not depend on the detectors.
fn finding(at: Stamp) -> Finding {
    Finding {
        id: "lock-bound",
        severity: Severity::Warning,
        sentence: "92 % of the clerks' time waits for a, which is held nearly all the time".to_owned(),
        evidence: "3 acquisitions in 500 ms".to_owned(),
        fix: "Shorten the work inside it, or split it.".to_owned(),
        subject: None,
        at: Some(at),
    }
}

pub(crate) fn bank_registry() -> Registry {
    let worker = |name: &str, group: &str, pool| WorkerInfo {
        name: name.to_owned(),
        group: group.to_owned(),
        kind: WorkerKind::Thread,
        pool,
    };
    let resource = |name: &str, kind| ResourceInfo { name: name.to_owned(), kind };
    Registry {
        workers: vec![
            worker("left", "left", None),
            worker("right", "right", None),
            worker("post-1", "post", Some(POOL)),
            worker("post-2", "post", Some(POOL)),
            worker("arrivals", "arrivals", None),
            worker("late", "late", None),
        ],
        resources: vec![
            resource("a", ResourceKind::Mutex { kind: LockKind::Std }),
            resource("b", ResourceKind::Mutex { kind: LockKind::Fair }),
            resource("balance", ResourceKind::Counter { initial: 0, memory: CounterMemory::Shared }),
            resource("queue", ResourceKind::Queue { capacity: 64 }),
            resource("results", ResourceKind::Results),
        ],
        pools: vec![PoolInfo {
            name: "post".to_owned(),
            worker_kind: WorkerKind::Thread,
            workers: POOL_WORKERS.to_vec(),
            feeder: Some(FEEDER),
            results: Some(RESULTS),
            queue: QUEUE,
            size: 2,
            total_tasks: None,
            restarts_workers: true,
        }],
        ..Registry::default()
    }
}

fn ms(ms: u64) -> Stamp {
    Stamp::default() + Span::from_millis(ms)
}

pub(super) fn bank_messages() -> Vec<Message> {
    let mut messages = Vec::new();
    for (n, worker) in [LEFT, RIGHT, POOL_WORKERS[0], POOL_WORKERS[1], FEEDER, LATE].into_iter().enumerate() {
        let notice = Notice::Started { worker, pid: 100, tid: 101 + n as u32 };
        messages.push(Message::Notice { at: ms(0), notice });
        messages.push(event(0, worker, EventKind::LifeBegan));
    }
    messages.push(Message::Sample(Sample::EventCost { nanos: 12.0 }));
    messages.extend(clerk_messages());
    messages.extend(pool_messages());
    messages.push(Message::Sample(Sample::Cores { at: ms(250), load: vec![Some(0.5), Some(0.25)] }));
    messages.push(Message::Sample(Sample::Cores { at: ms(500), load: vec![Some(0.5), Some(0.25)] }));
    let (run, viewer) = (150_000_000, 25_000_000);
    messages.push(Message::Sample(Sample::Usage { from: ms(0), to: ms(500), run, viewer }));
    messages
}

/// Returns an uncontended round, a contended round, then a deadlock, and a victim that waits for it.
fn clerk_messages() -> Vec<Message> {
    let (g1, g2, g3) = (Grant(1), Grant(2), Grant(3));
    [
        (10, LEFT, EventKind::Acquired { lock: A, grant: g1 }),
        (11, LEFT, EventKind::Acquired { lock: B, grant: g1 }),
        (12, LEFT, EventKind::CounterAdded { counter: BALANCE, delta: 1, value: 1 }),
        (12, RIGHT, EventKind::LockWait { lock: B, held_count: 0, timed: false }),
        (14, LEFT, EventKind::Released { lock: B, grant: g1 }),
        (15, LEFT, EventKind::Released { lock: A, grant: g1 }),
        (16, RIGHT, EventKind::Acquired { lock: B, grant: g2 }),
        (17, RIGHT, EventKind::Acquired { lock: A, grant: g2 }),
        (18, RIGHT, EventKind::CounterAdded { counter: BALANCE, delta: 1, value: 2 }),
        (19, RIGHT, EventKind::Released { lock: A, grant: g2 }),
        (20, RIGHT, EventKind::Released { lock: B, grant: g2 }),
        (30, LEFT, EventKind::Acquired { lock: A, grant: g3 }),
        (31, RIGHT, EventKind::Acquired { lock: B, grant: g3 }),
        (40, LEFT, EventKind::Held { lock: A, grant: g3 }),
        (40, LEFT, EventKind::LockWait { lock: B, held_count: 1, timed: false }),
        (42, RIGHT, EventKind::Held { lock: B, grant: g3 }),
        (42, RIGHT, EventKind::LockWait { lock: A, held_count: 1, timed: false }),
        (50, LATE, EventKind::LockWait { lock: A, held_count: 0, timed: false }),
    ]
    .map(|(at, worker, kind)| event(at, worker, kind))
    .to_vec()
}

/// Returns twenty tasks of 2 ms each, alternating between both workers; the second worker retires at the end.
fn pool_messages() -> Vec<Message> {
    let mut messages = Vec::new();
    for task in 0..20_u64 {
        let (worker, at) = (POOL_WORKERS[task as usize % 2], 10 + task * 10);
        messages.push(event(at, FEEDER, EventKind::Put { queue: QUEUE, depth: 1 }));
        messages.push(event(at + 1, worker, EventKind::Took { queue: QUEUE, depth: 0 }));
        messages.push(event(at + 1, worker, EventKind::TaskBegan { pool: POOL, waited: Span::from_millis(1) }));
        messages.push(event(at + 3, worker, EventKind::TaskEnded { pool: POOL, ok: task != 7 }));
        if task == 7 {
            let what = "letters/7.txt: permission denied".to_owned();
            messages.push(Message::Notice { at: ms(at + 3), notice: Notice::TaskFailed { worker, message: what } });
        }
        let nothing = EventKind::Blocked { state: State::Empty, on: Some(QUEUE) };
        messages.push(event(at + 3, worker, nothing));
        messages.push(event(at + 20, worker, EventKind::Resumed));
    }
    messages.push(event(400, POOL_WORKERS[1], EventKind::LifeEnded(ExitKind::Retired)));
    messages
}

fn event(at: u64, worker: WorkerId, kind: EventKind) -> Message {
    Message::Events(vec![Event { at: ms(at), worker, kind }])
}

/// Whether the worker belongs to the deadlock.
pub(super) fn is_deadlocked(worker: WorkerId) -> bool {
    [LEFT, RIGHT, LATE].contains(&worker)
}
