//! Dispatch of keys and pasted text to the part of the dashboard that has the focus.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::{App, CurrentView, Effect, Mode};
use crate::tui::keys::{self, Action, KeyContext};
use crate::tui::player::parse_moment;
use crate::tui::run_view::Pane;

/// Longest filter, in characters.
const MAX_FILTER_LENGTH: usize = 40;

impl App {
    pub(super) fn handle_input(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = match event {
            Event::Key(key) if key.is_press() || key.is_repeat() => {
                self.status_message = None;
                self.handle_key_or_alt(key)
            }
            Event::Mouse(event) => self.handle_mouse(event),
            Event::Paste(text) if self.mode == Mode::Filter => {
                text.chars().for_each(|c| self.push_filter_char(c));
                Vec::new()
            }
            Event::Paste(text) if matches!(self.mode, Mode::RecordingPrompt { .. }) => {
                text.chars().for_each(|c| self.push_path_char(c));
                Vec::new()
            }
            _ => Vec::new(), // pasted text is not a command
        };
        self.update_layout();
        effects.extend(self.update_interval());
        effects
    }

    /// Brings what depends on the open overlay up to date. Returns the effect that fetches the events of the shown
    /// interval, if they are lacking.
    fn update_interval(&mut self) -> Option<Effect> {
        let effect = self.update_details();
        let CurrentView::Run(view) = &mut self.current_view else { return None };
        if view.pane == Pane::Answer {
            view.update_answer();
        }
        effect
    }

    /// Tells the view whether the details of a row are open. Returns as [`App::update_interval`].
    pub(super) fn update_details(&mut self) -> Option<Effect> {
        let CurrentView::Run(view) = &mut self.current_view else { return None };
        view.set_details_shown(matches!(self.mode, Mode::Detail { .. }));
        view.wants_past_events().then_some(Effect::FetchPastEvents)
    }

    /// Splits a key with Alt into Escape and the key. Escape followed at once by another key arrives like that, and no
    /// binding uses Alt.
    fn handle_key_or_alt(&mut self, mut key: KeyEvent) -> Vec<Effect> {
        if !key.modifiers.contains(KeyModifiers::ALT) {
            return self.handle_key(key);
        }
        key.modifiers.remove(KeyModifiers::ALT);
        let mut effects = self.handle_key(KeyEvent::from(KeyCode::Esc));
        effects.extend(self.handle_key(key));
        effects
    }

