//! Pools, whose definitions may come late, and objects of libraries, which are shown when a thread of the program waits
//! for them.

use super::*;
use contend_trace::WorkerKind;

#[test]
fn records_of_a_pool_wait_for_its_definition() {
    let pool = 1 << 63 | 5;
    let mut program = Program::with_lanes(&["MainThread"]);
    let lane = LaneInfo { id: Id::of(70), pid: 7, tid: 7, ..LaneInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Lane(lane))]);
    let name = |name: &str, pool| Definition::Name { id: Id::of(70), name: name.into(), pool: Id::of(pool) };
    program.translator.add([name("ForkPoolWorker-1", 0), name("", pool)].map(TraceRecord::Definition));
    program.tell(1, 70, Kind::Begin, 70, 0);
    program.tell(2, 70, Kind::GetWait, pool, 0);
    program.advance(3);
    assert_eq!(program.model.registry().pools.len(), 0, "it has no name yet");
    program.object(pool, ObjectKind::Pool, "pool", "map.py:3");
    program.tell(5, 1, Kind::Submit, 900, pool);
    program.tell(6, 70, Kind::TaskStart, 900, 0);
    program.tell(7, 70, Kind::TaskFinish, 900, 0);
    program.advance(9);
    let registry = program.model.registry();
    let found = &registry.pools[0];
    assert_eq!((found.name.as_str(), found.worker_kind), ("pool · map.py:3", WorkerKind::Process));
    assert_eq!(registry.worker_name(found.workers[0]), "ForkPoolWorker-1");
    let figures = program.model.pool(contend_trace::PoolId(0)).expect("a pool");
    assert_eq!((figures.submitted(), figures.done(), registry.resources.len()), (1, 1, 1));
    program.check();
}

#[test]
fn wait_for_a_definition_that_never_comes_ends() {
    let mut program = Program::with_lanes(&["MainThread"]);
    let lane = LaneInfo { id: Id::of(2), pid: 1, tid: 2, name: "w".into(), pool: Id::of(8), ..LaneInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Lane(lane))]);
    program.tell(1, 2, Kind::Begin, 2, 0);
    program.advance(100);
    assert_eq!(program.model.registry().workers.len(), 1);
    program.advance(700);
    assert_eq!(program.model.registry().workers.len(), 2);
    program.check();
}

/// Adds a thread of a library as the second lane.
fn library_thread(program: &mut Program) {
    let lane = LaneInfo { id: Id::of(2), pid: 1, tid: 2, name: "w".into(), is_of_library: true, ..LaneInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Lane(lane))]);
}

fn library_lock(program: &mut Program) {
    let info = ObjectInfo { is_of_library: true, kind: ObjectKind::Rlock, name: "pool.lock".into(), ..object_info(9) };
    program.translator.add([TraceRecord::Definition(Definition::Object(info))]);
}

/// The lock appears while its holder waits for another one: that wait begins again with both of them held.
#[test]
fn lock_of_a_library_that_appears_is_part_of_a_deadlock() {
    let mut program = Program::with_lanes(&["MainThread", "a", "b"]);
    library_lock(&mut program);
    program.object(8, ObjectKind::Lock, "own", "two.py:3");
    program.tell(1, 2, Kind::Acquired, 9, 0);
    program.tell(1, 3, Kind::Acquired, 8, 0);
    program.tell(10, 2, Kind::Wait, 8, 0);
    program.tell(11, 3, Kind::Wait, 9, 0);
    program.advance(12);
    program.check();
    let locks = program.model.registry().locks().collect::<Vec<_>>();
    assert_eq!(locks.len(), 2, "the library's lock appears");
    program.look(20);
    program.look(70);
    program.check();
    assert_eq!(program.model.deadlocks().len(), 1);
}

