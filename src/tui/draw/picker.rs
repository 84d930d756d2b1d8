//! The picker: a list of scenarios in groups, and beside it a description of the chosen one with its question and a
//! preview.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::app::App;
use super::super::keys::KeyContext;
use super::super::layout::{PickerLayout, PickerLine, list_lines};
use super::super::picker::PickerEntry;
use super::{legend, overlay, preview, text, unguarded_notice};
use crate::report::text_width::truncate;
use crate::report::text_width::wrap_text;
use crate::scenario::{KnobKind, Scenario, sanitize};

pub(super) struct PickerScreen<'a> {
    pub(super) app: &'a App,
}

impl Widget for PickerScreen<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let (app, theme) = (self.app, self.app.theme);
        let parts = PickerLayout::compute(area);
        let head =
            Rect { x: parts.head.x + parts.head.width.min(1), width: parts.head.width.saturating_sub(1), ..parts.head };
        let head = unguarded_notice::draw_notice(app.is_unguarded, theme, head, buf);
        let rest = text::put_line(buf, head, "contend", theme.strong_style());
        text::put_line(buf, rest, "  see threads and processes contend", theme.faint_style());
        let entries = app.picker.visible_entries();
        let (lines, first) = list_lines(&app.picker, parts.list.height);
        for (i, line) in lines.iter().skip(first).take(usize::from(parts.list.height)).enumerate() {
            draw_list_line(app, line, &entries, text::nth_line(parts.list, i), buf);
        }
        if entries.is_empty() {
            let message = format!(" No match for \"{}\"", app.picker.filter);
            text::put_line(buf, parts.list, &message, theme.faint_style());
        }
        if let Some(entry) = app.picker.chosen_entry() {
            draw_about(app, entry, parts.about, buf);
        }
        let foot =
            Rect { x: parts.foot.x + parts.foot.width.min(1), width: parts.foot.width.saturating_sub(1), ..parts.foot };
        match legend::status_line(app, &app.picker.filter) {
            Some((said, style)) => drop(text::put_line(buf, foot, &said, style)),
            None => legend::draw_hints(app, KeyContext::Picker, foot, buf),
        }
    }
}

fn draw_list_line(app: &App, line: &PickerLine, entries: &[&PickerEntry], at: Rect, buf: &mut Buffer) {
    let indent = |n: u16| Rect { x: at.x + n.min(at.width), width: at.width.saturating_sub(n), ..at };
    match line {
        PickerLine::Group(group) => drop(text::put_line(buf, indent(1), group.heading(), app.theme.faint_style())),
        PickerLine::Entry(i) => {
            let Some(entry) = entries.get(*i) else { return };
            let style = if *i == app.picker.position() { app.theme.selection_style() } else { Style::new() };
            let inner = indent(2);
            let name = truncate(&entry.name, usize::from(inner.width.saturating_sub(2)), app.theme.ellipsis());
            text::put_line(buf, inner, &format!(" {name} "), style);
        }
    }
}

fn draw_about(app: &App, entry: &PickerEntry, area: Rect, buf: &mut Buffer) {
    let lines = match &entry.scenario {
        Ok(scenario) => scenario_lines(app, scenario, area.width),
        Err(mistakes) => overlay::plain_lines(mistakes),
    };
    for (i, (line, style)) in lines.iter().take(usize::from(area.height)).enumerate() {
        text::put_line(buf, text::nth_line(area, i), line, *style);
    }
    let used = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX).min(area.height);
    let rest = Rect { y: area.y + used, height: area.height - used, ..area };
    preview::PreviewWidget { picker: &app.picker, entry, theme: app.theme }.render(rest, buf);
}

fn scenario_lines(app: &App, scenario: &Scenario, width: u16) -> Vec<(String, Style)> {
    let theme = app.theme;
    let mut lines = vec![(scenario.title.clone(), theme.strong_style()), (String::new(), Style::new())];
    let wrapped = |text: &str, style: Style| {
        wrap_text(text, width).into_iter().map(move |line| (line, style)).collect::<Vec<_>>()
    };
    lines.extend(wrapped(&scenario.about, Style::new()));
    if let Some(ask) = &scenario.quiz {
        lines.push((String::new(), Style::new()));
        lines.extend(wrapped(&ask.text, theme.strong_style()));
    }
    lines.push((String::new(), Style::new()));
    let longest = scenario.knobs.iter().map(|k| k.name.len()).max().unwrap_or(0);
    for knob in &scenario.knobs {
        let value = match &knob.kind {
            KnobKind::Text { default } => default.as_deref().map_or_else(|| "-".into(), sanitize),
            KnobKind::Choice { default, .. } => knob.format_value(*default as f64),
            KnobKind::Number { default, .. } => knob.format_value(*default),
        };
        let line = format!("{:longest$}  {value:<12}  {}", knob.name, knob.help);
        lines.push((truncate(&line, usize::from(width), theme.ellipsis()), theme.faint_style()));
    }
    if !scenario.watch.is_empty() {
        lines.push((String::new(), Style::new()));
        lines.push(("Watch".into(), theme.faint_style()));
        for watch in &scenario.watch {
            lines.extend(wrapped(watch, Style::new()));
        }
    }
    lines
}