    fn handle_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if let Some(effects) = self.handle_tour_key(key) {
            return effects;
        }
        let action = keys::action_for(key, self.key_context());
        match action {
            Some(Action::Interrupt) => return vec![Effect::Quit { interrupted: true }],
            Some(Action::Suspend) => return self.suspend(),
            Some(Action::Redraw) => return vec![Effect::Redraw],
            _ => {}
        }
        // `?` explains a chosen row first, and lists the keys when it is pressed again.
        if action == Some(Action::Help) && self.mode == Mode::Browse && self.can_explain() {
            self.mode = Mode::Explain { scroll: 0 };
            return Vec::new();
        }
        if action.is_some_and(|action| self.mode.is_replaced_by(action)) {
            self.mode = Mode::Browse;
        }
        match self.mode {
            Mode::Filter => return self.handle_filter_key(key, action),
            Mode::RecordingPrompt { .. } => return self.handle_recording_prompt_key(key),
            Mode::JumpTo { .. } => return self.handle_moment_key(key),
            _ => {}
        }
        if self.mode.overlay_scroll().is_some() {
            return action.map_or_else(Vec::new, |action| self.handle_overlay_action(action));
        }
        match (action, self.key_context(), key.code) {
            (None, KeyContext::Picker, KeyCode::Char(c)) => {
                self.mode = Mode::Filter; // in the picker, any letter that is not a key starts the filter
                self.push_filter_char(c);
            }
            (None, KeyContext::RecordedRun | KeyContext::Replay, KeyCode::Char(_)) => {
                self.explain_recorded_run();
            }
            _ => {}
        }
        self.perform_action(action)
    }

    /// Handles a key while an overlay is open: it closes or scrolls the overlay, or acts on the run below it.
    fn handle_overlay_action(&mut self, action: Action) -> Vec<Effect> {
        if action.closes_overlay() {
            self.mode = Mode::Browse;
            return Vec::new();
        }
        let is_explaining = matches!(self.mode, Mode::Explain { .. });
        let Some(scroll) = self.mode.overlay_scroll() else { return Vec::new() };
        match action {
            Action::Up => *scroll = scroll.saturating_sub(1),
            Action::Down => *scroll = scroll.saturating_add(1),
            Action::PageUp => *scroll = scroll.saturating_sub(10),
            Action::PageDown => *scroll = scroll.saturating_add(10),
            _ if action.works_below_overlay() || (is_explaining && action.moves_cursor()) => {
                return self.perform_action(Some(action));
            }
            _ => {}
        }
        Vec::new()
    }

    fn perform_action(&mut self, action: Option<Action>) -> Vec<Effect> {
        let Some(action) = action else { return Vec::new() };
        match action {
            Action::Quit => return vec![Effect::Quit { interrupted: false }],
            Action::Help => self.mode = Mode::Help { scroll: 0 },
            Action::NextTheme => self.show_next_theme(),
            Action::Filter => self.mode = Mode::Filter,
            Action::Copy => return vec![Effect::Copy],
            _ => {
                return match self.current_view {
                    _ if self.question.is_some() => self.handle_question_action(action),
                    CurrentView::Picker => self.handle_picker_action(action),
                    CurrentView::Tune => self.handle_tune_action(action),
                    CurrentView::Run(_) => self.handle_run_action(action),
                };
            }
        }
        Vec::new()
    }

    fn show_next_theme(&mut self) {
        self.themes = self.themes.next();
        self.theme = self.themes.theme();
        self.status_message = Some(self.themes.describe());
    }

    /// Handles keys while the user types a filter. In the picker, the list keeps its keys.
    fn handle_filter_key(&mut self, key: KeyEvent, action: Option<Action>) -> Vec<Effect> {
        let picking = matches!(self.current_view, CurrentView::Picker);
        match key.code {
            KeyCode::Enter => {
                self.mode = Mode::Browse;
                return if picking { self.run_chosen() } else { Vec::new() };
            }
            KeyCode::Esc => {
                self.filter_mut().clear();
                self.mode = Mode::Browse;
            }
            KeyCode::Backspace => drop(self.filter_mut().pop()),
            KeyCode::Char(c) => {
                self.push_filter_char(c);
                return Vec::new();
            }
            _ if picking => return self.perform_action(action),
            _ => {}
        }
        self.filter_changed();
        Vec::new()
    }

    /// Handles keys while the user types a moment to jump to.
    fn handle_moment_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Mode::JumpTo { text } = &mut self.mode else { return Vec::new() };
        match key.code {
            KeyCode::Esc => self.mode = Mode::Browse,
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Char(c) if !c.is_control() && text.chars().count() < MAX_FILTER_LENGTH => text.push(c),
            KeyCode::Enter => {
                let moment = parse_moment(text);
                self.mode = Mode::Browse;
                match (moment, &mut self.current_view) {
                    (Ok(at), CurrentView::Run(view)) => self.status_message = view.jump_to(at),
                    (Ok(_), _) => {}
                    (Err(why), _) => self.status_message = Some(format!("That is {why}")),
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn push_filter_char(&mut self, c: char) {
        let filter = self.filter_mut();
        if !c.is_control() && filter.chars().count() < MAX_FILTER_LENGTH {
            filter.push(c);
        }
        self.filter_changed();
    }

    fn filter_mut(&mut self) -> &mut String {
        match &mut self.current_view {
            CurrentView::Picker | CurrentView::Tune => &mut self.picker.filter,
            CurrentView::Run(view) => &mut view.filter,
        }
    }

    fn filter_changed(&mut self) {
        match &mut self.current_view {
            CurrentView::Picker | CurrentView::Tune => self.picker.filter_changed(),
            CurrentView::Run(view) => view.refresh(),
        }
    }
}
