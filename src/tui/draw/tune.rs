//! The screen of a tuning.

mod answer;
mod curve;
mod figures;
mod head;
mod levels;
mod line;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::app::App;
use super::super::keys::Place;
use super::super::theme::Theme;
use super::super::tune::{Sheet, TunePlan, Upper, what};
use super::{legend, text};
use crate::trace::State;
use crate::tune::{Level, Standing};

/// What every part of the screen is drawn from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) theme: Theme,
}

impl Scene<'_> {
    /// What is known of a level, as one sign.
    fn sign(&self, level: &Level) -> &'static str {
        let unicode = self.theme.unicode;
        match self.sheet.standing(level) {
            _ if !level.failures.is_empty() => "X",
            Standing::Enough => {
                if unicode {
                    "●"
                } else {
                    "@"
                }
            }
            Standing::Undecided => {
                if unicode {
                    "◐"
                } else {
                    "?"
                }
            }
            Standing::Worse => {
                if unicode {
                    "○"
                } else {
                    "o"
                }
            }
            Standing::Refused => {
                if unicode {
                    "×"
                } else {
                    "x"
                }
            }
        }
    }

    fn style(&self, level: &Level) -> Style {
        if self.sheet.is_looked_at(level) { self.theme.chosen() } else { self.theme.strong() }
    }
}

pub(super) fn draw(app: &App, sheet: &Sheet, area: Rect, buf: &mut Buffer) {
    let scene = Scene { sheet, theme: app.theme };
    let plan = TunePlan::of(sheet, area);
    head::Header { scene, unguarded: app.unguarded }.render(plan.header, buf);
    head::Phases { scene }.render(plan.phases, buf);
    match sheet.upper {
        Upper::Level if !plan.is_beside() => figures::Figures { scene }.render(plan.upper, buf),
        Upper::Answer => answer::Whole { scene }.render(plan.upper, buf),
        Upper::Curve | Upper::Level => curve::Curve { scene }.render(plan.upper, buf),
    }
    figures::Figures { scene }.render(plan.beside, buf);
    levels::Levels { scene, plan: &plan }.render(plan.levels, buf);
    answer::Answer { scene }.render(plan.answer, buf);
    foot(app, scene, plan.legend, buf);
}

/// What the glyphs mean, and what the keys do.
fn foot(app: &App, scene: Scene<'_>, line: Rect, buf: &mut Buffer) {
    let inner = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
    if let Some((words, style)) = legend::said(app, "") {
        text::put(buf, inner, &words, style);
        return;
    }
    let theme = scene.theme;
    let parts: Vec<_> = scene.sheet.levels().iter().flat_map(what).map(|part| part.state).collect();
    let mut rest = inner;
    for state in State::ALL.into_iter().filter(|state| parts.contains(state)) {
        let word = legend::word(state);
        if usize::from(rest.width) < word.len() + 24 {
            break;
        }
        rest = text::put(buf, rest, theme.glyph(state), theme.cell(state));
        rest = text::put(buf, rest, &format!(" {word}  "), Style::new());
    }
    legend::hints(app, Place::Tune, rest, buf);
}
