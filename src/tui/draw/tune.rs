//! The screen of a tuning.

mod answer;
mod curve;
mod header;
mod level_figures;
mod level_table;
mod line_plot;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::app::App;
use super::super::keys::KeyContext;
use super::super::theme::Theme;
use super::super::tune_view::{TuneLayout, TuneView, UpperPane, time_slices};
use super::{legend, text};
use crate::trace::State;
use crate::tune::{Level, LevelStatus};

/// Everything that the parts of the screen are drawn from.
#[derive(Clone, Copy)]
pub(super) struct TuneScene<'a> {
    pub(super) tune_view: &'a TuneView,
    pub(super) theme: Theme,
}

impl TuneScene<'_> {
    /// Returns the sign for the status of a level.
    fn level_sign(&self, level: &Level) -> &'static str {
        let unicode = self.theme.has_unicode;
        match self.tune_view.standing(level) {
            _ if !level.failures.is_empty() => "X",
            LevelStatus::Sufficient => {
                if unicode {
                    "●"
                } else {
                    "@"
                }
            }
            LevelStatus::Undecided => {
                if unicode {
                    "◐"
                } else {
                    "?"
                }
            }
            LevelStatus::Worse => {
                if unicode {
                    "○"
                } else {
                    "o"
                }
            }
            LevelStatus::Unacceptable => {
                if unicode {
                    "×"
                } else {
                    "x"
                }
            }
        }
    }

    fn level_style(&self, level: &Level) -> Style {
        if self.tune_view.is_current(level) { self.theme.selection_style() } else { self.theme.strong_style() }
    }
}

pub(super) fn draw_tune_view(app: &App, tune_view: &TuneView, area: Rect, buf: &mut Buffer) {
    let scene = TuneScene { tune_view, theme: app.theme };
    let layout = TuneLayout::compute(tune_view, area);
    header::TuneHeader { scene, is_unguarded: app.is_unguarded }.render(layout.header, buf);
    header::PhaseBar { scene }.render(layout.phases, buf);
    match tune_view.upper {
        UpperPane::Level if !layout.has_detail_beside() => {
            level_figures::LevelFigures { scene }.render(layout.upper, buf);
        }
        UpperPane::Answer => answer::AnswerDetail { scene }.render(layout.upper, buf),
        UpperPane::Curve | UpperPane::Level => curve::CurveChart { scene }.render(layout.upper, buf),
    }
    level_figures::LevelFigures { scene }.render(layout.detail, buf);
    level_table::LevelTable { scene, layout: &layout }.render(layout.levels, buf);
    answer::AnswerSummary { scene }.render(layout.answer, buf);
    draw_footer(app, scene, layout.legend, buf);
}

/// Draws the legend and the key hints.
fn draw_footer(app: &App, scene: TuneScene<'_>, line: Rect, buf: &mut Buffer) {
    let inner = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
    if let Some((words, style)) = legend::status_line(app, "") {
        text::put_line(buf, inner, &words, style);
        return;
    }
    let theme = scene.theme;
    let parts: Vec<_> = scene.tune_view.levels().iter().flat_map(time_slices).map(|part| part.state).collect();
    let mut rest = inner;
    for state in State::ALL.into_iter().filter(|state| parts.contains(state)) {
        let word = legend::state_word(state);
        if usize::from(rest.width) < word.len() + 24 {
            break;
        }
        rest = text::put_line(buf, rest, theme.state_glyph(state), theme.cell_style(state));
        rest = text::put_line(buf, rest, &format!(" {word}  "), Style::new());
    }
    legend::draw_hints(app, KeyContext::Tune, rest, buf);
}
