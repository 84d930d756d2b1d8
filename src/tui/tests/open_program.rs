//! A program that nothing described beforehand: its workers, locks and queues are declared while it runs. The dashboard
//! follows it, records it, and plays the recording; live and replayed reports are equal.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::app_screen::{AT_END, playable_run};
use super::harness::Harness;
use super::script::{Script, ms, scenario};
use crate::model::{Budget, Model, Thresholds};
use crate::platform::Machine;
use crate::recording::{Recorder, Recording};
use crate::report::{
    FollowOptions, Report, TextFormat, describe_run, follow_run, judge_expectations, replay_recording, report_json,
    report_text,
};
use crate::scenario::Scenario;
use crate::source::{EventSource as _, Header, ScriptedSource};
use crate::trace::{
    Declared, Event, EventKind, Evidence, ExitKind, Grant, LockKind, Look, Message, Registry, ResourceId, ResourceInfo,
    ResourceKind, RunEnd, SeenWait, SeenWorker, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};

const CACHE: ResourceId = ResourceId(0);
const INDEX: ResourceId = ResourceId(1);
const JOBS: ResourceId = ResourceId(2);
/// A resource that nothing declares.
const UNKNOWN: ResourceId = ResourceId(30);

/// A name as a hostile program may choose it, and how it is shown.
const HOSTILE: (&str, &str) = ("evil\x1b]0;x\x07\nline", "evil?]0;x? line");

fn worker(id: u32, name: &str, group: &str, kind: WorkerKind) -> Declared {
    let info = WorkerInfo { name: name.into(), group: group.into(), kind, pool: None };
    Declared::Worker { id: WorkerId(id), info }
}

fn connection(id: u32, nth: u32) -> Declared {
    worker(id, &format!("conn-{nth}"), "conn", WorkerKind::Thread)
}

fn resource(id: ResourceId, name: &str, kind: ResourceKind, evidence: Evidence) -> Declared {
    Declared::Resource { id, info: ResourceInfo { name: name.into(), kind }, evidence }
}

fn mutex(id: ResourceId, name: &str, evidence: Evidence) -> Declared {
    resource(id, name, ResourceKind::Mutex { kind: LockKind::Std }, evidence)
}

/// Events of one worker, each at its millisecond.
fn events(worker: u32, events: &[(u64, EventKind)]) -> Message {
    let event = |(at, kind): &(u64, EventKind)| Event { at: ms(*at), worker: WorkerId(worker), kind: *kind };
    Message::Events(events.iter().map(event).collect())
}

fn waits(lock: ResourceId, held: ResourceId, grant: u64) -> [EventKind; 2] {
    let wait = EventKind::LockWait { lock, held_count: 1, timed: false };
    [EventKind::Held { lock: held, grant: Grant(grant) }, wait]
}

/// A look from outside at two workers, each of which waits for a lock that the other one holds.
fn look(at: u64) -> Message {
    let seen = |worker: u32, on: u32, holder: u32| SeenWorker {
        worker: WorkerId(worker),
        moved: 7,
        wait: Some(SeenWait { on: ResourceId(on), is_timed: false, held_by: vec![WorkerId(holder)] }),
    };
    Message::Look(Look { at: ms(at), workers: vec![seen(6, 4, 7), seen(7, 3, 6)] })
}

/// The program starts: threads, a process, locks and a queue appear and are used at once.
fn start() -> Vec<Message> {
    let began = (10, EventKind::LifeBegan);
    let empty = EventKind::Blocked { state: State::Empty, on: Some(JOBS) };
    vec![
        Message::Declare(vec![
            worker(0, "main", "main", WorkerKind::Thread),
            connection(1, 1),
            connection(2, 2),
            connection(3, 3),
            worker(4, "indexer", "indexer", WorkerKind::Process),
            worker(5, HOSTILE.0, HOSTILE.0, WorkerKind::Thread),
            mutex(CACHE, "cache", Evidence::Numbered),
            mutex(INDEX, "index", Evidence::Numbered),
            resource(JOBS, "jobs", ResourceKind::Queue { capacity: 8 }, Evidence::Numbered),
        ]),
        events(0, &[began, (100, EventKind::Put { queue: JOBS, depth: 1 })]),
        events(4, &[began, (20, empty), (110, EventKind::Took { queue: JOBS, depth: 0 })]),
        events(5, &[began]),
        events(2, &[began]),
        events(3, &[began]),
        events(
            1,
            &[
                began,
                (200, EventKind::Acquired { lock: CACHE, grant: Grant(1) }),
                (300, EventKind::Released { lock: CACHE, grant: Grant(1) }),
                (400, EventKind::LifeEnded(ExitKind::Finished)),
            ],
        ),
        Message::Watermark(ms(450)),
    ]
}

