//! Workers that other workers spawn and join, on real threads and processes.

use crate::support::{ObservedRun, counter, mutex, number, scenario, workers};
use contend::model::{Budget, Model};
use contend::scenario::{Expr, GroupMembers, LifeStep, MemberSelector, Scenario, Step, Target};
use contend::trace::{
    Command, DeathCause, EventKind, ExitKind, LockKind, Message, Notice, RunEnd, State, WorkerId, WorkerKind,
};

const KINDS: [WorkerKind; 3] = [WorkerKind::Thread, WorkerKind::Process, WorkerKind::Async];

fn spawn(group: usize) -> Step {
    Step::Life(LifeStep::Spawn(GroupMembers { group, which: MemberSelector::All }))
}

fn join(group: usize) -> Step {
    join_or(group, vec![], vec![])
}

fn join_or(group: usize, body: Vec<Step>, otherwise: Vec<Step>) -> Step {
    Step::Life(LifeStep::Join {
        members: GroupMembers { group, which: MemberSelector::All },
        body: body.into(),
        otherwise: otherwise.into(),
        timeout: None,
    })
}

fn repeat(times: f64, body: Vec<Step>) -> Step {
    Step::Repeat { times: number(times), body: body.into() }
}

fn add(resource: usize) -> Step {
    Step::Add { target: Target { resource, index: None }, by: 1 }
}

fn sleep_ms(ms: f64) -> Step {
    Step::Sleep(number(ms * 1e6))
}

/// Returns a scenario with `main` and helpers that it can spawn.
fn with_helpers(kind: WorkerKind, helpers: u32, main: Vec<Step>, helper: Vec<Step>) -> Scenario {
    let mut s = scenario("lives");
    s.resources.push(counter("done"));
    s.groups.push(workers("main", WorkerKind::Thread, 1, main));
    s.groups.push(workers("helper", kind, helpers, helper));
    s
}

fn began(seen: &ObservedRun) -> usize {
    seen.count(|kind| matches!(kind, EventKind::LifeBegan))
}

#[test]
fn spawned_worker_runs_only_after_its_spawn() {
    for kind in KINDS {
        let s = with_helpers(kind, 3, vec![sleep_ms(20.0), add(0), spawn(1), join(1), add(0)], vec![add(0)]);
        let seen = ObservedRun::run_to_end(&s);
        assert_eq!(seen.end, Some(RunEnd::Completed), "{kind:?}: {:?}", seen.notices);
        let mut added: Vec<_> =
            seen.events.iter().filter(|e| matches!(e.kind, EventKind::CounterAdded { .. })).collect();
        added.sort_by_key(|e| e.at);
        let by: Vec<bool> = added.iter().map(|e| e.worker == WorkerId(0)).collect();
        assert_eq!(by, [true, false, false, false, true], "{kind:?}: main, its helpers, main again");
        let after = seen.events.iter().filter_map(|e| match e.kind {
            EventKind::SpawnedBy { worker, after } => Some((worker, after.0)),
            _ => None,
        });
        let after: Vec<_> = after.collect();
        assert_eq!(after.len(), 3, "{kind:?}");
        assert!(after.iter().all(|(by, ns)| *by == WorkerId(0) && (500..5_000_000_000).contains(ns)), "{after:?}");
    }
}

#[test]
fn worker_that_is_never_spawned_does_not_run() {
    let steps =
        vec![Step::When { knob: 0_usize.into(), value: 1.0, body: vec![spawn(1)].into(), otherwise: vec![].into() }];
    let mut s = with_helpers(WorkerKind::Thread, 2, steps, vec![Step::Forever(vec![sleep_ms(1.0)].into())]);
    s.knobs.push(crate::support::knob("spawn", 0.0, 1.0));
    let seen = ObservedRun::run_to_end(&s);
    assert_eq!((seen.end.clone(), began(&seen)), (Some(RunEnd::Completed), 1));
}

