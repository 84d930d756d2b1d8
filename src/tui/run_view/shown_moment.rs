//! The shown moment of the run, and the history needed to show all of it as it was then.

use std::rc::Rc;

use super::RunView;
use crate::model::{Deadlock, Finding, WhoCostsWhom};
use crate::scenario::Settings;
use crate::trace::{KnobId, Message, Notice, Span, Stamp};
use crate::tui::figures::Totals;
use crate::tui::player::Player;
use crate::tui::totals_history::FindingChange;

/// Overrun that is reported: ending at the limit takes less time on a machine with enough cores.
const OVERRUN_TOLERANCE: Span = Span::from_millis(300);

/// Least time over which the costs of waiting are added up: those of a few turns would change at each look.
const MIN_COSTS_TIME: Span = Span::from_millis(1_000);

/// Most turns of knobs that are kept, more than a user makes.
const MAX_KNOB_CHANGES: usize = 10_000;

impl RunView {
    /// Records turns of knobs.
    pub(super) fn note_changes(&mut self, message: &Message) {
        match message {
            Message::Batch(messages) => messages.iter().for_each(|message| self.note_changes(message)),
            Message::Notice { at, notice } => {
                if let Notice::KnobSet { .. } | Notice::Resized { .. } = notice {
                    self.level_history.settings_changed(&self.model, *at);
                }
                if let Notice::KnobSet { knob, value_text: shown, .. } = notice
                    && self.knob_changes.len() < MAX_KNOB_CHANGES
                {
                    self.knob_changes.push((*at, *knob, shown.clone()));
                }
            }
            _ => {}
        }
    }

    /// Records the totals at this moment.
    pub(super) fn record_totals(&mut self, at: Stamp) {
        let model = self.player().map_or(&self.model, |player| player.model());
        let totals = Totals::capture(model, at);
        self.totals_history.record(totals);
    }

    /// Returns the time limit and how far past it the run is, if ending takes longer than usual.
    pub(in crate::tui) fn overrun(&self) -> Option<(Span, Span)> {
        let limit = self.time_limit?;
        let over = self.now.span_since(Stamp(0) + limit);
        (over >= OVERRUN_TOLERANCE).then_some((limit, over))
    }

    /// Returns how long before the end of the shown time the figures are, if they are of an earlier moment.
    pub(in crate::tui) fn time_before_end(&self) -> Option<Span> {
        let ago = self.now.span_since(self.figures_time());
        (ago > Span::ZERO).then_some(ago)
    }

    /// Whether totals shown for an earlier moment are those of the end of the run, because no others were kept.
    pub(in crate::tui) fn has_only_final_totals(&self) -> bool {
        self.totals_history.is_end_only() && self.time_before_end().is_some()
    }

    /// Returns a knob's value at the shown moment.
    pub(in crate::tui) fn shown_knob_value(&self, knob: KnobId) -> String {
        let at = self.figures_time();
        let turned = self.knob_changes.iter().rev().find(|(turned, which, _)| *which == knob && *turned <= at);
        let begun =
            || self.scenario.knobs.get(knob.index()).map(|k| k.format_value(self.initial_settings.number(knob)));
        turned.map(|(.., shown)| shown.clone()).or_else(begun).unwrap_or_default()
    }

    /// Returns the settings of the run at a moment.
    pub(super) fn settings_at(&self, at: Stamp) -> Settings {
        let mut settings = self.initial_settings.clone();
        for (_, id, text) in self.knob_changes.iter().filter(|(turned, ..)| *turned <= at) {
            let value = self.scenario.knobs.get(id.index()).and_then(|knob| knob.parse(text).ok());
            if let (Some(number), Some(value)) = (settings.numbers.get_mut(id.index()), value) {
                *number = value;
            }
        }
        settings
    }

    /// Returns the deadlocks at the shown moment, in the order in which they closed.
    pub(in crate::tui) fn shown_deadlocks(&self) -> &[Deadlock] {
        let all = self.shown_model().deadlocks();
        let then =
            |deadlock: &Deadlock| self.time_before_end().is_none() || deadlock.closed_at <= self.figures.taken_at;
        &all[..all.partition_point(then)]
    }

    /// Whether the shown moment is not the newest of the run.
    pub(in crate::tui) fn is_past(&self) -> bool {
        self.is_frozen() || self.is_in_slow_motion() || self.player().is_some() || self.time_before_end().is_some()
    }

    /// Returns the findings at the end of the shown time.
    pub(in crate::tui) fn current_findings(&self) -> Vec<Finding> {
        self.totals_history.totals_at(self.now).findings
    }

    /// Returns the findings that appeared and went up to the shown moment, in order of time, without muted ones.
    pub(in crate::tui) fn finding_changes(&self) -> impl Iterator<Item = &FindingChange> {
        let until = self.figures.taken_at;
        let changes = self.player().map_or_else(|| self.totals_history.finding_changes(), Player::finding_changes);
        changes.iter().filter(move |change| change.at <= until && !self.arrangement.is_muted(change.id))
    }

    /// Returns the newest problem before `at`, if nothing is wrong at `at`.
    pub(super) fn problem_before(&self, at: Stamp) -> Option<Finding> {
        let is_over = self.figures.findings.is_empty() && self.shown_range().is_none();
        let is_listed = |finding: &Finding| !self.arrangement.is_muted(finding.id);
        is_over.then(|| self.totals_history.last_problem(at, is_listed).cloned()).flatten()
    }

    /// Whether the figures are those of a part of the run, and not all of it up to now.
    pub(in crate::tui) fn shows_part_of_run(&self) -> bool {
        self.shown_range().is_some() || self.time_before_end().is_some()
    }

    /// Returns who costs whom in the chosen range, or in the window up to the shown moment, but in no less than a
    /// second.
    pub(in crate::tui) fn costs(&self) -> Rc<WhoCostsWhom> {
        let at = self.figures.taken_at.min(self.now);
        let window = self.drawn_axis().width().max(MIN_COSTS_TIME);
        let from = self.shown_range().map_or_else(|| at.earlier_by(window), |(from, _)| from);
        let mut kept = self.costs.borrow_mut();
        if let Some(costs) = kept.as_ref().filter(|costs| (costs.from, costs.to) == (from, at)) {
            return Rc::clone(costs);
        }
        let costs = Rc::new(self.shown_model().who_costs_whom_between(from, at, self.now));
        *kept = Some(Rc::clone(&costs));
        costs
    }
}
