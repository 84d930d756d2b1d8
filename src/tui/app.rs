//! The state of the dashboard, and how keys and events change it.
//!
//! Changes happen in [`App::update`] alone. It reads no clock, does no I/O and draws nothing; it returns what the event
//! loop must do as [`Effect`]s.

mod comparison_keys;
mod event;
mod file_reload;
mod initial_screen;
mod key_dispatch;
mod mode;
mod mouse;
mod picker_keys;
mod prediction;
mod replay_keys;
mod run_keys;
mod slow_motion;
mod timeline;
mod tour;
mod tune_keys;

use std::sync::Arc;

use ratatui::layout::Rect;

use super::SettingOverrides;
use super::keys::KeyContext;
use super::layout::{LargeLayout, RunLayout};
use super::picker::{Picker, PickerEntry};
use super::player::Player;
use super::question_page::QuestionPage;
use super::run_view::{LetterSize, Pane, Prediction, RunView};
use super::slow_motion::SlowMotion;
use super::theme::{Theme, Themes};
use super::tour::TourPlayer;
use super::tune_view::{TuneLayout, TuneView};
use crate::model::FindingOptions;
use crate::recording::RecordingStatus;
use crate::scenario::{Scenario, Settings};
use crate::trace::{Message, Registry, RunEnd, Span, Stamp};

pub(super) use event::{AppEvent, Effect};
pub(super) use mode::{CurrentView, Mode};
pub(super) use timeline::Timeline;
pub(super) use tour::describe_wait;

pub(super) struct App {
    pub(super) current_view: CurrentView,
    pub(super) mode: Mode,
    pub(super) picker: Picker,
    pub(super) theme: Theme,
    /// The themes that a key goes through.
    pub(super) themes: Themes,
    /// The question page, shown instead of the current view.
    pub(super) question: Option<QuestionPage>,
    /// Whether no guardian would restore the terminal if this process were killed.
    pub(super) is_unguarded: bool,
    /// Whether to show a scenario's question before it runs.
    pub(super) ask_questions: bool,
    /// Longest time a run may take.
    pub(super) time_limit: Option<Span>,
    /// The run in slow motion, whose view is the current one.
    pub(super) slow_motion: Option<Box<SlowMotion>>,
    /// Findings that are not listed, and thresholds of findings.
    pub(super) finding_options: FindingOptions,
    /// How far the recording of the run is.
    pub(super) recording: Option<RecordingStatus>,
    /// The tuning on screen, if there is one.
    pub(super) tune_view: Option<Box<TuneView>>,
    /// How large runs are drawn.
    letters: LetterSize,
    /// The tour, also while the user has left it.
    pub(super) tour: Option<Box<TourPlayer>>,
    /// The prediction for the run that is being started.
    next_prediction: Prediction,
    /// Settings for a scenario whose file had mistakes when the dashboard started.
    overrides: SettingOverrides,
    /// Response to the last key, shown in place of the legend.
    pub(super) status_message: Option<String>,
    drag: mouse::Drag,
    size: Rect,
    /// The timeline of the run as of the last layout.
    timeline: Option<Timeline>,
    dirty: bool,
}

impl App {
    pub(super) fn new(picker: Picker, theme: Theme, size: Rect) -> Self {
        let drag = mouse::Drag::default();
        Self {
            current_view: CurrentView::Picker,
            mode: Mode::Browse,
            picker,
            theme,
            themes: theme.into(),
            question: None,
            is_unguarded: false,
            ask_questions: false,
            time_limit: None,
            slow_motion: None,
            finding_options: FindingOptions::default(),
            recording: None,
            tune_view: None,
            letters: LetterSize::default(),
            tour: None,
            next_prediction: Prediction::default(),
            overrides: SettingOverrides::default(),
            status_message: None,
            drag,
            size,
            timeline: None,
            dirty: true,
        }
    }

