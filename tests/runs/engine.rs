//! Runs of the engine on real threads and processes: recorded events match what the workers did.

use std::time::Duration;

use crate::support::{ObservedRun, counter, knob, mutex, number, poll_until, pool, scenario, workers};
use contend::scenario::{
    Arrivals, Choice, Feed, OverflowPolicy, Pace, Resource, ResourceSpec, ResultDelivery, Step, Target,
};
use contend::source::EventSource;
use contend::trace::{
    Command, Event, EventKind, ExitKind, LockKind, Notice, RunEnd, RwPolicy, Stamp, State, WorkerId, WorkerKind,
};

fn lock(resource: usize, body: Vec<Step>) -> Step {
    Step::Lock { target: Target { resource, index: None }, body: body.into() }
}

fn compute_us(us: f64) -> Step {
    Step::Compute(number(us * 1e3))
}

#[test]
fn finite_run_completes_with_gapless_grant_numbers() {
    for kind in LockKind::NAMED.into_iter().filter(|k| *k != LockKind::Off) {
        let mut s = scenario("finite");
        s.resources.push(mutex("m", kind));
        let body = vec![lock(0, vec![compute_us(5.0)])];
        s.groups.push(workers(
            "w",
            WorkerKind::Thread,
            3,
            vec![Step::Repeat { times: number(300.0), body: body.into() }],
        ));
        let seen = ObservedRun::run_to_end(&s);
        assert_eq!(seen.end, Some(RunEnd::Completed), "{kind:?}: {:?}", seen.notices);
        let mut grants = seen.acquired_grants();
        grants.sort_unstable();
        assert_eq!(grants, (1..=900).collect::<Vec<u64>>(), "{kind:?}");
        assert_eq!(seen.lost_events(), 0, "{kind:?}");
    }
}

#[test]
fn run_ends_at_its_time_limit_while_its_messages_are_unread() {
    let mut s = scenario("endless");
    s.resources.push(mutex("m", LockKind::Std));
    s.groups.push(workers(
        "w",
        WorkerKind::Thread,
        4,
        vec![Step::Forever(vec![lock(0, vec![compute_us(5.0)])].into())],
    ));
    let seen = ObservedRun::start(&s);
    let limit = Stamp(200_000_000);
    assert!(seen.live().set_time_limit(limit));
    poll_until("the end of the run's time", || seen.live().is_out_of_time());
    let ended = loop {
        match seen.live().messages().recv_timeout(Duration::from_mins(1)).expect("the run reports its end") {
            contend::trace::Message::Ended { at, reason } => break (at, reason),
            contend::trace::Message::Batch(many) => {
                if let Some(contend::trace::Message::Ended { at, reason }) = many.into_iter().next_back() {
                    break (at, reason);
                }
            }
            _ => {}
        }
    };
    assert_eq!(ended.1, RunEnd::Time);
    assert!(ended.0 >= limit, "{ended:?}");
}

#[test]
fn holds_of_one_lock_never_overlap() {
    let mut s = scenario("holds");
    s.resources.push(mutex("m", LockKind::Std));
    let body = vec![lock(0, vec![compute_us(2.0)])];
    s.groups.push(workers(
        "w",
        WorkerKind::Thread,
        4,
        vec![Step::Repeat { times: number(2_000.0), body: body.into() }],
    ));
    let seen = ObservedRun::run_to_end(&s);
    let holds = seen.lock_holds();
    assert_eq!(holds.len(), 8_000);
    for pair in holds.windows(2) {
        assert!(pair[0].released_at <= pair[1].acquired_at, "{pair:?}");
    }
}

#[test]
fn deadlocked_workers_are_gone_after_the_run() {
    for kind in [WorkerKind::Thread, WorkerKind::Process] {
        let mut s = scenario("deadlock");
        s.resources.extend([mutex("a", LockKind::Std), mutex("b", LockKind::Std)]);
        for (name, first, second) in [("left", 0, 1), ("right", 1, 0)] {
            let body = vec![lock(first, vec![compute_us(300.0), lock(second, vec![compute_us(10.0)])])];
            s.groups.push(workers(name, kind, 1, vec![Step::Forever(body.into())]));
        }
        let mut seen = ObservedRun::start(&s);
        seen.wait_until("both wait while they hold", |seen| {
            seen.pids().len() == 2
                && (0..2).all(|w| {
                    matches!(
                        seen.last_event(WorkerId(w)),
                        Some(EventKind::LockWait { held_count: 1, timed: false, .. })
                    )
                })
        });
        let pids = seen.pids();
        assert_eq!(pids.len(), 2, "{kind:?}");
        drop(seen);
        for pid in pids {
            assert!(!crate::support::is_running(pid), "{kind:?}: process {pid} outlived the run");
        }
    }
}

