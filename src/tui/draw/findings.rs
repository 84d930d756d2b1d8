//! What is wrong, in words, at a fixed place; until something is, what to look at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::plan::findings::{NAME, below_broken_off, beside, has_names, places, sentences, why_broken_off};
use super::super::theme::Theme;
use super::super::watch::{Chosen, Watch};
use super::text;
use crate::model::{Finding, Severity};

pub(super) struct Findings<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
}

impl Widget for Findings<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let findings = &self.watch.figures.findings;
        let rest = self.broken_off(area, buf);
        if findings.is_empty() {
            return self.hint(rest, buf);
        }
        let chosen = match self.watch.chosen {
            Some(Chosen::Finding(index)) => Some(index),
            _ => None,
        };
        let places = places(self.watch, area);
        for (i, at) in &places {
            self.finding(&findings[*i], chosen == Some(*i), *at, buf);
        }
        let below = places.last().map_or(0, |(last, _)| findings.len() - last - 1);
        if below > 0 {
            self.more(below, area, buf);
        }
    }
}

impl Findings<'_> {
    /// Said before all findings; returns what is left for them.
    fn broken_off(&self, area: Rect, buf: &mut Buffer) -> Rect {
        if let Some(why) = why_broken_off(self.watch) {
            let loud = self.theme.severity(Severity::Error);
            let inner = Rect { x: area.x + area.width.min(3), width: area.width.saturating_sub(4), ..area };
            text::put(
                buf,
                Rect { x: area.x + area.width.min(1), width: area.width.min(2), ..area },
                self.theme.bullet(),
                loud,
            );
            for (i, line) in text::wrap(&why, inner.width).iter().enumerate() {
                text::put(buf, text::line(inner, i), line, loud);
            }
        }
        below_broken_off(self.watch, area)
    }

    fn finding(&self, finding: &Finding, chosen: bool, area: Rect, buf: &mut Buffer) {
        let loud = self.theme.severity(finding.severity);
        let chosen = if chosen { loud.patch(self.theme.chosen()) } else { loud };
        let first = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(1), height: 1, ..area };
        let beside = beside(area);
        let rest = text::put(buf, first, self.theme.bullet(), chosen);
        if has_names(area) {
            let name = Rect { x: rest.x + 1, width: NAME, ..rest };
            text::put(buf, name, finding.id, chosen);
        }
        for (i, (line, cure)) in sentences(finding, area).into_iter().take(usize::from(area.height)).enumerate() {
            let style = if cure { self.theme.faint() } else { Style::new() };
            text::put(buf, text::line(beside, i), &line, style);
        }
    }

    /// How many findings have no room, where the last line leaves some for that.
    fn more(&self, n: usize, area: Rect, buf: &mut Buffer) {
        let text = format!(" {n} more finding{}", if n == 1 { "" } else { "s" });
        let width = u16::try_from(text.len()).unwrap_or(u16::MAX).min(area.width);
        let at = Rect { x: area.right() - width, y: area.bottom().saturating_sub(1), width, height: 1 };
        let is_free = at.intersection(buf.area).positions().all(|place| buf[place].symbol() == " ");
        if is_free && !area.is_empty() {
            text::put(buf, at, &text, self.theme.faint());
        }
    }

    /// For a stranger: the question, and where to look.
    fn hint(&self, area: Rect, buf: &mut Buffer) {
        let scenario = &self.watch.scenario;
        let watch = self.watch.where_to_look().map(|w| ("watch: ", w));
        let ask = scenario.ask.as_ref().map(|a| ("ask: ", a.text.as_str()));
        let inner = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area };
        let mut n = 0;
        for (label, sentence) in watch.into_iter().chain(ask) {
            for line in text::wrap(&format!("{label}{sentence}"), inner.width) {
                text::put(buf, text::line(inner, n), &line, self.theme.faint());
                n += 1;
            }
        }
    }
}
