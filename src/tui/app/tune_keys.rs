//! Keys, clicks and updates on the screen of a tuning.

use std::sync::Arc;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{App, CurrentView, Effect};
use crate::tui::keys::{Action, with_keys};
use crate::tui::tune_view::{TuneLayout, TuneSetup, TuneUpdate, TuneView, UpperPane};

/// Says which keys a recorded run has, when it is opened from a level and for a key that would change it.
const RECORDED_LEVEL_MESSAGE: &str =
    "Recorded run: {cursor-earlier} and {cursor-later} move the cursor, {back} goes back to the levels";
const PLAYER_MESSAGE: &str = "Recorded run: {play-recording} plays, {faster} and {slower} change the speed, {next-event} and {previous-event} step, \
     {jump-to-time} jumps; {help} lists all keys";

impl App {
    /// Shows a tuning.
    pub(in crate::tui) fn show_tuning(&mut self, tuned: TuneSetup) {
        self.tune_view = Some(Box::new(TuneView::new(tuned)));
        self.current_view = CurrentView::Tune;
    }

    pub(super) fn apply_tune_update(&mut self, update: TuneUpdate) {
        if let Some(tune_view) = &mut self.tune_view {
            tune_view.apply_update(update);
        }
    }

    /// Quits if the measuring ended before the tuning did: the reason is reported outside the dashboard.
    pub(super) fn handle_measuring_ended(&mut self) -> Vec<Effect> {
        self.dirty = true;
        match &self.tune_view {
            Some(tune_view) if tune_view.is_over => Vec::new(),
            _ => vec![Effect::Quit { interrupted: false }],
        }
    }

    /// Suspends the dashboard, unless a measurement is under way.
    pub(super) fn suspend(&mut self) -> Vec<Effect> {
        if self.tune_view.as_ref().is_some_and(|tune_view| !tune_view.is_over) {
            self.status_message = Some("Not during a measurement; press s to stop measuring".into());
            self.dirty = true;
            return Vec::new();
        }
        vec![Effect::Suspend]
    }

    pub(super) fn handle_tune_action(&mut self, action: Action) -> Vec<Effect> {
        let size = self.size;
        let Some(tune_view) = &mut self.tune_view else { return Vec::new() };
        let by = match action {
            Action::Up | Action::LowerLevel => -1,
            Action::Down | Action::HigherLevel => 1,
            Action::PageUp => -10,
            Action::PageDown => 10,
            Action::First => isize::MIN,
            Action::Last => isize::MAX,
            Action::NextUpperPane => {
                let beside = TuneLayout::compute(tune_view, size).has_detail_beside();
                tune_view.show_next_pane(beside);
                return Vec::new();
            }
            Action::OpenTimeline => {
                self.open_timeline();
                return Vec::new();
            }
            Action::StopMeasuring if tune_view.is_over => {
                self.status_message = Some("Already ended; q quits and prints the answer".into());
                return Vec::new();
            }
            Action::StopMeasuring => {
                self.status_message = Some("Stopping after this repetition".into());
                return vec![Effect::StopMeasuring];
            }
            Action::Back => {
                if !tune_view.clear_choice() {
                    self.status_message = Some("q quits and prints the answer so far".into());
                }
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        if tune_view.upper == UpperPane::Answer {
            tune_view.scroll = tune_view.scroll.saturating_add_signed(by);
        } else {
            tune_view.choose_by(by);
        }
        Vec::new()
    }

    /// Says which keys a recorded run has.
    pub(super) fn explain_recorded_run(&mut self) {
        let message = if self.tune_view.is_some() { RECORDED_LEVEL_MESSAGE } else { PLAYER_MESSAGE };
        self.status_message = Some(with_keys(message));
    }

    /// Opens the newest run at the current level in the dashboard.
    fn open_timeline(&mut self) {
        let Some(tune_view) = &self.tune_view else { return };
        let Some(level) = tune_view.current_level() else {
            self.status_message = Some("No level has been measured yet".into());
            return;
        };
        let recorded = level.model.as_ref().filter(|model| !model.registry().workers.is_empty());
        let Some(model) = recorded else {
            self.status_message =
                Some(format!("No run could be started at {}", tune_view.knob().format_value(level.value)));
            return;
        };
        let (scenario, settings) = (Arc::clone(&tune_view.setup.scenario), tune_view.settings_at(level));
        let model = model.as_ref().clone();
        self.show_recording(scenario, settings, model);
    }

    /// Chooses the clicked level; opens its timeline if it was chosen already.
    pub(super) fn handle_levels_mouse(&mut self, event: MouseEvent, wheel: Option<bool>) {
        let Some(tune_view) = &mut self.tune_view else { return };
        if let Some(up) = wheel {
            tune_view.choose_by(if up { -1 } else { 1 });
            return;
        }
        if event.kind != MouseEventKind::Down(MouseButton::Left) {
            return;
        }
        let layout = TuneLayout::compute(tune_view, self.size);
        let Some(place) = layout.level_at(tune_view, event.column, event.row) else { return };
        let again = layout.levels.contains((event.column, event.row).into())
            && tune_view.levels().get(place).is_some_and(|level| tune_view.is_chosen(level));
        tune_view.choose(place);
        if again {
            self.open_timeline();
        }
    }
}