#[test]
fn counter_loses_updates_only_without_its_lock() {
    for (kind, may_lose) in [(LockKind::Off, true), (LockKind::Std, false)] {
        let mut s = scenario("account");
        s.resources.extend([mutex("m", kind), counter("balance")]);
        let balance = Target { resource: 1, index: None };
        let body =
            vec![Step::Load(balance.clone()), Step::Sleep(number(300e3)), Step::Store { target: balance, add: 1 }];
        let step = Step::Repeat { times: number(20.0), body: vec![lock(0, body)].into() };
        s.groups.push(workers("teller", WorkerKind::Thread, 4, vec![step]));
        let seen = ObservedRun::run_to_end(&s);
        let value = seen.counter.expect("the counter is sampled");
        if may_lose {
            assert!(value < 80, "80 updates of 4 tellers with a window of 300 µs: {value}");
        } else {
            assert_eq!(value, 80);
        }
    }
}

#[test]
fn pool_completes_its_batch_with_every_worker_kind() {
    for kind in [WorkerKind::Thread, WorkerKind::Process, WorkerKind::Async] {
        let mut s = scenario("batch");
        let mut p = pool("worker", kind, 3);
        p.feed = Feed::Batch { count: number(200.0) };
        p.chunk = number(7.0);
        p.payload = number(10_000.0);
        p.task = vec![compute_us(50.0)].into();
        s.pools.push(p);
        let seen = ObservedRun::run_to_end(&s);
        assert_eq!(seen.end, Some(RunEnd::Completed), "{kind:?}: {:?}", seen.notices);
        assert_eq!(seen.count(|k| matches!(k, EventKind::TaskEnded { ok: true, .. })), 200, "{kind:?}");
        let handed = seen.count(|k| matches!(k, EventKind::Blocked { state: State::Handover, .. }));
        assert_eq!(handed > 0, kind == WorkerKind::Process, "only tasks for processes are handed over");
    }
}

#[test]
fn pool_grows_and_shrinks_during_the_run() {
    let mut s = scenario("resize");
    s.knobs.push(knob("workers", 2.0, 8.0));
    let mut p = pool("worker", WorkerKind::Thread, 8);
    p.workers = contend::scenario::Expr::Knob(0_usize.into());
    p.feed = Feed::OpenLoop(Arrivals::steady(number(2_000.0)));
    p.task = vec![Step::Io(number(1e6))].into();
    s.pools.push(p);
    let mut seen = ObservedRun::start(&s);
    seen.wait_until("two begin", |s| s.count(|k| matches!(k, EventKind::LifeBegan)) == 3); // and the feeder
    seen.send_command(Command::SetKnob { knob: 0_usize.into(), value: 6.0 });
    seen.wait_until("six work", |s| s.count(|k| matches!(k, EventKind::LifeBegan)) == 7);
    seen.send_command(Command::SetKnob { knob: 0_usize.into(), value: 1.0 });
    seen.wait_until("five retire", |s| s.count(|k| matches!(k, EventKind::LifeEnded(ExitKind::Retired))) == 5);
    seen.send_command(Command::SetKnob { knob: 0_usize.into(), value: 2.0 });
    seen.wait_until("one comes back", |s| s.count(|k| matches!(k, EventKind::LifeBegan)) == 8);
}

#[test]
fn no_task_is_lost_when_pool_processes_are_killed_at_random() {
    let mut s = scenario("storm");
    let mut p = pool("worker", WorkerKind::Process, 3);
    p.feed = Feed::Batch { count: number(3_000.0) };
    p.results = Some(Choice::Fixed(ResultDelivery::Ordered));
    p.task = vec![compute_us(200.0)].into();
    s.pools.push(p);
    let mut seen = ObservedRun::start(&s);
    seen.wait_until("a task is under way", |s| s.count(|k| matches!(k, EventKind::TaskBegan { .. })) > 0);
    let mut dice = fastrand::Rng::with_seed(7);
    while seen.end.is_none() {
        seen.send_command(Command::Kill(WorkerId(dice.u32(..3))));
        let events = seen.events.len();
        seen.wait_until("something happens", |s| s.end.is_some() || s.events.len() > events);
    }
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    assert!(seen.notices.iter().filter(|n| matches!(n, Notice::Died { .. })).count() > 2, "some were killed");
    assert!(seen.count(|k| matches!(k, EventKind::TaskEnded { ok: true, .. })) >= 3_000, "tasks were lost");
}

