//! What is wrong, in words, at a fixed place; until something is, what to look at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::theme::Theme;
use super::super::watch::{Chosen, Pane, Watch};
use super::text;
use crate::model::Finding;

/// Columns of a finding's name.
const NAME: u16 = 16;

pub(super) struct Findings<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
}

impl Widget for Findings<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let findings = &self.watch.figures.findings;
        if findings.is_empty() {
            return self.hint(area, buf);
        }
        let chosen = match self.watch.chosen {
            Some(Chosen::Finding(index)) => Some(index),
            _ => None,
        };
        let mut rest = area;
        for (i, finding) in findings.iter().enumerate().skip(self.first(chosen, area.height)) {
            if rest.height == 0 {
                break;
            }
            let used = self.finding(finding, chosen == Some(i), rest, buf);
            rest = Rect { y: rest.y + used, height: rest.height - used, ..rest };
        }
    }
}

impl Findings<'_> {
    /// The list begins at the most severe one, or at the chosen one where it would not be in sight.
    fn first(&self, chosen: Option<usize>, height: u16) -> usize {
        let in_sight = usize::from(height / 2).max(1);
        chosen.filter(|i| *i >= in_sight && self.watch.pane == Pane::Findings).unwrap_or(0)
    }

    /// Returns the lines it took.
    fn finding(&self, finding: &Finding, chosen: bool, area: Rect, buf: &mut Buffer) -> u16 {
        let loud = self.theme.severity(finding.severity);
        let first = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(1), height: 1, ..area };
        let rest = text::put(buf, first, &format!("{} ", self.theme.bullet()), loud);
        let rest = text::put(buf, rest, finding.id, if chosen { loud.patch(self.theme.chosen()) } else { loud });
        let begin = (first.x + 2 + NAME).max(rest.x + 1).min(area.right());
        let beside = Rect { x: begin, width: area.right() - begin, ..area };
        let mut lines: Vec<(String, Style)> =
            text::wrap(&finding.sentence, beside.width).into_iter().map(|l| (l, Style::new())).collect();
        lines.extend(text::wrap(&finding.cure, beside.width).into_iter().map(|l| (l, self.theme.faint())));
        let lines = lines.into_iter().take(usize::from(area.height));
        let mut used = 0;
        for (i, (line, style)) in lines.enumerate() {
            text::put(buf, text::line(beside, i), &line, style);
            used += 1;
        }
        used.max(1)
    }

    /// For a stranger: the question, and where to look.
    fn hint(&self, area: Rect, buf: &mut Buffer) {
        let scenario = &self.watch.scenario;
        let watch = scenario.watch.first().map(|w| ("watch: ", w));
        let ask = scenario.ask.as_ref().map(|a| ("ask: ", a));
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
