//! Muted findings and thresholds of findings: in a live run, in a replay, and in the explanation of a finding.

use super::harness::Harness;
use super::script::{Script, contention, everything_wrong};
use crate::model::{FindingOptions, Threshold, Thresholds};
use crate::trace::FindingId;
use crate::tui::PlaybackStart;

fn muted(finding: FindingId) -> FindingOptions {
    FindingOptions { muted: vec![finding], thresholds: Thresholds::DEFAULT }
}

fn with_threshold(id: &str, value: f64) -> FindingOptions {
    let threshold = Threshold::of(id).expect("a finding with a threshold");
    let thresholds = Thresholds::DEFAULT.with(threshold, value).expect("a permitted value");
    FindingOptions { muted: Vec::new(), thresholds }
}

fn replayed(script: &Script, options: FindingOptions) -> Harness {
    Harness::with_recording_and_options(script, PlaybackStart::default(), options)
}

fn live(script: &Script, options: FindingOptions) -> Harness {
    let mut harness = Harness::in_picker(script);
    harness.app().finding_options = options;
    harness.press_keys("<enter>");
    harness.play(script);
    harness
}

/// Explains the finding with this id, one of the first two.
fn explain_finding(harness: &mut Harness, id: &str) {
    for keys in ["<tab>je", "eje", "e"].into_iter().cycle().take(36) {
        harness.press_keys(keys);
        if harness.contains(&format!(" {id} ─")) {
            return;
        }
    }
    panic!("{id} cannot be chosen:\n{}", harness.screen_text());
}

#[test]
fn findings_muted_on_the_command_line_are_hidden_in_live_runs_and_replays() {
    for (how, start) in [("live", live as fn(&Script, FindingOptions) -> Harness), ("replayed", replayed)] {
        let usual = start(&everything_wrong(), FindingOptions::default());
        assert!(usual.contains("worker-1 panicked"), "{how}: {}", usual.screen_text());
        let mut harness = start(&everything_wrong(), muted(FindingId::Crashed));
        assert!(harness.contains(" 1 muted"), "{how}: {}", harness.screen_text());
        assert!(!harness.contains("worker-1 panicked"), "{how}: {}", harness.screen_text());
        harness.press_keys("A");
        assert!(harness.contains("worker-1 panicked"), "{how}: {}", harness.screen_text());
    }
}

#[test]
fn key_mutes_a_finding_of_a_replay() {
    let mut harness = replayed(&everything_wrong(), FindingOptions::default());
    explain_finding(&mut harness, "crashed");
    harness.press_keys("<esc>u");
    assert!(harness.contains("Findings crashed are muted; A shows them again"), "{}", harness.screen_text());
    harness.press_keys("j");
    assert!(harness.contains(" 1 muted"), "{}", harness.screen_text());
}

/// Goes through the panes until this finding is on screen. Returns whether it is in any.
fn lists_finding(harness: &mut Harness, id: &str) -> bool {
    for _ in 0..12 {
        if harness.contains(id) {
            return true;
        }
        harness.press_keys("<tab>");
    }
    false
}

/// Each of three tellers waits a sixth of its time for the lock.
#[test]
fn threshold_shows_a_finding_in_live_runs_and_replays() {
    for (how, start) in [("live", live as fn(&Script, FindingOptions) -> Harness), ("replayed", replayed)] {
        let usual = start(&contention(), FindingOptions::default());
        assert!(!usual.contains("lock-bound") && !usual.contains("threshold"), "{how}: {}", usual.screen_text());
        let mut harness = start(&contention(), with_threshold("lock-bound", 0.1));
        assert!(lists_finding(&mut harness, "lock-bound"), "{how}: {}", harness.screen_text());
        assert!(harness.contains(" 1 threshold set"), "{how}: {}", harness.screen_text());
    }
}

#[test]
fn explanation_of_a_finding_has_its_meaning_threshold_and_mute() {
    let mut harness = live(&contention(), with_threshold("lock-bound", 0.1));
    explain_finding(&mut harness, "lock-bound");
    let shown = harness.screen_text();
    for words in [
        "A lock, or all permits of a semaphore, is nearly always in use, and its users wait.",
        "Least share of its users' time that goes into waiting for the lock: 10 % (set; default 30 %).",
        "--mute lock-bound",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let mut harness = live(&everything_wrong(), FindingOptions::default());
    explain_finding(&mut harness, "crashed");
    assert!(harness.contains("It rests on facts, not on a measure: it has no threshold."), "{}", harness.screen_text());
}

#[test]
fn restarted_run_keeps_thresholds_and_muted_findings() {
    let mut harness = live(&contention(), with_threshold("lock-bound", 0.1));
    harness.press_keys("r");
    harness.play(&contention());
    assert!(harness.contains("1 threshold set"), "{}", harness.screen_text());
    assert!(lists_finding(&mut harness, "lock-bound"), "{}", harness.screen_text());
    let mut harness = live(&everything_wrong(), muted(FindingId::Crashed));
    harness.press_keys("r");
    harness.play(&everything_wrong());
    assert!(harness.contains(" 1 muted"), "{}", harness.screen_text());
}
