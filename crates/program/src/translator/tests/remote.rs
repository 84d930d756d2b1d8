//! Lanes of a cluster: services, workers between tasks, data that move.

use super::*;
use crate::line::{TextIds, read_line};
use crate::trace_record::Counts;
use contend_model::Moved;

/// Times in a line are milliseconds here.
fn program(lines: &[&str]) -> Program {
    let mut program = Program::new();
    let (mut ids, mut counts) = (TextIds::default(), Counts::default());
    for line in lines {
        let record = read_line(line.as_bytes(), 0, 0, &mut ids, &mut counts).expect(line);
        program.translator.add([match record {
            TraceRecord::Event(event) => TraceRecord::Event(TraceEvent { at: event.at * MS, ..event }),
            other => other,
        }]);
    }
    program
}

const CLUSTER: [&str; 8] = [
    r#"{"ev":"obj","id":"pool","what":"pool","name":"dask"}"#,
    r#"{"ev":"obj","id":"waiting","what":"count","name":"wait for other tasks"}"#,
    r#"{"ev":"lane","id":"s","name":"scheduler","service":true}"#,
    r#"{"ev":"lane","id":"a","name":"a/1","group":"host 1","pool":"pool"}"#,
    r#"{"ev":"lane","id":"b","name":"b/1","group":"host 2","pool":"pool"}"#,
    r#"{"t":1,"l":"s","k":"begin"}"#,
    r#"{"t":1,"l":"a","k":"begin"}"#,
    r#"{"t":1,"l":"b","k":"begin"}"#,
];

fn cluster(more: &[&str]) -> Program {
    program(&[&CLUSTER[..], more].concat())
}

#[test]
fn workers_wait_for_tasks_and_services_for_requests() {
    let mut program = cluster(&[
        r#"{"t":3,"l":"s","k":"submit","o":7,"c":"pool"}"#,
        r#"{"t":5,"l":"a","k":"start","o":7}"#,
        r#"{"t":9,"l":"a","k":"finish","o":7,"ok":true}"#,
    ]);
    let states = |program: &Program| [0, 1, 2].map(|worker| program.state(worker));
    program.advance(2);
    assert_eq!(states(&program), [State::Io, State::Empty, State::Empty]);
    program.advance(6);
    assert_eq!(states(&program), [State::Io, State::Running, State::Empty]);
    program.advance(10);
    assert_eq!(states(&program), [State::Io, State::Empty, State::Empty]);
    program.check();
    let registry = program.model.registry();
    let groups: Vec<&str> = registry.workers.iter().map(|worker| worker.group.as_str()).collect();
    assert_eq!(groups, ["scheduler", "host 1", "host 2"]);
    assert_eq!(registry.workers[0].kind, contend_trace::WorkerKind::Service);
}

#[test]
fn idle_worker_that_fetches_data_waits_for_them_and_a_busy_one_goes_on() {
    let mut program = cluster(&[
        r#"{"t":3,"l":"a","k":"fetch","o":7,"from":"b"}"#,
        r#"{"t":5,"l":"a","k":"fetched","o":7,"from":"b","bytes":5000}"#,
        r#"{"t":6,"l":"a","k":"start","o":8}"#,
        r#"{"t":7,"l":"a","k":"fetch","o":9,"from":"b"}"#,
        r#"{"t":9,"l":"a","k":"fetched","o":9,"from":"b","bytes":70}"#,
        r#"{"t":9,"l":"a","k":"fetched","o":9,"from":"nobody","bytes":70}"#,
    ]);
    program.advance(4);
    assert_eq!(program.state(1), State::Io);
    program.advance(5);
    assert_eq!(program.state(1), State::Empty);
    program.advance(8);
    assert_eq!(program.state(1), State::Running);
    program.advance(10);
    assert_eq!(program.state(1), State::Running);
    program.check();
    let moved = Moved { count: 2, bytes: 5070 };
    assert_eq!(program.model.transfers().pairs(), [(WorkerId(2), WorkerId(1), moved)]);
}

#[test]
fn counts_are_depths_and_a_task_that_failed_before_its_start_leaves_the_queue() {
    let mut program = cluster(&[
        r#"{"t":3,"l":"s","k":"submit","o":7,"c":"pool"}"#,
        r#"{"t":3,"l":"s","k":"submit","o":8,"c":"pool"}"#,
        r#"{"t":4,"l":"s","k":"count","o":"waiting","v":40}"#,
        r#"{"t":5,"l":"s","k":"count","o":"waiting","v":12}"#,
        r#"{"t":6,"l":"s","k":"erred","o":7,"c":"pool","err":"ValueError"}"#,
        r#"{"t":7,"l":"s","k":"finish","o":8,"c":"pool","ok":false}"#,
    ]);
    program.advance(10);
    program.check();
    let registry = program.model.registry();
    let depths: Vec<_> = registry
        .queues_and_pipes()
        .filter_map(|id| Some((registry.resource_name(id).to_owned(), program.model.queue(id)?.depth())))
        .collect();
    assert_eq!(depths, [("dask tasks".to_owned(), 0), ("wait for other tasks".to_owned(), 12)]);
}

#[test]
fn worker_of_a_cluster_that_is_lost_has_crashed() {
    let mut program = cluster(&[
        r#"{"t":3,"l":"a","k":"start","o":7}"#,
        r#"{"t":4,"l":"a","k":"finish","o":7,"ok":false}"#,
        r#"{"t":4,"l":"a","k":"end","ok":false,"err":"worker lost"}"#,
        r#"{"t":4,"l":"b","k":"end","ok":true}"#,
    ]);
    program.advance(10);
    program.check();
    assert_eq!([program.state(1), program.state(2)], [State::Crashed, State::Done]);
}

#[test]
fn largest_error_of_other_machines_clocks_is_kept() {
    let mut program = cluster(&[
        r#"{"ev":"clock","process":"tcp://a:1","error":300000}"#,
        r#"{"ev":"clock","process":"tcp://b:1","error":1200000}"#,
        r#"{"ev":"clock","process":"tcp://a:1","error":400000}"#,
    ]);
    program.advance(2);
    assert_eq!(program.model.health().clock_error, 1_200_000);
    let (mut ids, mut counts) = (TextIds::default(), Counts::default());
    for wrong in [r#""x""#, "-1", "1e300", "null", "[]"] {
        let line = format!(r#"{{"ev":"clock","error":{wrong}}}"#);
        let read = read_line(line.as_bytes(), 0, 0, &mut ids, &mut counts);
        let huge = Some(TraceRecord::Definition(Definition::ClockError { nanos: u64::MAX }));
        assert!(read.is_none() || read == huge, "{line}: {read:?}");
    }
}

#[test]
fn cluster_is_no_process_of_this_machine_that_could_be_gone() {
    let hello = r#"{"cv":1,"ev":"hello","pid":0,"lang":"dask","why":"start"}"#;
    let mut program = program(&[&[hello], &CLUSTER[..]].concat());
    program.advance(2);
    assert_eq!(program.translator.live_processes().collect::<Vec<_>>(), Vec::<u32>::new());
}
