//! What is typed: who a key is for, and what it asks for there.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::{App, Effect, Mode, Showing};
use crate::tui::keys::{self, Action, Place};

/// Longest filter, in characters.
const FILTER: usize = 40;

impl App {
    pub(super) fn typed(&mut self, event: Event) -> Vec<Effect> {
        let effects = match event {
            Event::Key(key) if key.is_press() || key.is_repeat() => {
                self.said = None;
                self.key_or_escaped(key)
            }
            Event::Mouse(event) => self.mouse(event),
            Event::Paste(text) if self.mode == Mode::Filter => {
                text.chars().for_each(|c| self.type_filter(c));
                Vec::new()
            }
            _ => Vec::new(), // pasted text is no command
        };
        self.settle();
        effects
    }

    /// Escape followed at once by another key arrives as that key with Alt; no key here has Alt, so it was two.
    fn key_or_escaped(&mut self, mut key: KeyEvent) -> Vec<Effect> {
        if !key.modifiers.contains(KeyModifiers::ALT) {
            return self.key(key);
        }
        key.modifiers.remove(KeyModifiers::ALT);
        let mut effects = self.key(KeyEvent::from(KeyCode::Esc));
        effects.extend(self.key(key));
        effects
    }

    fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let action = keys::action(key, self.place());
        match action {
            Some(Action::Interrupt) => return vec![Effect::Quit { interrupted: true }],
            Some(Action::Suspend) => return self.suspend(),
            Some(Action::Redraw) => return vec![Effect::Redraw],
            _ => {}
        }
        if action.is_some_and(|action| self.mode.gives_way_to(action)) {
            self.mode = Mode::Browse;
        }
        match &mut self.mode {
            Mode::Browse => {}
            Mode::Filter => return self.filter_key(key, action),
            Mode::Help { scroll }
            | Mode::About { scroll }
            | Mode::Detail { scroll }
            | Mode::Answer { scroll }
            | Mode::Mistakes { scroll, .. }
            | Mode::Text { scroll, .. } => {
                match action {
                    Some(action) if action.closes() => {
                        self.mode = Mode::Browse;
                        return Vec::new();
                    }
                    Some(Action::Up) => *scroll = scroll.saturating_sub(1),
                    Some(Action::Down) => *scroll = scroll.saturating_add(1),
                    Some(Action::PageUp) => *scroll = scroll.saturating_sub(10),
                    Some(Action::PageDown) => *scroll = scroll.saturating_add(10),
                    Some(
                        Action::Freeze
                        | Action::KnobUp
                        | Action::KnobDown
                        | Action::Try(_)
                        | Action::Predict
                        | Action::Restart,
                    ) => return self.act(action),
                    _ => {}
                }
                return Vec::new();
            }
        }
        match (action, self.place(), key.code) {
            (None, Place::Picker, KeyCode::Char(c)) => {
                self.mode = Mode::Filter; // in the picker, any letter that is no key begins the filter
                self.type_filter(c);
            }
            (None, Place::Recorded, KeyCode::Char(_)) => self.said = Some(super::tune::RECORDED.into()),
            _ => {}
        }
        self.act(action)
    }

    fn act(&mut self, action: Option<Action>) -> Vec<Effect> {
        let Some(action) = action else { return Vec::new() };
        match action {
            Action::Quit => return vec![Effect::Quit { interrupted: false }],
            Action::Help => self.mode = Mode::Help { scroll: 0 },
            Action::Filter => self.mode = Mode::Filter,
            _ => {
                return match self.showing {
                    _ if self.question.is_some() => self.questioned(action),
                    Showing::Picker => self.pick(action),
                    Showing::Tune => self.tuning(action),
                    Showing::Watch(_) => self.run(action),
                };
            }
        }
        Vec::new()
    }

    /// Keys while a filter is typed. In the picker the list can be used meanwhile.
    fn filter_key(&mut self, key: KeyEvent, action: Option<Action>) -> Vec<Effect> {
        let picking = matches!(self.showing, Showing::Picker);
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
                self.type_filter(c);
                return Vec::new();
            }
            _ if picking => return self.act(action),
            _ => {}
        }
        self.filter_changed();
        Vec::new()
    }

    fn type_filter(&mut self, c: char) {
        let filter = self.filter_mut();
        if !c.is_control() && filter.chars().count() < FILTER {
            filter.push(c);
        }
        self.filter_changed();
    }

    fn filter_mut(&mut self) -> &mut String {
        match &mut self.showing {
            Showing::Picker | Showing::Tune => &mut self.picker.filter,
            Showing::Watch(watch) => &mut watch.filter,
        }
    }

    fn filter_changed(&mut self) {
        match &mut self.showing {
            Showing::Picker | Showing::Tune => self.picker.filter_changed(),
            Showing::Watch(watch) => watch.refresh(),
        }
    }
}
