//! Every scenario has a preview: a short recorded run in `previews/`, which the picker shows.
//!
//! `UPDATE_PREVIEWS=1 cargo test --test catalogue previews` records those that are missing or stale. To record others
//! again, delete their files first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::Command;

use contend::catalogue::{self, CatalogueEntry};
use contend::engine::{InputItems, Plan};
use contend::model::{StateTimes, Thresholds};
use contend::playback::write_beginning;
use contend::recording::{Recording, RunDescription};
use contend::report::replay_recording;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{Event, Message, RunEnd, Span, Stamp, State, WorkerId};

use super::replays::files_with_extension;

/// Most bytes of all previews: they are part of the program.
const MAX_BYTES: u64 = 1_400 << 10;

/// Most events of a preview.
const MAX_EVENTS: usize = 6_000;

/// Events of the median worker after which a preview ends: its states are then a few cells long.
const EVENTS_OF_A_WORKER: usize = 50;

/// Most runs of which the calmest becomes the preview.
const MAX_ATTEMPTS: usize = 4;

/// Share of the time without a core from which on another run may be calmer.
const CALM: f64 = 0.02;

/// How long a run that stands still is shown to do so, at least.
const SHORTEST_STANDSTILL: Span = Span::from_millis(1);

/// How long a run is recorded at least.
const SHORTEST_RUN: Span = Span::from_millis(1_000);

/// The length in milliseconds of previews whose scenario needs more time to tell its story, or less.
const LENGTHS: [(&str, u64); 26] = [
    ("pool-shutdown", 300),
    ("head-of-line", 500),
    ("coordinated-omission", 2_000),
    ("poisson-or-steady", 500),
    ("bursts", 1_000),
    ("cas-retry", 150),
    ("ticket-lock-by-hand", 30),
    ("orphaned-lock", 500),
    ("robust-lock", 500),
    ("philosophers", 4_000),
    ("livelock", 60),
    ("connection-pool", 1_000),
    ("consumer-outage", 1_500),
    ("feedback-pipeline", 100),
    ("end-mark", 300),
    ("drain-race", 500),
    ("sentinel", 300),
    ("if-or-while", 60),
    ("group-reused", 20),
    ("crash", 300),
    ("far-memory", 5),
    ("ipc-lab", 5),
    ("thumbnails", 3_000),
    ("grayscale", 3_000),
    ("hash-files", 1_500),
    ("priority-inversion", 300),
];

fn previews() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("previews")
}

fn preview_file(name: &str) -> PathBuf {
    previews().join(name).with_extension("contend")
}

