use std::sync::Arc;

use contend_model::{Budget, Model};
use contend_trace::{Evidence, Registry, State, WorkerId};
use proptest::prelude::*;

use super::*;
use crate::definition::{HelloInfo, LaneInfo, ObjectInfo, ObjectKind};
use crate::kind::{Flags, NO_DEPTH};
use crate::trace_record::Seen;

const MS: u64 = 1_000_000;

/// A program that tells, and the model of its run.
struct Program {
    translator: Translator,
    model: Model,
}

impl Program {
    fn new() -> Self {
        let registry = Registry { is_open: true, ..Registry::default() };
        Self { translator: Translator::new(0), model: Model::new(Arc::new(registry), Budget::default()) }
    }

    fn with_lanes(names: &[&str]) -> Self {
        let mut program = Self::new();
        for (nth, name) in (1..).zip(names) {
            let info =
                LaneInfo { id: Id::of(nth), pid: 1, tid: nth as u32, name: (*name).into(), ..LaneInfo::default() };
            program.translator.add([TraceRecord::Definition(Definition::Lane(info))]);
            program.tell(0, nth, Kind::Begin, nth, 0);
        }
        program
    }

    fn object(&mut self, id: u64, kind: ObjectKind, name: &str, site: &str) {
        let info = ObjectInfo { id: Id::of(id), kind, name: name.into(), site: site.into(), ..ObjectInfo::default() };
        self.translator.add([TraceRecord::Definition(Definition::Object(info))]);
    }

    /// An event at a millisecond.
    fn tell(&mut self, at: u64, lane: u64, kind: Kind, object: u64, arg: u64) {
        self.tell_with(at, lane, kind, object, arg, Flags::OK);
    }

    fn tell_with(&mut self, at: u64, lane: u64, kind: Kind, object: u64, arg: u64, flags: Flags) {
        let event = TraceEvent { at: at * MS, lane: Id::of(lane), kind, object: Id::of(object), arg, flags };
        self.translator.add([TraceRecord::Event(event)]);
    }

    fn advance(&mut self, at: u64) {
        for message in self.translator.advance(at * MS) {
            let singles = match message {
                Message::Events(events) => events.into_iter().map(|event| Message::Events(vec![event])).collect(),
                other => vec![other],
            };
            for single in singles {
                self.model.apply(&single);
                assert_eq!(self.model.health().anomalies, 0, "{single:?} is impossible: {:?}", self.translator.lanes);
            }
        }
    }

    /// Looks at threads that do not run.
    fn look(&mut self, at: u64) {
        self.advance(at);
        self.translator.look(at * MS, |_, _| Some(7));
        self.advance(at);
    }

    fn state(&self, worker: u32) -> State {
        self.model.lane(WorkerId(worker)).activity().state
    }

    fn check(&self) {
        assert_eq!((self.model.health().anomalies, self.model.undeclared_counts()), (0, (0, 0)));
    }
}

#[test]
fn releases_come_before_the_acquisitions_that_they_allow() {
    let mut program = Program::with_lanes(&["MainThread", "worker-1"]);
    program.object(9, ObjectKind::Lock, "Account.lock", "bank.py:8");
    program.tell(1, 1, Kind::Acquired, 9, 0);
    program.tell(2, 2, Kind::Wait, 9, 0);
    program.tell(5, 2, Kind::Acquired, 9, 0);
    program.advance(4);
    program.tell(4, 1, Kind::Released, 9, 0);
    program.advance(6);
    program.tell(7, 2, Kind::Released, 9, 0);
    program.advance(10);
    program.check();
    let lock = program.model.registry().locks().next().expect("a lock");
    assert_eq!(program.model.registry().resource_name(lock), "Account.lock · bank.py:8");
    assert_eq!(
        program.model.lock(lock).expect("a lock").acquisitions_by_worker().map(|(_, count)| count).sum::<u64>(),
        2
    );
    assert_eq!(program.model.registry().worker_name(WorkerId(0)), "main");
}

fn two_locks() -> Program {
    let mut program = Program::with_lanes(&["MainThread", "a", "b"]);
    program.object(8, ObjectKind::Lock, "first", "two.py:3");
    program.object(9, ObjectKind::Lock, "second", "two.py:4");
    for (lane, lock) in [(2, 8), (3, 9)] {
        program.tell(1, lane, Kind::Acquired, lock, 0);
    }
    program
}