#[test]
fn every_life_of_a_respawned_worker_is_counted() {
    for (kind, lives) in [(WorkerKind::Thread, 1_000), (WorkerKind::Process, 40), (WorkerKind::Async, 1_000)] {
        let main = vec![repeat(f64::from(lives), vec![spawn(1), join(1)])];
        let mut seen = ObservedRun::start(&with_helpers(kind, 1, main, vec![add(0)]));
        let mut model = Model::new(seen.registry(), Budget::default());
        seen.wait_until("the end", |seen| seen.end.is_some());
        assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
        assert_eq!(seen.counter, Some(i64::from(lives)), "{kind:?}");
        model.apply(&Message::Events(std::mem::take(&mut seen.events)));
        let helper = WorkerId(1);
        assert_eq!(model.lane(helper).life_count(), lives as u32, "{kind:?}");
        assert_eq!(model.health().anomalies, 0, "{kind:?}: one writer at a time");
        let life = model.life(helper).expect("it is spawned");
        assert_eq!(
            (life.spawn_requests(), life.start_delays().count()),
            (u64::from(lives as u32), u64::from(lives as u32))
        );
        assert_eq!(life.spawner(), Some(WorkerId(0)));
    }
}

#[test]
fn join_waits_for_a_thousand_threads_spawned_at_once() {
    let s = with_helpers(WorkerKind::Thread, 1_000, vec![spawn(1), join(1)], vec![sleep_ms(20.0), add(0)]);
    let seen = ObservedRun::run_to_end(&s);
    assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(1_000)), "{:?}", seen.notices);
}

#[test]
fn run_waits_for_unjoined_workers() {
    for kind in KINDS {
        let seen = ObservedRun::run_to_end(&with_helpers(kind, 2, vec![spawn(1)], vec![sleep_ms(50.0), add(0)]));
        assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(2)), "{kind:?}");
    }
}

#[test]
fn second_spawn_waits_for_the_first_life() {
    let s = with_helpers(WorkerKind::Thread, 1, vec![spawn(1), spawn(1), join(1)], vec![sleep_ms(10.0), add(0)]);
    let seen = ObservedRun::run_to_end(&s);
    assert_eq!((seen.counter, seen.count(|k| matches!(k, EventKind::Joins { .. }))), (Some(2), 2));
}

#[test]
fn join_of_ended_or_unspawned_workers_returns_at_once() {
    let main = vec![join(1), add(0), spawn(1), sleep_ms(60.0), join(1), join(1), add(0)];
    let seen = ObservedRun::run_to_end(&with_helpers(WorkerKind::Thread, 1, main, vec![]));
    assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(2)));
}

#[test]
fn join_runs_body_on_success_and_else_on_failure() {
    for kind in KINDS {
        for (steps, added) in [(vec![sleep_ms(1.0)], 1), (vec![Step::Panic("no".into())], 10)] {
            let ten = vec![repeat(10.0, vec![add(0)])];
            let main = vec![spawn(1), join_or(1, vec![add(0)], ten)];
            let seen = ObservedRun::run_to_end(&with_helpers(kind, 2, main, steps));
            assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(added)), "{kind:?}");
        }
    }
}

#[test]
fn join_of_a_killed_process_fails() {
    let main = vec![spawn(1), join_or(1, vec![], vec![add(0)])];
    let mut seen = ObservedRun::start(&with_helpers(
        WorkerKind::Process,
        1,
        main,
        vec![Step::Forever(vec![sleep_ms(5.0)].into())],
    ));
    seen.wait_until("the helper sleeps", |s| matches!(s.last_event(WorkerId(1)), Some(EventKind::Blocked { .. })));
    seen.send_command(Command::Kill(WorkerId(1)));
    seen.wait_until("the end", |s| s.end.is_some());
    assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(1)), "{:?}", seen.notices);
}

