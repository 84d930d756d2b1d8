//! A worker process that dies while ending a task: the task is done, recorded and counted once, at whichever step the
//! process died.
#![cfg(debug_assertions)] // release builds have no fault injection

use std::path::PathBuf;

use crate::support::ObservedRun;
use crate::support::program::install_script;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{EventKind, ExitKind, RunEnd};

/// The steps of ending a task, see `crates/engine/src/process_pool/serve_chunks.rs`.
const STEPS: [&str; 5] = ["end-noted", "end-recorded", "resolving-noted", "result-resolved", "finish-noted"];

const TASKS: usize = 12;

fn read(results: &str) -> Scenario {
    let text = format!(
        "counter n\npool p of=processes workers=2 {{ batch count={TASKS} chunk=3 {results}; task {{ add n }} }}\n"
    );
    let source = Source { name: "once".into(), path: None, text };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

/// Writes a runner script in which every worker process is killed at a step.
fn script_that_kills_at(step: &str, directory: &tempfile::TempDir) -> PathBuf {
    let program = env!("CARGO_BIN_EXE_contend");
    // The name that a helper is started with marks it as a helper, so that the script must pass it on.
    let lines = format!("CONTEND_FAULT=kill@{step} exec bash -c 'exec -a contend: \"$0\" \"$@\"' '{program}' \"$@\"");
    install_script(directory.path(), step, &lines)
}

fn ends_once(results: &str, step: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut seen = ObservedRun::start_with_image(&read(results), script_that_kills_at(step, &directory));
    seen.wait_until("the end", |seen| seen.end.is_some());
    let what = format!("killed at {step}, {results}");
    assert_eq!(seen.end, Some(RunEnd::Completed), "{what}: {:?}", seen.notices);
    assert_eq!(seen.count(|k| matches!(k, EventKind::LifeEnded(ExitKind::Killed))), TASKS, "{what}: each at its first");
    assert_eq!(seen.counter, Some(TASKS as i64), "{what}: done once");
    assert_eq!(seen.count(|k| matches!(k, EventKind::TaskEnded { ok: true, .. })), TASKS, "{what}: recorded once");
    let mut resolved: Vec<u32> = seen.events.iter().filter_map(|event| nth_resolved(event.kind)).collect();
    resolved.sort_unstable();
    let wanted = if results.is_empty() { 0 } else { TASKS as u32 };
    assert_eq!(resolved, (1..=wanted).collect::<Vec<_>>(), "{what}: each result is there once");
    assert_eq!(seen.count(|k| matches!(k, EventKind::ResultRead { ok: true, .. })), resolved.len(), "{what}: and read");
    assert_eq!(seen.model().health().anomalies, 0, "{what}");
}

fn nth_resolved(kind: EventKind) -> Option<u32> {
    if let EventKind::ResultReady { nth, ok: true, .. } = kind { Some(nth) } else { None }
}

/// Runs the cases one after the other: a program file that is being written while another thread forks is busy for a
/// moment and cannot be executed.
#[test]
fn task_counts_once_when_its_process_dies_while_ending_it() {
    for results in ["", "results=ordered", "results=as-completed"] {
        for step in STEPS {
            ends_once(results, step);
        }
    }
}
