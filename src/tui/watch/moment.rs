//! Which moment of the run is shown, and what is kept so that all of it is of that moment.

use super::Watch;
use crate::model::{Deadlock, Finding};
use crate::trace::{KnobId, Message, Notice, Span, Stamp};
use crate::tui::figures::Totals;

/// Beyond this a run takes longer to end at its limit than one that has the cores.
const OVERDUE: Span = Span::millis(300);

/// Turns of knobs that are kept: no hand turns more.
const TURNS: usize = 10_000;

impl Watch {
    /// Notes what was turned.
    pub(super) fn hear(&mut self, message: &Message) {
        match message {
            Message::Many(messages) => messages.iter().for_each(|message| self.hear(message)),
            Message::Notice { at, notice } => {
                if let Notice::Turned { .. } | Notice::Resized { .. } = notice {
                    self.seen.turned(&self.model, *at);
                }
                if let Notice::Turned { knob, shown, .. } = notice
                    && self.turns.len() < TURNS
                {
                    self.turns.push((*at, *knob, shown.clone()));
                }
            }
            _ => {}
        }
    }

    /// Keeps what the run has come to by now.
    pub(super) fn remember(&mut self, at: Stamp) {
        self.past.add(Totals::take(&self.model, at));
    }

    /// Its limit and how far past it the run is, where that is more than ending takes.
    pub(in crate::tui) fn over_limit(&self) -> Option<(Span, Span)> {
        let limit = self.limit?;
        let over = self.now.since(Stamp(0) + limit);
        (over >= OVERDUE).then_some((limit, over))
    }

    /// How long before the end of what is shown the figures are, when they are those of an earlier moment.
    pub(in crate::tui) fn ago(&self) -> Option<Span> {
        let ago = self.now.since(self.figures_at());
        (ago > Span::ZERO).then_some(ago)
    }

    /// Whether totals beside an earlier moment are those of the end of the run, because nothing else was kept.
    pub(in crate::tui) fn totals_are_of_the_end(&self) -> bool {
        self.past.is_end_only() && self.ago().is_some()
    }

    /// A knob's value at the moment that is shown, as far as it was turned in this run.
    pub(in crate::tui) fn value_then(&self, knob: KnobId) -> String {
        let at = self.figures_at();
        let turned = self.turns.iter().rev().find(|(turned, which, _)| *which == knob && *turned <= at);
        let begun = || self.scenario.knobs.get(knob.index()).map(|k| k.show(self.begun.number(knob)));
        turned.map(|(.., shown)| shown.clone()).or_else(begun).unwrap_or_default()
    }

    /// The deadlock that there is at the moment that is shown.
    pub(in crate::tui) fn deadlock_then(&self) -> Option<&Deadlock> {
        self.shown().deadlock().filter(|deadlock| self.ago().is_none() || deadlock.at <= self.figures.at)
    }

    /// Whether what is shown is not the newest of the run.
    pub(in crate::tui) fn is_past(&self) -> bool {
        self.frozen.is_some() || self.ago().is_some()
    }

    /// What is wrong at the end of what is shown.
    pub(in crate::tui) fn findings_now(&self) -> Vec<Finding> {
        self.past.at(self.now).findings
    }
}