#[test]
fn paced_batch_submits_task_by_task_and_ends() {
    let mut s = scenario("pace");
    let mut p = pool("worker", WorkerKind::Thread, 2);
    (p.feed, p.pace) = (Feed::Batch { count: number(20.0) }, Pace::Rate(number(200.0)));
    s.pools.push(p);
    let seen = ObservedRun::run_to_end(&s);
    assert_eq!(seen.end, Some(RunEnd::Completed));
    let begun: Vec<_> =
        seen.events.iter().filter(|e| matches!(e.kind, EventKind::TaskBegan { .. })).map(|e| e.at).collect();
    let feeder = |e: &&Event| e.kind == EventKind::LifeBegan && seen.registry().worker_name(e.worker) == "batch";
    let began = seen.events.iter().find(feeder).expect("the feeder begins").at;
    assert_eq!(begun.len(), 20);
    let last = begun.iter().max().expect("twenty");
    assert!(last.span_since(began).0 >= 20 * 5_000_000, "tasks are due every 5 ms: {begun:?}");
}

#[test]
fn knob_change_is_announced_with_its_value() {
    let mut s = scenario("turned");
    s.knobs.push(knob("times", 2.0, 8.0));
    s.groups.push(workers("w", WorkerKind::Thread, 1, vec![Step::Forever(vec![compute_us(100.0)].into())]));
    let mut seen = ObservedRun::start(&s);
    seen.send_command(Command::SetKnob { knob: 0_usize.into(), value: 6.0 });
    seen.wait_until("the notice", |s| {
        s.notices
            .iter()
            .any(|n| matches!(n, Notice::KnobSet { name, value_text, .. } if name == "times" && value_text == "6"))
    });
}

#[test]
fn knob_of_a_pool_is_announced_with_its_value_and_the_size_of_the_pool() {
    let mut s = scenario("resized");
    s.knobs.push(knob("size", 1.0, 3.0));
    let mut p = pool("worker", WorkerKind::Thread, 3);
    p.workers = contend::scenario::Expr::Knob(0_usize.into());
    p.feed = Feed::Batch { count: number(1e6) };
    p.task = vec![Step::Sleep(number(1e6))].into();
    s.pools.push(p);
    let mut seen = ObservedRun::start(&s);
    seen.send_command(Command::SetKnob { knob: 0_usize.into(), value: 3.0 });
    seen.wait_until("the pool is resized", |s| {
        s.notices.iter().any(|n| matches!(n, Notice::Resized { workers: 3, .. }))
    });
    let is_size =
        |n: &Notice| matches!(n, Notice::KnobSet { name, value_text, .. } if name == "size" && value_text == "3");
    assert!(seen.notices.iter().any(is_size), "the value was announced before: {:?}", seen.notices);
}

#[test]
fn killed_pool_process_is_replaced_and_its_task_retried() {
    let mut s = scenario("kill");
    let mut p = pool("worker", WorkerKind::Process, 2);
    p.feed = Feed::Batch { count: number(10.0) };
    p.task = vec![Step::Sleep(number(500e6))].into();
    s.pools.push(p);
    let mut seen = ObservedRun::start(&s);
    let is_busy = |event: &Event| event.worker == WorkerId(0) && matches!(event.kind, EventKind::TaskBegan { .. });
    seen.wait_until("worker 0 has a task", |s| s.events.iter().any(is_busy));
    seen.send_command(Command::Kill(WorkerId(0)));
    seen.wait_until("the end", |s| s.end.is_some());
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    assert!(seen.notices.iter().any(|n| matches!(n, Notice::Died { worker: WorkerId(0), .. })));
    assert_eq!(seen.count(|k| matches!(k, EventKind::LifeEnded(ExitKind::Killed))), 1);
    assert_eq!(seen.count(|k| matches!(k, EventKind::TaskRetried { .. })), 1);
    assert_eq!(seen.count(|k| matches!(k, EventKind::TaskEnded { ok: true, .. })), 10, "each task is done once");
}

