//! Answers that the figures leave open: settings that changed, noise, other programs.

use std::sync::Arc;

use super::super::{Answer, Doubt, answer};
use crate::model::{Budget, Model};
use crate::report::{Judgement, judge};
use crate::scenario::{Scenario, Source, check};
use crate::trace::{
    Cast, Event, EventKind, Grant, KnobId, LockKind, Message, Notice, PoolId, PoolInfo, ResourceId, ResourceInfo,
    ResourceKind, Sample, Span, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};

const FEEDER: WorkerId = WorkerId(0);
const WORKER: WorkerId = WorkerId(1);
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

/// A run that is written down while time passes.
struct Run {
    model: Model,
    depth: u32,
}

impl Run {
    fn new() -> Self {
        let worker = |name: &str, pool| WorkerInfo {
            name: name.to_owned(),
            group: name.to_owned(),
            kind: WorkerKind::Thread,
            pool,
        };
        let resource = |name: &str, kind| ResourceInfo { name: name.to_owned(), kind };
        let cast = Cast {
            workers: vec![worker("feeder", None), worker("worker", Some(POOL))],
            resources: vec![
                resource("queue", ResourceKind::Queue { capacity: 1_000 }),
                resource("m", ResourceKind::Mutex { kind: LockKind::Std }),
            ],
            pools: vec![PoolInfo {
                name: "worker".to_owned(),
                of: WorkerKind::Thread,
                workers: vec![WORKER],
                feeder: Some(FEEDER),
                results: None,
                queue: QUEUE,
                size: 1,
                total: None,
                restarts: false,
            }],
            ..Cast::default()
        };
        let mut run = Self { model: Model::new(Arc::new(cast), Budget::default()), depth: 0 };
        for worker in [FEEDER, WORKER] {
            run.at(0, worker, EventKind::Began);
        }
        run
    }

    fn at(&mut self, at: u64, worker: WorkerId, kind: EventKind) {
        self.model.apply(&Message::Events(vec![Event { at: ms(at), worker, kind }]));
    }

    /// Tasks come and are done, one in so many milliseconds; the worker waits for a device meanwhile.
    fn flow(&mut self, (from, to): (u64, u64), come: u64, done: u64) {
        for at in from..to {
            if at % come == 0 {
                self.depth += 1;
                self.at(at, FEEDER, EventKind::Put { queue: QUEUE, depth: self.depth });
            }
            if at % done == 1 && self.depth > 0 {
                self.depth -= 1;
                let waited = Span::millis(u64::from(self.depth) * come);
                self.at(at, WORKER, EventKind::Took { queue: QUEUE, depth: self.depth });
                self.at(at, WORKER, EventKind::TaskBegan { pool: POOL, waited });
                self.at(at, WORKER, EventKind::Block { state: State::Io, on: None });
                self.at(at + 4, WORKER, EventKind::Resume);
                self.at(at + 4, WORKER, EventKind::TaskEnded { pool: POOL, ok: true });
                self.at(at + 4, WORKER, EventKind::Block { state: State::Empty, on: Some(QUEUE) });
            }
        }
    }

    /// The worker runs for these parts of each 100 ms, one after the other, and sleeps for the rest.
    fn runs(&mut self, parts: &[u64]) {
        for (at, part) in parts.iter().enumerate() {
            let from = at as u64 * 100;
            self.at(from, WORKER, EventKind::Resume);
            self.at(from + part, WORKER, EventKind::Block { state: State::Sleep, on: None });
        }
    }

    fn turned(&mut self, at: u64) {
        let notice = Notice::Turned { knob: KnobId(0), name: "workers".into(), shown: "5".into() };
        self.model.apply(&Message::Notice { at: ms(at), notice });
    }

