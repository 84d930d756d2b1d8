//! Exports of recorded runs: each format has what the report of the run counts.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::report_skipped;

/// Reads a Perfetto trace with the project's own protobuf classes, replays it as its importer does, and prints counts.
const READ_PERFETTO: &str = r#"
import json, sys
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as proto
trace = proto.Trace()
trace.ParseFromString(open(sys.argv[1], "rb").read())
names, stacks, begun, ended, ids = {}, {}, set(), set(), {}
out = {"slices": 0, "values": 0, "instants": 0, "flows": 0, "unnested": 0, "undescribed": 0, "tracks": []}
for packet in trace.packet:
    if packet.HasField("track_descriptor"):
        names[packet.track_descriptor.uuid] = packet.track_descriptor.name
events = [(p.timestamp, p.track_event) for p in trace.packet if p.HasField("track_event")]
for at, event in sorted(events, key=lambda event: event[0]):
    out["undescribed"] += event.track_uuid not in names
    stack = stacks.setdefault(event.track_uuid, [])
    if event.type == event.TYPE_SLICE_BEGIN:
        out["slices"] += 1
        out["unnested"] += len(stack) > 0
        stack.append(event.name)
        begun.update(event.flow_ids)
        ended.update(event.terminating_flow_ids)
        out["flows"] += len(event.terminating_flow_ids)
    elif event.type == event.TYPE_SLICE_END:
        out["unnested"] += len(stack) != 1
        stack.pop()
    elif event.type == event.TYPE_COUNTER:
        out["values"] += 1
    else:
        out["instants"] += 1
out["dangling"] = len(ended - begun)
out["open"] = sum(len(stack) for stack in stacks.values())
out["tracks"] = sorted(set(names.values()))
print(json.dumps(out))
"#;

fn contend(args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_contend")).args(args).output().expect("the program starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("the name is UTF-8")
}

/// Records a run, and returns its report.
fn record(scenario: &str, file: &Path) -> Value {
    let args = ["run", scenario, "--json", "--for", "1s", "--record", path_text(file)];
    // It fails if an expectation is not met within the second.
    let live = Command::new(env!("CARGO_BIN_EXE_contend")).args(args).output().expect("the program starts");
    serde_json::from_slice(&live.stdout).expect("a report")
}

fn sum(report: &Value, list: &str, fields: &[&str]) -> u64 {
    let entries = report[list].as_array().expect("a list");
    entries.iter().flat_map(|entry| fields.iter().map(|field| entry[*field].as_u64().unwrap_or(0))).sum()
}

/// Returns the rows of a table, without the line of its columns.
fn rows(directory: &Path, table: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(directory.join(table)).expect("a table");
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn tables_have_what_the_report_counts() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, tables) = (directory.path().join("run.contend"), directory.path().join("tables"));
    for scenario in ["thread-pool", "deadlock", "connection-pool", "producer-consumer", "process-pool"] {
        let report = record(scenario, &file);
        contend(&["export", path_text(&file), "--to", "csv", "-o", path_text(&tables)]);
        let holds = rows(&tables, "holds.csv");
        assert_eq!(holds.len() as u64, sum(&report, "locks", &["acquired"]), "{scenario}: holds");
        let handovers = holds.iter().filter(|hold| !hold[5].is_empty()).count() as u64;
        assert!(handovers <= sum(&report, "locks", &["contended"]), "{scenario}: {handovers} hand-overs");
        let tasks = rows(&tables, "tasks.csv").iter().filter(|task| task[3] == "true").count() as u64;
        assert_eq!(tasks, sum(&report, "pools", &["done"]), "{scenario}: tasks");
        let depths = rows(&tables, "depths.csv").len() as u64;
        assert_eq!(depths, sum(&report, "queues", &["put", "taken"]), "{scenario}: depths");
        let findings = rows(&tables, "moments.csv").iter().filter(|moment| moment[1].starts_with("finding")).count();
        assert_eq!(findings, report["findings"].as_array().expect("a list").len(), "{scenario}: findings");
        assert_states_follow_each_other(&rows(&tables, "states.csv"));
    }
}