#[test]
fn threads_die_with_the_process_that_spawned_them() {
    let mut s = scenario("hosted");
    s.groups.push(workers("host", WorkerKind::Process, 1, vec![spawn(1), join(1)]));
    s.groups.push(workers("thread", WorkerKind::Thread, 2, vec![Step::Forever(vec![sleep_ms(5.0)].into())]));
    let mut seen = ObservedRun::start(&s);
    seen.wait_until("both threads sleep", |s| {
        (1..3).all(|w| matches!(s.last_event(WorkerId(w)), Some(EventKind::Blocked { state: State::Sleep, .. })))
    });
    seen.send_command(Command::Kill(WorkerId(0)));
    seen.wait_until("the end", |s| s.end.is_some());
    assert_eq!(seen.end, Some(RunEnd::Completed));
    let died = |w| {
        seen.notices.iter().any(|n| matches!(n, Notice::Died { worker, cause: DeathCause::Signal(9) } if *worker == w))
    };
    assert!((0..3).all(|w| died(WorkerId(w))), "{:?}", seen.notices);
}

#[test]
fn process_waits_for_its_threads() {
    let mut s = scenario("host");
    s.resources.push(counter("done"));
    s.groups.push(workers("host", WorkerKind::Process, 1, vec![spawn(1)]));
    s.groups.push(workers("thread", WorkerKind::Thread, 2, vec![sleep_ms(40.0), add(0)]));
    let seen = ObservedRun::run_to_end(&s);
    assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(2)), "{:?}", seen.notices);
}

#[test]
fn daemons_are_cut_off_when_all_other_workers_have_ended() {
    for kind in KINDS {
        for spawned in [false, true] {
            let main = if spawned { vec![spawn(1), sleep_ms(50.0)] } else { vec![sleep_ms(50.0)] };
            let mut s = with_helpers(kind, 2, main, vec![Step::Forever(vec![sleep_ms(1.0)].into())]);
            s.groups[1].is_daemon = true;
            let seen = ObservedRun::run_to_end(&s);
            assert_eq!(seen.end, Some(RunEnd::Completed), "{kind:?} {spawned}");
            let cut =
                seen.notices.iter().filter(|n| matches!(n, Notice::Died { cause: DeathCause::CutOff, .. })).count();
            assert_eq!(cut, 2, "{kind:?} {spawned}: {:?}", seen.notices);
            for pid in seen.pids() {
                assert!(!crate::support::is_running(pid), "{kind:?} {spawned}: {pid} outlived the run");
            }
        }
    }
}

/// Runs until this many workers are deadlocked, and returns them.
fn deadlocked(s: &Scenario, many: usize) -> Vec<WorkerId> {
    let mut seen = ObservedRun::start(s);
    let registry = seen.registry();
    seen.wait_until("a deadlock", |seen| {
        let mut model = Model::new(registry.clone(), Budget::default());
        model.apply(&Message::Events(seen.events.clone()));
        model.deadlocked_workers().len() >= many
    });
    let mut model = Model::new(registry, Budget::default());
    model.apply(&Message::Events(seen.events.clone()));
    model.deadlocked_workers().to_vec()
}

#[test]
fn worker_that_joins_itself_is_deadlocked() {
    let mut s = scenario("self");
    s.groups.push(workers("me", WorkerKind::Thread, 1, vec![join(0)]));
    assert_eq!(deadlocked(&s, 1), [WorkerId(0)]);
}

#[test]
fn join_while_holding_the_lock_of_the_joined_is_a_deadlock() {
    for kind in KINDS {
        let lock = |body: Vec<Step>| Step::Lock { target: Target { resource: 0, index: None }, body: body.into() };
        let mut s = scenario("ring");
        s.resources.push(mutex("m", LockKind::Std));
        s.groups.push(workers("main", WorkerKind::Thread, 1, vec![lock(vec![spawn(1), join(1)])]));
        s.groups.push(workers("helper", kind, 1, vec![lock(vec![])]));
        s.groups.push(workers("victim", WorkerKind::Thread, 1, vec![sleep_ms(5.0), join(0)]));
        assert_eq!(deadlocked(&s, 3), [WorkerId(0), WorkerId(1), WorkerId(2)], "{kind:?}");
    }
}

