//! The last line: what the glyphs mean, and what the keys do. While something is typed or said, that stands here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::app::{App, Mode};
use super::super::keys::{self, Action, Binding, Place};
use super::super::theme::{Hold, Theme};
use super::super::watch::Watch;
use super::{lane, text};
use crate::trace::State;

pub(super) struct Legend<'a> {
    pub(super) app: &'a App,
    pub(super) watch: &'a Watch,
}

/// Columns kept for `? help  q quit`.
const KEPT: u16 = 16;

impl Widget for Legend<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let inner = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        if let Some((text, style)) = said(self.app, &self.watch.filter) {
            text::put(buf, inner, &text, style);
            return;
        }
        // Help and the way out stand on every screen wide enough for a word of what the colours mean.
        let kept = if line.width >= 60 { KEPT } else { 0 };
        let rest = self.states(Rect { width: inner.width - kept, ..inner }, buf);
        hints(self.app, self.app.place(), Rect { width: inner.right() - rest.x, ..rest }, buf);
    }
}

impl Legend<'_> {
    fn states(&self, at: Rect, buf: &mut Buffer) -> Rect {
        let theme = self.app.theme;
        let mut states = self.watch.states;
        for state in lane::seen(self.watch) {
            states.add(&[state]);
        }
        let gap = if at.width < 80 { " " } else { "  " };
        let mut rest = at;
        for state in State::ALL.into_iter().filter(|s| *s != State::Done && states.has(*s)) {
            let glyph = theme.glyph(state);
            let letter = state.letter().to_string();
            rest = text::put(buf, rest, glyph, theme.cell(state));
            let letter = if glyph == letter { String::new() } else { format!(" {letter}") };
            rest = text::put(buf, rest, &format!("{letter} {}{gap}", word(state)), Style::new());
        }
        let (mixed, style) = theme.mixed(State::Lock, State::Running, 4);
        // Without colour a mixed cell shows the glyph of what fills more of it: nothing to explain.
        if states.has(State::Lock) && mixed != theme.glyph(State::Lock) && rest.width >= 7 {
            rest = text::put(buf, rest, mixed, style);
            rest = text::put(buf, rest, " both ", Style::new());
        }
        rest
    }
}

/// Words short enough for a legend of one line.
pub(super) const fn word(state: State) -> &'static str {
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

/// The holds of a lock, as its row draws them. Returns what is left of the line.
pub(super) fn holds(theme: Theme, at: Rect, buf: &mut Buffer) -> Rect {
    let mut rest = at;
    for (hold, word) in [(Hold::Held, "held"), (Hold::Wanted, "held, others wait"), (Hold::Free, "free")] {
        if usize::from(rest.width) < word.width() + 2 {
            break;
        }
        rest = text::put(buf, rest, theme.hold(hold), theme.hold_style(hold));
        rest = text::put(buf, rest, &format!(" {word}  "), theme.faint());
    }
    rest
}

/// As many hints as fit, the most important first, ranged right. How to get out is always said.
pub(super) fn hints(app: &App, place: Place, at: Rect, buf: &mut Buffer) {
    let named = |b: &'static Binding| {
        let name = b.first();
        let needs = name.width() + b.hint.width() + 3;
        (name, b.hint, needs)
    };
    let (out, rest): (Vec<_>, Vec<_>) =
        keys::at(place).filter(|b| !b.hint.is_empty()).partition(|b| b.action == Action::Quit);
    let (mut shown, mut width) = (Vec::new(), 0);
    let first = out.iter().map(|b| named(b).2).sum::<usize>();
    for (name, hint, needs) in rest.into_iter().map(named) {
        if first + width + needs > usize::from(at.width) {
            break;
        }
        width += needs;
        shown.push((name, hint));
    }
    for (name, hint, needs) in out.into_iter().map(named) {
        if width + needs <= usize::from(at.width) {
            width += needs;
            shown.push((name, hint));
        }
    }
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(at.width);
    let mut rest = Rect { x: at.right() - width, width, ..at };
    for (name, hint) in shown {
        rest = text::put(buf, rest, &name, app.theme.strong());
        rest = text::put(buf, rest, &format!(" {hint}  "), app.theme.faint());
    }
}
