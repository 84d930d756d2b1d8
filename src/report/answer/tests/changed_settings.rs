//! Tests of open answers: after changed settings, with noise, and beside other programs.

use std::sync::Arc;

use super::super::{Answer, Doubt, answer_question};
use crate::model::{Budget, Model};
use crate::report::{Judgement, Verdict, judge_expectations};
use crate::scenario::{Scenario, Source, check};
use crate::trace::{
    Event, EventKind, Grant, KnobId, LockKind, Message, Notice, PoolId, PoolInfo, Registry, ResourceId, ResourceInfo,
    ResourceKind, Sample, Span, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};

const FEEDER: WorkerId = WorkerId(0);
pub(super) const WORKER: WorkerId = WorkerId(1);
const QUEUE: ResourceId = ResourceId(0);
const LOCK: ResourceId = ResourceId(1);
const POOL: PoolId = PoolId(0);

const TEXT: &str = r#"
title "A pool"
knob workers 2 min=1 max=9 help="threads in the pool"
mutex m
pool worker of=threads workers=$workers queue=1000 { arrive rate="100/s"; task { io "20ms" } }
thread other { lock m { sleep "1ms" } }
ask "What becomes of the queue?" {
"#;

const QUEUE_GUESSES: &str = r#"
guess "it stays short" { expect depth worker below=30 }
guess "it grows" { expect depth worker above=29 }
"#;

const SHARE_GUESSES: &str = r#"
guess "less" { expect share running of=worker below="55%" }
guess "more" { expect share running of=worker above="55%" }
"#;

/// A simulated run that a test extends event by event.
pub(super) struct SimulatedRun {
    pub(super) model: Model,
    depth: u32,
}

impl SimulatedRun {
    pub(super) fn new() -> Self {
        let worker = |name: &str, pool| WorkerInfo {
            name: name.to_owned(),
            group: name.to_owned(),
            kind: WorkerKind::Thread,
            pool,
        };
        let resource = |name: &str, kind| ResourceInfo { name: name.to_owned(), kind };
        let registry = Registry {
            workers: vec![worker("feeder", None), worker("worker", Some(POOL))],
            resources: vec![
                resource("queue", ResourceKind::Queue { capacity: 1_000 }),
                resource("m", ResourceKind::Mutex { kind: LockKind::Std }),
            ],
            pools: vec![PoolInfo {
                name: "worker".to_owned(),
                worker_kind: WorkerKind::Thread,
                workers: vec![WORKER],
                feeder: Some(FEEDER),
                results: None,
                queue: QUEUE,
                size: 1,
                total_tasks: None,
                restarts_workers: false,
            }],
            ..Registry::default()
        };
        let mut run = Self { model: Model::new(Arc::new(registry), Budget::default()), depth: 0 };
        for worker in [FEEDER, WORKER] {
            run.record(0, worker, EventKind::LifeBegan);
        }
        run
    }

    fn record(&mut self, at: u64, worker: WorkerId, kind: EventKind) {
        self.model.apply(&Message::Events(vec![Event { at: ms(at), worker, kind }]));
    }

    /// Adds a task every `come` ms and ends one every `done` ms. The worker waits for a device meanwhile.
    fn run_tasks(&mut self, (from, to): (u64, u64), come: u64, done: u64) {
        for at in from..to {
            if at % come == 0 {
                self.depth += 1;
                self.record(at, FEEDER, EventKind::Put { queue: QUEUE, depth: self.depth });
            }
            if at % done == 1 && self.depth > 0 {
                self.depth -= 1;
                let waited = Span::from_millis(u64::from(self.depth) * come);
                self.record(at, WORKER, EventKind::Took { queue: QUEUE, depth: self.depth });
                self.record(at, WORKER, EventKind::TaskBegan { pool: POOL, waited });
                self.record(at, WORKER, EventKind::Blocked { state: State::Io, on: None });
                self.record(at + 4, WORKER, EventKind::Resumed);
                self.record(at + 4, WORKER, EventKind::TaskEnded { pool: POOL, ok: true });
                self.record(at + 4, WORKER, EventKind::Blocked { state: State::Empty, on: Some(QUEUE) });
            }
        }
    }

    /// Lets the worker run for these milliseconds of each 100 ms, and sleep for the rest.
    pub(super) fn run_worker(&mut self, parts: &[u64]) {
        for (at, part) in parts.iter().enumerate() {
            let from = at as u64 * 100;
            self.record(from, WORKER, EventKind::Resumed);
            self.record(from + part, WORKER, EventKind::Blocked { state: State::Sleep, on: None });
        }
    }

    fn turn_knob(&mut self, at: u64) {
        let notice = Notice::KnobSet { knob: KnobId(0), name: "workers".into(), value_text: "5".into() };
        self.model.apply(&Message::Notice { at: ms(at), notice });
    }

    /// Records two seconds of two busy cores: the run used `used` cores, and its worker waited for a core for `waited`.
    fn set_machine_load(&mut self, used: f64, waited: Span) {
        for i in 1..=10 {
            let (from, to) = (ms((i - 1) * 200), ms(i * 200));
            let run = (used * 200e6) as u64;
            self.model.apply(&Message::Sample(Sample::Cores { at: to, load: vec![Some(1.0), Some(1.0)] }));
            self.model.apply(&Message::Sample(Sample::Usage { from, to, run, viewer: 0 }));
            let ready = waited.0 / 10;
            let running = 100_000_000 - ready;
            self.model.apply(&Message::Sample(Sample::Sched { worker: WORKER, from, to, running, ready }));
        }
    }

    /// Returns a run of two seconds whose worker runs for this many percent of its time.
    pub(super) fn with_shares(percent: u64) -> Self {
        let mut run = Self::new();
        run.run_worker(&[percent; 20]);
        run
    }

    /// Judges an expectation.
    pub(super) fn judge(&self, expect: &str, now: u64) -> Verdict {
        let text = TEXT.split("ask \"").next().expect("it asks");
        let scenario = scenario(&format!("{text}{expect}"));
        judge_expectations(&self.model, &scenario, &scenario.default_settings(), ms(now)).remove(0)
    }

    pub(super) fn answer(&self, guesses: &str, now: u64) -> Answer {
        let scenario = scenario(&format!("{TEXT}{guesses}}}"));
        answer_question(&self.model, &scenario, &scenario.default_settings(), ms(now)).expect("there are guesses")
    }
}

fn scenario(text: &str) -> Scenario {
    let source = Source { name: "pool".to_owned(), path: None, text: text.to_owned() };
    check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario
}

pub(super) fn ms(ms: u64) -> Stamp {
    Stamp::default() + Span::from_millis(ms)
}

/// Returns a run whose queue grew for three seconds, then shrank until `until` after a knob change.
fn run_with_knob_turn(until: u64) -> SimulatedRun {
    let mut run = SimulatedRun::new();
    run.run_tasks((0, 3_000), 10, 20);
    run.turn_knob(3_000);
    run.run_tasks((3_000, until), 20, 10);
    run
}

#[test]
fn answer_is_about_the_current_settings() {
    let mut run = SimulatedRun::new();
    run.run_tasks((0, 3_000), 10, 20);
    let before = run.answer(QUEUE_GUESSES, 3_000);
    assert_eq!(
        (before.right_guesses.as_slice(), &before.doubt, before.settings_age),
        (&[1][..], &None, None),
        "{before:?}"
    );
    let after = run_with_knob_turn(4_500).answer(QUEUE_GUESSES, 4_500);
    assert_eq!((after.right_guesses.as_slice(), &after.doubt), (&[0][..], &None), "it shrinks: {after:?}");
    assert_eq!(after.settings_age, Some(Span::from_millis(1_500)));
    assert!(after.evidence[0].contains("waited at the change") && after.evidence[0].contains("rose by 1"), "{after:?}");
}

#[test]
fn queue_that_keeps_growing_after_a_change_is_reported_as_growing() {
    let mut run = SimulatedRun::new();
    run.run_tasks((0, 3_000), 10, 20);
    run.turn_knob(3_000);
    run.run_tasks((3_000, 5_000), 10, 20);
    let after = run.answer(QUEUE_GUESSES, 5_000);
    assert_eq!((after.right_guesses.as_slice(), after.doubt), (&[1][..], None));
}

#[test]
fn queue_full_since_before_a_change_gives_no_answer() {
    let mut run = SimulatedRun::new();
    run.run_tasks((0, 2_100), 1, 2);
    run.turn_knob(2_100);
    run.run_tasks((2_100, 4_000), 2, 2);
    let after = run.answer(QUEUE_GUESSES, 4_000);
    let Some(Doubt::FormerSettings(why)) = &after.doubt else { panic!("{after:?}") };
    assert_eq!(why, "the queue of worker has been full since before the change");
}

#[test]
fn all_guesses_are_open_right_after_a_change() {
    let early = run_with_knob_turn(3_700).answer(QUEUE_GUESSES, 3_700);
    assert!(matches!(early.doubt, Some(Doubt::FormerSettings(_))), "{early:?}");
    assert_eq!((early.right_guesses.len(), early.open_guesses.as_slice(), early.is_settled), (0, &[0, 1][..], false));
    assert!(early.evidence.is_empty(), "no figure from before the change: {early:?}");
}

#[test]
fn latency_is_open_while_the_backlog_of_former_settings_remains() {
    let guesses = r#"guess "short" { expect latency-p50 worker below="50ms" }
        guess "long" { expect latency-p50 worker above="50ms" }"#;
    let draining = run_with_knob_turn(4_500).answer(guesses, 4_500);
    let Some(Doubt::FormerSettings(why)) = &draining.doubt else { panic!("{draining:?}") };
    assert!(why.starts_with("tasks from before the change still delay others: 1"), "{why}");
    let drained = run_with_knob_turn(8_000).answer(guesses, 8_000);
    assert_eq!((drained.right_guesses.as_slice(), &drained.doubt), (&[0][..], &None), "{drained:?}");
}

#[test]
fn whole_run_figures_give_no_answer_for_changed_settings() {
    let guesses = r#"guess "one" { expect threads worker equals=1 }; guess "none" { expect threads worker equals=0 }"#;
    let after = run_with_knob_turn(4_500).answer(guesses, 4_500);
    assert!(matches!(after.doubt, Some(Doubt::FormerSettings(_))), "{after:?}");
}

#[test]
fn deadlock_of_former_settings_gives_no_answer() {
    let guesses = r#"guess "yes" { expect deadlock }; guess "no" { expect no-deadlock }"#;
    let mut run = SimulatedRun::new();
    run.record(10, WORKER, EventKind::Acquired { lock: LOCK, grant: Grant(1) });
    run.record(20, WORKER, EventKind::Held { lock: LOCK, grant: Grant(1) });
    run.record(20, WORKER, EventKind::LockWait { lock: LOCK, held_count: 1, timed: false });
    assert_eq!(run.answer(guesses, 1_000).right_guesses, [0]);
    run.turn_knob(1_000);
    run.run_tasks((1_000, 2_500), 10, 100_000);
    let after = run.answer(guesses, 2_500);
    assert!(matches!(after.doubt, Some(Doubt::FormerSettings(_))) && after.right_guesses.is_empty(), "{after:?}");
}

#[test]
fn noise_around_the_bound_leaves_the_answer_open() {
    let mut steady = SimulatedRun::new();
    steady.run_worker(&[50; 20]);
    let answer = steady.answer(SHARE_GUESSES, 2_000);
    assert_eq!((answer.right_guesses.as_slice(), &answer.doubt), (&[0][..], &None), "{answer:?}");
    let mut noisy = SimulatedRun::new();
    noisy.run_worker(&[95, 95, 5, 5].repeat(5));
    let answer = noisy.answer(SHARE_GUESSES, 2_000);
    let Some(Doubt::Noise { range, bound: due }) = &answer.doubt else { panic!("{answer:?}") };
    assert!(range.contains(" % to ") && due == "55 %", "{range}, {due}");
    assert_eq!(
        (answer.right_guesses.as_slice(), answer.open_guesses.as_slice()),
        (&[0][..], &[0, 1][..]),
        "the mean is on the first guess's side"
    );
    assert!(!answer.is_settled, "more time may decide");
    assert!(noisy.answer(SHARE_GUESSES, 6_000).is_settled, "but not for ever");
}

#[test]
fn other_programs_on_the_cores_leave_claims_that_need_cores_open() {
    let mut run = SimulatedRun::new();
    run.run_worker(&[50; 20]);
    run.set_machine_load(0.6, Span::from_millis(300));
    let answer = run.answer(SHARE_GUESSES, 2_000);
    let words = answer.doubt.as_ref().map(ToString::to_string);
    assert_eq!(words.as_deref(), Some("cannot be judged: other programs used 1.4 of 2 cores"));
    let facts = r#"guess "no" { expect no-deadlock }; guess "yes" { expect deadlock }"#;
    assert_eq!((run.answer(facts, 2_000).doubt, run.answer(facts, 2_000).right_guesses), (None, vec![0]));
}

/// Judges an expectation on a machine with this load.
fn judge_with_load(used: f64, waited: Span, expect: &str) -> Judgement {
    let mut run = SimulatedRun::new();
    run.run_worker(&[50; 20]);
    run.set_machine_load(used, waited);
    run.judge(expect, 2_000).judgement
}

#[test]
fn expectations_that_need_cores_are_not_judged_beside_other_programs() {
    let busy = |expect| judge_with_load(0.6, Span::from_millis(300), expect);
    let share = "expect share running of=worker above=\"90%\"";
    assert!(matches!(busy(share), Judgement::NotJudged(_)), "other programs use 1.4 cores");
    assert_eq!(
        judge_with_load(1.9, Span::from_millis(300), share),
        Judgement::NotSeen,
        "other programs use a tenth of a core"
    );
    assert_eq!(
        judge_with_load(0.6, Span::from_millis(1), share),
        Judgement::NotSeen,
        "its worker had a core when it wanted one"
    );
    assert_eq!(busy("expect share running of=worker above=\"1%\""), Judgement::Seen, "seen despite the load");
    assert_eq!(
        busy("expect share lock of=worker equals=\"50%\""),
        Judgement::NotSeen,
        "an exact bound does not depend on cores"
    );
    assert_eq!(busy("expect deadlock"), Judgement::NotSeen, "a deadlock does not depend on cores");
    assert_eq!(busy("expect lives worker above=5"), Judgement::NotSeen, "lives are counted");
    assert!(matches!(busy("expect finding pool-too-small"), Judgement::NotJudged(_)));
    assert_eq!(busy("expect finding crashed"), Judgement::NotSeen);
}