#[test]
fn lock_of_a_library_is_shown_once_a_thread_waits_for_it() {
    let mut program = Program::with_lanes(&["MainThread", "a"]);
    library_lock(&mut program);
    for at in [1, 3] {
        program.tell(at, 1, Kind::Acquired, 9, 0);
        program.tell(at + 1, 1, Kind::Released, 9, 0);
    }
    program.advance(5);
    assert_eq!(program.model.registry().resources.len(), 0, "it is folded away");
    assert_eq!(program.translator.folded_counts(), FoldedCounts { locks: 1, queues: 0 });
    program.tell(6, 1, Kind::Acquired, 9, 1);
    program.tell(7, 1, Kind::Acquired, 9, 2);
    program.tell(8, 2, Kind::Wait, 9, 0);
    program.advance(9);
    let lock = program.model.registry().locks().next().expect("a lock");
    let holders = program.model.lock(lock).expect("a lock").holders();
    assert_eq!(holders.iter().map(|(worker, _)| *worker).collect::<Vec<_>>(), [WorkerId(0)]);
    assert_eq!((program.state(1), program.translator.folded_counts()), (State::Lock, FoldedCounts::default()));
    program.tell(10, 1, Kind::Released, 9, 0);
    program.advance(11);
    assert_eq!(program.state(1), State::Lock, "it was taken twice");
    program.tell(12, 1, Kind::Released, 9, 0);
    program.tell(13, 2, Kind::Acquired, 9, 1);
    program.advance(14);
    assert_eq!(program.state(1), State::Running);
    program.check();
}

#[test]
fn wait_within_a_library_shows_no_object() {
    let mut program = Program::with_lanes(&["MainThread"]);
    library_thread(&mut program);
    let queue = ObjectInfo { is_of_library: true, kind: ObjectKind::Queue, ..object_info(9) };
    program.translator.add([TraceRecord::Definition(Definition::Object(queue))]);
    program.tell(1, 2, Kind::GetWait, 9, 0);
    program.tell(2, 1, Kind::Put, 9, 1);
    program.advance(3);
    assert_eq!((program.state(1), program.model.registry().resources.len()), (State::Empty, 0));
    assert_eq!(program.translator.folded_counts().queues, 1);
    program.tell(4, 1, Kind::GetWait, 9, 0);
    program.advance(5);
    assert_eq!((program.state(0), program.model.registry().resources.len()), (State::Empty, 1), "it holds main up");
    program.check();
}

/// Its lane appears with its first event, and lives from then on.
#[test]
fn thread_of_a_library_that_only_uses_its_own_objects_runs() {
    let mut program = Program::with_lanes(&["MainThread"]);
    library_thread(&mut program);
    library_lock(&mut program);
    program.tell(1, 2, Kind::Begin, 2, 0);
    program.tell(2, 2, Kind::Acquired, 9, 0);
    program.tell(3, 2, Kind::Released, 9, 0);
    program.advance(4);
    assert_eq!(program.state(1), State::Running);
    program.check();
}

#[test]
fn worker_of_a_pool_without_a_task_has_no_work() {
    let mut program = Program::with_lanes(&["MainThread"]);
    program.object(8, ObjectKind::Pool, "pool", "map.py:3");
    let lane = LaneInfo { id: Id::of(2), pid: 1, tid: 2, name: "w".into(), pool: Id::of(8), ..LaneInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Lane(lane))]);
    program.tell(1, 2, Kind::Begin, 2, 0);
    let seen = |at: u64| TraceRecord::Seen { at: at * MS, lane: Id::of(2), seen: Seen::Asleep };
    program.tell(2, 1, Kind::Submit, 900, 8);
    program.tell(3, 2, Kind::TaskStart, 900, 0);
    program.translator.add([seen(4)]);
    program.advance(5);
    assert_eq!(program.state(1), State::Running, "in a task, the reason is unknown");
    program.tell(6, 2, Kind::TaskFinish, 900, 0);
    program.translator.add([seen(7)]);
    program.advance(8);
    assert_eq!(program.state(1), State::Empty);
    program.check();
}

#[test]
fn idle_worker_that_its_pool_ends_is_cut_off_and_one_in_a_task_has_crashed() {
    for (in_task, state) in [(false, State::Done), (true, State::Crashed)] {
        let mut program = Program::with_lanes(&["MainThread"]);
        program.object(8, ObjectKind::Pool, "pool", "map.py:3");
        let hello = HelloInfo { pid: 7, ..HelloInfo::default() };
        let lane = LaneInfo { id: Id::of(2), pid: 7, tid: 7, name: "w".into(), pool: Id::of(8), ..LaneInfo::default() };
        program.translator.add([Definition::Hello(hello), Definition::Lane(lane)].map(TraceRecord::Definition));
        program.tell(1, 2, Kind::Begin, 2, 0);
        program.tell(2, 2, Kind::TaskStart, 900, 0);
        if !in_task {
            program.tell(3, 2, Kind::TaskFinish, 900, 0);
        }
        program.advance(4);
        program.translator.end_process(7, 5 * MS, Some(-15));
        program.advance(6);
        assert_eq!(program.state(1), state, "in a task: {in_task}");
        program.check();
    }
}
