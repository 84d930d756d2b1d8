//! The screen of a tuning.

mod answer;
mod band;
mod curve;
mod header;
mod level_figures;
mod level_table;
mod line_plot;
mod marks;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::app::App;
use super::super::keys::KeyContext;
use super::super::theme::Theme;
use super::super::tune_view::{TuneLayout, TuneView, UpperPane};
use super::{legend, text};
use crate::tune::Level;

/// Everything that the parts of the screen are drawn from.
#[derive(Clone, Copy)]
pub(super) struct TuneScene<'a> {
    pub(super) tune_view: &'a TuneView,
    pub(super) theme: Theme,
}

impl TuneScene<'_> {
    fn level_style(&self, level: &Level) -> Style {
        if self.tune_view.is_current(level) { self.theme.selection_style() } else { self.theme.strong_style() }
    }
}

pub(super) fn draw_tune_view(app: &App, tune_view: &TuneView, area: Rect, buf: &mut Buffer) {
    let scene = TuneScene { tune_view, theme: app.theme };
    let layout = TuneLayout::compute(tune_view, area);
    header::TuneHeader { scene, is_unguarded: app.is_unguarded }.render(layout.header, buf);
    band::VerdictBand { scene }.render(layout.band, buf);
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
    answer::AnswerSummary { scene, has_band: !layout.band.is_empty() }.render(layout.answer, buf);
    scene.draw_marks(layout.marks, buf);
    draw_footer(app, layout.legend, buf);
}

/// Draws the key hints, or a response to the last key.
fn draw_footer(app: &App, line: Rect, buf: &mut Buffer) {
    let inner = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
    match legend::status_line(app, "") {
        Some((words, style)) => drop(text::put_line(buf, inner, &words, style)),
        None => legend::draw_hints(app, KeyContext::Tune, inner, buf),
    }
}