fn checked(entry: &CatalogueEntry) -> Scenario {
    let source = Source { name: entry.name.to_owned(), path: None, text: entry.text.to_owned() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

/// Returns why the preview of a scenario must be recorded again.
fn staleness(entry: &CatalogueEntry) -> Option<String> {
    let mut recording = match Recording::open(&preview_file(entry.name)) {
        Ok(recording) => recording,
        Err(error) => return Some(error.to_string()),
    };
    if let Some(part) = changed_part(&checked(entry), recording.description()) {
        return Some(format!("it shows other {part} than the scenario has now"));
    }
    if recording.damage().is_some() || events_of(&mut recording).is_empty() {
        return Some("it is damaged or empty".to_owned());
    }
    None
}

/// Returns a part in which a recorded scenario differs from the one of today. Texts and expectations do not count.
fn changed_part(today: &Scenario, recorded: &RunDescription) -> Option<&'static str> {
    let Some((scenario, settings)) = &recorded.run else { return Some("scenarios") };
    let mut defaults = today.default_settings();
    defaults.allow_exec = settings.allow_exec;
    let items = InputItems::default();
    let plan = Plan::new(today, &defaults, &items).expect("a scenario of the catalogue can run");
    let is_same = [
        ("workers", plan.registry.workers == recorded.registry.workers),
        ("resources", plan.registry.resources == recorded.registry.resources),
        ("steps", scenario.groups == today.groups && scenario.pools == today.pools),
        ("values of knobs", *settings == defaults),
    ];
    is_same.into_iter().find(|(_, is_same)| !is_same).map(|(part, _)| part)
}

fn events_of<R: Read + Seek>(recording: &mut Recording<R>) -> Vec<Event> {
    fn collect(messages: &[Message], events: &mut Vec<Event>) {
        for message in messages {
            match message {
                Message::Events(of) => events.extend(of),
                Message::Batch(messages) => collect(messages, events),
                _ => {}
            }
        }
    }
    let mut events = Vec::new();
    for section in 0..recording.sections().len() {
        let messages = recording.read_messages(section).expect("it is read").unwrap_or_default();
        collect(&messages, &mut events);
    }
    events.sort_by_key(|event| event.at);
    events
}

/// Runs a scenario, and keeps the beginning of its recording as its preview: of several runs, that of the one which
/// other programs disturbed least.
fn record_preview(name: &str) {
    let mut calmest: Option<(f64, Vec<u8>)> = None;
    for _ in 0..MAX_ATTEMPTS {
        let preview = record_beginning(name);
        let share = share_without_core(&preview);
        if calmest.as_ref().is_none_or(|(least, _)| share < *least) {
            calmest = Some((share, preview));
        }
        if share < CALM {
            break;
        }
    }
    fs::create_dir_all(previews()).expect("a directory");
    let (_, preview) = calmest.expect("it ran");
    fs::write(preview_file(name), preview).expect("it is written");
}

/// Runs a scenario, and returns the beginning of its recording.
fn record_beginning(name: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a directory");
    let whole = directory.path().join("run.contend");
    let length = LENGTHS.iter().find(|(of, _)| *of == name).map(|(_, ms)| Span::from_millis(*ms));
    let run_for = SHORTEST_RUN.max(length.unwrap_or_default() + Span::from_millis(500));
    let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
    contend.args(["run", name, "--headless", "--allow-exec", "--for", &format!("{}ms", run_for.0 / 1_000_000)]);
    let ran = contend.arg("--record").arg(&whole).output().expect("the program starts");
    let mut recording = Recording::open(&whole)
        .unwrap_or_else(|error| panic!("{name}: {error}\n{}", String::from_utf8_lossy(&ran.stderr)));
    let is_whole = recording.conclusion().is_some_and(|end| end.ended == RunEnd::Completed);
    let until = telling_moment(&events_of(&mut recording), length, is_whole);
    let mut preview = Vec::new();
    write_beginning(&mut recording, until, &mut preview).expect("it is written");
    preview
}

/// Returns the share of their time that the workers of a recording had work but no core.
fn share_without_core(recording: &[u8]) -> f64 {
    let mut recording = Recording::from_reader(Cursor::new(recording)).expect("a recording");
    let run = replay_recording(&mut recording, Thresholds::DEFAULT).expect("it is read");
    let mut times = StateTimes::default();
    run.model.lanes().for_each(|(_, lane)| times.add(&lane.total_state_times(run.ended_at)));
    Span(times.get(State::Ready)).share_of(Span(times.alive_ns()))
}

/// Returns the moment at which a preview ends: after its length; otherwise so early that single steps are visible. A
/// run that stands still does so for half of its preview, unless it `is_whole`.
fn telling_moment(events: &[Event], length: Option<Span>, is_whole: bool) -> Stamp {
    let mut workers: BTreeMap<WorkerId, Vec<Stamp>> = BTreeMap::new();
    for event in events {
        workers.entry(event.worker).or_default().push(event.at);
    }
    let last_begin = workers.values().filter_map(|moments| moments.first()).max().copied().unwrap_or_default();
    let busy_until = |moments: &Vec<Stamp>| moments.get(EVENTS_OF_A_WORKER).copied().unwrap_or(Stamp(u64::MAX));
    let mut busy: Vec<Stamp> = workers.values().map(busy_until).collect();
    busy.sort_unstable();
    let (first, last) = events.first().zip(events.last()).map_or_else(Default::default, |(a, b)| (a.at, b.at));
    let all = last.span_since(first);
    let standing_still = last + if is_whole { Span(all.0 / 32) } else { all.max(SHORTEST_STANDSTILL) };
    if let Some(length) = length {
        return standing_still.min(first + length);
    }
    let most = events.get(MAX_EVENTS).map_or(Stamp(u64::MAX), |event| event.at);
    busy.get(busy.len() / 2).copied().unwrap_or_default().max(last_begin).min(standing_still).min(most)
}

#[test]
fn previews_of_all_scenarios_are_current() {
    if std::env::var_os("UPDATE_PREVIEWS").is_some() {
        for entry in catalogue::all().iter().filter(|entry| staleness(entry).is_some()) {
            record_preview(entry.name);
        }
    }
    let stale: Vec<String> =
        catalogue::all().iter().filter_map(|entry| Some(format!("{}: {}", entry.name, staleness(entry)?))).collect();
    assert!(
        stale.is_empty(),
        "`UPDATE_PREVIEWS=1 cargo test --test catalogue previews` records these previews anew:\n{}",
        stale.join("\n")
    );
}

#[test]
fn previews_are_small_and_each_belongs_to_a_scenario() {
    let files = files_with_extension(&previews(), "contend");
    let names: BTreeSet<&str> = catalogue::all().iter().map(|entry| entry.name).collect();
    let is_unused = |file: &&PathBuf| !file.file_stem().is_some_and(|name| names.contains(&*name.to_string_lossy()));
    let unused: Vec<_> = files.iter().filter(is_unused).collect();
    assert!(unused.is_empty(), "previews without a scenario: {unused:?}");
    let bytes: u64 = files.iter().map(|file| fs::metadata(file).expect("a file").len()).sum();
    assert!(bytes <= MAX_BYTES, "all previews together have {bytes} bytes, more than {MAX_BYTES}");
}
