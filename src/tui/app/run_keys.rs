//! Keys on the screen of a run.

use std::sync::Arc;

use super::{App, CurrentView, Effect, Mode};
use crate::scenario::{KnobKind, sanitize};
use crate::trace::{Command, KnobId};
use crate::tui::keys::Action;
use crate::tui::panes;
use crate::tui::run_view::{LetterSize, Pane, RunView, Selection};

impl App {
    pub(super) fn handle_run_action(&mut self, action: Action) -> Vec<Effect> {
        if let Some(effects) = self.handle_slow_motion_action(action) {
            return effects;
        }
        let CurrentView::Run(view) = &self.current_view else { return Vec::new() };
        let before = view.place();
        let effects = self.perform_run_action(action);
        if let CurrentView::Run(view) = &mut self.current_view
            && action != Action::UndoNavigation
        {
            view.remember_place(before, is_small_move(action));
        }
        effects
    }

    /// Whether the chosen row can be explained.
    pub(super) fn can_explain(&self) -> bool {
        let CurrentView::Run(view) = &self.current_view else { return false };
        self.question.is_none()
            && matches!(view.selection, Some(Selection::Lane(_) | Selection::Lock(_) | Selection::Finding(_)))
    }

    fn explain(&mut self) {
        if self.can_explain() {
            self.mode = Mode::Explain { scroll: 0 };
        } else {
            self.status_message = Some("Choose a worker, a lock or a finding first: Down or j".into());
        }
    }

    pub(super) fn perform_run_action(&mut self, action: Action) -> Vec<Effect> {
        if self.handle_replay_action(action) {
            return Vec::new();
        }
        let CurrentView::Run(view) = &mut self.current_view else { return Vec::new() };
        if let Some(words) = view.handle_arrangement_action(action) {
            self.status_message = Some(words);
            return Vec::new();
        }
        let half = i64::from(view.drawn_axis().columns / 2).max(1);
        match action {
            Action::ToggleFreeze => view.toggle_freeze(),
            Action::Follow => view.follow_newest(),
            Action::ZoomOut => view.zoom(true),
            Action::ZoomIn => view.zoom(false),
            Action::FitWindow => self.status_message = Some(view.fit_window()),
            Action::UndoFit => self.status_message = Some(view.undo_fit()),
            Action::CursorEarlier => view.move_cursor(-1),
            Action::CursorLater => view.move_cursor(1),
            Action::PageEarlier => view.pan_window(-half),
            Action::PageLater => view.pan_window(half),
            Action::ToStart => view.go_to_start(),
            Action::ToggleCursor => view.toggle_cursor(),
            Action::Up => view.move_selection(-1),
            Action::Down => view.move_selection(1),
            Action::PageUp => view.move_selection(-10),
            Action::PageDown => view.move_selection(10),
            Action::NextPane => view.switch_pane(&panes::available_panes(view), true),
            Action::PreviousPane => view.switch_pane(&panes::available_panes(view), false),
            Action::NextKnob => view.select_next_knob(true),
            Action::PreviousKnob => view.select_next_knob(false),
            Action::Explain => self.explain(),
            Action::ToggleRange => self.status_message = Some(view.toggle_range()),
            Action::EventEarlier => self.status_message = view.step_to_event(false),
            Action::EventLater => self.status_message = view.step_to_event(true),
            Action::UndoNavigation => {
                if !view.undo_navigation() {
                    self.status_message = Some("Nothing to undo".into());
                }
            }
            Action::LargeLetters => self.toggle_letters(),
            Action::About => self.mode = Mode::About { scroll: 0 },
            Action::Compare => self.toggle_comparison(),
            Action::Inspect => self.inspect_selection(),
            Action::Back => return self.go_back(),
            Action::KnobUp => return self.turn_knob(true),
            Action::KnobDown => return self.turn_knob(false),
            Action::Restart => return vec![Effect::StartRun(Arc::clone(&view.scenario), view.next_settings.clone())],
            Action::ShowAnswer => self.toggle_answer(),
            Action::AskAgain => self.ask_again(),
            Action::RunSuggestion(number) => return self.run_suggestion(number),
            Action::StopRun => return self.stop_run(),
            Action::KillWorker => return self.kill_worker(),
            Action::SlowMotion => return vec![Effect::StartSlowMotion],
            Action::ToggleRecording => return vec![Effect::ToggleRecording],
            Action::SetMark => return self.set_mark(),
            action => self.toggle_pane(action),
        }
        Vec::new()
    }

