//! States that the system shows: the interpreter's lock, sleep, and waits on a futex.

use super::*;

fn see(program: &mut Program, at: u64, lane: u64, seen: Seen) {
    program.translator.add([TraceRecord::Seen { at: at * MS, lane: Id::of(lane), seen }]);
    program.advance(at);
}

#[test]
fn holder_of_the_interpreter_lock_is_named_where_it_is_known() {
    let mut program = Program::with_lanes(&["MainThread", "b", "c"]);
    let waits_at = |program: &Program, lane: usize| {
        let activity = program.model.lane(WorkerId(lane as u32)).activity();
        activity.resource.map(|on| program.model.registry().resource_name(on).to_owned())
    };
    see(&mut program, 5, 1, Seen::Gil { holder: Id::of(2) });
    assert_eq!((program.state(0), waits_at(&program, 0).as_deref()), (State::Gil, Some("GIL held by b")));
    see(&mut program, 15, 1, Seen::Gil { holder: Id::of(3) });
    assert_eq!((program.state(0), waits_at(&program, 0).as_deref()), (State::Gil, Some("GIL held by c")));
    see(&mut program, 25, 1, Seen::Gil { holder: Id::None });
    assert_eq!((program.state(0), waits_at(&program, 0)), (State::Gil, None));
    see(&mut program, 35, 1, Seen::Running);
    assert_eq!(program.state(0), State::Running);
    program.check();
}

#[test]
fn sleep_on_a_futex_is_a_wait_for_a_signal_only_if_nothing_else_tells_why() {
    let mut program = Program::with_lanes(&["MainThread"]);
    see(&mut program, 5, 1, Seen::Asleep);
    assert_eq!(program.state(0), State::Running, "its own records would have said that it waits");
    let name = "python3 70".to_owned();
    let silent = LaneInfo { id: Id::of(70), pid: 1, tid: 70, name, is_silent: true, ..LaneInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Lane(silent))]);
    program.tell(6, 70, Kind::Begin, 70, 0);
    see(&mut program, 15, 70, Seen::Asleep);
    assert_eq!(program.state(1), State::Signal);
    see(&mut program, 25, 70, Seen::Running);
    assert_eq!(program.state(1), State::Running);
    program.check();
}

#[test]
fn thread_that_was_seen_from_outside_keeps_its_lane_when_its_tracer_joins() {
    let mut program = Program::with_lanes(&["MainThread"]);
    let lane = |id: u64, is_silent| {
        let name = format!("lane {id}");
        TraceRecord::Definition(Definition::Lane(LaneInfo {
            id: Id::of(id),
            pid: 1,
            tid: 70,
            name,
            is_silent,
            ..LaneInfo::default()
        }))
    };
    program.translator.add([lane(70, true)]);
    program.tell(6, 70, Kind::Begin, 70, 0);
    program.translator.add([lane(71, true)]);
    program.tell(7, 71, Kind::Begin, 71, 0);
    program.object(9, ObjectKind::Lock, "a", "");
    see(&mut program, 8, 70, Seen::Asleep);
    assert_eq!(program.state(1), State::Signal);
    program.tell(9, 71, Kind::Wait, 9, 0);
    program.advance(10);
    assert_eq!(program.state(1), State::Lock, "its records and what is seen of it are one lane");
    program.tell(11, 71, Kind::GaveUp, 9, 0);
    program.advance(12);
    see(&mut program, 15, 70, Seen::Asleep);
    assert_eq!(program.state(1), State::Running, "its records say what it does");
    assert_eq!(program.translator.threads().filter(|lane| lane.tid == 70).count(), 1);
    program.check();
}

#[test]
fn interpreter_lock_is_a_state_of_its_own() {
    let mut program = Program::with_lanes(&["MainThread"]);
    program.object(9, ObjectKind::Lock, "a", "");
    see(&mut program, 5, 1, Seen::Gil { holder: Id::None });
    assert_eq!(program.state(0), State::Gil);
    see(&mut program, 10, 1, Seen::Running);
    assert_eq!(program.state(0), State::Running);
    see(&mut program, 15, 1, Seen::Sleep);
    assert_eq!(program.state(0), State::Sleep);
    program.tell(20, 1, Kind::Wait, 9, 0);
    see(&mut program, 25, 1, Seen::Asleep);
    assert_eq!(program.state(0), State::Lock);
    see(&mut program, 30, 1, Seen::Gil { holder: Id::None });
    program.tell(35, 1, Kind::Acquired, 9, 0);
    program.advance(40);
    assert_eq!(program.state(0), State::Running);
    program.check();
}
