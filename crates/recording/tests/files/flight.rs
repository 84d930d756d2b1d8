//! Recordings that begin while a run goes on, with what memory still holds.

use std::collections::BTreeMap;
use std::path::Path;

use contend_recording::{Damage, FlightRecorder, Recording};
use contend_trace::{EventKind, ExitKind, Message, Notice, Sample, Stamp, WorkerId};

use super::{Event, conclusion, description, messages};

fn read(path: &Path) -> (Recording, Vec<Message>) {
    let mut recording = Recording::open(path).unwrap();
    let mut messages = Vec::new();
    for section in 0..recording.sections().len() {
        messages.extend(recording.read_messages(section).unwrap().unwrap());
    }
    (recording, messages)
}

/// Returns how many events of each worker there are, with those in gaps.
fn count_events(messages: &[Message]) -> BTreeMap<WorkerId, u64> {
    let mut counts = BTreeMap::new();
    for message in messages {
        match message {
            Message::Events(events) => events.iter().for_each(|event| {
                *counts.entry(event.worker).or_default() += match event.kind {
                    EventKind::Gap { lost } => lost,
                    _ => 1,
                };
            }),
            Message::Batch(inner) => {
                for (worker, count) in count_events(inner) {
                    *counts.entry(worker).or_default() += count;
                }
            }
            _ => {}
        }
    }
    counts
}

#[test]
fn file_begun_late_is_the_whole_run_if_memory_holds_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.contend");
    let messages = messages(900, 1);
    let mut flight = FlightRecorder::default();
    for (at, message) in messages.iter().enumerate() {
        if at == 500 {
            flight.start_file(&path, description(), None).unwrap();
        }
        flight.record(message);
    }
    let status = flight.close_file(Some(conclusion())).unwrap().wait();
    assert_eq!((status.failure, status.bytes), (None, std::fs::metadata(&path).unwrap().len()));
    let (recording, found) = read(&path);
    assert!(found == messages);
    assert_eq!(recording.description(), &description(), "it begins with the run");
    assert_eq!((recording.conclusion(), recording.damage()), (Some(&conclusion()), None::<Damage>));
    assert_eq!(flight.file_status(), None);
}

#[test]
fn file_that_is_stopped_before_the_run_ends_has_no_end_of_the_run() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (directory.path().join("1.contend"), directory.path().join("2.contend"));
    let messages = messages(300, 2);
    let mut flight = FlightRecorder::default();
    flight.start_file(&first, description(), None).unwrap();
    messages[..200].iter().for_each(|message| flight.record(message));
    flight.close_file(None).unwrap().wait();
    messages[200..].iter().for_each(|message| flight.record(message));
    flight.start_file(&second, description(), None).unwrap();
    flight.close_file(None).unwrap().wait();
    let (recording, found) = read(&first);
    assert_eq!((recording.conclusion(), recording.damage()), (None, None));
    assert!(found == messages[..200]);
    assert!(read(&second).1 == messages, "a second file has everything, too");
}

#[test]
fn dropped_events_are_counted_as_lost_for_each_worker() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.contend");
    let mut messages = messages(4_000, 3);
    let mark = |text: &str| Message::Notice { at: Stamp(1), notice: Notice::Mark(text.into()) };
    messages.insert(0, mark("early"));
    messages.insert(1, Message::Notice { at: Stamp(1), notice: Notice::Stderr("a line".into()) });
    messages.insert(2, Message::Sample(Sample::EventCost { nanos: 9.0 }));
    let end = Event { at: Stamp(3), worker: WorkerId(9), kind: EventKind::LifeEnded(ExitKind::Finished) };
    messages.insert(3, Message::Events(vec![Event { kind: EventKind::LifeBegan, ..end }, end]));
    let mut flight = FlightRecorder::with_budget(600 << 10);
    for message in &messages {
        flight.record(message);
    }
    flight.start_file(&path, description(), None).unwrap();
    flight.close_file(Some(conclusion())).unwrap().wait();

    let (recording, found) = read(&path);
    let begins_at = recording.description().begins_at.expect("a part was dropped");
    assert_eq!(begins_at, flight.begins_at());
    assert_eq!(count_events(&found), count_events(&messages), "recorded = read + lost, for each worker");
    let Message::Batch(preface) = &found[0] else { panic!("{:?}", found[0]) };
    assert!(preface.contains(&mark("early")), "{preface:?}");
    assert!(preface.contains(&Message::Sample(Sample::EventCost { nanos: 9.0 })));
    assert!(!preface.iter().any(|message| matches!(message, Message::Notice { notice: Notice::Stderr(_), .. })));
    let Message::Events(events) = &preface[0] else { panic!("{preface:?}") };
    let (gaps, life) = events.split_at(events.len() - 2);
    assert_eq!(life, [Event { kind: EventKind::LifeBegan, ..end }, end], "the last life of each worker stays known");
    // Without the waits that they are in.
    let is_wait = |kind: &EventKind| !matches!(kind, EventKind::Acquired { .. } | EventKind::Resumed);
    assert!(gaps.iter().all(|event| is_wait(&event.kind)), "{gaps:?}");
    let rest = found.len() - 1;
    assert!(rest > 0 && found[1..] == messages[messages.len() - rest..], "the rest is whole");
}

#[test]
fn memory_stays_within_its_budget() {
    let mut flight = FlightRecorder::with_budget(1 << 20);
    for message in &messages(8_000, 6) {
        flight.record(message);
    }
    let tape = flight.tape();
    let bytes: usize = (0..tape.section_count()).map(|section| tape.section_bytes(section)).sum();
    assert!((512 << 10..(1 << 20) + (64 << 10)).contains(&bytes), "{bytes}");
    assert!(tape.begins_at() > Stamp(0) && tape.end() > tape.begins_at());
}

#[test]
fn failing_disk_ends_the_file_and_not_the_memory() {
    let mut flight = FlightRecorder::default();
    let messages = messages(300, 4);
    for message in &messages {
        flight.record(message);
    }
    let error = flight.start_file(Path::new("/dev/full"), description(), None).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(28), "{error}");
    let error = flight.start_file(Path::new("/nowhere/run.contend"), description(), None).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(flight.file_status(), None);
    let tape = flight.tape();
    let kept: Vec<Message> =
        (0..tape.section_count()).filter_map(|section| tape.read_section(section)).flatten().collect();
    assert!(kept == messages);
}

#[test]
fn size_limit_ends_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.contend");
    let mut flight = FlightRecorder::default();
    let messages = messages(3_000, 5);
    for message in &messages {
        flight.record(message);
    }
    flight.start_file(&path, description(), Some(100_000)).unwrap();
    let status = flight.close_file(Some(conclusion())).unwrap().wait();
    assert_eq!(status.failure.as_deref(), Some("it reached its size limit"));
    let (recording, found) = read(&path);
    assert_eq!((recording.conclusion(), recording.damage()), (None, None));
    assert!(!found.is_empty() && found == messages[..found.len()]);
}