    /// Switches between letters for projectors and small ones.
    fn toggle_letters(&mut self) {
        self.letters = match self.letters {
            LetterSize::Small => LetterSize::Large,
            LetterSize::Large => LetterSize::Small,
        };
    }

    fn inspect_selection(&mut self) {
        let CurrentView::Run(view) = &mut self.current_view else { return };
        match view.selection {
            Some(Selection::Finding(index)) => view.go_to_finding(index),
            Some(_) => self.mode = Mode::Detail { scroll: 0 },
            None if view.figures.findings.is_empty() => self.mode = Mode::About { scroll: 0 },
            None => view.go_to_finding(0),
        }
    }

    /// Goes one step back: filter, cursor, selection, then the previous screen.
    fn go_back(&mut self) -> Vec<Effect> {
        let CurrentView::Run(view) = &mut self.current_view else { return Vec::new() };
        if view.prediction.is_result_shown {
            view.prediction.is_result_shown = false;
        } else if !view.filter.is_empty() {
            view.filter.clear();
            view.refresh();
        } else if view.clear_range() {
            // The cursor stays: one step back at a time.
        } else if view.cursor.is_some() {
            view.follow();
        } else if view.selection.is_some() || view.pane != Pane::Lanes {
            (view.selection, view.pane) = (None, Pane::Lanes);
        } else {
            if self.tune_view.is_some() {
                self.current_view = CurrentView::Tune;
                return Vec::new();
            }
            let name = view.scenario.name.clone();
            self.current_view = CurrentView::Picker;
            self.picker.choose_name(&name);
            return vec![Effect::EndRun];
        }
        Vec::new()
    }

    /// Turns the chosen knob by one step.
    fn turn_knob(&mut self, up: bool) -> Vec<Effect> {
        let CurrentView::Run(view) = &mut self.current_view else { return Vec::new() };
        let Some(knob) = view.scenario.knobs.get(view.knob.index()) else {
            self.status_message = Some("This scenario has no knobs".into());
            return Vec::new();
        };
        if !knob.is_turnable() {
            self.status_message =
                Some(format!("{} can only be set on the command line: --set {}=...", knob.name, knob.name));
            return Vec::new();
        }
        let before = view.next_settings.number(view.knob);
        let value = knob.step_value(before, up);
        if value.to_bits() == before.to_bits() {
            let end = if up { "highest" } else { "lowest" };
            self.status_message = Some(format!("{} is at its {end} value: {}", knob.name, knob.format_value(value)));
            return Vec::new();
        }
        let id = view.knob;
        self.set_knob(id, value)
    }

    /// Sets a knob: a live one in the current run, any other by starting a new run.
    pub(super) fn set_knob(&mut self, id: KnobId, value: f64) -> Vec<Effect> {
        let CurrentView::Run(view) = &mut self.current_view else { return Vec::new() };
        let Some(knob) = view.scenario.knobs.get(id.index()) else { return Vec::new() };
        view.knob = id;
        let (live, knob_at) = (knob.is_live, id.index());
        if let Some(number) = view.next_settings.numbers.get_mut(knob_at) {
            *number = value;
        }
        match (live, view.newest_model().run_end().is_some()) {
            (true, false) => {
                view.last_turn_at = Some(view.now);
                view.prediction.is_result_shown = false;
                if let Some(number) = view.settings.numbers.get_mut(knob_at) {
                    *number = value;
                }
                if view.answer.is_some() {
                    view.update_answer();
                }
                vec![Effect::SendCommand(Command::SetKnob { knob: view.knob, value })]
            }
            (false, false) => vec![Effect::StartRun(Arc::clone(&view.scenario), view.next_settings.clone())],
            (_, true) => {
                self.status_message =
                    Some(format!("{} {}: press r to restart with it", knob.name, knob.format_value(value)));
                Vec::new()
            }
        }
    }

