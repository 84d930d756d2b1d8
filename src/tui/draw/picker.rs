//! The picker: scenarios in groups at the left; at the right what the chosen one is about and the question to think
//! about first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::app::App;
use super::super::format::cut;
use super::super::keys::Place;
use super::super::picker::Entry;
use super::super::plan::{Line, PickerPlan, lines};
use super::{guard, legend, overlay, sketch, text};
use crate::scenario::{Group, KnobKind, Scenario, clean};

pub(super) struct Picker<'a> {
    pub(super) app: &'a App,
}

impl Widget for Picker<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let (app, theme) = (self.app, self.app.theme);
        let parts = PickerPlan::of(area);
        let head =
            Rect { x: parts.head.x + parts.head.width.min(1), width: parts.head.width.saturating_sub(1), ..parts.head };
        let head = guard::say(app.unguarded, theme, head, buf);
        let rest = text::put(buf, head, "contend", theme.strong());
        text::put(buf, rest, "  see threads and processes contend", theme.faint());
        let entries = app.picker.shown();
        let (lines, first) = lines(&app.picker, parts.list.height);
        for (i, line) in lines.iter().skip(first).take(usize::from(parts.list.height)).enumerate() {
            list_line(app, line, &entries, text::line(parts.list, i), buf);
        }
        if entries.is_empty() {
            text::put(buf, parts.list, " no scenario has this in its name", theme.faint());
        }
        if let Some(entry) = app.picker.chosen() {
            beside(app, entry, parts.beside, buf);
        }
        let foot =
            Rect { x: parts.foot.x + parts.foot.width.min(1), width: parts.foot.width.saturating_sub(1), ..parts.foot };
        match legend::said(app, &app.picker.filter) {
            Some((said, style)) => drop(text::put(buf, foot, &said, style)),
            None => legend::hints(app, Place::Picker, foot, buf),
        }
    }
}

fn list_line(app: &App, line: &Line, entries: &[&Entry], at: Rect, buf: &mut Buffer) {
    let indent = |n: u16| Rect { x: at.x + n.min(at.width), width: at.width.saturating_sub(n), ..at };
    match line {
        Line::Group(group) => drop(text::put(buf, indent(1), group_word(*group), app.theme.faint())),
        Line::Entry(i) => {
            let Some(entry) = entries.get(*i) else { return };
            let style = if *i == app.picker.position() { app.theme.chosen() } else { Style::new() };
            let inner = indent(2);
            let name = cut(&entry.name, usize::from(inner.width.saturating_sub(2)), app.theme.dots());
            text::put(buf, inner, &format!(" {name} "), style);
        }
    }
}

const fn group_word(group: Group) -> &'static str {
    match group {
        Group::Pools => "Pools",
        Group::Locks => "Locks",
        Group::Deadlocks => "Deadlocks",
        Group::Queues => "Queues",
        Group::Signals => "Signals",
        Group::Processes => "Processes",
        Group::EventLoops => "Event loops",
        Group::RealWork => "Real work",
        Group::Machine => "The machine",
        Group::Classics => "Classics",
        Group::Tuning => "Tuning",
        Group::Own => "Own files",
    }
}

/// Lanes of the still at most.
const STILL: u16 = 8;

fn beside(app: &App, entry: &Entry, area: Rect, buf: &mut Buffer) {
    let lines = match &entry.scenario {
        Ok(scenario) => scenario_lines(app, scenario, area.width),
        Err(mistakes) => overlay::plain(mistakes),
    };
    for (i, (line, style)) in lines.iter().take(usize::from(area.height)).enumerate() {
        text::put(buf, text::line(area, i), line, *style);
    }
    let used = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX).min(area.height);
    if let Ok(scenario) = &entry.scenario {
        let rest = Rect { y: area.y + used, height: (area.height - used).min(STILL), ..area };
        sketch::Sketch { scenario, theme: app.theme }.render(rest, buf);
    }
}

fn scenario_lines(app: &App, scenario: &Scenario, width: u16) -> Vec<(String, Style)> {
    let theme = app.theme;
    let mut lines = vec![(scenario.title.clone(), theme.strong()), (String::new(), Style::new())];
    let wrapped = |text: &str, style: Style| {
        text::wrap(text, width).into_iter().map(move |line| (line, style)).collect::<Vec<_>>()
    };
    lines.extend(wrapped(&scenario.about, Style::new()));
    if let Some(ask) = &scenario.ask {
        lines.push((String::new(), Style::new()));
        lines.extend(wrapped(&ask.text, theme.strong()));
    }
    lines.push((String::new(), Style::new()));
    let longest = scenario.knobs.iter().map(|k| k.name.len()).max().unwrap_or(0);
    for knob in &scenario.knobs {
        let value = match &knob.kind {
            KnobKind::Text { default } => default.as_deref().map_or_else(|| "-".into(), clean),
            KnobKind::Choice { default, .. } => knob.show(*default as f64),
            KnobKind::Number { default, .. } => knob.show(*default),
        };
        let line = format!("{:longest$}  {value:<12}  {}", knob.name, knob.help);
        lines.push((cut(&line, usize::from(width), theme.dots()), theme.faint()));
    }
    if !scenario.watch.is_empty() {
        lines.push((String::new(), Style::new()));
        lines.push(("Watch".into(), theme.faint()));
        for watch in &scenario.watch {
            lines.extend(wrapped(watch, Style::new()));
        }
    }
    lines
}
