//! Names and texts from sources, whatever they contain, are safe to print and stay on one line.

use std::sync::Arc;

use contend_model::{Budget, Model};
use contend_trace::printable::{is_dangerous, mask_line};
use contend_trace::{
    DeathCause, Declared, Event, EventKind, Evidence, KnobId, LockKind, Message, Notice, PoolId, PoolInfo, Registry,
    ResourceId, ResourceInfo, ResourceKind, Stamp, WorkerId, WorkerInfo, WorkerKind,
};
use proptest::prelude::*;

fn worker(name: &str) -> WorkerInfo {
    WorkerInfo { name: name.into(), group: name.into(), kind: WorkerKind::Thread, pool: None }
}

fn mutex(name: &str) -> ResourceInfo {
    ResourceInfo { name: name.into(), kind: ResourceKind::Mutex { kind: LockKind::Std } }
}

fn pool(name: &str) -> PoolInfo {
    PoolInfo {
        name: name.into(),
        worker_kind: WorkerKind::Thread,
        workers: vec![WorkerId(0)],
        feeder: None,
        queue: ResourceId(0),
        results: None,
        size: 1,
        total_tasks: None,
        restarts_workers: false,
    }
}

/// All texts that a model shows.
fn texts(model: &Model) -> Vec<String> {
    let registry = model.registry();
    let workers = registry.workers.iter().flat_map(|worker| [worker.name.clone(), worker.group.clone()]);
    let resources = registry.resources.iter().map(|resource| resource.name.clone());
    let pools = registry.pools.iter().map(|pool| pool.name.clone());
    let marks = model.marks().iter().map(|mark| mark.text.clone());
    let named = model.named_marks().into_iter().map(|mark| mark.text.into_owned()).collect::<Vec<_>>();
    let log = model.log().iter().map(|line| line.text.clone());
    let failures = model.failures().first_failures().iter().map(|failure| failure.message.clone());
    workers.chain(resources).chain(pools).chain(marks).chain(named).chain(log).chain(failures).collect()
}

/// Every notice that has a text.
fn notices(text: &str) -> Vec<Message> {
    let name = || text.to_owned();
    [
        Notice::KnobSet { knob: KnobId(0), name: name(), value_text: name() },
        Notice::TaskFailed { worker: WorkerId(0), message: name() },
        Notice::Stderr(name()),
        Notice::Note(name()),
        Notice::Mark(name()),
        Notice::Resized { pool: PoolId(0), workers: 2 },
        Notice::Died { worker: WorkerId(0), cause: DeathCause::Exit(1) },
    ]
    .into_iter()
    .map(|notice| Message::Notice { at: Stamp(5), notice })
    .collect()
}

/// Applies all notices with this text, and checks all texts.
fn check(model: &mut Model, name: &str) {
    for notice in notices(name) {
        model.apply(&notice);
    }
    for text in texts(model) {
        assert!(!text.chars().any(is_dangerous), "{text:?}");
    }
    let masked = mask_line(name);
    if !masked.is_empty() {
        assert_eq!(model.registry().worker_name(WorkerId(0)), masked);
        assert_eq!(model.registry().resource_name(ResourceId(0)), masked);
        assert_eq!(model.registry().pool_name(PoolId(0)), masked);
    }
    assert_eq!(model.named_marks().iter().filter(|mark| mark.text == masked).count(), 1, "the user's");
    assert_eq!(model.health().anomalies, 0);
}

proptest! {
    #[test]
    fn every_text_of_a_source_becomes_one_safe_line(
        name in prop_oneof![any::<String>(), Just("\u{1b}]0;x\u{7}\ntwo\tlines\u{202e}".to_owned())],
        times in prop_oneof![9 => Just(1_usize), 1 => 1_usize..400],
    ) {
        let name = name.repeat(times);
        let closed = Registry {
            workers: vec![worker(&name)],
            resources: vec![mutex(&name)],
            pools: vec![pool(&name)],
            marks: vec![format!("{{n}}{name}")],
            ..Registry::default()
        };
        let mut model = Model::new(Arc::new(closed), Budget { bytes: 1 << 16 });
        let mark = EventKind::Mark { text: contend_trace::MarkId(0), number: 7 };
        let event = |kind| Event { at: Stamp(1), worker: WorkerId(0), kind };
        model.apply(&Message::Events(vec![event(EventKind::LifeBegan), event(mark)]));
        check(&mut model, &name);

        let open = Registry { is_open: true, ..Registry::default() };
        let mut model = Model::new(Arc::new(open), Budget { bytes: 1 << 16 });
        model.apply(&Message::Declare(vec![
            Declared::Worker { id: WorkerId(0), info: worker(&name) },
            Declared::Resource { id: ResourceId(0), info: mutex(&name), evidence: Evidence::Observed },
            Declared::Pool { id: PoolId(0), info: pool(&name) },
        ]));
        check(&mut model, &name);
    }
}
