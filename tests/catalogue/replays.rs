//! The replay of a run's recording gives the report of the live run.

use std::collections::HashMap;
use std::fs;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use contend::model::{Budget, FindingOptions, Model};
use contend::playback::Playback;
use contend::recording::Recording;
use contend::report::{RecordedRun, report_json};
use contend::trace::Stamp;
use serde_json::Value;

/// What a live run and its replay have in common: no two runs end at the same nanosecond.
type RunKey = (String, String);

pub fn files_with_extension(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("one").path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}

/// Asserts that each recording in a directory gives the report in the directory, and returns the number of recordings.
/// A test judges its expectations as soon as they are settled, a replay at the end, so these are not compared.
pub fn check_replays(directory: &Path) -> usize {
    let read = |file: PathBuf| parse(&fs::read_to_string(file).expect("a report"));
    let live = files_with_extension(directory, "json").into_iter().map(read);
    let mut live: HashMap<RunKey, Value> = live.map(|report| (key_of(&report), report)).collect();
    let recordings = files_with_extension(directory, "contend");
    let mut wrong = Vec::new();
    for (file, replayed) in replay_all(&recordings) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match live.remove(&key_of(&replayed)) {
            None => wrong.push(format!("{name}: no run ended like this: {:?}", key_of(&replayed))),
            Some(live) => differences(&live, &replayed, "", &mut |path| wrong.push(format!("{name}: {path}"))),
        }
    }
    assert!(wrong.is_empty(), "replays differ from their runs:\n{}", wrong.join("\n"));
    assert!(live.is_empty(), "runs without a recording: {:?}", live.keys());
    recordings.len()
}

fn parse(text: &str) -> Value {
    let mut report: Value = serde_json::from_str(text).expect("a report is JSON");
    report.as_object_mut().expect("an object").remove("expectations");
    report
}

fn key_of(report: &Value) -> RunKey {
    (report["scenario"].to_string(), report["elapsed_s"].to_string())
}

/// Returns each file with the report of its replay, on all cores, in any order.
fn replay_all(files: &[PathBuf]) -> Vec<(&PathBuf, Value)> {
    let next = AtomicUsize::new(0);
    let replay_some = || {
        let take = || files.get(next.fetch_add(1, Ordering::Relaxed)); // Relaxed: only the number matters
        std::iter::from_fn(take).map(|file| (file, replay(file))).collect::<Vec<_>>()
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(replay_some)).collect();
        let replayed = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        replayed.flatten().collect()
    })
}

fn replay(file: &Path) -> Value {
    let mut recording = Recording::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut run = RecordedRun::replay(&mut recording, FindingOptions::default())
        .expect("it is read")
        .expect("the run of a scenario");
    assert_eq!(recording.damage(), None, "{}", file.display());
    let report = run.with_report(report_json).expect("it is written");
    run.run.model = model_after_seeks(recording);
    let played = run.with_report(report_json).expect("it is written");
    assert!(report == played, "{}: the report changes by seeking: {report}\n{played}", file.display());
    parse(&report)
}

/// Returns the model at the end of a recording that was played back and forth.
fn model_after_seeks(recording: Recording) -> Model {
    let registry = Arc::new(recording.description().registry.clone());
    let budget = Budget::for_registry(&registry);
    let mut playback = Playback::new(recording, Model::new(registry, budget));
    for share in [0.5, 0.1, 0.9] {
        playback.seek(Stamp((playback.end().0 as f64 * share) as u64)).expect("it is read");
    }
    playback.seek(Stamp(u64::MAX)).expect("it is read");
    playback.model().clone()
}

/// Calls `found` with the path of each difference and both values.
fn differences(live: &Value, replayed: &Value, path: &str, found: &mut impl FnMut(String)) {
    match (live, replayed) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            for (key, value) in a {
                differences(value, &b[key], &format!("{path}.{key}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{path}[{at}]"), found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found(format!("{path} was {a} and is {b}")),
    }
}
