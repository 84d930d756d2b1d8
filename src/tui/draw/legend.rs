//! The last line: what the glyphs mean, and what the keys do. While something is typed or said, that stands here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::app::{App, Mode};
use super::super::keys::{self, Place};
use super::super::theme::Hold;
use super::super::watch::Watch;
use super::{lane, text};
use crate::trace::State;

pub(super) struct Legend<'a> {
    pub(super) app: &'a App,
    pub(super) watch: &'a Watch,
}

impl Widget for Legend<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let inner = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        if let Some((text, style)) = said(self.app, &self.watch.filter) {
            text::put(buf, inner, &text, style);
            return;
        }
        let rest = self.states(inner, buf);
        hints(self.app, Place::Watch, rest, buf);
    }
}

impl Legend<'_> {
    fn states(&self, at: Rect, buf: &mut Buffer) -> Rect {
        let theme = self.app.theme;
        let mut states = self.watch.states;
        for state in lane::seen(self.watch) {
            states.add(&[state]);
        }
        let mut rest = at;
        for state in State::ALL.into_iter().filter(|s| *s != State::Done && states.has(*s)) {
            let glyph = theme.glyph(state);
            let letter = state.letter().to_string();
            rest = text::put(buf, rest, glyph, theme.cell(state));
            let letter = if glyph == letter { String::new() } else { format!(" {letter}") };
            rest = text::put(buf, rest, &format!("{letter} {}  ", word(state)), Style::new());
        }
        let (mixed, style) = theme.mixed(State::Lock, State::Running, 4);
        let room = usize::from(rest.width);
        if states.has(State::Lock) && room >= 9 {
            rest = text::put(buf, rest, mixed, style);
            rest = text::put(buf, rest, " both  ", Style::new());
        }
        if states.has(State::Lock) && room >= 60 {
            for (hold, word) in [(Hold::Held, "held"), (Hold::Wanted, "held, others wait")] {
                rest = text::put(buf, rest, theme.hold(hold), theme.hold_style(hold));
                rest = text::put(buf, rest, &format!(" {word}  "), Style::new());
            }
        }
        rest
    }
}

/// Words short enough for a legend of one line.
const fn word(state: State) -> &'static str {
    match state {
        State::Empty => "no work",
        State::Handover => "hand-over",
        other => other.word(),
    }
}

/// What takes the place of legend and hints.
pub(super) fn said(app: &App, filter: &str) -> Option<(String, Style)> {
    let theme = app.theme;
    if app.mode == Mode::Filter {
        let enter = match app.place() {
            Place::Picker => "runs the chosen one",
            _ => "keeps it",
        };
        return Some((format!("filter: {filter}_   enter {enter}, esc drops it"), theme.strong()));
    }
    app.said.as_ref().map(|said| (said.clone(), theme.strong()))
}

/// As many hints as fit, the most important first, ranged right.
pub(super) fn hints(app: &App, place: Place, at: Rect, buf: &mut Buffer) {
    let (mut shown, mut width) = (Vec::new(), 0);
    for binding in keys::at(place).filter(|b| !b.hint.is_empty()) {
        let name = if binding.hint == "knob" { "+/-".to_owned() } else { binding.keys[0].name() };
        let needs = name.width() + binding.hint.width() + 3;
        if width + needs > usize::from(at.width) {
            break;
        }
        width += needs;
        shown.push((name, binding.hint));
    }
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(at.width);
    let mut rest = Rect { x: at.right() - width, width, ..at };
    for (name, hint) in shown {
        rest = text::put(buf, rest, &name, app.theme.strong());
        rest = text::put(buf, rest, &format!(" {hint}  "), app.theme.faint());
    }
}
