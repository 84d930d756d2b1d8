//! The verdict of a tuning in two lines: the smallest level that is enough with its throughput, its p99 and how certain
//! that is; then what more of it costs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::super::theme::Role;
use super::super::super::tune_view::level_p99;
use super::super::band::wrap_clauses;
use super::TuneScene;
use super::text;
use crate::model::Severity;
use crate::report::text_width::{truncate, wrap_text};
use crate::trace::Span;
use crate::trace::format::{compact_counted, compact_duration, compact_rate_value, format_percent};
use crate::tune::{Goal, Level, TuningAnswer, caveats, headline, ratio_to_best, scaling_cost_sentence};

pub(super) struct VerdictBand<'a> {
    pub(super) scene: TuneScene<'a>,
}

/// Columns of the bar and of the mark, before the words.
const INDENT: u16 = 4;

impl Widget for VerdictBand<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        if area.width <= INDENT || area.height == 0 {
            return;
        }
        let theme = self.scene.theme;
        let (mark, role) = self.mark();
        for line in 0..area.height {
            let at = Rect { x: area.x, width: 1, ..text::nth_line(area, line.into()) };
            text::put_line(buf, at, theme.band_bar(), theme.fg(role));
        }
        text::put_line(buf, Rect { x: area.x + 2, width: 1, ..text::nth_line(area, 0) }, mark, theme.fg(role));
        let words = Rect { x: area.x + INDENT, width: area.width - INDENT, ..area };
        match self.enough_level() {
            Some(level) => self.draw_enough(level, role, words, buf),
            None => self.draw_headline(role, words, buf),
        }
    }
}

/// Returns the sentence of the second line, if all of it is visible on a screen of this width.
pub(super) fn second_line(scene: TuneScene<'_>, width: u16) -> Option<String> {
    let band = VerdictBand { scene };
    let sentence = match band.enough_level() {
        Some(_) => cost_sentence(scene),
        None => last_caveat(scene).filter(|_| band.headline_lines(width.saturating_sub(INDENT + 1)).len() == 1),
    };
    sentence.filter(|words| words.width() + usize::from(INDENT) + 2 <= usize::from(width))
}

fn last_caveat(scene: TuneScene<'_>) -> Option<String> {
    caveats(&scene.tune_view.tuning, &scene.tune_view.subject()).pop()
}

/// Says what more than the answer costs.
fn cost_sentence(scene: TuneScene<'_>) -> Option<String> {
    let tuning = &scene.tune_view.tuning;
    scaling_cost_sentence(tuning, &scene.tune_view.subject(), tuning.decision.as_ref()?)
}