#[test]
fn ring_of_two_locks_is_a_deadlock_after_two_looks() {
    let mut program = two_locks();
    program.tell(10, 2, Kind::Wait, 9, 0);
    program.tell(11, 3, Kind::Wait, 8, 0);
    program.look(20);
    assert!(program.model.deadlocks().is_empty(), "one look proves nothing");
    program.look(70);
    program.look(120);
    let deadlock = program.model.first_deadlock().expect("a deadlock");
    assert_eq!((deadlock.evidence, deadlock.workers.len()), (Evidence::Observed, 2));
    program.check();
    let findings = program.model.findings(Stamp(200 * MS));
    let text = format!("{:?}", findings.first().expect("a finding"));
    assert!(text.contains("first · two.py:3") && text.contains("second · two.py:4"), "{text}");
}

#[test]
fn wait_with_a_time_limit_is_no_part_of_a_deadlock() {
    let mut program = two_locks();
    program.tell_with(10, 2, Kind::Wait, 9, 0, Flags::TIMED);
    program.tell(11, 3, Kind::Wait, 8, 0);
    for at in [20, 70, 120, 170] {
        program.look(at);
    }
    assert!(program.model.deadlocks().is_empty());
    program.tell(180, 2, Kind::GaveUp, 9, 0);
    program.advance(200);
    assert_eq!(program.state(1), State::Running);
    program.check();
}

#[test]
fn recursive_lock_is_held_until_its_last_release() {
    let mut program = Program::with_lanes(&["MainThread", "w"]);
    program.object(9, ObjectKind::Rlock, "tree", "");
    for (at, kind, depth) in [(1, Kind::Acquired, 1), (2, Kind::Acquired, 2), (3, Kind::Released, 1)] {
        program.tell(at, 1, kind, 9, depth);
    }
    program.advance(3);
    assert_eq!(program.model.lane(WorkerId(0)).held_locks().len(), 1);
    program.tell(4, 1, Kind::Released, 9, NO_DEPTH); // by a program that does not count
    program.advance(5);
    assert!(program.model.lane(WorkerId(0)).held_locks().is_empty());
    program.check();
}

#[test]
fn wait_for_a_condition_gives_its_recursive_lock_up_at_once() {
    let mut program = Program::with_lanes(&["MainThread", "w"]);
    program.object(9, ObjectKind::Rlock, "tree", "");
    for (at, kind, left) in [(1, Kind::Acquired, 1), (2, Kind::Acquired, 2), (3, Kind::Released, 0)] {
        program.tell(at, 1, kind, 9, left);
    }
    program.advance(5);
    assert!(program.model.lane(WorkerId(0)).held_locks().is_empty());
    program.check();
}

#[test]
fn release_of_a_semaphore_gives_all_its_permits_back() {
    let mut program = Program::with_lanes(&["MainThread", "w"]);
    let permits = ObjectInfo { id: Id::of(9), kind: ObjectKind::Semaphore, size: Some(3), ..ObjectInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Object(permits))]);
    for at in 1..4 {
        program.tell(at, 1, Kind::Acquired, 9, 1);
    }
    program.advance(4);
    assert_eq!(program.model.lane(WorkerId(0)).held_locks().len(), 3);
    program.tell(5, 1, Kind::Released, 9, 3);
    program.advance(6);
    assert!(program.model.lane(WorkerId(0)).held_locks().is_empty());
    program.check();
}

#[test]
fn lock_released_by_another_lane_is_free_again() {
    let mut program = Program::with_lanes(&["MainThread", "w"]);
    program.tell(1, 1, Kind::Acquired, 9, 0);
    program.tell(2, 1, Kind::Wait, 9, 0);
    program.tell(3, 2, Kind::Released, 9, 0);
    program.tell(4, 1, Kind::Acquired, 9, 0);
    program.tell(5, 2, Kind::Released, 9, 0);
    program.tell(6, 2, Kind::Acquired, 9, 0);
    program.advance(10);
    program.check();
    assert_eq!(program.model.lane(WorkerId(1)).held_locks().len(), 1);
}

