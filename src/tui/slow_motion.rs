//! Slow motion: the last steps of the live run, one by one, each with a caption, while collection goes on.
//!
//! The steps come from what memory holds of the run. A playback of the same messages gives the model just after each
//! step; a view of its own draws it.

mod caption;
mod steps;

use std::sync::Arc;

use super::axis::round_up_125;
use super::run_view::{RunView, Selection};
use crate::model::{Budget, Model};
use crate::playback::{CheckpointLimit, Playback, ReadLimit, Row};
use crate::recording::FlightTape;
use crate::trace::{Registry, Span, Stamp};
pub(super) use caption::caption;
use steps::{Cast, Focus, Step, find_steps};

/// How long a step is shown, as a multiple of the time that its caption takes to read, from the fastest pace to the
/// slowest.
const PACES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
const FIRST_PACE: usize = 2;

/// The time to notice a new caption, and to read a character of it.
const NOTICE_TIME: Span = Span::from_millis(400);
const CHAR_TIME: Span = Span::from_millis(20);

/// Work of the playback in one frame, about as many events, until it has reached the first step.
const WORK_PER_FRAME: u64 = 1 << 18;

/// Most bytes of the copies of the model from which the playback goes forward.
const CHECKPOINT_BYTES: usize = 12 << 20;

/// Steps that a window typically shows.
const STEPS_PER_WINDOW: usize = 12;

/// A run in slow motion.
pub(super) struct SlowMotion {
    /// The view of the live run, which goes on.
    pub(super) live: Box<RunView>,
    playback: Playback<FlightTape>,
    steps: Vec<Step>,
    index: usize,
    /// `None` until the playback has reached the first step.
    shown: Option<String>,
    is_playing: bool,
    pace: usize,
    /// The clock when the step appeared; `None` until the first frame after that.
    appeared_at: Option<Stamp>,
}

impl SlowMotion {
    /// Prepares the last moments: those before the deadlock closed, or around the cursor, or the newest. `registry` is
    /// that of the beginning of the run.
    ///
    /// # Errors
    /// If memory holds no step; the view is returned with a sentence.
    pub(super) fn new(
        live: Box<RunView>,
        tape: FlightTape,
        registry: Registry,
    ) -> Result<Self, (Box<RunView>, &'static str)> {
        let (focus, cast) = choose_focus(&live, &tape);
        let steps = find_steps(&tape, focus, &cast);
        if steps.is_empty() {
            return Err((live, "Memory holds no step of these moments"));
        }
        let registry = Arc::new(registry);
        let thresholds = *live.newest_model().thresholds();
        let model = Model::new(Arc::clone(&registry), Budget::for_registry(&registry)).with_thresholds(thresholds);
        let limit = CheckpointLimit { bytes: CHECKPOINT_BYTES, ..CheckpointLimit::default() };
        let playback = Playback::with_checkpoint_limit(tape, model, limit);
        let (pace, appeared_at) = (FIRST_PACE, None);
        Ok(Self { live, playback, steps, index: 0, shown: None, is_playing: true, pace, appeared_at })
    }

    /// Returns the view that shows the steps.
    pub(super) fn new_view(&self) -> RunView {
        let model = self.playback.newest_model().clone();
        let mut view = self.live.at_past_moment(model, self.steps[0].event.at);
        view.cell = self.cell(view.drawn_axis().columns);
        view
    }

    /// Returns a length of cells with which a window shows some steps.
    fn cell(&self, columns: u16) -> Span {
        let size = STEPS_PER_WINDOW.min(self.steps.len());
        let mut spans: Vec<u64> =
            self.steps.windows(size).map(|some| some[size - 1].event.at.span_since(some[0].event.at).0).collect();
        spans.sort_unstable();
        let typical = spans.get(spans.len() / 2).copied().unwrap_or_default();
        Span(round_up_125(typical / u64::from(columns.max(1))).max(1_000))
    }

