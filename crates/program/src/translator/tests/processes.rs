//! Processes that are joined, end or are killed.

use contend_model::LifeEnd;
use contend_trace::DeathCause;

use super::*;

#[test]
fn join_of_a_process_that_records_something_later_is_a_wait_for_its_end() {
    let mut program = Program::with_lanes(&["MainThread"]);
    let process = ObjectInfo { id: Id::of(2 << 40), kind: ObjectKind::Process, pid: 2, ..ObjectInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Object(process))]);
    program.tell(5, 1, Kind::Join, 2 << 40, 0);
    program.look(10);
    let waits_at = |program: &Program| program.model.lane(WorkerId(0)).activity().resource;
    assert_eq!(waits_at(&program), None);
    let hello = HelloInfo { pid: 2, why: "spawn".into(), ..HelloInfo::default() };
    let main = LaneInfo { id: Id::of(70), pid: 2, tid: 2, name: "Process-1".into(), ..LaneInfo::default() };
    program.translator.add([Definition::Hello(hello), Definition::Lane(main)].map(TraceRecord::Definition));
    program.tell(20, 70, Kind::Begin, 70, 0);
    program.look(60);
    assert!(waits_at(&program).is_some());
    program.tell(70, 70, Kind::Exit, 2 << 40, 3);
    program.tell(71, 70, Kind::End, 70, 0);
    program.tell(72, 1, Kind::Joined, 2 << 40, 0);
    program.advance(80);
    assert_eq!((program.state(0), program.state(1)), (State::Running, State::Crashed), "exit code 3");
    program.check();
}

#[test]
fn process_that_is_gone_leaves_its_locks_held() {
    let mut program = Program::with_lanes(&["MainThread"]);
    let hello = HelloInfo { pid: 77, ..HelloInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Hello(hello))]);
    let info = LaneInfo { id: Id::of(70), pid: 77, tid: 77, name: "Process-1".into(), ..LaneInfo::default() };
    program.translator.add([TraceRecord::Definition(Definition::Lane(info))]);
    program.tell(1, 70, Kind::Begin, 70, 0);
    program.tell(2, 70, Kind::Acquired, 9, 0);
    program.tell(3, 1, Kind::Wait, 9, 0);
    program.advance(5);
    program.translator.end_process(77, 6 * MS, Some(-9));
    program.advance(10);
    program.check();
    assert_eq!(program.state(1), State::Crashed);
    let findings = program.model.findings(Stamp(3_000 * MS));
    assert!(findings.iter().any(|finding| finding.id == "orphaned-lock"), "{findings:?}");
}

#[test]
fn process_that_was_found_gone_before_its_parent_said_why_has_its_cause_at_last() {
    let mut program = Program::with_lanes(&["MainThread"]);
    let process = ObjectInfo { id: Id::of(2 << 40), kind: ObjectKind::Process, pid: 2, ..ObjectInfo::default() };
    let hello = HelloInfo { pid: 2, why: "fork".into(), ..HelloInfo::default() };
    let main = LaneInfo { id: Id::of(70), pid: 2, tid: 2, name: "Process-1".into(), ..LaneInfo::default() };
    let definitions = [Definition::Object(process), Definition::Hello(hello), Definition::Lane(main)];
    program.translator.add(definitions.map(TraceRecord::Definition));
    program.tell(1, 70, Kind::Begin, 70, 0);
    program.advance(5);
    program.translator.end_process(2, 6 * MS, None);
    program.advance(10);
    let ending = |program: &Program| program.model.lane(WorkerId(1)).ending();
    assert_eq!(ending(&program), Some(LifeEnd::Died(DeathCause::CutOff)));
    program.tell(12, 1, Kind::Exit, 2 << 40, u64::from((-9_i32).cast_unsigned()));
    program.advance(20);
    assert_eq!(ending(&program), Some(LifeEnd::Died(DeathCause::Signal(9))));
    program.check();
}

#[test]
fn exit_code_that_is_known_before_the_process_is_that_of_its_end() {
    let mut program = Program::with_lanes(&["MainThread"]);
    program.tell(5, 1, Kind::Exit, 2 << 40, u64::from((-9_i32).cast_unsigned()));
    program.advance(6);
    let hello = HelloInfo { pid: 2, why: "fork".into(), ..HelloInfo::default() };
    let main = LaneInfo { id: Id::of(70), pid: 2, tid: 2, name: "Process-1".into(), ..LaneInfo::default() };
    program.translator.add([Definition::Hello(hello), Definition::Lane(main)].map(TraceRecord::Definition));
    program.tell(7, 70, Kind::Begin, 70, 0);
    program.advance(8);
    program.translator.end_process(2, 9 * MS, None);
    program.advance(10);
    assert_eq!(program.model.lane(WorkerId(1)).ending(), Some(LifeEnd::Died(DeathCause::Signal(9))));
    program.check();
}
