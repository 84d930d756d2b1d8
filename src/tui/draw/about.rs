//! The overlay with the texts of the scenario.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::app::{App, CurrentView};
use super::super::panes::answer;
use super::super::run_view::RunView;
use super::super::theme::Theme;
use super::overlay::{OVERLAY_WIDTH, Overlay, centered};
use super::picker::description::{DescriptionLine, scenario_lines};
use crate::report::text_width::wrap_text;

/// Draws what the scenario is about, what to watch and what to try.
pub(super) fn draw_about(app: &App, scroll: usize, area: Rect, buf: &mut Buffer) {
    let CurrentView::Run(view) = &app.current_view else { return draw_chosen(app, scroll, area, buf) };
    let width = centered(area, OVERLAY_WIDTH, 0).width.saturating_sub(4);
    let lines = about_lines(view, width, app.theme);
    Overlay { title: &view.scenario.title, lines, scroll, theme: app.theme }.render(area, buf);
}

/// Draws everything about the scenario that is chosen in the picker.
fn draw_chosen(app: &App, scroll: usize, area: Rect, buf: &mut Buffer) {
    let Some(Ok(scenario)) = app.picker.chosen_entry().map(|entry| entry.scenario.as_ref()) else { return };
    let theme = app.theme;
    let width = centered(area, OVERLAY_WIDTH, 0).width.saturating_sub(4);
    let lines = scenario_lines(scenario, width).into_iter().map(|line| match line {
        DescriptionLine::Blank => (String::new(), Style::new()),
        DescriptionLine::Heading(text) => (text.to_owned(), theme.faint_style()),
        DescriptionLine::Text(text) => (text, Style::new()),
        DescriptionLine::Question(text) => (format!("{} {text}", theme.band_bar()), theme.strong_style()),
        DescriptionLine::Knob { name, value, help } => (name + &value + &help, Style::new()),
    });
    Overlay { title: &scenario.title, lines: lines.collect(), scroll, theme }.render(area, buf);
}

/// Returns the scenario's own texts, wrapped.
pub(super) fn about_lines(view: &RunView, width: u16, theme: Theme) -> Vec<(String, Style)> {
    let scenario = &view.scenario;
    let mut lines: Vec<(String, Style)> = Vec::new();
    let mut section = |label: &str, texts: &[&str]| {
        if texts.is_empty() {
            return;
        }
        if !lines.is_empty() {
            lines.push((String::new(), Style::new()));
        }
        if !label.is_empty() {
            lines.push((label.to_owned(), theme.faint_style()));
        }
        for text in texts {
            lines.extend(wrap_text(text, width).into_iter().map(|l| (l, Style::new())));
        }
    };
    section("", &[&scenario.about]);
    section("QUESTION", &scenario.quiz.iter().map(|ask| ask.text.as_str()).collect::<Vec<_>>());
    section("WATCH", &scenario.watch.iter().map(String::as_str).collect::<Vec<_>>());
    let tries = answer::numbered_suggestions(view);
    section("TRY: the number starts it", &tries.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>());
    lines
}