/// Asserts that the states of each worker do not overlap.
fn assert_states_follow_each_other(states: &[Vec<String>]) {
    let mut ends = std::collections::HashMap::new();
    for state in states {
        let number = |at: usize| state[at].parse::<u64>().expect("a number");
        let last: u64 = ends.insert(state[0].clone(), number(4)).unwrap_or(0);
        assert!(last <= number(3) && number(3) < number(4), "{state:?} after {last}");
    }
}

#[test]
fn chrome_trace_is_json_with_the_same_spans() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, json) = (directory.path().join("run.contend"), directory.path().join("run.json"));
    let report = record("lock-contention", &file);
    contend(&["export", path_text(&file), "--to", "chrome"]);
    let trace: Value = serde_json::from_slice(&fs::read(json).expect("the export")).expect("JSON");
    let count = |wanted: &dyn Fn(&Value) -> bool| {
        trace["traceEvents"].as_array().expect("a list").iter().filter(|event| wanted(event)).count() as u64
    };
    assert_eq!(count(&|event| event["ph"] == "X" && event["pid"] == 2), sum(&report, "locks", &["acquired"]));
    let (starts, ends) = (count(&|event| event["ph"] == "s"), count(&|event| event["ph"] == "f"));
    assert!(starts == ends && starts > 0, "{starts} flows begin, {ends} end");
    assert_eq!(count(&|event| event["ph"] == "M" && event["pid"] == 1 && event["name"] == "thread_name"), 8);
}

#[test]
fn perfetto_trace_is_read_by_the_projects_own_classes() {
    let python = std::env::var("CONTEND_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import perfetto.protos.perfetto.trace.perfetto_trace_pb2"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        let test = "perfetto_trace_is_read_by_the_projects_own_classes";
        return report_skipped(test, "the Python package perfetto");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let (file, trace) = (directory.path().join("run.contend"), directory.path().join("run.perfetto-trace"));
    let tables = directory.path().join("tables");
    for scenario in ["lock-contention", "thread-pool", "connection-pool", "deadlock"] {
        record(scenario, &file);
        contend(&["export", path_text(&file), "--to", "perfetto"]);
        contend(&["export", path_text(&file), "--to", "csv", "-o", path_text(&tables)]);
        let read = Command::new(&python).args(["-c", READ_PERFETTO, path_text(&trace)]).output().expect("python");
        let read: Value = serde_json::from_slice(&read.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&read.stderr)));
        let count = |tables_of: &[&str]| tables_of.iter().map(|table| rows(&tables, table).len() as u64).sum::<u64>();
        assert_eq!(read["slices"], count(&["states.csv", "holds.csv", "tasks.csv"]), "{scenario}: slices");
        let values = count(&["depths.csv", "counters.csv", "cores.csv", "pool_sizes.csv"]);
        assert_eq!(read["values"], values, "{scenario}: values");
        assert_eq!(read["instants"], count(&["moments.csv"]), "{scenario}: moments");
        let flows = rows(&tables, "holds.csv").iter().filter(|hold| !hold[5].is_empty()).count();
        assert_eq!(read["flows"].as_u64(), Some(flows as u64), "{scenario}: flows");
        for nothing in ["unnested", "undescribed", "dangling", "open"] {
            assert_eq!(read[nothing], 0, "{scenario}: {nothing}");
        }
    }
}

#[test]
fn export_does_not_overwrite_its_recording() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("run.contend");
    record("deadlock", &file);
    let before = fs::read(&file).expect("a recording");
    let refused = Command::new(env!("CARGO_BIN_EXE_contend"))
        .args(["export", path_text(&file), "--to", "chrome", "-o", path_text(&file)])
        .output()
        .expect("the program starts");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("would overwrite the recording"));
    assert_eq!(fs::read(&file).expect("a recording"), before);
}
