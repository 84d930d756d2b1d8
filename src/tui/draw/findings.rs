//! The findings, or before there are any, a hint what to watch.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::layout::findings::{
    NAME_WIDTH, abort_reason, area_below_abort, finding_areas, has_names, sentence_area, sentences,
};
use super::super::run_view::{RunView, Selection};
use super::super::theme::Theme;
use super::text;
use crate::model::{Finding, MIN_OBSERVATION, Severity};
use crate::report::text_width::wrap_text;
use crate::trace::format::compact_counted;

pub(super) struct FindingsPane<'a> {
    pub(super) view: &'a RunView,
    pub(super) theme: Theme,
}

impl Widget for FindingsPane<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let findings = &self.view.figures.findings;
        let rest = self.draw_abort_reason(area, buf);
        if findings.is_empty() && self.view.muted_findings > 0 {
            return self.draw_notes(0, rest, buf);
        }
        if findings.is_empty() {
            self.draw_hint(rest, buf);
            return self.draw_notes(0, rest, buf);
        }
        let chosen = match self.view.selection {
            Some(Selection::Finding(index)) => Some(index),
            _ => None,
        };
        let places = finding_areas(self.view, area);
        for (i, at) in &places {
            self.draw_finding(&findings[*i], chosen == Some(*i), *at, buf);
        }
        let below = places.last().map_or(0, |(last, _)| findings.len() - last - 1);
        self.draw_notes(below, area, buf);
    }
}

impl FindingsPane<'_> {
    /// Draws why the run broke off; returns the space below.
    fn draw_abort_reason(&self, area: Rect, buf: &mut Buffer) -> Rect {
        if let Some(why) = abort_reason(self.view) {
            let loud = self.theme.severity_style(Severity::Error);
            let inner = Rect { x: area.x + area.width.min(3), width: area.width.saturating_sub(4), ..area };
            text::put_line(
                buf,
                Rect { x: area.x + area.width.min(1), width: area.width.min(2), ..area },
                self.theme.bullet(),
                loud,
            );
            for (i, line) in wrap_text(&why, inner.width).iter().enumerate() {
                text::put_line(buf, text::nth_line(inner, i), line, loud);
            }
        }
        area_below_abort(self.view, area)
    }

    fn draw_finding(&self, finding: &Finding, chosen: bool, area: Rect, buf: &mut Buffer) {
        let loud = self.theme.severity_style(finding.severity);
        let chosen = if chosen { loud.patch(self.theme.selection_style()) } else { loud };
        let first = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(1), height: 1, ..area };
        let beside = sentence_area(area);
        let rest = text::put_line(buf, first, self.theme.bullet(), chosen);
        if has_names(area) {
            let name = Rect { x: rest.x + 1, width: NAME_WIDTH, ..rest };
            text::put_line(buf, name, finding.id, chosen);
        }
        for (i, (line, cure)) in sentences(finding, area).into_iter().take(usize::from(area.height)).enumerate() {
            let style = if cure { self.theme.faint_style() } else { Style::new() };
            text::put_line(buf, text::nth_line(beside, i), &line, style);
        }
    }

    /// Draws how many findings have no room, how many are muted, and how many thresholds are set, if the last line has
    /// space for it.
    fn draw_notes(&self, below: usize, area: Rect, buf: &mut Buffer) {
        let thresholds = self.view.shown_model().thresholds().changed().count();
        let notes = [
            (below > 0).then(|| compact_counted(below as u64, "more finding")),
            (self.view.muted_findings > 0).then(|| format!("{} muted", self.view.muted_findings)),
            (thresholds > 0).then(|| format!("{} set", compact_counted(thresholds as u64, "threshold"))),
        ];
        let notes: Vec<String> = notes.into_iter().flatten().collect();
        if !notes.is_empty() {
            self.draw_corner(&format!(" {}", notes.join(", ")), area, buf);
        }
    }

    fn draw_corner(&self, text: &str, area: Rect, buf: &mut Buffer) {
        let width = u16::try_from(text.len()).unwrap_or(u16::MAX).min(area.width);
        let at = Rect { x: area.right() - width, y: area.bottom().saturating_sub(1), width, height: 1 };
        let is_free = at.intersection(buf.area).positions().all(|place| buf[place].symbol() == " ");
        if is_free && !area.is_empty() {
            text::put_line(buf, at, text, self.theme.faint_style());
        }
    }

    /// Draws what to watch and the question.
    fn draw_hint(&self, area: Rect, buf: &mut Buffer) {
        let scenario = &self.view.scenario;
        let nothing = self.view.shown_range().and(self.view.interval_record()).map(|record| {
            let is_short = record.to.span_since(record.from) < MIN_OBSERVATION;
            let sentence = match (&record.findings, is_short) {
                (_, true) => "This range is too short for findings",
                (None, _) => "Too many events in this range: its findings are those of its end",
                (Some(_), _) => "No findings in this range",
            };
            ("", sentence)
        });
        let watch = self.view.watch_hint().map(|w| ("watch: ", w)).filter(|_| nothing.is_none());
        let ask = scenario.quiz.as_ref().map(|a| ("ask: ", a.text.as_str())).filter(|_| nothing.is_none());
        let inner = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area };
        let mut n = 0;
        for (label, sentence) in nothing.into_iter().chain(watch).chain(ask) {
            for line in wrap_text(&format!("{label}{sentence}"), inner.width) {
                text::put_line(buf, text::nth_line(inner, n), &line, self.theme.faint_style());
                n += 1;
            }
        }
    }
}