/// A connection is gone, another one appears, and a worker and a resource that nothing declared.
fn change() -> Vec<Message> {
    let unknown = EventKind::Blocked { state: State::Empty, on: Some(UNKNOWN) };
    vec![
        Message::Declare(vec![Declared::WorkerGone(WorkerId(1)), connection(8, 4)]),
        Message::Watermark(ms(1_000)),
        events(8, &[(1_010, EventKind::LifeBegan)]),
        events(20, &[(1_200, EventKind::LifeBegan)]),
        events(0, &[(1_210, unknown), (1_230, EventKind::Resumed)]),
        Message::Watermark(ms(1_250)),
    ]
}

/// Two rings close: one of locks with numbered grants, one that is only seen from outside.
fn get_stuck() -> Vec<Message> {
    let [cache_held, index_wait] = waits(INDEX, CACHE, 2);
    let [index_held, cache_wait] = waits(CACHE, INDEX, 1);
    let acquired = |lock, grant| EventKind::Acquired { lock, grant: Grant(grant) };
    vec![
        events(2, &[(1_300, acquired(CACHE, 2)), (1_400, cache_held), (1_400, index_wait)]),
        events(3, &[(1_310, acquired(INDEX, 1)), (1_410, index_held), (1_410, cache_wait)]),
        Message::Declare(vec![
            worker(6, "watched-1", "watched", WorkerKind::Process),
            worker(7, "watched-2", "watched", WorkerKind::Process),
            mutex(ResourceId(3), "left", Evidence::Observed),
            mutex(ResourceId(4), "right", Evidence::Observed),
        ]),
        events(6, &[(1_500, EventKind::LifeBegan)]),
        events(7, &[(1_500, EventKind::LifeBegan)]),
        Message::Watermark(ms(1_750)),
        look(1_700),
        look(1_800),
        Message::Watermark(ms(2_500)),
    ]
}

fn whole_run() -> Vec<Message> {
    let end = Message::Ended { at: ms(2_600), reason: RunEnd::Stopped };
    [start(), change(), get_stuck(), vec![end]].concat()
}

fn open_script(messages: Vec<Message>) -> Script {
    let scenario = scenario();
    let settings = scenario.default_settings();
    let registry = Arc::new(Registry { is_open: true, ..Registry::default() });
    Script { scenario, settings, registry, messages, until: ms(2_600) }
}

/// Returns the report of a run as text and as JSON.
fn reports(model: &Model, ended: &RunEnd, ended_at: Stamp) -> (String, String) {
    let (scenario, machine) = (scenario(), Machine::default());
    let settings = scenario.default_settings();
    let report = Report {
        model,
        scenario: &scenario,
        settings: &settings,
        machine: &machine,
        ended,
        ended_at,
        time_limit: None,
        findings: &model.findings(ended_at),
        muted: &[],
        verdicts: &judge_expectations(model, &scenario, &settings, ended_at),
    };
    (report_text(&report, TextFormat::default()), report_json(&report).expect("it is written"))
}

fn report_of_file(file: &Path) -> (String, String) {
    let mut recording = Recording::open(file).expect("a recording");
    let run = replay_recording(&mut recording, Thresholds::DEFAULT).expect("it is read");
    assert_eq!((recording.damage(), &run.ended), (None, &RunEnd::Stopped));
    reports(&run.model, &run.ended, run.ended_at)
}

