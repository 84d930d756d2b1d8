//! The player of a recording: what it shows, how fast it moves, and where it can jump.
//!
//! A large recording is read while the first picture is on the screen. A jump to a moment that has not been read shows
//! the run as far as it has been, until the moment is reached.

mod finding_log;
mod moment;

use std::io;
use std::sync::Arc;

use super::totals_history::FindingChange;
use crate::model::Model;
use crate::platform::Machine;
use crate::platform::limits::describe_io_error;
use crate::playback::{Playback, PlaybackClock, ReadLimit, Row, Speed, Tape};
use crate::recording::Conclusion;
use crate::scenario::{Scenario, Settings};
use crate::trace::{Event, Notice, Registry, Span, Stamp};
use crate::tui::figures::IntervalRecord;
use crate::tui::slow_motion::caption;
use finding_log::FindingLog;

pub use moment::parse_moment;

/// Events that are read before the first picture: some 50 ms.
const FIRST_SLICE: u64 = 1 << 19;

/// Events that are read in a row while the dashboard waits for input: some 5 ms.
const SLICE: u64 = 1 << 16;

/// Most events of one moment that the screen describes in words.
const MAX_DESCRIBED_EVENTS: usize = 3;

/// A recorded run, to be played in the dashboard.
#[derive(Debug)]
pub struct PlayableRun {
    pub scenario: Arc<Scenario>,
    pub settings: Settings,
    pub registry: Arc<Registry>,
    pub tape: Box<dyn Tape>,
    /// How the run ended, if the recording lasted until then.
    pub conclusion: Option<Conclusion>,
    /// The machine of the run.
    pub machine: Machine,
    /// The time limit of the run.
    pub time_limit: Option<Span>,
    /// The moment at which the recording begins, if that is not the beginning of the run.
    pub begins_at: Option<Stamp>,
    pub start: PlaybackStart,
    /// A sentence about the file, if something is wrong with it.
    pub warning: Option<String>,
}

/// How to begin. Without a moment and a speed, the end of the run is shown, and nothing plays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlaybackStart {
    /// The moment to play from.
    pub from: Option<Stamp>,
    pub speed: Option<Speed>,
}

/// A recording on the screen.
#[derive(Debug)]
pub(super) struct Player {
    playback: Playback<Box<dyn Tape>>,
    clock: PlaybackClock,
    conclusion: Option<Conclusion>,
    begins_at: Stamp,
    /// A moment to show as soon as it has been read.
    target: Option<Stamp>,
    findings: FindingLog,
    /// Why the recording cannot be read on, and whether the user knows.
    failure: Option<(String, bool)>,
}

impl Player {
    /// Returns the player of a tape that begins at `begins_at`, given the model before its first message.
    pub(super) fn new(
        tape: Box<dyn Tape>,
        model: Model,
        conclusion: Option<Conclusion>,
        (begins_at, start): (Option<Stamp>, PlaybackStart),
    ) -> Self {
        let playback = Playback::new(tape, model);
        let mut player = Self {
            findings: FindingLog::over(playback.end()),
            playback,
            clock: PlaybackClock::new(Stamp(0)),
            conclusion,
            begins_at: begins_at.unwrap_or_default(),
            target: None,
            failure: None,
        };
        while player.is_reading() && player.playback.work_read() < FIRST_SLICE {
            player.read_slice();
        }
        player.clock.set_speed(start.speed.unwrap_or(Speed::NORMAL));
        match (start.from, start.speed) {
            (None, None) => player.show(player.end()),
            (from, _) => {
                player.show(from.unwrap_or_default());
                player.clock.play();
            }
        }
        player
    }

    /// Returns the first recorded moment.
    pub(super) const fn begins_at(&self) -> Stamp {
        self.begins_at
    }

    /// Returns the model as of the shown moment.
    pub(super) fn model(&self) -> &Model {
        self.playback.model()
    }

    /// Returns the model of everything that has been read.
    pub(super) fn newest_model(&self) -> &Model {
        self.playback.newest_model()
    }

    /// Returns the model as of an earlier moment than the shown one.
    pub(super) fn model_at(&mut self, at: Stamp) -> Option<&Model> {
        self.playback.model_at(at).ok()
    }

    /// Sums up the events between two moments that have been read.
    pub(super) fn read_interval(&mut self, from: Stamp, to: Stamp) -> Option<IntervalRecord> {
        let read = IntervalRecord::read(&mut self.playback, from, to);
        self.unless_failed(read)
    }

    /// Returns the shown moment.
    pub(super) fn at(&self) -> Stamp {
        if self.target.is_some() { self.playback.at().min(self.end()) } else { self.clock.at() }
    }

    /// Returns the end of the run, or of what the recording has of it.
    pub(super) fn end(&self) -> Stamp {
        if self.failure.is_some() {
            return self.playback.read_until();
        }
        match &self.conclusion {
            Some(conclusion) if !self.playback.is_torn() => conclusion.at,
            _ if self.playback.is_read() => {
                let model = self.playback.newest_model();
                let ended = model.run_end().map(|(at, _)| at).or(model.complete_until());
                ended.unwrap_or_else(|| model.newest_stamp())
            }
            _ => self.playback.end(),
        }
    }

    /// Returns how the run ended, if the recording lasted until then.
    pub(super) fn conclusion(&self) -> Option<&Conclusion> {
        self.conclusion.as_ref().filter(|_| !self.playback.is_torn())
    }

    pub(super) const fn speed(&self) -> Speed {
        self.clock.speed()
    }

    pub(super) const fn is_playing(&self) -> bool {
        self.clock.is_playing()
    }

    /// Whether the recording is still being read.
    pub(super) const fn is_reading(&self) -> bool {
        !self.playback.is_read() && self.failure.is_none()
    }