    /// Changes the state and returns the effects.
    pub(super) fn update(&mut self, msg: AppEvent) -> Vec<Effect> {
        match msg {
            AppEvent::Input(event) => {
                self.dirty = true;
                return self.handle_input(event);
            }
            AppEvent::Suspend => return self.suspend(),
            AppEvent::TuneUpdate(update) => self.apply_tune_update(update),
            AppEvent::MeasuringEnded => return self.handle_measuring_ended(),
            AppEvent::FileSaved(Ok(source)) => {
                self.dirty = true;
                return self.handle_saved_file(source);
            }
            AppEvent::Resized(size) => self.size = size,
            AppEvent::Tick { now, late } => return self.tick(now, late),
            AppEvent::TourTick(clock) => return self.tick_tour(clock),
            AppEvent::RunMessage(message) => {
                if let Some(slow) = &mut self.slow_motion {
                    slow.live.apply(&message);
                    return Vec::new();
                }
                let CurrentView::Run(view) = &mut self.current_view else { return Vec::new() };
                self.dirty |= view.apply(&message);
                self.show_answer_if_due();
                return Vec::new();
            }
            AppEvent::TapeReady(tape) => {
                let (tape, registry) = *tape;
                self.start_slow_motion(tape, registry);
            }
            AppEvent::PastEventsReady(tape) => {
                if let CurrentView::Run(view) = &mut self.current_view {
                    view.take_past_events(tape.map(|tape| *tape));
                }
            }
            AppEvent::Idle => {
                let CurrentView::Run(view) = &mut self.current_view else { return Vec::new() };
                self.dirty |= if view.is_reading_past() { view.read_past_slice() } else { view.read_recording() };
                return Vec::new();
            }
            AppEvent::RunClosed { now } => self.handle_run_closed(now),
            AppEvent::RunStarted { scenario, settings, registry } => {
                self.handle_run_started(scenario, settings, registry);
                self.note_tour_run();
            }
            AppEvent::EditorClosed(Ok(source)) => self.picker.insert_or_replace(PickerEntry::new(source)),
            AppEvent::RecordingOpened(opened) => self.handle_opened_recording(opened),
            AppEvent::StartFailed(why) => {
                self.next_prediction = Prediction::default();
                self.status_message = Some(why).filter(|why| !self.fail_tour_run(why));
            }
            AppEvent::EditorClosed(Err(why)) | AppEvent::FileSaved(Err(why)) => self.status_message = Some(why),
        }
        self.dirty = true;
        self.update_layout();
        let mut effects = self.advance_tour();
        effects.extend(self.update_details());
        effects
    }

    /// Whether there is something to draw; clears the flag. Called once a frame.
    pub(super) fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    pub(super) const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Records whether a guardian would restore the terminal if this process were killed.
    pub(super) fn set_guarded(&mut self, is: bool) {
        self.dirty |= self.is_unguarded == is;
        self.is_unguarded = !is;
    }

    /// Asks for another frame, because the last one could not be drawn.
    pub(super) fn mark_dirty(&mut self) {
        self.dirty = true;
    }

    /// Whether the picture changes without any input.
    pub(super) fn is_animating(&self) -> bool {
        if self.tour.as_ref().is_some_and(|tour| tour.needs_clock()) {
            return true;
        }
        match &self.current_view {
            CurrentView::Picker => false,
            CurrentView::Tune => self.tune_view.as_ref().is_some_and(|tune_view| !tune_view.is_over),
            CurrentView::Run(view) => {
                view.is_animating() || self.slow_motion.as_ref().is_some_and(|slow| slow.is_animating())
            }
        }
    }

    /// Whether there is something to do while nothing happens.
    pub(super) fn has_idle_work(&self) -> bool {
        let CurrentView::Run(view) = &self.current_view else { return false };
        view.player().is_some_and(Player::is_reading) || view.is_reading_past()
    }

    /// Whether ticks have something to do.
    pub(super) fn needs_ticks(&self) -> bool {
        self.is_animating() || matches!(&self.current_view, CurrentView::Run(view) if view.is_reading_past())
    }