#[test]
fn panicking_worker_ends_alone_and_releases_its_lock() {
    let mut s = scenario("panic");
    s.resources.push(mutex("m", LockKind::Std));
    s.groups.push(workers("bad", WorkerKind::Thread, 1, vec![lock(0, vec![Step::Panic("on purpose".into())])]));
    let body = vec![lock(0, vec![compute_us(50.0)])];
    s.groups.push(workers(
        "good",
        WorkerKind::Thread,
        1,
        vec![Step::Repeat { times: number(200.0), body: body.into() }],
    ));
    let seen = ObservedRun::run_to_end(&s);
    assert_eq!(seen.end, Some(RunEnd::Completed));
    assert_eq!(seen.count(|k| matches!(k, EventKind::LifeEnded(ExitKind::Panicked))), 1);
    assert_eq!(seen.acquired_grants().len(), 201);
    assert!(
        seen.notices.iter().any(|n| matches!(n, Notice::TaskFailed { message, .. } if message.contains("on purpose")))
    );
}

#[test]
fn full_queue_follows_its_overflow_policy() {
    for policy in [OverflowPolicy::Reject, OverflowPolicy::Block, OverflowPolicy::CallerRuns] {
        let mut s = scenario("full");
        let mut p = pool("worker", WorkerKind::Thread, 1);
        p.overflow = policy;
        p.queue_capacity = number(2.0);
        p.feed = Feed::Batch { count: number(30.0) };
        p.task = vec![Step::Sleep(number(2e6))].into();
        s.pools.push(p);
        let seen = ObservedRun::run_to_end(&s);
        let done = seen.count(|k| matches!(k, EventKind::TaskEnded { ok: true, .. }));
        let rejected = seen.count(|k| matches!(k, EventKind::TaskRejected { .. }));
        let full = seen.count(|k| matches!(k, EventKind::Blocked { state: State::Full, .. }));
        assert_eq!(done + rejected, 30, "{policy:?}");
        assert_eq!(rejected > 0, policy == OverflowPolicy::Reject);
        assert_eq!(full > 0, policy == OverflowPolicy::Block);
    }
}

#[test]
fn run_queue_delay_is_sampled_when_threads_exceed_cores() {
    let mut s = scenario("oversubscribed");
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let threads = u32::try_from(4 * cores).expect("a number of threads");
    s.groups.push(workers("w", WorkerKind::Thread, threads, vec![Step::Forever(vec![compute_us(1_000.0)].into())]));
    let mut seen = ObservedRun::start(&s);
    seen.wait_until("run-queue delay", |s| s.ready_ns > Duration::from_millis(50).as_nanos() as u64);
}

#[test]
fn killed_runner_is_reported_and_leaves_no_process() {
    let mut s = scenario("killed");
    s.groups.push(workers("w", WorkerKind::Process, 3, vec![Step::Forever(vec![compute_us(100.0)].into())]));
    let mut seen = ObservedRun::start(&s);
    seen.wait_until("all run", |s| s.count(|k| matches!(k, EventKind::LifeBegan)) == 3 && s.pids().len() == 3);
    let pids = seen.pids();
    crate::support::kill(crate::support::parent_of(pids[0]).expect("a runner"));
    seen.wait_until("the end", |s| s.end.is_some());
    assert!(matches!(&seen.end, Some(RunEnd::Crashed(why)) if why.contains("SIGKILL")), "{:?}", seen.end);
    for pid in pids {
        assert!(!crate::support::is_running(pid), "process {pid} outlived its runner");
    }
}

#[test]
fn lock_kind_follows_its_knob() {
    let mut s = scenario("choice");
    s.knobs.push(knob("kind", 1.0, 1.0));
    let kind = Choice::Knob(0_usize.into(), vec![LockKind::Std, LockKind::Ticket]);
    s.resources.push(Resource { name: "m".into(), count: number(1.0), spec: ResourceSpec::Mutex { kind } });
    s.groups.push(workers("w", WorkerKind::Thread, 1, vec![lock(0, vec![])]));
    let seen = ObservedRun::start(&s);
    assert!(format!("{:?}", seen.registry().resources).contains("Ticket"));
}

