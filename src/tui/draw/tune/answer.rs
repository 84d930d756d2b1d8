//! What comes of it, in sentences: at the foot in short, in the upper part whole.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::super::format::{age, percent, rate, wrap};
use super::Scene;
use super::text;
use crate::model::Severity;
use crate::trace::Span;
use crate::tune::{doubts, headline, sentences};

/// As much of the answer as there is room for.
pub(super) struct Answer<'a> {
    pub(super) scene: Scene<'a>,
}

/// All of it, with the response times under load.
pub(super) struct Whole<'a> {
    pub(super) scene: Scene<'a>,
}

/// The headline, and everything after it.
fn lines(scene: Scene<'_>, width: u16) -> Vec<(String, Style)> {
    let (sheet, theme) = (scene.sheet, scene.theme);
    let subject = sheet.subject();
    let head = match (&sheet.tuning.verdict, sheet.over) {
        (None, false) => "Nothing can be said yet.".to_owned(),
        (Some(_), false) => format!("So far: {}", headline(&sheet.tuning, &subject)),
        (_, true) => headline(&sheet.tuning, &subject),
    };
    let mut lines: Vec<(String, Style)> = wrap(&head, width).into_iter().map(|line| (line, theme.strong())).collect();
    let mut say = |words: &str, style: Style| lines.extend(wrap(words, width).into_iter().map(|line| (line, style)));
    for sentence in sentences(&sheet.tuning, &subject) {
        say(&sentence, Style::new());
    }
    for doubt in doubts(&sheet.tuning, &subject) {
        say(&doubt, theme.severity(Severity::Warning));
    }
    lines
}

impl Widget for Answer<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let inner = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area };
        let lines = lines(self.scene, inner.width);
        let room = usize::from(area.height);
        let cut = lines.len() > room;
        for (at, (line, style)) in lines.iter().take(room).enumerate() {
            text::put(buf, text::line(inner, at), line, *style);
        }
        if cut && room > 1 && self.scene.sheet.upper != super::Upper::Answer {
            let words = format!("  {} more: tab ", lines.len() - room);
            text::right(buf, text::line(inner, room - 1), &words, self.scene.theme.faint());
        }
    }
}

impl Widget for Whole<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let inner = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(3).min(110), ..area };
        let mut lines = lines(self.scene, inner.width);
        lines.extend(self.loaded());
        let first = self.scene.sheet.scroll.min(lines.len().saturating_sub(usize::from(area.height)));
        for (at, (line, style)) in lines.iter().skip(first).take(area.height.into()).enumerate() {
            text::put(buf, text::line(inner, at), line, *style);
        }
    }
}

impl Whole<'_> {
    /// Response times when work comes at a rate of its own.
    fn loaded(&self) -> Vec<(String, Style)> {
        let (sheet, faint) = (self.scene.sheet, self.scene.theme.faint());
        let Some(first) = sheet.tuning.loaded.first() else { return Vec::new() };
        let title = format!("Response time with {}, from the intended start", sheet.subject().level(first.level));
        let heads = format!("{:>6}{:>12}{:>10}{:>10}{:>10}", "load", "a second", "p50", "p90", "p99");
        let rows = sheet.tuning.loaded.iter().map(|loaded| {
            let times = loaded.repetition.as_ref().and_then(|repetition| repetition.response).map_or_else(
                || "   could not be done".to_owned(),
                |of| [of.p50, of.p90, of.p99].map(|ns| format!("{:>10}", age(Span(ns as u64)))).concat(),
            );
            (
                format!("{:>6}{:>12}{times}", percent(loaded.load), rate(loaded.per_second).trim_end_matches("/s")),
                Style::new(),
            )
        });
        [(String::new(), faint), (title, faint), (heads, faint)].into_iter().chain(rows).collect()
    }
}