    /// Opens the pane of this action, or returns to the lanes if it is open.
    fn toggle_pane(&mut self, action: Action) {
        let CurrentView::Run(view) = &mut self.current_view else { return };
        match panes::toggled_pane(action, view) {
            None => {}
            Some(Err(refusal)) => self.status_message = Some(refusal.into()),
            Some(Ok(pane)) => {
                let next = if view.pane == pane { Pane::Lanes } else { pane };
                (view.pane, view.selection, view.scroll) = (next, None, 0);
            }
        }
    }

    fn stop_run(&mut self) -> Vec<Effect> {
        let CurrentView::Run(view) = &self.current_view else { return Vec::new() };
        if view.newest_model().run_end().is_some() {
            self.status_message = Some("The run has ended; press r to restart".into());
            return Vec::new();
        }
        vec![Effect::SendCommand(Command::Stop)]
    }

    /// Sets a mark at the cursor, or at the end of the shown time.
    fn set_mark(&mut self) -> Vec<Effect> {
        let CurrentView::Run(view) = &self.current_view else { return Vec::new() };
        let at = view.figures_time();
        let text = format!("mark {}", view.newest_model().user_mark_total() + 1);
        self.status_message = Some(format!("Set {text} at {}", view.format_moment(at)));
        vec![Effect::SetMark { at, text }]
    }

    fn kill_worker(&mut self) -> Vec<Effect> {
        let CurrentView::Run(view) = &self.current_view else { return Vec::new() };
        if view.newest_model().registry().is_open {
            self.status_message = Some("A worker of a program cannot be killed alone".into());
            return Vec::new();
        }
        match view.selection {
            Some(Selection::Lane(worker)) if view.newest_model().run_end().is_none() => {
                self.status_message = Some(format!("Killing {}", view.newest_model().registry().worker_name(worker)));
                vec![Effect::SendCommand(Command::Kill(worker))]
            }
            Some(Selection::Lane(_)) => Vec::new(),
            _ => {
                self.status_message = Some("Choose a worker first: Down or j".into());
                Vec::new()
            }
        }
    }
}

/// Whether an action moves the cursor or the selection by one step.
const fn is_small_move(action: Action) -> bool {
    action.moves_cursor() || matches!(action, Action::Up | Action::Down | Action::PageUp | Action::PageDown)
}

impl RunView {
    /// Arranges the lanes and findings. Returns what to tell the user; `None` for the other keys of a run.
    fn handle_arrangement_action(&mut self, action: Action) -> Option<String> {
        Some(match action {
            Action::NextOrder => self.next_order(),
            Action::ReverseOrder => self.reverse_order(),
            Action::PinLane => self.toggle_pin(),
            Action::HideLane => self.hide_lane(),
            Action::FoldGroup => self.fold_group(),
            Action::MuteFinding => self.mute_finding(),
            Action::ShowAll => self.show_all(),
            Action::ToggleCoreWorkers => self.toggle_core_workers(),
            _ => return None,
        })
    }

    fn go_to_start(&mut self) {
        let axis = self.drawn_axis();
        self.viewport = crate::tui::run_view::Viewport::Until(self.first_moment() + axis.width());
        self.pan_window(0);
    }

    fn toggle_cursor(&mut self) {
        if self.cursor.is_some() {
            self.follow();
        } else {
            self.move_cursor(0);
        }
    }

    fn select_next_knob(&mut self, forward: bool) {
        let count = self.scenario.knobs.len();
        if count > 0 {
            let step = if forward { 1 } else { count - 1 };
            self.knob = KnobId::from((self.knob.index() + step) % count);
        }
    }

    /// Returns a knob's value at the shown moment, and its next value if that differs.
    pub(in crate::tui) fn knob_value(&self, id: KnobId) -> (String, Option<String>) {
        let Some(knob) = self.scenario.knobs.get(id.index()) else { return (String::new(), None) };
        if let KnobKind::Text { .. } = &knob.kind {
            return (sanitize(self.settings.text(id).unwrap_or("-")), None);
        }
        let wanted = knob.format_value(self.next_settings.number(id));
        let is = if self.is_past() { self.shown_knob_value(id) } else { knob.format_value(self.settings.number(id)) };
        let next = (is != wanted && self.has_control()).then_some(wanted);
        (is, next)
    }
}