#[test]
fn condition_releases_its_lock_within_the_wait() {
    let mut program = Program::with_lanes(&["MainThread", "w"]);
    program.object(8, ObjectKind::Rlock, "guard", "");
    let condition = ObjectInfo { id: Id::of(9), kind: ObjectKind::Condition, of: Id::of(8), ..ObjectInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Object(condition))]);
    program.tell(1, 2, Kind::Acquired, 8, 1);
    program.tell(2, 2, Kind::ConditionWait, 9, 0);
    program.tell(2, 2, Kind::Released, 8, 0);
    program.advance(3);
    assert_eq!((program.state(1), program.model.lane(WorkerId(1)).held_locks().len()), (State::Signal, 0));
    program.tell(4, 1, Kind::Acquired, 8, 1);
    program.tell(5, 1, Kind::Notify, 9, 1);
    program.tell(6, 2, Kind::Wait, 8, 0);
    program.tell(7, 1, Kind::Released, 8, 0);
    program.tell(8, 2, Kind::Acquired, 8, 1);
    program.tell(8, 2, Kind::ConditionWoken, 9, 0);
    program.advance(9);
    program.check();
    assert_eq!((program.state(1), program.model.lane(WorkerId(1)).held_locks().len()), (State::Running, 1));
}

#[test]
fn tasks_wait_in_the_queue_of_their_pool() {
    let mut program = Program::new();
    program.object(50, ObjectKind::Pool, "ThreadPoolExecutor-0", "p.py:4");
    for (id, pool) in [(1, 0), (2, 50)] {
        let info = LaneInfo { id: Id::of(id), pid: 1, tid: id as u32, pool: Id::of(pool), ..LaneInfo::default() };
        program.translator.add([TraceRecord::Definition(Definition::Lane(info))]);
        program.tell(0, id, Kind::Begin, id, 0);
    }
    program.tell(1, 1, Kind::Submit, 100, 50);
    program.tell(2, 1, Kind::Submit, 101, 50);
    program.tell(3, 2, Kind::TaskStart, 100, 0);
    program.tell(4, 1, Kind::FutureWait, 101, 0);
    program.advance(5);
    let pool = program.model.registry().pools[0].clone();
    assert_eq!(pool.workers, [WorkerId(1)]);
    assert_eq!(program.model.queue(pool.queue).expect("a queue").depth(), 1);
    program.tell(6, 2, Kind::TaskFinish, 100, 0);
    program.tell(7, 2, Kind::TaskStart, 101, 0);
    program.tell(8, 2, Kind::TaskFinish, 101, 0);
    program.tell(9, 1, Kind::FutureDone, 101, 0);
    program.advance(10);
    program.check();
    assert_eq!(program.model.lane(WorkerId(1)).ended_tasks(), 2);
}

#[test]
fn full_pool_whose_workers_wait_for_queued_tasks_is_stuck() {
    let mut program = Program::new();
    let pool = ObjectInfo { id: Id::of(50), kind: ObjectKind::Pool, size: Some(1), ..ObjectInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Object(pool))]);
    for (id, pool) in [(1, 0), (2, 50)] {
        let info = LaneInfo { id: Id::of(id), pid: 1, tid: id as u32, pool: Id::of(pool), ..LaneInfo::default() };
        program.translator.add([TraceRecord::Definition(Definition::Lane(info))]);
        program.tell(0, id, Kind::Begin, id, 0);
    }
    program.tell(1, 1, Kind::Submit, 100, 50);
    program.tell(2, 2, Kind::TaskStart, 100, 0);
    program.tell(2, 1, Kind::FutureWait, 100, 0);
    program.tell(3, 2, Kind::Submit, 101, 50);
    program.tell(4, 2, Kind::FutureWait, 101, 0);
    for at in [20, 70, 120] {
        program.look(at);
    }
    program.check();
    let stuck = program.model.deadlocked_workers();
    assert_eq!(stuck, [WorkerId(0), WorkerId(1)], "the worker, and main, which waits for it");
}

