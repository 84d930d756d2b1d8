//! Recordings as files: whole, cut, changed, and on disks that fail.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod flight;
mod random_messages;
#[path = "../../../../tests/support/whole.rs"]
mod whole;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use contend_platform::Machine;
use contend_recording::{
    Conclusion, Damage, FILE_MAGIC, FORMAT_VERSION, OLDEST_VERSION, OpenError, Recorder, Recording, RunDescription,
};
use contend_trace::{
    Event, EventKind, Grant, Message, Notice, Registry, ResourceId, RunEnd, Stamp, State, WorkerId, WorkerKind,
};
use fastrand::Rng;
use proptest::prelude::*;
use random_messages::random_messages;

fn description() -> RunDescription {
    RunDescription {
        program_version: "1.2.3".into(),
        title: "a test".into(),
        machine: Machine { cores: 2, usable: 2, quota: None, os: "Linux 6".into() },
        registry: Registry::default(),
        run: None,
        time_limit: None,
        begins_at: None,
    }
}

fn conclusion() -> Conclusion {
    Conclusion { at: Stamp(9), ended: RunEnd::Completed, signal: None }
}

/// Returns messages such as a run sends: many events of some workers, in order within each, and a watermark.
fn messages(count: usize, seed: u64) -> Vec<Message> {
    let mut rng = Rng::with_seed(seed);
    let mut now = 0;
    let mut grant = 0;
    let mut one = || {
        let mut events = Vec::new();
        for worker in 0..rng.u32(1..5) {
            for _ in 0..rng.usize(..100) {
                now += rng.u64(..2_000);
                grant += 1;
                let lock = ResourceId(rng.u32(..3));
                let kind = match rng.u8(..4) {
                    0 => EventKind::Acquired { lock, grant: Grant(grant) },
                    1 => EventKind::Released { lock, grant: Grant(grant) },
                    2 => EventKind::LockWait { lock, held_count: 0, timed: false },
                    _ => EventKind::Blocked { state: State::Sleep, on: None },
                };
                events.push(Event { at: Stamp(now), worker: WorkerId(worker), kind });
            }
        }
        Message::Batch(vec![Message::Events(events), Message::Watermark(Stamp(now))])
    };
    (0..count).map(|_| one()).collect()
}

/// Records messages into a file and returns its bytes.
fn record(messages: &[Message], conclusion: Option<Conclusion>) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.contend");
    let mut recorder = Recorder::create(&path, &description(), None).unwrap();
    for message in messages {
        recorder.record(message);
    }
    match conclusion {
        Some(conclusion) => {
            let status = recorder.finish(conclusion);
            assert_eq!((status.failure, status.bytes), (None, fs::metadata(&path).unwrap().len()));
        }
        None => drop(recorder),
    }
    fs::read(&path).unwrap()
}

fn read_all(recording: &mut Recording<Cursor<Vec<u8>>>) -> Vec<Message> {
    let mut messages = Vec::new();
    for section in 0..recording.sections().len() {
        let Some(section) = recording.read_messages(section).unwrap() else { break };
        messages.extend(section);
    }
    messages
}

fn open(bytes: Vec<u8>) -> Result<Recording<Cursor<Vec<u8>>>, OpenError> {
    Recording::from_reader(Cursor::new(bytes))
}

#[test]
fn recorded_messages_are_read_unchanged() {
    let messages = messages(3_000, 1);
    let mut recording = open(record(&messages, Some(conclusion()))).unwrap();
    assert_eq!(recording.description(), &description());
    assert_eq!((recording.conclusion(), recording.damage()), (Some(&conclusion()), None));
    assert!(recording.sections().len() > 1, "several sections");
    assert!(read_all(&mut recording) == messages);
}

#[test]
fn text_of_a_recording_is_safe_to_print() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.contend");
    let mut description = description();
    description.registry.add_worker("\x1b]0;owned\x07", WorkerKind::Thread);
    let mut recorder = Recorder::create(&path, &description, None).unwrap();
    recorder.record(&Message::Notice { at: Stamp(1), notice: Notice::Note("\u{202e}late\x1b[2J".into()) });
    recorder.finish(Conclusion { ended: RunEnd::Crashed("\x1bc".into()), ..conclusion() });
    let mut recording = open(fs::read(&path).unwrap()).unwrap();
    assert_eq!(recording.description().registry.worker_name(WorkerId(0)), "?]0;owned?");
    assert_eq!(recording.conclusion().unwrap().ended, RunEnd::Crashed("?c".into()));
    let note = Notice::Note("\u{fffd}late?[2J".into());
    assert_eq!(read_all(&mut recording), [Message::Notice { at: Stamp(1), notice: note }]);
}

#[test]
fn index_lists_the_time_and_the_events_of_each_section() {
    let messages = messages(3_000, 2);
    let mut recording = open(record(&messages, Some(conclusion()))).unwrap();
    let sections = recording.sections().to_vec();
    let count = |messages: &[Message]| {
        let events = messages.iter().map(|message| match message {
            Message::Batch(parts) => match &parts[0] {
                Message::Events(events) => events.len() as u64,
                _ => 0,
            },
            _ => 0,
        });
        events.sum::<u64>()
    };
    assert_eq!(sections.iter().map(|section| section.events).sum::<u64>(), count(&messages));
    for (number, section) in sections.iter().enumerate() {
        assert_eq!(count(&recording.read_messages(number).unwrap().unwrap()), section.events);
        assert!(section.first <= section.last);
    }
    assert!(sections.is_sorted_by_key(|section| section.first));
}

