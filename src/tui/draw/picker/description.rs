//! The description of the chosen scenario: title, preview, what it is about, its question, its knobs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::super::super::app::App;
use super::super::super::picker::{PickerEntry, SearchWords};
use super::super::super::theme::{Role, Theme};
use super::super::{overlay, preview, text};
use super::put_marked;
use crate::report::text_width::{truncate, wrap_text};
use crate::scenario::{Knob, KnobKind, Scenario, sanitize};
use crate::trace::format::compact_counted;

/// A line of the description.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui::draw) enum DescriptionLine {
    Blank,
    Heading(&'static str),
    Text(String),
    /// A line of the question, with a bar at its left.
    Question(String),
    Knob {
        name: String,
        value: String,
        help: String,
    },
}

pub(super) fn draw_description(app: &App, entry: &PickerEntry, words: &SearchWords, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let scenario = match &entry.scenario {
        Ok(scenario) => scenario,
        Err(mistakes) => return draw_mistakes(theme, mistakes, area, buf),
    };
    let title = truncate(entry.title(), usize::from(area.width), theme.ellipsis());
    put_marked(buf, text::nth_line(area, 0), &title, theme.strong_style(), (words, theme));
    let mut rest = below(area, if area.height >= 16 { 2 } else { 1 });
    let picture = preview::PreviewWidget { picker: &app.picker, entry, theme };
    let used = picture.draw(Rect { height: preview::height_in(rest.height), ..rest }, buf);
    if used > 0 {
        rest = below(rest, used + 1);
    }
    let lines = scenario_lines(scenario, rest.width);
    let height = usize::from(rest.height);
    let shown = if lines.len() > height { height.saturating_sub(1) } else { height };
    for (i, line) in lines.iter().take(shown).enumerate() {
        draw_line(line, theme, words, text::nth_line(rest, i), buf);
    }
    if lines.len() > shown && height > 0 {
        let more = compact_counted((lines.len() - shown) as u64, "more line");
        let at = text::put_line(buf, text::nth_line(rest, shown), theme.ellipsis(), theme.faint_style());
        let at = text::put_line(buf, at, " i", theme.strong_style());
        text::put_line(buf, at, &format!(" shows {more}"), theme.faint_style());
    }
}

fn draw_mistakes(theme: Theme, mistakes: &str, area: Rect, buf: &mut Buffer) {
    for (i, (line, style)) in overlay::plain_lines(mistakes).iter().take(usize::from(area.height)).enumerate() {
        text::put_line(buf, text::nth_line(area, i), line, if i == 0 { theme.fg(Role::Error) } else { *style });
    }
}

fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// Returns everything that may be read of a scenario before its run: what to watch would answer its question.
pub(in crate::tui::draw) fn scenario_lines(scenario: &Scenario, width: u16) -> Vec<DescriptionLine> {
    let mut lines: Vec<_> = wrap_text(&scenario.about, width).into_iter().map(DescriptionLine::Text).collect();
    if let Some(quiz) = &scenario.quiz {
        lines.push(DescriptionLine::Blank);
        lines.extend(wrap_text(&quiz.text, width.saturating_sub(2)).into_iter().map(DescriptionLine::Question));
    }
    if !scenario.knobs.is_empty() {
        lines.extend([DescriptionLine::Blank, DescriptionLine::Heading("KNOBS")]);
    }
    let longest = scenario.knobs.iter().map(|knob| knob.name.len()).max().unwrap_or(0);
    let values = scenario.knobs.iter().map(|knob| default_text(knob).width()).max().unwrap_or(0);
    for knob in &scenario.knobs {
        let (mut name, mut value) = (format!("{:longest$}  ", knob.name), format!("{:values$}   ", default_text(knob)));
        let before = u16::try_from(name.len() + value.len()).unwrap_or(u16::MAX);
        for help in wrap_text(&knob.help, width.saturating_sub(before).max(16)) {
            let after = (" ".repeat(name.len()), " ".repeat(value.len()));
            lines.push(DescriptionLine::Knob { name, value, help });
            (name, value) = after;
        }
    }
    lines
}

fn default_text(knob: &Knob) -> String {
    match &knob.kind {
        KnobKind::Text { default } => default.as_deref().map_or_else(|| "-".into(), sanitize),
        KnobKind::Choice { default, .. } => knob.format_value(*default as f64),
        KnobKind::Number { default, .. } => knob.format_value(*default),
    }
}

/// Draws a line of the description, with the words of the filter marked.
pub(in crate::tui::draw) fn draw_line(
    line: &DescriptionLine,
    theme: Theme,
    words: &SearchWords,
    at: Rect,
    buf: &mut Buffer,
) {
    let mut put = |at: Rect, text: &str, style: Style| put_marked(buf, at, text, style, (words, theme));
    match line {
        DescriptionLine::Blank => {}
        DescriptionLine::Heading(heading) => drop(put(at, heading, theme.faint_style())),
        DescriptionLine::Text(text) => drop(put(at, text, theme.fg(Role::Text))),
        DescriptionLine::Question(text) => {
            let rest = put(at, theme.band_bar(), theme.fg(Role::Note));
            let rest = put(rest, " ", Style::new());
            put(rest, text, theme.strong_style());
        }
        DescriptionLine::Knob { name, value, help } => {
            let rest = put(at, name, theme.fg(Role::Text));
            let rest = put(rest, value, theme.strong_style());
            put(rest, help, theme.faint_style());
        }
    }
}
