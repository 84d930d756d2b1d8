//! Keys on the screen of a run.

use std::sync::Arc;

use super::{App, Effect, Mode, Showing};
use crate::scenario::{KnobKind, clean};
use crate::trace::{Command, KnobId, Stamp};
use crate::tui::keys::Action;
use crate::tui::watch::{Chosen, Pane, Watch};

impl App {
    pub(super) fn run(&mut self, action: Action) -> Vec<Effect> {
        let Showing::Watch(watch) = &mut self.showing else { return Vec::new() };
        let half = i64::from(watch.drawn_axis().columns / 2).max(1);
        match action {
            Action::Freeze => watch.toggle_freeze(),
            Action::Follow => watch.follow_newest(),
            Action::Wider => watch.zoom(true),
            Action::Finer => watch.zoom(false),
            Action::Earlier => watch.move_cursor(-1),
            Action::Later => watch.move_cursor(1),
            Action::PageEarlier => watch.pan(-half),
            Action::PageLater => watch.pan(half),
            Action::ToStart => watch.go_to_start(),
            Action::Cursor => watch.toggle_cursor(),
            Action::Up => watch.choose_by(-1),
            Action::Down => watch.choose_by(1),
            Action::PageUp => watch.choose_by(-10),
            Action::PageDown => watch.choose_by(10),
            Action::NextPane => watch.turn_pane(true),
            Action::PreviousPane => watch.turn_pane(false),
            Action::Levels => self.turn_to_levels(),
            Action::NextKnob => watch.next_knob(true),
            Action::PreviousKnob => watch.next_knob(false),
            Action::About => self.mode = Mode::About { scroll: 0 },
            Action::Look => self.look(),
            Action::Back => return self.back(),
            Action::KnobUp => return self.turn(true),
            Action::KnobDown => return self.turn(false),
            Action::Restart => return vec![Effect::Start(Arc::clone(&watch.scenario), watch.wanted.clone())],
            Action::Answer => self.compare(),
            Action::Predict => self.predict(),
            Action::Try(number) => return self.try_out(number),
            Action::Stop => return self.stop(),
            Action::Kill => return self.kill(),
            _ => {}
        }
        Vec::new()
    }

    fn look(&mut self) {
        let Showing::Watch(watch) = &mut self.showing else { return };
        match watch.chosen {
            Some(Chosen::Finding(index)) => watch.go_to_finding(index),
            Some(_) => self.mode = Mode::Detail { scroll: 0 },
            None if watch.figures.findings.is_empty() => self.mode = Mode::About { scroll: 0 },
            None => watch.go_to_finding(0),
        }
    }

    /// One step back, the nearest thing first.
    fn back(&mut self) -> Vec<Effect> {
        let Showing::Watch(watch) = &mut self.showing else { return Vec::new() };
        if !watch.filter.is_empty() {
            watch.filter.clear();
            watch.refresh();
        } else if watch.cursor.is_some() {
            watch.follow();
        } else if watch.chosen.is_some() || watch.pane != Pane::Lanes {
            (watch.chosen, watch.pane) = (None, Pane::Lanes);
        } else {
            if self.sheet.is_some() {
                self.showing = Showing::Tune;
                return Vec::new();
            }
            let name = watch.scenario.name.clone();
            self.showing = Showing::Picker;
            self.picker.choose_name(&name);
            return vec![Effect::EndRun];
        }
        Vec::new()
    }

    /// A knob that takes effect at once is turned in the run; any other needs a new run.
    fn turn(&mut self, up: bool) -> Vec<Effect> {
        let Showing::Watch(watch) = &mut self.showing else { return Vec::new() };
        let Some(knob) = watch.scenario.knobs.get(watch.knob.index()) else {
            self.said = Some("this scenario has no knobs".into());
            return Vec::new();
        };
        if !knob.is_turnable() {
            self.said = Some(format!("{} is set on the command line: --set {}=...", knob.name, knob.name));
            return Vec::new();
        }
        let before = watch.wanted.number(watch.knob);
        let value = knob.step(before, up);
        if value.to_bits() == before.to_bits() {
            let end = if up { "highest" } else { "lowest" };
            self.said = Some(format!("{} {} is its {end}", knob.name, knob.show(value)));
            return Vec::new();
        }
        let (live, knob_at) = (knob.live, watch.knob.index());
        if let Some(number) = watch.wanted.numbers.get_mut(knob_at) {
            *number = value;
        }
        match (live, watch.newest().ended().is_some()) {
            (true, false) => {
                if let Some(number) = watch.settings.numbers.get_mut(knob_at) {
                    *number = value;
                }
                vec![Effect::Command(Command::Turn { knob: watch.knob, value })]
            }
            (false, false) => vec![Effect::Start(Arc::clone(&watch.scenario), watch.wanted.clone())],
            (_, true) => {
                self.said = Some(format!("{} {}: r starts the run with it", knob.name, knob.show(value)));
                Vec::new()
            }
        }
    }

    fn turn_to_levels(&mut self) {
        let Showing::Watch(watch) = &mut self.showing else { return };
        if watch.shown().cast().pools.is_empty() {
            self.said = Some("this scenario has no pool".into());
            return;
        }
        let next = if watch.pane == Pane::Levels { Pane::Lanes } else { Pane::Levels };
        (watch.pane, watch.chosen, watch.scroll) = (next, None, 0);
    }

    fn stop(&mut self) -> Vec<Effect> {
        let Showing::Watch(watch) = &self.showing else { return Vec::new() };
        if watch.newest().ended().is_some() {
            self.said = Some("the run has ended; r starts it anew".into());
            return Vec::new();
        }
        vec![Effect::Command(Command::Stop)]
    }

    fn kill(&mut self) -> Vec<Effect> {
        let Showing::Watch(watch) = &self.showing else { return Vec::new() };
        match watch.chosen {
            Some(Chosen::Lane(worker)) if watch.newest().ended().is_none() => {
                self.said = Some(format!("killing {}", watch.newest().cast().worker_name(worker)));
                vec![Effect::Command(Command::Kill(worker))]
            }
            Some(Chosen::Lane(_)) => Vec::new(),
            _ => {
                self.said = Some("choose a worker first: down or j".into());
                Vec::new()
            }
        }
    }
}

impl Watch {
    fn go_to_start(&mut self) {
        let axis = self.drawn_axis();
        self.view = crate::tui::watch::View::Until(Stamp(0) + axis.width());
        self.pan(0);
    }

    fn toggle_cursor(&mut self) {
        if self.cursor.is_some() {
            self.follow();
        } else {
            self.move_cursor(0);
        }
    }

    fn next_knob(&mut self, forward: bool) {
        let count = self.scenario.knobs.len();
        if count > 0 {
            let step = if forward { 1 } else { count - 1 };
            self.knob = KnobId::from((self.knob.index() + step) % count);
        }
    }

    /// A knob's value at the moment that is shown, and what it was turned to, where that is another.
    pub(in crate::tui) fn knob_value(&self, id: KnobId) -> (String, Option<String>) {
        let Some(knob) = self.scenario.knobs.get(id.index()) else { return (String::new(), None) };
        if let KnobKind::Text { .. } = &knob.kind {
            return (clean(self.settings.text(id).unwrap_or("-")), None);
        }
        let wanted = knob.show(self.wanted.number(id));
        let is = if self.is_past() { self.value_then(id) } else { knob.show(self.settings.number(id)) };
        let next = (is != wanted).then_some(wanted);
        (is, next)
    }
}