impl VerdictBand<'_> {
    /// Returns the mark of the verdict, and what it counts as.
    fn mark(&self) -> (&'static str, Role) {
        let (view, theme) = (self.scene.tune_view, self.scene.theme);
        let severity = |severity, role| (theme.severity_mark(severity), role);
        match view.tuning.decision.as_ref().map(|decision| &decision.answer) {
            _ if !view.is_over => severity(Severity::Note, Role::Note),
            None | Some(TuningAnswer::TooNoisy(_) | TuningAnswer::Unsettled(_) | TuningAnswer::Rising(_)) => {
                severity(Severity::Warning, Role::Warning)
            }
            Some(TuningAnswer::NeverWorks(_) | TuningAnswer::DemandsNotMet(_) | TuningAnswer::FallsBehind(_)) => {
                severity(Severity::Error, Role::Error)
            }
            Some(_) if view.tuning.is_confirmed(&view.setup.question.demands) == Some(false) => {
                severity(Severity::Warning, Role::Warning)
            }
            Some(_) => (theme.good_mark(), Role::Good),
        }
    }

    /// Returns the smallest level that is enough, if that is the answer.
    fn enough_level(&self) -> Option<&Level> {
        let tuning = &self.scene.tune_view.tuning;
        let is_such = matches!(tuning.decision.as_ref()?.answer, TuningAnswer::Exact(_) | TuningAnswer::Range { .. });
        tuning.recommended_level().filter(|_| is_such && tuning.curve.levels().len() > 1)
    }

    fn draw_enough(&self, level: &Level, role: Role, area: Rect, buf: &mut Buffer) {
        let TuneScene { tune_view, theme } = self.scene;
        let (strong, plain) = (theme.strong_style(), theme.fg(Role::Text));
        let name = tune_view.subject().level_name(level.value);
        let first = text::nth_line(area, 0);
        let mut rest = text::put_line(buf, first, &name, theme.fg(role));
        let so_far = if tune_view.is_over { "" } else { " so far" };
        rest = text::put_line(buf, rest, &format!("{so_far}  "), theme.faint_style());
        let word = tune_view.setup.work.word();
        let mut parts = vec![(compact_rate_value(level.throughput()), strong), (format!(" {word}s/s"), plain)];
        if let Some(share) = self.share_of_best(level) {
            parts.extend([(", ".to_owned(), plain), (share, strong), (" of the best".to_owned(), plain)]);
        }
        if let Some(p99) = level_p99(tune_view, level) {
            parts.extend([(", p99 ".to_owned(), plain), (compact_duration(Span(p99 as u64)), strong)]);
        }
        for (words, style) in parts {
            rest = text::put_line(buf, rest, &words, style);
        }
        let certainty = self.certainty(level);
        if certainty.width() + 3 <= usize::from(rest.width) {
            text::put_right(buf, rest, &format!("{certainty} "), theme.faint_style());
        }
        if let Some(cost) = cost_sentence(self.scene) {
            self.draw_second(&cost, text::nth_line(area, 1), buf);
        }
    }

    fn draw_second(&self, words: &str, line: Rect, buf: &mut Buffer) {
        let theme = self.scene.theme;
        let rest = text::put_line(buf, line, theme.arrow(), theme.fg(Role::Good));
        let rest = text::put_line(buf, rest, " ", Style::new());
        let width = usize::from(rest.width);
        let line = match wrap_clauses(words, width, width, 1).as_slice() {
            [line] => line.clone(),
            _ => truncate(words, width, theme.ellipsis()),
        };
        text::put_line(buf, rest, &line, theme.fg(Role::Text));
    }

    fn share_of_best(&self, level: &Level) -> Option<String> {
        let best = self.scene.tune_view.tuning.curve.find(self.scene.tune_view.tuning.decision.as_ref()?.best_level)?;
        let is_best = level.value.total_cmp(&best.value).is_eq();
        ratio_to_best(level, best).filter(|_| !is_best).map(|found| format_percent(found.estimate))
    }

    /// Says what the answer rests on.
    fn certainty(&self, level: &Level) -> String {
        let view = self.scene.tune_view;
        let fresh = view.tuning.confirmation.find(level.value).map_or(0, |fresh| fresh.repetitions.len() as u64);
        match view.tuning.is_confirmed(&view.setup.question.demands) {
            Some(true) => format!("confirmed by {}", compact_counted(fresh, "fresh run")),
            Some(false) => format!("not confirmed by {}", compact_counted(fresh, "fresh run")),
            None => format!("measured in {}", compact_counted(level.repetitions.len() as u64, "run")),
        }
    }

    fn headline_lines(&self, width: u16) -> Vec<String> {
        let tune_view = self.scene.tune_view;
        let words = match (&tune_view.tuning.decision, tune_view.is_over) {
            (None, false) => {
                "No answer yet. Each level is measured several times, the nearest to the knee most often.".to_owned()
            }
            (Some(_), false) => format!("So far: {}", headline(&tune_view.tuning, &tune_view.subject())),
            (_, true) => headline(&tune_view.tuning, &tune_view.subject()),
        };
        wrap_text(&words, width)
    }

    fn draw_headline(&self, role: Role, area: Rect, buf: &mut Buffer) {
        let TuneScene { tune_view, theme } = self.scene;
        let lines = self.headline_lines(area.width.saturating_sub(1));
        if let ([_], Some(caveat)) = (lines.as_slice(), last_caveat(self.scene)) {
            self.draw_second(&caveat, text::nth_line(area, 1), buf);
        }
        for (at, line) in lines.iter().take(area.height.into()).enumerate() {
            let is_cut = at + 1 == usize::from(area.height) && lines.len() > at + 1;
            let line = if is_cut { format!("{line}{}", theme.ellipsis()) } else { line.clone() };
            let style = match (at, tune_view.setup.question.demands.goal) {
                (0, Goal::Arrivals(_)) => theme.strong_style(),
                (0, Goal::MaxThroughput) if role == Role::Error => theme.strong_style(),
                _ => theme.fg(Role::Text),
            };
            text::put_line(buf, text::nth_line(area, at), &line, style);
        }
    }
}