#[test]
fn recording_without_the_end_of_the_run_is_read_to_its_last_message() {
    let messages = messages(50, 3);
    let mut recording = open(record(&messages, None)).unwrap();
    assert_eq!((recording.conclusion(), recording.damage()), (None, None));
    assert!(read_all(&mut recording) == messages);
}

#[test]
fn events_of_a_lock_take_few_bytes() {
    let messages = messages(3_000, 4);
    let bytes = record(&messages, Some(conclusion()));
    let events: u64 = open(bytes.clone()).unwrap().sections().iter().map(|section| section.events).sum();
    let each = bytes.len() as f64 / events as f64;
    assert!(each < 6.0, "{each} bytes an event");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(whole::inputs(16, 64)))]

    /// A cut costs at most the section in which it is.
    #[test]
    fn file_cut_anywhere_is_read_up_to_its_last_whole_section(part in 0.0..1.0_f64) {
        let messages = messages(3_000, 5);
        let mut bytes = record(&messages, Some(conclusion()));
        let whole = open(bytes.clone()).unwrap();
        let cut = (bytes.len() as f64 * part) as usize;
        let complete = whole.sections().iter().skip(1).filter(|section| section.offset <= cut as u64).count();
        bytes.truncate(cut);
        match open(bytes) {
            Ok(mut recording) => {
                prop_assert_eq!(recording.damage(), Some(Damage::Cut));
                prop_assert!(recording.sections().len() >= complete);
                let read = read_all(&mut recording);
                prop_assert!(read.len() <= messages.len() && read == messages[..read.len()]);
            }
            Err(error) => {
                prop_assert!(matches!(error, OpenError::NotARecording | OpenError::NoDescription), "{error}");
                prop_assert!(complete == 0);
            }
        }
    }

    /// A changed byte is found: the messages read then are a part of the recorded ones.
    #[test]
    fn changed_byte_is_found(part in 0.0..1.0_f64, flip in 1..=255_u8) {
        let messages = messages(300, 6);
        let mut bytes = record(&messages, Some(conclusion()));
        let at = (bytes.len() as f64 * part) as usize;
        bytes[at] ^= flip;
        if let Ok(mut recording) = open(bytes) {
            let read = read_all(&mut recording);
            prop_assert!(read == messages[..read.len()]);
            prop_assert!(read.len() == messages.len() || recording.damage().is_some());
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), valid in any::<bool>()) {
        let mut file = if valid { record(&[], None) } else { Vec::new() };
        file.extend(bytes);
        if let Ok(mut recording) = open(file) {
            read_all(&mut recording);
        }
    }
}

#[test]
fn other_version_is_refused_by_name() {
    let bytes = record(&[], Some(conclusion()));
    for version in [0, 1, OLDEST_VERSION - 1, OLDEST_VERSION, FORMAT_VERSION, FORMAT_VERSION + 1, 99, u32::MAX] {
        let mut bytes = bytes.clone();
        bytes[FILE_MAGIC.len()..][..4].copy_from_slice(&version.to_le_bytes());
        if (OLDEST_VERSION..=FORMAT_VERSION).contains(&version) {
            assert!(open(bytes).is_ok(), "version {version}");
            continue;
        }
        let error = open(bytes).unwrap_err();
        assert!(matches!(error, OpenError::OtherVersion(found) if found == version), "{error}");
        assert!(error.to_string().contains(&format!("version {version} of the format")), "{error}");
    }
    assert!(matches!(open(b"title \"no recording\"".to_vec()), Err(OpenError::NotARecording)));
}

#[test]
fn full_disk_ends_the_recording_and_not_the_run() {
    let full = Path::new("/dev/full");
    let error = Recorder::create(full, &description(), None).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(28), "{error}");
}

#[test]
fn size_limit_ends_the_recording_with_a_readable_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.contend");
    let mut recorder = Recorder::create(&path, &description(), Some(200_000)).unwrap();
    let messages = messages(6_000, 7);
    for message in &messages {
        recorder.record(message);
        if recorder.status().failure.is_some() {
            break;
        }
    }
    let status = recorder.finish(conclusion());
    assert!(status.failure.unwrap().contains("size limit"));
    let mut recording = open(fs::read(&path).unwrap()).unwrap();
    assert_eq!((recording.damage(), recording.conclusion()), (None, None));
    let read = read_all(&mut recording);
    assert!(!read.is_empty() && read == messages[..read.len()]);
}

#[test]
fn file_that_is_not_a_recording_is_not_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("thesis.txt");
    fs::write(&path, "years of work").unwrap();
    let error = Recorder::create(&path, &description(), None).unwrap_err();
    assert!(error.to_string().contains("choose another name"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"years of work");
    fs::write(&path, record(&[], None)).unwrap();
    drop(Recorder::create(&path, &description(), None).unwrap());
}

/// Asserts that so many random messages are read from their files as they were recorded.
fn check_round_trip(files: u64, messages_per_file: usize) {
    for seed in 0..files {
        let messages = random_messages(messages_per_file, seed);
        let mut recording = open(record(&messages, Some(conclusion()))).unwrap();
        assert!(read_all(&mut recording) == messages, "seed {seed}");
        assert_eq!(recording.damage(), None);
    }
}

#[test]
fn messages_of_every_kind_are_read_unchanged() {
    check_round_trip(2, 10_000);
}

#[test]
#[ignore = "long: ten million messages, about a minute in a release build"]
fn ten_million_messages_are_read_unchanged() {
    check_round_trip(200, 50_000);
}
