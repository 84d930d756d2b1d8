//! Tests of recordings that `R` starts and ends, through the real event loop.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::harness::Harness;
use super::script::{contention, ms};
use crate::recording::Recording;
use crate::trace::{Message, Notice, RunEnd, Stamp};

fn note(text: &str) -> Message {
    Message::Notice { at: ms(5_000), notice: Notice::Note(text.into()) }
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = directory.read_dir().expect("a directory").flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn read(path: &Path) -> (Recording, Vec<Message>) {
    let mut recording = Recording::open(path).expect("a recording");
    let mut messages = Vec::new();
    for section in 0..recording.sections().len() {
        messages.extend(recording.read_messages(section).expect("a file").expect("a whole section"));
    }
    (recording, messages)
}

/// Draws frames until the screen has these words.
fn wait_for(harness: &mut Harness, words: &str) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !harness.contains(words) {
        assert!(Instant::now() < deadline, "{words}: {}", harness.screen_text());
        harness.tick(ms(5_100));
        std::thread::sleep(Duration::from_millis(1)); // leaves the core to the writer
    }
}

#[test]
fn file_has_the_run_from_its_start_until_the_key_is_pressed_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let script = contention();
    let mut harness = Harness::after_run(&script);
    harness.record_into(directory.path());
    harness.press_keys("R");
    assert!(harness.contains("Recording to "), "{}", harness.screen_text());
    harness.feed_message(note("recorded"));
    harness.tick(ms(5_050));
    assert!(harness.contains("rec "), "the header says so: {}", harness.screen_text());
    harness.press_keys("R");
    wait_for(&mut harness, "Recorded ");
    assert!(!harness.contains("rec "), "{}", harness.screen_text());
    harness.feed_message(note("not recorded"));

    let files = files_in(directory.path());
    assert_eq!(files.len(), 1, "{files:?}");
    let name = files[0].file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.starts_with("tellers-2") && name.ends_with("Z.contend"), "{name}");
    let (recording, messages) = read(&files[0]);
    assert_eq!((recording.conclusion(), recording.description().begins_at), (None, None));
    let expected: Vec<Message> = script.messages.iter().cloned().chain([note("recorded")]).collect();
    assert!(messages == expected);

    harness.press_keys("R");
    assert!(harness.contains("Recording to "), "{}", harness.screen_text());
    harness.press_keys("R");
    wait_for(&mut harness, "Recorded ");
    assert_eq!(files_in(directory.path()).len(), 2);
}

#[test]
fn run_that_has_ended_is_written_at_once_with_its_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut harness = Harness::after_run(&contention());
    harness.record_into(directory.path());
    harness.feed_message(Message::Ended { at: ms(5_050), reason: RunEnd::Completed });
    harness.press_keys("R");
    wait_for(&mut harness, "Recorded ");
    let (recording, _) = read(&files_in(directory.path())[0]);
    let conclusion = recording.conclusion().expect("the end of the run");
    assert_eq!((conclusion.at, &conclusion.ended), (ms(5_050), &RunEnd::Completed));
}

#[test]
fn file_is_ended_with_the_run_when_the_screen_is_left() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut harness = Harness::after_run(&contention());
    harness.record_into(directory.path());
    harness.press_keys("R<esc><esc>");
    let files = harness.into_recordings();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].1.failure, None);
    let (recording, _) = read(&files[0].0);
    assert_eq!(recording.conclusion().map(|end| end.ended.clone()), Some(RunEnd::Stopped));
}

#[test]
fn file_that_cannot_be_written_is_refused_in_words_and_the_run_goes_on() {
    let mut harness = Harness::after_run(&contention());
    harness.record_into(Path::new("/nowhere"));
    harness.press_keys("R");
    assert!(harness.contains("Not recorded in /nowhere/tellers-"), "{}", harness.screen_text());
    assert!(harness.contains("not found") || harness.contains("No such file"), "{}", harness.screen_text());
    harness.feed_message(Message::Watermark(Stamp(5_200_000_000)));
    harness.tick(ms(5_200));
    assert!(harness.contains("LIVE 5.2 s") && !harness.contains("rec "), "{}", harness.screen_text());
}