    /// Two cores were full for two seconds. The run used so much of one, and its worker waited for one for so long.
    fn machine(&mut self, used: f64, waited: Span) {
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

    fn answer(&self, guesses: &str, now: u64) -> Answer {
        answer(&self.model, &scenario(&format!("{TEXT}{guesses}}}")), ms(now)).expect("there are guesses")
    }
}

fn scenario(text: &str) -> Scenario {
    let source = Source { name: "pool".to_owned(), path: None, text: text.to_owned() };
    check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario
}

fn ms(ms: u64) -> Stamp {
    Stamp::default() + Span::millis(ms)
}

/// A queue that grew for three seconds, until a knob was turned; then it shrank until a moment.
fn turned_round(until: u64) -> Run {
    let mut run = Run::new();
    run.flow((0, 3_000), 10, 20);
    run.turned(3_000);
    run.flow((3_000, until), 20, 10);
    run
}

#[test]
fn an_answer_is_that_of_the_settings_in_force() {
    let mut run = Run::new();
    run.flow((0, 3_000), 10, 20);
    let before = run.answer(QUEUE_GUESSES, 3_000);
    assert_eq!((before.right.as_slice(), &before.doubt, before.since), (&[1][..], &None, None), "{before:?}");
    let after = turned_round(4_500).answer(QUEUE_GUESSES, 4_500);
    assert_eq!((after.right.as_slice(), &after.doubt), (&[0][..], &None), "it shrinks: {after:?}");
    assert_eq!(after.since, Some(Span::millis(1_500)));
    assert!(after.evidence[0].contains("waited at the change") && after.evidence[0].contains("rose by 1"), "{after:?}");
}

#[test]
fn a_queue_that_goes_on_growing_after_a_change_grows() {
    let mut run = Run::new();
    run.flow((0, 3_000), 10, 20);
    run.turned(3_000);
    run.flow((3_000, 5_000), 10, 20);
    let after = run.answer(QUEUE_GUESSES, 5_000);
    assert_eq!((after.right.as_slice(), after.doubt), (&[1][..], None));
}

#[test]
fn a_queue_that_is_full_since_before_a_change_shows_nothing_of_it() {
    let mut run = Run::new();
    run.flow((0, 2_100), 1, 2);
    run.turned(2_100);
    run.flow((2_100, 4_000), 2, 2);
    let after = run.answer(QUEUE_GUESSES, 4_000);
    let Some(Doubt::Former(why)) = &after.doubt else { panic!("{after:?}") };
    assert_eq!(why, "the queue of worker has been full since before the change");
}

#[test]
fn right_after_a_change_nothing_is_answered() {
    let early = turned_round(3_700).answer(QUEUE_GUESSES, 3_700);
    assert!(matches!(early.doubt, Some(Doubt::Former(_))), "{early:?}");
    assert_eq!((early.right.len(), early.open.as_slice(), early.settled), (0, &[0, 1][..], false));
    assert!(early.evidence.is_empty(), "no figure of before: {early:?}");
}

#[test]
fn latencies_are_open_while_tasks_wait_behind_those_of_former_settings() {
    let guesses = r#"guess "short" { expect latency-p50 worker below="50ms" }
        guess "long" { expect latency-p50 worker above="50ms" }"#;
    let draining = turned_round(4_500).answer(guesses, 4_500);
    let Some(Doubt::Former(why)) = &draining.doubt else { panic!("{draining:?}") };
    assert!(why.starts_with("tasks still wait behind those from before: 1"), "{why}");
    let drained = turned_round(8_000).answer(guesses, 8_000);
    assert_eq!((drained.right.as_slice(), &drained.doubt), (&[0][..], &None), "{drained:?}");
}

#[test]
fn figures_of_a_whole_run_do_not_answer_for_settings_that_came_later() {
    let guesses = r#"guess "one" { expect threads worker equals=1 }; guess "none" { expect threads worker equals=0 }"#;
    let after = turned_round(4_500).answer(guesses, 4_500);
    assert!(matches!(after.doubt, Some(Doubt::Former(_))), "{after:?}");
}

#[test]
fn a_deadlock_of_former_settings_is_no_answer() {
    let guesses = r#"guess "yes" { expect deadlock }; guess "no" { expect no-deadlock }"#;
    let mut run = Run::new();
    run.at(10, WORKER, EventKind::Acquired { lock: LOCK, grant: Grant(1) });
    run.at(20, WORKER, EventKind::Held { lock: LOCK, grant: Grant(1) });
    run.at(20, WORKER, EventKind::Wait { lock: LOCK, held: 1, timed: false });
    assert_eq!(run.answer(guesses, 1_000).right, [0]);
    run.turned(1_000);
    run.flow((1_000, 2_500), 10, 100_000);
    let after = run.answer(guesses, 2_500);
    assert!(matches!(after.doubt, Some(Doubt::Former(_))) && after.right.is_empty(), "{after:?}");
}

#[test]
fn noise_around_the_value_that_decides_is_no_answer() {
    let mut steady = Run::new();
    steady.runs(&[50; 20]);
    let answer = steady.answer(SHARE_GUESSES, 2_000);
    assert_eq!((answer.right.as_slice(), &answer.doubt), (&[0][..], &None), "{answer:?}");
    let mut noisy = Run::new();
    noisy.runs(&[95, 95, 5, 5].repeat(5));
    let answer = noisy.answer(SHARE_GUESSES, 2_000);
    let Some(Doubt::Noise { range, due }) = &answer.doubt else { panic!("{answer:?}") };
    assert!(range.contains(" % to ") && due == "55 %", "{range}, {due}");
    assert_eq!((answer.right.as_slice(), answer.open.as_slice()), (&[0][..], &[0, 1][..]), "it looks like the first");
    assert!(!answer.settled, "more time may decide");
    assert!(noisy.answer(SHARE_GUESSES, 6_000).settled, "but not for ever");
}

#[test]
fn a_run_whose_cores_others_had_answers_nothing_that_needs_cores() {
    let mut run = Run::new();
    run.runs(&[50; 20]);
    run.machine(0.6, Span::millis(300));
    let answer = run.answer(SHARE_GUESSES, 2_000);
    let words = answer.doubt.as_ref().map(ToString::to_string);
    assert_eq!(words.as_deref(), Some("cannot be judged: other programs used 1.4 of 2 cores"));
    let facts = r#"guess "no" { expect no-deadlock }; guess "yes" { expect deadlock }"#;
    assert_eq!((run.answer(facts, 2_000).doubt, run.answer(facts, 2_000).right), (None, vec![0]));
}

/// What becomes of an expectation that is not seen, on such a machine.
fn judged(used: f64, waited: Span, expect: &str) -> Judgement {
    let mut run = Run::new();
    run.runs(&[50; 20]);
    run.machine(used, waited);
    let text = TEXT.split("ask \"").next().expect("it asks");
    let scenario = scenario(&format!("{text}{expect}"));
    judge(&run.model, &scenario, &scenario.defaults(), ms(2_000)).remove(0).judgement
}

#[test]
fn what_needs_cores_is_not_judged_beside_other_programs_and_judged_on_a_calm_machine() {
    let busy = |expect| judged(0.6, Span::millis(300), expect);
    let share = "expect share running of=worker above=\"90%\"";
    assert!(matches!(busy(share), Judgement::NotJudged(_)), "1.4 cores are taken");
    assert_eq!(judged(1.9, Span::millis(300), share), Judgement::NotSeen, "others use a tenth of a core");
    assert_eq!(judged(0.6, Span::millis(1), share), Judgement::NotSeen, "its worker had a core when it wanted one");
    assert_eq!(busy("expect share running of=worker above=\"1%\""), Judgement::Seen, "what is seen is seen");
    assert_eq!(busy("expect share lock of=worker equals=\"50%\""), Judgement::NotSeen, "exactly is a fact");
    assert_eq!(busy("expect deadlock"), Judgement::NotSeen, "speed has nothing to do with it");
    assert_eq!(busy("expect lives worker above=5"), Judgement::NotSeen, "lives are counted");
    assert!(matches!(busy("expect finding pool-too-small"), Judgement::NotJudged(_)));
    assert_eq!(busy("expect finding crashed"), Judgement::NotSeen);
}