#[test]
fn lost_records_make_a_lane_unknown_until_its_next_one() {
    let mut program = two_locks();
    program.translator.add([TraceRecord::Lost { at: 5 * MS, lane: Id::of(2), count: 30 }]);
    program.advance(6);
    assert_eq!(program.state(1), State::Gap);
    program.tell(10, 2, Kind::Wait, 9, 0);
    program.tell(11, 3, Kind::Wait, 8, 0);
    for at in [20, 70, 120] {
        program.look(at);
    }
    assert!(program.model.deadlocks().is_empty(), "the first lock may be free");
    assert_eq!(program.model.lane(WorkerId(1)).lost_events(), 30);
    program.check();
}

#[test]
fn coroutine_waits_in_a_lane_of_its_own() {
    let mut program = Program::with_lanes(&["MainThread"]);
    program.object(60, ObjectKind::Task, "fetch", "");
    let in_task = Flags(1 | 8);
    program.tell(1, 1, Kind::StepBegin, 60, 0);
    program.tell_with(2, 1, Kind::Wait, 9, 0, in_task);
    program.tell(3, 1, Kind::StepEnd, 60, 0);
    program.advance(4);
    assert_eq!((program.state(0), program.state(1)), (State::Running, State::Lock));
    program.tell(5, 1, Kind::StepBegin, 60, 0);
    program.tell_with(5, 1, Kind::Acquired, 9, 0, in_task);
    program.tell_with(6, 1, Kind::Released, 9, 0, in_task);
    program.tell(7, 1, Kind::StepEnd, 60, 0);
    program.advance(8);
    assert_eq!(program.state(1), State::Signal);
    assert_eq!(program.model.registry().worker_name(WorkerId(1)), "fetch");
    program.check();
}

fn any_event() -> impl Strategy<Value = (u64, u64, u16, u64, u64, u16)> {
    (0..400_u64, 1..6_u64, 0..120_u16, 0..24_u64, prop_oneof![0..20_u64, any::<u64>()], 0..16_u16)
}

/// The event of a thread that had ended is the first of a new life, which holds nothing.
#[test]
fn lane_that_comes_back_holds_nothing() {
    let mut program = Program::with_lanes(&["MainThread", "a"]);
    program.object(9, ObjectKind::Lock, "lock", "lock.py:1");
    program.tell(1, 2, Kind::Acquired, 9, 0);
    program.tell(2, 2, Kind::End, 2, 0);
    program.object(8, ObjectKind::Lock, "other", "lock.py:2");
    program.tell(3, 2, Kind::Acquired, 8, 0);
    program.tell(4, 1, Kind::Acquired, 9, 0);
    program.advance(5);
    program.check();
}

fn object_info(id: u64) -> ObjectInfo {
    ObjectInfo { id: Id::of(id), ..ObjectInfo::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a program tells, the run stays possible: nothing is undeclared, and no event is impossible.
    #[test]
    fn nonsense_becomes_a_possible_run(records in prop::collection::vec(any_event(), 0..300)) {
        let mut program = Program::with_lanes(&["MainThread", "a", "b"]);
        for id in 5..12 {
            let kind = [ObjectKind::Lock, ObjectKind::Rlock, ObjectKind::Semaphore, ObjectKind::Queue][id as usize % 4];
            let info = ObjectInfo { is_of_library: true, kind, ..object_info(id) };
            program.translator.add([TraceRecord::Definition(Definition::Object(info))]);
        }
        for (nth, (at, lane, code, object, arg, flags)) in records.into_iter().enumerate() {
            let Some(kind) = Kind::from_code(code) else {
                let gil = Seen::Gil { holder: Id::of(u64::from(code % 4)) };
                let seen = [Seen::Running, gil, Seen::Sleep, Seen::Io, Seen::Asleep][usize::from(code % 5)];
                program.translator.add([match code % 9 {
                    0 => TraceRecord::Lost { at, lane: Id::of(lane), count: arg % 50 },
                    _ => TraceRecord::Seen { at: at * MS, lane: Id::of(lane), seen },
                }]);
                continue;
            };
            program.tell_with(at, lane, kind, object, arg, Flags(flags));
            if nth % 20 == 0 {
                program.look(at);
            }
        }
        program.look(500);
        program.advance(600);
        prop_assert_eq!(program.model.undeclared_counts(), (0, 0));
        let impossible = program.model.health().anomalies;
        prop_assert_eq!(impossible, 0);
    }
}

mod pools_and_libraries;
mod processes;
mod remote;
mod sampled;
