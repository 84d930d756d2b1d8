//! Recordings that begin during a run: missing events are counted as lost, and nothing false is concluded.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use contend::model::{Budget, Model, Severity};
use contend::recording::Recording;
use contend::trace::{Message, Registry, WorkerId};

use crate::late_start::begun_late;

/// Records a run, and returns its registry and messages.
fn record(scenario: &str, limit: &str) -> (Arc<Registry>, Vec<Message>) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("run.contend");
    let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
    contend.args(["run", scenario, "--headless", "--for", limit, "--record"]).arg(&file);
    contend.output().expect("the program starts");
    let mut recording = Recording::open(&file).expect("a recording");
    let mut messages = Vec::new();
    for section in 0..recording.sections().len() {
        messages.extend(recording.read_messages(section).expect("a file").expect("it is whole"));
    }
    (Arc::new(recording.description().registry.clone()), messages)
}

fn model_after<'a>(registry: &Arc<Registry>, messages: impl IntoIterator<Item = &'a Message>) -> Model {
    let mut model = Model::new(Arc::clone(registry), Budget::default());
    messages.into_iter().for_each(|message| model.apply(message));
    model
}

/// Returns the messages, and each of their events, that the model counts as invalid.
fn anomalies(registry: &Arc<Registry>, messages: &[Message]) -> Vec<String> {
    fn apply_all(model: &mut Model, messages: &[Message], found: &mut Vec<String>) {
        for message in messages {
            apply(model, message, found);
        }
    }
    fn apply(model: &mut Model, message: &Message, found: &mut Vec<String>) {
        match message {
            Message::Batch(messages) => apply_all(model, messages, found),
            Message::Events(events) if events.len() > 1 => {
                let each: Vec<Message> = events.iter().map(|event| Message::Events(vec![*event])).collect();
                apply_all(model, &each, found);
            }
            message => {
                let before = model.health().anomalies;
                model.apply(message);
                if model.health().anomalies > before {
                    found.push(format!("{message:?}"));
                }
            }
        }
    }
    let (mut model, mut found) = (Model::new(Arc::clone(registry), Budget::default()), Vec::new());
    apply_all(&mut model, messages, &mut found);
    found
}

fn stuck_workers(model: &Model) -> BTreeSet<WorkerId> {
    let rings = model.deadlocks().iter().flat_map(|deadlock| deadlock.cycle.iter().map(|link| link.worker));
    rings.chain(model.stall().map_or_else(Vec::new, |stall| stall.workers)).collect()
}

#[test]
fn recording_begun_late_accuses_nobody_whom_the_whole_run_does_not() {
    let runs = [
        ("deadlock", "2s"),
        ("philosophers", "2s"),
        ("producer-consumer", "1500ms"),
        ("connection-pool", "1500ms"),
        ("readers-writers", "1500ms"),
        ("thread-pool", "1500ms"),
        ("end-mark", "1500ms"),
        ("lock-contention", "1500ms"),
    ];
    for (scenario, limit) in runs {
        let (registry, messages) = record(scenario, limit);
        let whole = model_after(&registry, &messages);
        let now = whole.newest_stamp();
        let ids = |model: &Model| -> BTreeSet<&'static str> {
            let findings = model.findings(now).into_iter();
            findings.filter(|finding| finding.severity == Severity::Error).map(|finding| finding.id).collect()
        };
        for cut in 1..8 {
            let late = begun_late(&messages, messages.len() * cut / 8);
            let part = model_after(&registry, &late);
            let late_anomalies = anomalies(&registry, &late);
            let context = format!("{scenario}, cut at {cut}/8 of {} messages", messages.len());
            assert!(late_anomalies.is_empty(), "{context}: {late_anomalies:#?}");
            let (accused, guilty) = (stuck_workers(&part), stuck_workers(&whole));
            assert!(accused.is_subset(&guilty), "{context}: {accused:?}, in truth {guilty:?}");
            let (found, true_ones) = (ids(&part), ids(&whole));
            assert!(found.is_subset(&true_ones), "{context}: {found:?}, in truth {true_ones:?}");
            assert_eq!(part.health().disagreements, 0, "{context}");
        }
    }
}