    /// Returns the share of the recording that has been read, while a moment is awaited.
    pub(super) fn awaited_share(&self) -> Option<f64> {
        self.target?;
        Some(self.playback.read_until().0 as f64 / self.end().0.max(1) as f64)
    }

    /// Whether the picture changes without any input.
    pub(super) const fn is_moving(&self) -> bool {
        self.clock.is_playing() || self.target.is_some()
    }

    /// Takes the reason why the recording cannot be read on, which is shown once.
    pub(super) fn take_failure(&mut self) -> Option<String> {
        let (why, is_shown) = self.failure.as_mut()?;
        (!std::mem::replace(is_shown, true)).then(|| why.clone())
    }

    /// Returns the turned knobs and other rare occurrences in the part that has been read, in order.
    pub(super) fn notices(&self) -> &[(Stamp, Notice)] {
        self.playback.notices()
    }

    /// Reads on for some milliseconds. Returns whether that was the end of the recording.
    pub(super) fn read_slice(&mut self) -> bool {
        if !self.is_reading() {
            return false;
        }
        let read = self.playback.read_on(ReadLimit { work: SLICE, until: self.findings.next_check() });
        self.check_result(read.map(drop));
        let (at, is_read) = (self.playback.read_until(), self.playback.is_read());
        if is_read || at >= self.findings.next_check() {
            let at = if is_read { self.end() } else { at };
            self.findings.observe(self.playback.newest_model(), at);
        }
        is_read
    }

    /// Moves on, with the wall clock at `wall`.
    pub(super) fn tick(&mut self, wall: Stamp) {
        if let Some(target) = self.target {
            self.clock.hold();
            self.show(target);
        } else if self.clock.is_playing() {
            let at = self.clock.advance(wall, self.end());
            // At the end of the run it waits for the rest; before, it moves as far as is known.
            let is_known = self.playback.is_read() || !self.clock.is_playing();
            let known = if is_known { at } else { at.min(self.playback.read_until()) };
            self.show(known);
        }
    }

    /// Shows a moment, as soon as it has been read: the first recorded one for any earlier.
    pub(super) fn show(&mut self, at: Stamp) {
        let at = at.max(self.begins_at).min(self.end());
        self.clock.set(at);
        self.target = None;
        let shown = if self.is_reading() && at > self.playback.read_until() {
            self.target = Some(at);
            self.playback.show_newest();
            Ok(())
        } else if at >= self.end() {
            self.playback.show_newest();
            Ok(())
        } else {
            self.playback.seek(at)
        };
        self.check_result(shown);
    }

    /// Plays on, or pauses. At the end of the run, plays from the first recorded moment.
    pub(super) fn toggle_play(&mut self) {
        if self.clock.is_playing() {
            self.clock.pause();
            return;
        }
        if self.clock.at() >= self.end() {
            self.show(self.begins_at);
        }
        self.clock.play();
    }

    pub(super) fn pause(&mut self) {
        self.clock.pause();
    }

    pub(super) fn change_speed(&mut self, faster: bool) {
        let speed = self.clock.speed();
        self.clock.set_speed(if faster { speed.faster() } else { speed.slower() });
    }

    /// Shows the moment of the event of a row next to `at`, and pauses. Returns what happens then in words.
    pub(super) fn step(&mut self, at: Stamp, row: Row, forward: bool) -> Option<String> {
        let found = if forward { self.playback.next_event(at, row) } else { self.playback.previous_event(at, row) };
        let event = self.unless_failed(found)?.filter(|event| event.at >= self.begins_at)?;
        let events = self.playback.events_at(event.at, row);
        let events = self.unless_failed(events)?;
        self.clock.pause();
        self.show(event.at);
        Some(self.describe_events(&events))
    }

    fn describe_events(&self, events: &[Event]) -> String {
        let then = self.playback.model();
        let words = events.iter().take(MAX_DESCRIBED_EVENTS).map(|event| caption(event, None, then));
        let more = events.len().saturating_sub(MAX_DESCRIBED_EVENTS);
        let more = (more > 0).then(|| format!("{more} more"));
        words.chain(more).collect::<Vec<_>>().join(" · ")
    }

    fn unless_failed<T>(&mut self, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(found) => Some(found),
            Err(error) => {
                self.check_result(Err(error));
                None
            }
        }
    }

    /// Returns the findings of the part of the run that was read, in order of time.
    pub(super) fn finding_changes(&self) -> &[FindingChange] {
        self.findings.changes()
    }

    /// Returns the finding that appears next to `at`, and when.
    pub(super) fn finding_beside(
        &self,
        at: Stamp,
        forward: bool,
        is_listed: impl Fn(&str) -> bool,
    ) -> Option<(Stamp, &'static str)> {
        self.findings.beside(at, forward, is_listed).filter(|(moment, _)| *moment >= self.begins_at)
    }

    /// Returns the mark next to `at`: a turned knob, a resized pool, a death, or a mark of the run or the user.
    pub(super) fn mark_beside(&self, at: Stamp, forward: bool) -> Option<(Stamp, String)> {
        let model = self.playback.newest_model();
        let changes = model.marks().iter().map(|mark| (mark.at, mark.text.clone()));
        let named = model.named_marks().into_iter().map(|mark| (mark.at, mark.text.to_string()));
        let marks = changes.chain(named).filter(|(moment, _)| *moment >= self.begins_at);
        if forward {
            marks.filter(|(moment, _)| *moment > at).min_by_key(|(moment, _)| *moment)
        } else {
            marks.filter(|(moment, _)| *moment < at).max_by_key(|(moment, _)| *moment)
        }
    }

    fn check_result(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            let why = format!("It cannot be read on: {}", describe_io_error(&error));
            self.failure.get_or_insert((why, false));
        }
    }
}
