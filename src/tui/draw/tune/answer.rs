//! The answer of a tuning in sentences: shortened at the foot of the screen, complete in its upper part.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::super::keys::{Action, key_name};
use super::super::super::theme::Role;
use super::text;
use super::{TuneScene, band};
use crate::model::Severity;
use crate::report::text_width::wrap_text;
use crate::trace::Span;
use crate::trace::format::{compact_duration, compact_percent, compact_rate_value};
use crate::tune::{caveats, headline, summary_sentences};

/// As much of the answer as there is room for.
pub(super) struct AnswerSummary<'a> {
    pub(super) scene: TuneScene<'a>,
    /// Whether the headline stands in the band.
    pub(super) has_band: bool,
}

/// The complete answer, with the response times under load.
pub(super) struct AnswerDetail<'a> {
    pub(super) scene: TuneScene<'a>,
}

/// Returns the headline and everything after it.
fn answer_lines(scene: TuneScene<'_>, width: u16) -> Vec<(String, Style)> {
    let (tune_view, theme) = (scene.tune_view, scene.theme);
    let subject = tune_view.subject();
    let head = match (&tune_view.tuning.decision, tune_view.is_over) {
        (None, false) => "No answer yet.".to_owned(),
        (Some(_), false) => format!("So far: {}", headline(&tune_view.tuning, &subject)),
        (_, true) => headline(&tune_view.tuning, &subject),
    };
    let mut lines: Vec<(String, Style)> =
        wrap_text(&head, width).into_iter().map(|line| (line, theme.strong_style())).collect();
    lines.extend(reason_lines(scene, width, None));
    lines
}

/// Returns the sentences after the headline, except for one.
fn reason_lines(scene: TuneScene<'_>, width: u16, without: Option<&str>) -> Vec<(String, Style)> {
    let (tune_view, theme) = (scene.tune_view, scene.theme);
    let subject = tune_view.subject();
    let mut lines = Vec::new();
    let mut say =
        |words: &str, style: Style| lines.extend(wrap_text(words, width).into_iter().map(|line| (line, style)));
    for sentence in summary_sentences(&tune_view.tuning, &subject) {
        if without != Some(sentence.as_str()) {
            say(&sentence, theme.fg(Role::Text));
        }
    }
    for doubt in caveats(&tune_view.tuning, &subject) {
        if without != Some(doubt.as_str()) {
            say(&doubt, theme.severity_style(Severity::Warning));
        }
    }
    lines
}

impl Widget for AnswerSummary<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let inner = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area };
        let lines = if self.has_band {
            reason_lines(self.scene, inner.width, band::second_line(self.scene, inner.width).as_deref())
        } else {
            answer_lines(self.scene, inner.width)
        };
        let room = usize::from(area.height);
        let cut = lines.len() > room;
        for (at, (line, style)) in lines.iter().take(room).enumerate() {
            text::put_line(buf, text::nth_line(inner, at), line, *style);
        }
        if cut && room > 0 && self.scene.tune_view.upper != super::UpperPane::Answer {
            let words = format!("  {} more: {} ", lines.len() - room, key_name(Action::NextUpperPane));
            text::put_right(buf, text::nth_line(inner, room - 1), &words, self.scene.theme.faint_style());
        }
    }
}

impl Widget for AnswerDetail<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let inner = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(3).min(110), ..area };
        let mut lines = answer_lines(self.scene, inner.width);
        lines.extend(self.open_loop_lines());
        let first = self.scene.tune_view.scroll.min(lines.len().saturating_sub(usize::from(area.height)));
        for (at, (line, style)) in lines.iter().skip(first).take(area.height.into()).enumerate() {
            text::put_line(buf, text::nth_line(inner, at), line, *style);
        }
    }
}

impl AnswerDetail<'_> {
    /// Returns the response times under load, when tasks arrive at a fixed rate.
    fn open_loop_lines(&self) -> Vec<(String, Style)> {
        let (tune_view, faint) = (self.scene.tune_view, self.scene.theme.faint_style());
        let Some(first) = tune_view.tuning.open_loop.first() else { return Vec::new() };
        let title =
            format!("Response time with {}, from the intended start", tune_view.subject().level_name(first.level));
        let heads = format!("{:>6}{:>12}{:>10}{:>10}{:>10}", "load", "rate /s", "p50", "p90", "p99");
        let rows = tune_view.tuning.open_loop.iter().map(|loaded| {
            let times = loaded.repetition.as_ref().and_then(|repetition| repetition.response).map_or_else(
                || "   could not be run".to_owned(),
                |of| [of.p50, of.p90, of.p99].map(|ns| format!("{:>10}", compact_duration(Span(ns as u64)))).concat(),
            );
            (
                format!(
                    "{:>6}{:>12}{times}",
                    compact_percent(loaded.load_share),
                    compact_rate_value(loaded.offered_rate)
                ),
                Style::new(),
            )
        });
        [(String::new(), faint), (title, faint), (heads, faint)].into_iter().chain(rows).collect()
    }
}
