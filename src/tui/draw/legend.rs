//! The second to last line: the legend of the states, or the text being typed or a response to the last key; and the
//! key hints.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::app::{App, CurrentView, Mode};
use super::super::keys::{self, Action, Binding, KeyContext};
use super::super::run_view::RunView;
use super::super::theme::Theme;
use super::{filter_pill, lane, text};
use crate::trace::State;

pub(super) struct Legend<'a> {
    pub(super) app: &'a App,
    pub(super) view: &'a RunView,
}

impl Widget for Legend<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let inner = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        if let Some((text, style)) = status_line(self.app, &self.view.filter) {
            let shorter =
                text.match_indices([',', ';', '.', '·']).filter(|(at, mark)| text[at + mark.len()..].starts_with(' '));
            let ends: Vec<usize> = shorter.map(|(at, _)| at).collect();
            let texts: Vec<&str> =
                std::iter::once(text.as_str()).chain(ends.iter().rev().map(|end| text[..*end].trim_end())).collect();
            text::put_first_fitting(buf, inner, &texts, self.app.theme.ellipsis(), style);
            return;
        }
        let inner = filter_pill::draw_filter(self.app.theme, &self.view.filter, inner, buf);
        self.draw_states(inner, buf);
    }
}

impl Legend<'_> {
    fn draw_states(&self, at: Rect, buf: &mut Buffer) {
        let theme = self.app.theme;
        let mut states = self.view.states;
        for state in lane::unexpected_states(self.view) {
            states.add(&[state]);
        }
        let gap = if at.width < 80 { " " } else { "  " };
        let entries = State::ALL.into_iter().filter(|s| *s != State::Done && states.has(*s));
        let entries: Vec<LegendEntry> = entries.map(|state| LegendEntry::of(state, theme, gap)).collect();
        let (kept, is_cut) = self.choose_entries(&entries, usize::from(at.width));
        let mut rest = at;
        for entry in kept {
            rest = text::put_line(buf, rest, &entry.swatch, entry.swatch_style);
            rest = text::put_line(buf, rest, &entry.letter, theme.state_style(entry.state));
            rest = text::put_line(buf, rest, &format!(" {}{gap}", state_word(entry.state)), theme.faint_style());
        }
        if is_cut {
            text::put_line(buf, rest, theme.ellipsis(), theme.faint_style());
            return;
        }
        let (mixed, style) = theme.mixed_cell(State::Lock, State::Running, 4);
        // Without colour, a mixed cell shows the glyph of the larger share, so there is nothing to explain.
        if states.has(State::Lock) && mixed != theme.state_glyph(State::Lock) && rest.width >= 7 {
            rest = text::put_line(buf, rest, mixed, style);
            text::put_line(buf, rest, " both ", Style::new());
        }
    }

    /// Returns the entries that have room, in their order, and whether others are left out: first those of states that
    /// take the least time of the window.
    fn choose_entries<'b>(&self, entries: &'b [LegendEntry], room: usize) -> (Vec<&'b LegendEntry>, bool) {
        // The gap after the last entry needs no room.
        let width = |kept: &[&LegendEntry]| kept.iter().map(|entry| entry.width()).sum::<usize>();
        let mut kept: Vec<&LegendEntry> = entries.iter().collect();
        if width(&kept) <= room + kept.last().map_or(0, |last| last.gap) {
            return (kept, false);
        }
        let room = room.saturating_sub(self.app.theme.ellipsis().width());
        while width(&kept) > room {
            let rarest = (0..kept.len()).min_by_key(|i| (self.time_in(kept[*i].state), std::cmp::Reverse(*i)));
            let Some(rarest) = rarest else { break };
            kept.remove(rarest);
        }
        (kept, true)
    }

    /// Returns the time that the workers spent in a state in the window, ns.
    fn time_in(&self, state: State) -> u64 {
        self.view.figures.lanes.iter().flatten().map(|lane| lane.shares.get(state)).fold(0, u64::saturating_add)
    }
}

/// A state in the legend: its colour, its letter where lanes show one, its name.
struct LegendEntry {
    state: State,
    swatch: String,
    swatch_style: Style,
    letter: String,
    gap: usize,
}

impl LegendEntry {
    fn of(state: State, theme: Theme, gap: &str) -> Self {
        let (glyph, swatch_style) = theme.swatch(state);
        let letter = state.letter().to_string();
        let swatch = if theme.has_unicode && glyph != letter { format!("{glyph}{glyph}") } else { glyph.to_owned() };
        let letter = if glyph == letter { String::new() } else { format!(" {letter}") };
        Self { state, swatch, swatch_style, letter, gap: gap.width() }
    }

    /// Returns its columns with the gap after it.
    fn width(&self) -> usize {
        self.swatch.width() + self.letter.width() + 1 + state_word(self.state).width() + self.gap
    }
}

/// Returns a word short enough for a legend of one line.
pub(super) const fn state_word(state: State) -> &'static str {
    match state {
        State::Empty => "no work",
        State::Handover => "hand-over",
        State::Gil => "GIL",
        State::OffCore => "off core",
        other => other.word(),
    }
}

/// Returns the text that replaces legend and hints, if there is one.
pub(super) fn status_line(app: &App, filter: &str) -> Option<(String, Style)> {
    let theme = app.theme;
    if app.mode == Mode::Filter {
        let enter = match app.key_context() {
            KeyContext::Picker => "run",
            _ => "keep",
        };
        return Some((format!("Filter: {filter}_   Enter {enter} · Esc clear"), theme.strong_style()));
    }
    if let Mode::RecordingPrompt { path } = &app.mode {
        let turn = match &app.current_view {
            CurrentView::Run(view) => view.last_turn().filter(|_| path.is_empty()),
            _ => None,
        };
        let keys = match turn {
            Some(turn) => format!("or Enter: {} against {}", turn.before, turn.after),
            None if path.is_empty() => "such as before.contend".to_owned(),
            None => "Enter compare".to_owned(),
        };
        return Some((format!("Compare with the recording: {path}_   {keys} · Esc back"), theme.strong_style()));
    }
    if let Mode::JumpTo { text } = &app.mode {
        return Some((format!("Jump to: {text}_   such as 2.3s · Enter jump · Esc cancel"), theme.strong_style()));
    }
    app.status_message.as_ref().map(|said| (said.clone(), theme.strong_style()))
}

/// Draws as many hints as fit, right-aligned, the most important first. The hint for quitting is always among them.
pub(super) fn draw_hints(app: &App, context: KeyContext, at: Rect, buf: &mut Buffer) {
    let named = |b: &'static Binding| {
        let name = b.hint_key();
        let needs = name.width() + b.hint.width() + 3;
        (name, b.hint, needs)
    };
    let (out, rest): (Vec<_>, Vec<_>) =
        keys::bindings_in(context).filter(|b| !b.hint.is_empty()).partition(|b| b.action == Action::Quit);
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
        rest = text::put_line(buf, rest, &name, app.theme.strong_style());
        rest = text::put_line(buf, rest, &format!(" {hint}  "), app.theme.faint_style());
    }
}