#[test]
fn run_stopped_while_spawning_leaves_no_process() {
    for kind in KINDS {
        let main = vec![Step::Forever(vec![spawn(1), join(1)].into())];
        let mut seen = ObservedRun::start(&with_helpers(kind, 4, main, vec![sleep_ms(1.0)]));
        seen.wait_until("some have lived", |s| s.count(|k| matches!(k, EventKind::LifeEnded(ExitKind::Finished))) > 12);
        let pids = seen.pids();
        drop(seen);
        assert!(pids.iter().all(|pid| !crate::support::is_running(*pid)), "{kind:?}");
    }
}

#[test]
fn runner_killed_while_spawning_leaves_no_process() {
    let main = vec![Step::Forever(vec![spawn(1), join(1)].into())];
    let mut seen = ObservedRun::start(&with_helpers(WorkerKind::Process, 4, main, vec![sleep_ms(20.0)]));
    seen.wait_until("some have lived", |s| s.count(|k| matches!(k, EventKind::LifeEnded(ExitKind::Finished))) > 4);
    let runner = seen.notices.iter().find_map(|n| match n {
        Notice::Started { worker: WorkerId(0), pid, .. } => Some(*pid),
        _ => None,
    });
    crate::support::kill(runner.expect("main lives in the runner"));
    seen.wait_until("the end", |s| s.end.is_some());
    let pids = seen.pids();
    drop(seen);
    assert!(matches!(pids.len(), 2..), "{pids:?}");
    assert!(pids.iter().all(|pid| !crate::support::is_running(*pid)), "{pids:?}");
}

#[test]
fn inline_run_executes_steps_in_the_caller() {
    let main = vec![Step::Life(LifeStep::RunInline { group: 1 }), spawn(1), join(1)];
    let seen = ObservedRun::run_to_end(&with_helpers(WorkerKind::Thread, 1, main, vec![add(0)]));
    let by =
        |w| seen.events.iter().filter(|e| e.worker == w && matches!(e.kind, EventKind::CounterAdded { .. })).count();
    assert_eq!((by(WorkerId(0)), by(WorkerId(1))), (1, 1));
}

#[test]
fn spawn_of_one_group_member_starts_only_that_member() {
    let one = GroupMembers { group: 1, which: MemberSelector::At(Expr::Number(1.0)) };
    let main = vec![Step::Life(LifeStep::Spawn(one.clone()))];
    let seen = ObservedRun::run_to_end(&with_helpers(WorkerKind::Thread, 3, main, vec![add(0)]));
    let who: Vec<WorkerId> =
        seen.events.iter().filter(|e| matches!(e.kind, EventKind::LifeBegan)).map(|e| e.worker).collect();
    assert_eq!(who.len(), 2);
    assert!(who.contains(&WorkerId(2)), "{who:?}");
}

#[test]
fn spawn_any_takes_an_idle_member_or_waits_for_the_oldest() {
    let any = Step::Life(LifeStep::Spawn(GroupMembers { group: 1, which: MemberSelector::AnyIdle }));
    for (times, lanes) in [(2.0, 2), (3.0, 3), (5.0, 3)] {
        let seen = ObservedRun::run_to_end(&with_helpers(
            WorkerKind::Thread,
            3,
            vec![repeat(times, vec![any.clone()])],
            vec![sleep_ms(50.0)],
        ));
        let mut who: Vec<WorkerId> =
            seen.events.iter().filter(|e| matches!(e.kind, EventKind::LifeBegan)).map(|e| e.worker).collect();
        assert_eq!(who.len(), times as usize + 1, "main and its helpers");
        who.sort_unstable();
        who.dedup();
        assert_eq!(who.len(), lanes + 1, "{times} times");
        let waits = seen.count(|kind| matches!(kind, EventKind::Joins { .. }));
        assert_eq!(waits > 0, times as usize > lanes, "a spawn waits only without an idle member");
    }
}
