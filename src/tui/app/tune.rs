//! Keys, clicks and news on the screen of a tuning.

use std::sync::Arc;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{App, Effect, Mode, Showing};
use crate::tui::keys::Action;
use crate::tui::tune::{Sheet, Told, TunePlan, Tuned, Upper};
use crate::tui::watch::Watch;

/// What is said to keys that would change a run.
pub(super) const RECORDED: &str = "a recorded run: left and right move the cursor, esc goes back to the levels";

impl App {
    /// Shows the sheet of a tuning.
    pub(in crate::tui) fn tunes(&mut self, tuned: Tuned) {
        self.sheet = Some(Box::new(Sheet::new(tuned)));
        self.showing = Showing::Tune;
    }

    pub(super) fn hear(&mut self, told: Told) {
        if let Some(sheet) = &mut self.sheet {
            sheet.hear(told);
        }
    }

    /// Whoever measured is gone. Without an end of the tuning there is a reason for it that is no matter for the screen.
    pub(super) fn measured(&mut self) -> Vec<Effect> {
        self.dirty = true;
        match &self.sheet {
            Some(sheet) if sheet.over => Vec::new(),
            _ => vec![Effect::Quit { interrupted: false }],
        }
    }

    /// What is measured must not be stopped half way.
    pub(super) fn suspend(&mut self) -> Vec<Effect> {
        if self.sheet.as_ref().is_some_and(|sheet| !sheet.over) {
            self.said = Some("not while it measures: s stops measuring".into());
            self.dirty = true;
            return Vec::new();
        }
        vec![Effect::Suspend]
    }

    pub(super) fn tuning(&mut self, action: Action) -> Vec<Effect> {
        let size = self.size;
        let Some(sheet) = &mut self.sheet else { return Vec::new() };
        let by = match action {
            Action::Up | Action::LowerLevel => -1,
            Action::Down | Action::HigherLevel => 1,
            Action::PageUp => -10,
            Action::PageDown => 10,
            Action::NextPart => {
                let beside = TunePlan::of(sheet, size).is_beside();
                sheet.turn(beside);
                return Vec::new();
            }
            Action::Timeline => {
                self.open_timeline();
                return Vec::new();
            }
            Action::Enough if sheet.over => {
                self.said = Some("it has ended; q leaves the answer on the terminal".into());
                return Vec::new();
            }
            Action::Enough => {
                self.said = Some("measuring ends with this repetition".into());
                return vec![Effect::Enough];
            }
            Action::Back => {
                if !sheet.let_go() {
                    self.said = Some("q quits, and leaves on the terminal what is known".into());
                }
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        if sheet.upper == Upper::Answer {
            sheet.scroll = sheet.scroll.saturating_add_signed(by);
        } else {
            sheet.choose_by(by);
        }
        Vec::new()
    }

    /// The newest run at the level that is looked at, in the dashboard.
    fn open_timeline(&mut self) {
        let Some(sheet) = &self.sheet else { return };
        let Some(level) = sheet.level() else {
            self.said = Some("no level was measured yet".into());
            return;
        };
        let recorded = level.model.as_ref().filter(|model| !model.cast().workers.is_empty());
        let Some(model) = recorded else {
            self.said = Some(format!("no run at {} could be started", sheet.knob().show(level.value)));
            return;
        };
        let (scenario, settings) = (Arc::clone(&sheet.tuned.scenario), sheet.settings_at(level));
        self.showing = Showing::Watch(Box::new(Watch::recorded(scenario, settings, model.as_ref().clone())));
        self.mode = Mode::Browse;
        self.said = Some(RECORDED.into());
    }

    /// A click chooses a level; a click on the line of the chosen one opens its timeline.
    pub(super) fn mouse_at_levels(&mut self, event: MouseEvent, wheel: Option<bool>) {
        let Some(sheet) = &mut self.sheet else { return };
        if let Some(up) = wheel {
            sheet.choose_by(if up { -1 } else { 1 });
            return;
        }
        if event.kind != MouseEventKind::Down(MouseButton::Left) {
            return;
        }
        let plan = TunePlan::of(sheet, self.size);
        let Some(place) = plan.level_at(sheet, event.column, event.row) else { return };
        let again = plan.levels.contains((event.column, event.row).into())
            && sheet.levels().get(place).is_some_and(|level| sheet.is_chosen(level));
        sheet.choose(place);
        if again {
            self.open_timeline();
        }
    }
}