/// Returns when each hold began and ended, and whether it was shared.
fn hold_times(seen: &ObservedRun) -> Vec<(Stamp, Stamp, bool)> {
    let mut held = Vec::new();
    for event in &seen.events {
        let EventKind::Acquired { grant, .. } = event.kind else { continue };
        let end = seen.events.iter().find(|e| matches!(e.kind, EventKind::Released { grant: g, .. } if g == grant));
        held.push((event.at, end.expect("every hold ends").at, grant.is_shared()));
    }
    held
}

#[test]
fn semaphore_holders_never_exceed_its_permits() {
    for kind in [WorkerKind::Thread, WorkerKind::Process, WorkerKind::Async] {
        let mut s = scenario("semaphore");
        let spec = ResourceSpec::Semaphore { permits: number(3.0) };
        s.resources.push(Resource { name: "s".into(), count: number(1.0), spec });
        let target = Target { resource: 0, index: None };
        let body = vec![Step::Acquire {
            target,
            permits: number(1.0),
            body: vec![Step::Sleep(number(100e3))].into(),
            limit: None,
        }];
        s.groups.push(workers("w", kind, 6, vec![Step::Repeat { times: number(50.0), body: body.into() }]));
        let seen = ObservedRun::run_to_end(&s);
        assert_eq!(seen.end, Some(RunEnd::Completed), "{kind:?}: {:?}", seen.notices);
        let held = hold_times(&seen);
        assert_eq!(held.len(), 300, "{kind:?}");
        let most = held.iter().map(|(at, ..)| held.iter().filter(|(from, to, _)| from <= at && at < to).count()).max();
        assert_eq!(most, Some(3), "{kind:?}");
    }
}

#[test]
fn writers_are_exclusive_and_readers_overlap() {
    for policy in RwPolicy::ALL {
        for kind in [WorkerKind::Thread, WorkerKind::Process, WorkerKind::Async] {
            let mut s = scenario("rwlock");
            let spec = ResourceSpec::Rwlock { policy: Choice::Fixed(policy) };
            s.resources.push(Resource { name: "r".into(), count: number(1.0), spec });
            let target = Target { resource: 0, index: None };
            let inside = vec![Step::Sleep(number(100e3))];
            let read = vec![Step::ReadLock { target: target.clone(), body: inside.clone().into(), limit: None }];
            let write = vec![Step::WriteLock { target, body: inside.into(), limit: None }];
            s.groups.push(workers("r", kind, 4, vec![Step::Repeat { times: number(60.0), body: read.into() }]));
            s.groups.push(workers("w", kind, 2, vec![Step::Repeat { times: number(30.0), body: write.into() }]));
            let seen = ObservedRun::run_to_end(&s);
            assert_eq!(seen.end, Some(RunEnd::Completed), "{policy:?} {kind:?}: {:?}", seen.notices);
            let held = hold_times(&seen);
            assert_eq!(held.len(), 300, "{policy:?} {kind:?}");
            let beside =
                |one: &(Stamp, Stamp, bool)| held.iter().filter(|other| one.0 < other.1 && other.0 < one.1).count();
            let most = |shared| held.iter().filter(|one| one.2 == shared).map(beside).max();
            assert_eq!(most(false), Some(1), "{policy:?} {kind:?}: a writer overlaps");
            assert!(most(true) > Some(1), "{policy:?} {kind:?}: readers never overlap");
        }
    }
}

#[test]
fn semaphore_posts_and_passes_are_equal() {
    for kind in [WorkerKind::Thread, WorkerKind::Process, WorkerKind::Async] {
        let mut s = scenario("signal");
        let spec = ResourceSpec::Semaphore { permits: number(0.0) };
        s.resources.push(Resource { name: "s".into(), count: number(1.0), spec });
        let target = Target { resource: 0, index: None };
        let again = |step| vec![Step::Repeat { times: number(200.0), body: vec![step].into() }];
        s.groups.push(workers("waits", kind, 2, again(Step::BareAcquire { target: target.clone(), limit: None })));
        s.groups.push(workers("gives", kind, 2, again(Step::BareRelease(target))));
        let seen = ObservedRun::run_to_end(&s);
        assert_eq!(seen.end, Some(RunEnd::Completed), "{kind:?}: {:?}", seen.notices);
        let passed = seen.count(|k| matches!(k, EventKind::SemaphorePassed { .. }));
        assert_eq!((passed, seen.count(|k| matches!(k, EventKind::SemaphorePosted { .. }))), (400, 400), "{kind:?}");
    }
}