    /// Handles a frame that is due, with the clock at `now`. Returns whether the picture changed.
    pub(super) fn tick(&mut self, view: &mut RunView, now: Stamp) -> bool {
        if self.shown.is_none() {
            let until = self.steps[0].event.at;
            let is_read = self.playback.read_on(ReadLimit { work: WORK_PER_FRAME, until });
            if matches!(is_read, Ok(false)) && self.playback.read_until() < until {
                return false;
            }
            self.show(view);
            return true;
        }
        if !self.is_playing {
            return false;
        }
        // The time counts from the first frame with the step: a slow terminal shows each step, and as long.
        let appeared_at = *self.appeared_at.get_or_insert(now);
        if now.span_since(appeared_at) < self.step_time() {
            return false;
        }
        self.step(view, 1);
        true
    }

    /// Shows the step this far from the present one.
    pub(super) fn step(&mut self, view: &mut RunView, by: isize) {
        self.index = self.index.saturating_add_signed(by).min(self.steps.len() - 1);
        if self.index + 1 == self.steps.len() {
            self.is_playing = false;
        }
        if self.shown.is_some() {
            self.show(view);
        }
    }

    /// Pauses, or plays on; from the end, again from the first step.
    pub(super) fn toggle(&mut self, view: &mut RunView) {
        self.is_playing = !self.is_playing;
        if self.is_playing && self.index + 1 == self.steps.len() {
            self.step(view, isize::MIN / 2);
            self.is_playing = true;
        }
        self.appeared_at = None;
    }

    /// Returns how long the present step is shown.
    fn step_time(&self) -> Span {
        let chars = self.shown.as_ref().map_or(0, |caption| caption.chars().count());
        let reading = NOTICE_TIME.0 + CHAR_TIME.0 * chars as u64;
        Span((reading as f64 * PACES[self.pace]) as u64)
    }

    pub(super) fn pause(&mut self) {
        self.is_playing = false;
    }

    /// Makes the next steps follow faster, or more slowly.
    pub(super) fn change_pace(&mut self, faster: bool) {
        self.pace = if faster { self.pace.saturating_sub(1) } else { (self.pace + 1).min(PACES.len() - 1) };
    }

    /// Whether the picture changes without any input.
    pub(super) fn is_animating(&self) -> bool {
        self.is_playing || self.shown.is_none()
    }

    /// Returns the line below the picture: which step, when, and what happens.
    pub(super) fn caption(&self) -> String {
        let Some(shown) = &self.shown else { return "Reading what memory holds".into() };
        let number = format!("{}/{}", self.index + 1, self.steps.len());
        let state = if self.is_playing { "" } else { " paused" };
        format!("{number}{state}  {shown}")
    }

    /// Shows the present step.
    fn show(&mut self, view: &mut RunView) {
        self.appeared_at = None;
        let Step { event, waited } = self.steps[self.index];
        if self.playback.seek(event.at).is_err() {
            return; // a tape in memory can be read
        }
        let then = self.playback.model();
        let before = self.index.checked_sub(1).map(|index| event.at.span_since(self.steps[index].event.at));
        let since = before.map_or(String::new(), |since| format!("+{since}  "));
        self.shown = Some(format!("{since}{}", caption(&event, waited, then)));
        view.show_past_moment(then.clone(), event.at);
        view.selection = Some(Selection::Lane(event.worker));
        view.keep_in_window(event.at);
    }
}

/// Chooses what to play.
fn choose_focus(live: &RunView, tape: &FlightTape) -> (Focus, Cast) {
    let row = match live.selection {
        Some(Selection::Lane(worker)) => Row::Worker(worker),
        Some(Selection::Lock(resource) | Selection::Queue(resource)) => Row::Resource(resource),
        _ => Row::All,
    };
    if let Some(at) = live.cursor {
        return (Focus::Around(at), Cast::Row(row));
    }
    let is_kept = |at: Stamp| at >= tape.begins_at();
    match live.shown_deadlocks().last() {
        Some(deadlock) if row == Row::All && is_kept(deadlock.closed_at) => {
            let ring = deadlock.cycle.iter().map(|link| link.worker).collect();
            (Focus::Before(deadlock.closed_at), Cast::Workers(ring))
        }
        _ => (Focus::Before(live.now), Cast::Row(row)),
    }
}
