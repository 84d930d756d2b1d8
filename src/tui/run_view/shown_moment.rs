//! Which moment of the run is shown, and what is kept so that all of it is of that moment.

use super::RunView;
use crate::model::{Deadlock, Finding};
use crate::trace::{KnobId, Message, Notice, Span, Stamp};
use crate::tui::figures::Totals;

/// Beyond this a run takes longer to end at its limit than one that has the cores.
const OVERRUN_TOLERANCE: Span = Span::from_millis(300);

/// Turns of knobs that are kept: no hand turns more.
const MAX_KNOB_CHANGES: usize = 10_000;

impl RunView {
    /// Notes what was turned.
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

    /// Keeps what the run has come to by now.
    pub(super) fn record_totals(&mut self, at: Stamp) {
        self.totals_history.record(Totals::capture(&self.model, at));
    }

    /// Its limit and how far past it the run is, where that is more than ending takes.
    pub(in crate::tui) fn overrun(&self) -> Option<(Span, Span)> {
        let limit = self.time_limit?;
        let over = self.now.span_since(Stamp(0) + limit);
        (over >= OVERRUN_TOLERANCE).then_some((limit, over))
    }

    /// How long before the end of what is shown the figures are, when they are those of an earlier moment.
    pub(in crate::tui) fn time_before_end(&self) -> Option<Span> {
        let ago = self.now.span_since(self.figures_time());
        (ago > Span::ZERO).then_some(ago)
    }

    /// Whether totals beside an earlier moment are those of the end of the run, because nothing else was kept.
    pub(in crate::tui) fn has_only_final_totals(&self) -> bool {
        self.totals_history.is_end_only() && self.time_before_end().is_some()
    }

    /// A knob's value at the moment that is shown, as far as it was turned in this run.
    pub(in crate::tui) fn shown_knob_value(&self, knob: KnobId) -> String {
        let at = self.figures_time();
        let turned = self.knob_changes.iter().rev().find(|(turned, which, _)| *which == knob && *turned <= at);
        let begun =
            || self.scenario.knobs.get(knob.index()).map(|k| k.format_value(self.initial_settings.number(knob)));
        turned.map(|(.., shown)| shown.clone()).or_else(begun).unwrap_or_default()
    }

    /// The deadlocks that there are at the moment that is shown, in the order in which they closed.
    pub(in crate::tui) fn shown_deadlocks(&self) -> &[Deadlock] {
        let all = self.shown_model().deadlocks();
        let then =
            |deadlock: &Deadlock| self.time_before_end().is_none() || deadlock.closed_at <= self.figures.taken_at;
        &all[..all.partition_point(then)]
    }

    /// Whether what is shown is not the newest of the run.
    pub(in crate::tui) fn is_past(&self) -> bool {
        self.frozen.is_some() || self.time_before_end().is_some()
    }

    /// What is wrong at the end of what is shown.
    pub(in crate::tui) fn current_findings(&self) -> Vec<Finding> {
        self.totals_history.totals_at(self.now).findings
    }
}