    pub(super) fn key_context(&self) -> KeyContext {
        match &self.current_view {
            _ if self.question.is_some() => KeyContext::Question,
            CurrentView::Picker => KeyContext::Picker,
            CurrentView::Tune => KeyContext::Tune,
            CurrentView::Run(_) if self.slow_motion.is_some() => KeyContext::SlowMotion,
            CurrentView::Run(view) if view.player().is_some() => KeyContext::Replay,
            CurrentView::Run(view) if view.is_recorded() => KeyContext::RecordedRun,
            CurrentView::Run(view) if view.scenario.is_program() => KeyContext::ProgramRun,
            CurrentView::Run(_) => KeyContext::ScenarioRun,
        }
    }

    pub(super) const fn size(&self) -> Rect {
        self.size
    }

    fn tick(&mut self, now: Stamp, late: Span) -> Vec<Effect> {
        if self.tick_slow_motion(now, late) {
            return Vec::new();
        }
        // Also while messages of the run leave no time in between.
        if let CurrentView::Run(view) = &mut self.current_view
            && view.is_reading_past()
        {
            self.dirty |= view.read_past_slice();
        }
        if let CurrentView::Run(view) = &mut self.current_view
            && view.is_animating()
        {
            let is_changed = view.tick(now, late);
            self.status_message = view.take_player_failure().or(self.status_message.take());
            if is_changed {
                self.dirty = true;
                self.update_layout();
                self.show_answer_if_due();
            }
        } else if let (CurrentView::Tune, Some(tune_view)) = (&self.current_view, &mut self.tune_view) {
            self.dirty |= tune_view.tick(now.span_since(Stamp(0)).into());
        }
        // A cursor at the newest moment is in the past one tick later.
        self.update_details().into_iter().collect()
    }

    /// Marks a run as crashed when its channel closes without a [`Message::Ended`].
    fn handle_run_closed(&mut self, now: Stamp) {
        if let Some(view) = self.live_view()
            && view.newest_model().run_end().is_none()
        {
            let how = RunEnd::Crashed("its events stopped".into());
            view.apply(&Message::Ended { at: now, reason: how });
        }
    }

    fn handle_run_started(&mut self, scenario: Arc<Scenario>, settings: Settings, registry: Arc<Registry>) {
        self.leave_slow_motion();
        (self.status_message, self.question) = (None, None);
        if matches!(self.mode, Mode::About { .. }) {
            self.mode = Mode::Browse;
        }
        let prediction = std::mem::take(&mut self.next_prediction);
        match &mut self.current_view {
            CurrentView::Run(view) if Arc::ptr_eq(&view.scenario, &scenario) => {
                view.restart(settings, registry, prediction);
                if view.pane == Pane::Answer {
                    view.pane = Pane::Lanes; // there is no answer yet
                }
            }
            _ => {
                let thresholds = self.finding_options.thresholds;
                self.show_new_view(RunView::new(scenario, settings, registry, prediction, thresholds));
            }
        }
        if let CurrentView::Run(view) = &mut self.current_view {
            view.time_limit = self.time_limit;
        }
    }

    /// Updates the width of the timeline, on which the shares of the visible window depend.
    fn update_layout(&mut self) {
        let area = self.run_area(self.size);
        if let CurrentView::Run(view) = &mut self.current_view {
            view.letters = self.letters;
            let (columns, body) = match self.letters {
                LetterSize::Small => {
                    let layout = RunLayout::compute(view, area);
                    (layout.columns, layout.body)
                }
                LetterSize::Large => {
                    let layout = LargeLayout::compute(view, area);
                    (layout.columns, layout.body)
                }
            };
            view.set_columns(columns.timeline);
            self.timeline = Some(Timeline::new(view, body, columns));
        } else {
            self.timeline = None;
        }
        if let Some(tune_view) = &mut self.tune_view {
            tune_view.first_visible = TuneLayout::compute(tune_view, self.size).first;
        }
    }
}