/// Checks what a report tells of the whole run.
fn check_reports((text, json): &(String, String)) {
    for sentence in [
        "Proven by the numbers that the locks give to their holders.",
        "Observed, not proven: two looks from outside agree",
        "2 undeclared workers or resources",
        "conn-2 holds cache and waits for index",
        "1 × conn gone",
    ] {
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.join(" ").contains(sentence), "{sentence}: {text}");
    }
    assert!(!text.contains(['\x1b', '\x07']) && !text.contains("impossible"), "{text}");
    let json: Value = serde_json::from_str(json).expect("JSON");
    let rings = json["deadlocks"].as_array().expect("a list");
    let evidence = |worker: &str| {
        let ring = rings.iter().find(|ring| ring["ring"].to_string().contains(worker));
        ring.unwrap_or_else(|| panic!("no ring of {worker}: {rings:?}"))["evidence"].clone()
    };
    assert_eq!((rings.len(), evidence("conn-2"), evidence("watched-1")), (2, "numbered".into(), "observed".into()));
    let gone = &json["gone"]["workers"][0];
    assert_eq!((&gone["group"], &gone["workers"]), (&Value::from("conn"), &Value::from(1)), "{json:#}");
    let all = json.to_string();
    assert!(all.contains(HOSTILE.1) && !all.contains("\\u001b"), "{json:#}");
    assert!(all.contains("\"undeclared\":2"), "{json:#}");
}

fn feed(harness: &mut Harness, messages: &[Message]) {
    for message in messages {
        harness.feed_message(message.clone());
    }
}

#[test]
fn lanes_of_declared_workers_appear_and_gone_ones_fold_into_their_group() {
    let mut harness = Harness::in_picker(&open_script(Vec::new()));
    harness.press_keys("<enter>");
    harness.tick(ms(5));
    assert!(!harness.contains("conn-1"));
    feed(&mut harness, &start());
    harness.tick(ms(450));
    for name in ["main", "conn-1", "conn-2", "indexer", "cache", "index", "jobs", "evil?]0;x? li…"] {
        assert!(harness.contains(name), "{name}: {}", harness.screen_text());
    }
    assert!(!harness.contains("conn-4") && !harness.contains("gone,"), "{}", harness.screen_text());

    feed(&mut harness, &change());
    harness.tick(ms(1_250));
    assert!(!harness.contains("conn-1"), "its lane is gone: {}", harness.screen_text());
    for words in ["conn-4", " 1 gone", "2 undeclared", "undeclared-20"] {
        assert!(harness.contains(words), "{words}: {}", harness.screen_text());
    }

    feed(&mut harness, &get_stuck());
    harness.tick(ms(2_500));
    for words in ["watched-1", "left", "deadlock"] {
        assert!(harness.contains(words), "{words}: {}", harness.screen_text());
    }
    assert_eq!(harness.live_model().health().anomalies, 0);
}

#[test]
fn gone_worker_of_a_folded_group_is_counted_in_its_row() {
    let mut harness = Harness::in_picker(&open_script(Vec::new()));
    harness.press_keys("<enter>");
    feed(&mut harness, &[start(), change()].concat());
    harness.tick(ms(1_250));
    harness.press_keys("jjF"); // the lane of conn-2 is the second one
    assert!(harness.contains("3 conn, 1 gone"), "{}", harness.screen_text());
}

#[test]
fn recording_of_the_dashboard_replays_with_the_report_of_the_live_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut harness = Harness::in_picker(&open_script(Vec::new()));
    harness.press_keys("<enter>");
    harness.record_into(directory.path());
    let messages = whole_run();
    let (before, after) = messages.split_at(messages.len() / 2);
    feed(&mut harness, before);
    harness.press_keys("R");
    feed(&mut harness, after);
    harness.tick(ms(2_600));
    let live = reports(harness.live_model(), &RunEnd::Stopped, ms(2_600));
    check_reports(&live);
    harness.press_keys("R");
    let files = harness.into_recordings();
    assert_eq!((files.len(), &files[0].1.failure), (1, &None));
    assert_eq!(report_of_file(&files[0].0), live);
}

