//! The first line: what runs, for how long, with which knobs; and whether the picture can be trusted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::format::{age, count, counted};
use super::super::lateness::LATE;
use super::super::theme::Theme;
use super::super::watch::{Life, Watch};
use super::{guard, text};
use crate::model::Severity;
use crate::trace::{KnobId, RunEnd, Stamp, State};

pub(super) struct Header<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
    /// Whether nobody would give the terminal back if we were killed.
    pub(super) unguarded: bool,
}

/// Columns of the word for what the run does, and its time.
const LIFE: usize = 14;

impl Widget for Header<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let rest = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        let rest = if line.width >= 100 { text::put(buf, rest, "contend  ", self.theme.faint()) } else { rest };
        let rest = text::put(buf, rest, &self.watch.scenario.name, self.theme.strong());
        let rest = text::put(buf, rest, "  ", Style::new());
        let rest = self.life(rest, buf);
        let trust = self.trust(rest.width);
        let width: usize = trust.iter().map(|(t, _)| t.width() + 3).sum();
        let width = u16::try_from(width).unwrap_or(u16::MAX).min(rest.width);
        let mut right = Rect { x: rest.right() - width, width, ..rest };
        self.knobs(Rect { width: rest.width - width, ..rest }, buf);
        for (figure, style) in trust {
            right = text::put(buf, right, "   ", Style::new());
            right = text::put(buf, right, &figure, style);
        }
    }
}

impl Header<'_> {
    /// What the run does, or which moment of it is shown. The word and the time keep their columns while seconds pass.
    fn life(&self, at: Rect, buf: &mut Buffer) -> Rect {
        let theme = self.theme;
        let is_live = self.watch.life() == Life::Live;
        let rest = self.moment(at, is_live, buf);
        if is_live && self.watch.ago().is_some() {
            return rest;
        }
        let over = self.watch.over_limit();
        let (word, style) = match self.watch.life() {
            Life::Live if over.is_some() => ("ending", theme.severity(Severity::Warning)),
            Life::Live if self.watch.shown().deadlock().is_some() => ("deadlock", theme.state(State::Lock)),
            Life::Live if self.watch.shown().stall().is_some() => ("stuck", theme.state(State::Signal)),
            Life::Live => ("live", theme.state(State::Running)),
            Life::Frozen => ("frozen", theme.chosen()),
            Life::Recorded => ("recorded", theme.chosen()),
            Life::Ended(RunEnd::Crashed(_)) => ("crashed", theme.state(State::Crashed)),
            Life::Ended(how) => (how.word(), theme.strong()),
        };
        let rest = text::put(buf, rest, word, style);
        let columns = LIFE.saturating_sub(word.width()).max(7);
        let rest = text::put(buf, rest, &format!(" {:<columns$}", age(self.watch.now.since(Stamp(0)))), Style::new());
        let Some((limit, over)) = over else { return rest };
        let loud = theme.severity(Severity::Warning);
        text::put(buf, rest, &format!("{} past its limit of {}  ", age(over), age(limit)), loud)
    }

    /// Which moment is shown, if it is not the newest one.
    fn moment(&self, at: Rect, is_live: bool, buf: &mut Buffer) -> Rect {
        let Some(ago) = self.watch.ago() else { return at };
        let then = age(self.watch.figures_at().since(Stamp(0)));
        let back = if is_live { "ago" } else { "before" };
        let rest = text::put(buf, at, &format!("at {then}, {} {back}", age(ago)), self.theme.chosen());
        text::put(buf, rest, if is_live { "  " } else { " " }, Style::new())
    }

    /// Knobs with their values, the chosen one marked. When they do not all fit, those before it give way.
    fn knobs(&self, at: Rect, buf: &mut Buffer) {
        let scenario = &self.watch.scenario;
        let shown: Vec<String> = (0..scenario.knobs.len())
            .map(|i| {
                let arrow = if self.theme.unicode { "\u{2192}" } else { "->" };
                let (value, next) = self.watch.knob_value(KnobId::from(i));
                let next = next.map(|next| format!("{arrow}{next}")).unwrap_or_default();
                format!("{} {value}{next}", scenario.knobs[i].name)
            })
            .collect();
        let fits = |from: usize| {
            let upto = self.watch.knob.index().min(shown.len().saturating_sub(1));
            shown.iter().take(upto + 1).skip(from).map(|k| k.width() + 2).sum::<usize>() <= usize::from(at.width)
        };
        let first = (0..shown.len()).find(|from| fits(*from)).unwrap_or(self.watch.knob.index());
        let mut rest = at;
        for (i, knob) in shown.iter().enumerate().skip(first) {
            if knob.width() > usize::from(rest.width) {
                text::put(buf, rest, self.theme.dots(), self.theme.faint());
                break;
            }
            let chosen = self.watch.knob.index() == i;
            rest = text::put(buf, rest, knob, if chosen { self.theme.chosen() } else { Style::new() });
            rest = text::put(buf, rest, "  ", Style::new());
        }
    }

    /// `2 cores`; `1.5 of 2 cores` where a quota or affinity allows no more; `1.5 cores` where nobody knows how many there are.
    fn cores(&self) -> String {
        let (all, usable) = (self.watch.shown().cores().online() as f64, self.watch.shown().usable_cores());
        let of = if all > 0.0 && usable + 0.05 < all { format!(" of {all}") } else { String::new() };
        let tenths = (usable * 10.0).round();
        format!("{}{of} core{}", tenths / 10.0, if tenths as u64 == 10 && of.is_empty() { "" } else { "s" })
    }

    /// What was lost is always said; the rest where there is room for it beside the knobs.
    fn trust(&self, room: u16) -> Vec<(String, Style)> {
        let (health, plain) = (self.watch.figures.health, self.theme.faint());
        let loud = |bad: bool| if bad { self.theme.severity(Severity::Warning) } else { plain };
        let mut shown = vec![(format!("lost {}", count(health.lost)), loud(health.lost > 0))];
        if health.anomalies > 0 {
            shown.push((counted(health.anomalies, "anomaly"), loud(true)));
        }
        if room >= 72 {
            shown.insert(0, (self.cores(), plain));
            shown.push((format!("{:.0} ns/event", health.ns_each), plain));
        }
        let late = self.watch.late;
        if room >= 88 || late > LATE {
            shown.push((format!("{:>6} late", age(late)), loud(late > LATE)));
        }
        if self.unguarded {
            shown.push((guard::UNGUARDED.to_owned(), loud(true)));
        }
        shown
    }
}