#[test]
fn recording_without_the_dashboard_replays_with_the_report_of_the_live_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("open.contend");
    let registry = Registry { is_open: true, ..Registry::default() };
    let source = ScriptedSource::from_header(Header::new("somebody's\nprogram", Machine::default(), registry));
    let description = describe_run(source.header(), None);
    assert_eq!(description.title, "somebody's program");
    source.send(whole_run());
    source.close();
    let recorder = Some(Recorder::create(&file, &description, None).expect("a file"));
    let live = follow_run(&source, FollowOptions { recorder, ..FollowOptions::default() }, |_, _| {
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!((&live.ended, live.ended_at), (&RunEnd::Stopped, ms(2_600)));
    let live = reports(&live.model, &live.ended, live.ended_at);
    check_reports(&live);
    assert_eq!(report_of_file(&file), live);
}

#[test]
fn played_recording_shows_the_lanes_of_each_moment_and_ends_with_the_live_report() {
    let script = open_script(whole_run());
    let mut harness = Harness::with_recording(&script, AT_END);
    harness.wait_for("watched-1");
    let mut live = Model::new(Arc::clone(&script.registry), Budget::default());
    for message in &script.messages {
        live.apply(message);
    }
    let played = reports(harness.live_model(), &RunEnd::Stopped, ms(2_600));
    assert_eq!(played, reports(&live, &RunEnd::Stopped, ms(2_600)));
    check_reports(&played);
    harness.press_keys("0");
    harness.press_keys("t0.45s<enter>");
    assert!(harness.contains("conn-1") && !harness.contains("watched-1"), "{}", harness.screen_text());
    assert!(playable_run(&script, AT_END).registry.is_open);
}

#[test]
fn lock_that_is_held_for_less_than_tracing_costs_is_marked() {
    let shown = |held: u64| {
        let mut harness = Harness::in_picker(&open_script(Vec::new()));
        harness.press_keys("<enter>");
        let lock = ResourceId(3);
        let at = |us: u64| Stamp(us * 1_000);
        let event = |us: u64, worker: u32, kind| Event { at: at(us), worker: WorkerId(worker), kind };
        let mut all = vec![event(1, 6, EventKind::LifeBegan), event(1, 7, EventKind::LifeBegan)];
        for nth in 0..20 {
            let from = 10_000 + nth * 1_000;
            let grant = |more: u64| Grant(2 * nth + 1 + more);
            all.extend([
                event(from, 6, EventKind::Acquired { lock, grant: grant(0) }),
                event(from + 1, 7, EventKind::LockWait { lock, held_count: 0, timed: false }),
                event(from + held, 6, EventKind::Released { lock, grant: grant(0) }),
                event(from + held, 7, EventKind::Acquired { lock, grant: grant(1) }),
                event(from + 2 * held, 7, EventKind::Released { lock, grant: grant(1) }),
            ]);
        }
        let declared = Message::Declare(vec![
            worker(6, "one", "one", WorkerKind::Thread),
            worker(7, "two", "two", WorkerKind::Thread),
            mutex(lock, "brief", Evidence::Observed),
        ]);
        feed(&mut harness, &[declared, Message::Events(all), Message::Watermark(ms(450))]);
        harness.tick(ms(450));
        let rows = harness.screen_text();
        harness.press_keys("jjj<enter>");
        (rows, harness.screen_text())
    };
    let why = "mostly held for less than 20 µs: tracing adds to its holds and waits";
    let (rows, details) = shown(5);
    assert!(rows.contains("~50 %") && details.contains(why), "{rows}\n{details}");
    let (rows, details) = shown(300);
    assert!(!rows.contains('~') && rows.contains("50 %") && !details.contains(why), "{rows}\n{details}");
}

#[test]
fn thread_of_a_program_that_sleeps_is_not_said_to_wait_for_a_signal() {
    let waits = [(1, EventKind::LifeBegan), (2, EventKind::Blocked { state: State::Signal, on: None })];
    let declared = Message::Declare(vec![worker(0, "one", "one", WorkerKind::Thread)]);
    let messages = vec![declared, events(0, &waits), Message::Watermark(ms(2_000))];
    let said = |scenario: Arc<Scenario>| {
        let script = Script { scenario, until: ms(2_000), ..open_script(messages.clone()) };
        Harness::with_recording(&script, AT_END).screen_text()
    };
    let program = said(Arc::new(Scenario::of_program("bank.py")));
    assert!(program.contains("waiting to be woken") && !program.contains("waiting for a signal"), "{program}");
    let of_scenario = said(scenario());
    assert!(of_scenario.contains("waiting for a signal"), "{of_scenario}");
}
