//! The verdict band under the header: the problem or that all is well, the fix, and the keys that show or try it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::app::App;
use super::super::keys::{self, Action, KeyContext};
use super::super::run_view::RunView;
use super::super::theme::{Role, Theme};
use super::super::verdict::{Tone, Verdict, emphasize};
use super::text;
use crate::report::text_width::truncate;
pub(super) use clauses::wrap_clauses;

mod clauses;

pub(super) struct VerdictBand<'a> {
    pub(super) app: &'a App,
    pub(super) view: &'a RunView,
}

/// Columns before the mark: the bar and a blank.
const BAR_WIDTH: u16 = 2;

/// Least width with all lines of the text beside the name.
const BESIDE_NAME_FROM: u16 = 100;

/// Least columns of the text in which the fix keeps a line, however long the sentence is.
const FIX_LINE_FROM: u16 = 40;

/// Columns between the name and the sentence, and before the keys.
const GAP: u16 = 3;

impl Widget for VerdictBand<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let theme = self.app.theme;
        if area.is_empty() {
            return;
        }
        let verdict = match &self.app.slow_motion {
            Some(slow) => Verdict::of_slow_motion(slow.caption()),
            None => self.view.verdict(),
        };
        let loud = tone_style(theme, verdict.tone);
        let inner =
            Rect { x: area.x + BAR_WIDTH.min(area.width), width: area.width.saturating_sub(BAR_WIDTH + 1), ..area };
        let name_end = draw_name(theme, &verdict, loud, inner, buf);
        let text_at = text_area(inner, name_end);
        let lines = Lines::of(&verdict, theme, self.app.key_context(), text_at, name_end);
        lines.draw(&verdict, theme, loud, buf);
        for y in area.y..area.y + lines.count().clamp(2, area.height.max(2)).min(area.height) {
            text::put_line(buf, Rect { y, height: 1, ..area }, theme.band_bar(), loud);
        }
        draw_note(&verdict, theme, &lines, inner, buf);
    }
}

/// Returns the style of a tone: the bar, the mark and the name.
pub(super) fn tone_style(theme: Theme, tone: Tone) -> Style {
    match tone {
        Tone::Problem(severity) => theme.severity_style(severity),
        Tone::Good | Tone::Guess { is_right: true } => theme.fg(Role::Good),
        Tone::Guess { is_right: false } => theme.fg(Role::Warning),
        Tone::Neutral => theme.strong_style(),
    }
}

const fn tone_mark(theme: Theme, tone: Tone) -> &'static str {
    match tone {
        Tone::Problem(severity) => theme.severity_mark(severity),
        Tone::Good | Tone::Guess { is_right: true } => theme.good_mark(),
        Tone::Guess { is_right: false } => theme.wrong_mark(),
        Tone::Neutral => theme.neutral_mark(),
    }
}

/// Draws mark, name and position; returns the column after them.
fn draw_name(theme: Theme, verdict: &Verdict, loud: Style, at: Rect, buf: &mut Buffer) -> u16 {
    let rest = text::put_line(buf, at, &format!("{} {}", tone_mark(theme, verdict.tone), verdict.name), loud);
    let rest = match verdict.position {
        Some((this, all)) => text::put_line(buf, rest, &format!(" {this} of {all}"), theme.faint_style()),
        None => rest,
    };
    rest.x
}

/// Returns the area of the text: beside the name, or below it except for the first line.
fn text_area(inner: Rect, name_end: u16) -> Rect {
    let x = if inner.width + BAR_WIDTH >= BESIDE_NAME_FROM { name_end + GAP } else { inner.x + 2 };
    let x = x.min(inner.right());
    Rect { x, width: inner.right() - x, ..inner }
}

/// The lines of the band, placed.
struct Lines {
    sentence: Vec<(Rect, String)>,
    advice: Vec<(Rect, String)>,
    /// Each key with its words, from left to right.
    keys: Vec<(String, String)>,
    keys_at: Option<Rect>,
    top: u16,
}

impl Lines {
    fn of(verdict: &Verdict, theme: Theme, context: KeyContext, area: Rect, name_end: u16) -> Self {
        let height = usize::from(area.height);
        let first_x = (name_end + if area.x > name_end { GAP } else { 2 }).max(area.x).min(area.right());
        let first = Rect { x: first_x, width: area.right() - first_x, height: 1, ..area };
        // The fix has a line, unless the screen is too small for a run anyway.
        let has_fix_line = !verdict.advice.is_empty() && height > 1 && area.width >= FIX_LINE_FROM;
        let room = height - usize::from(has_fix_line);
        let wrapped = wrap_clauses(&verdict.sentence, usize::from(first.width), usize::from(area.width), room);
        let place = |i: usize| if i == 0 { first } else { text::nth_line(area, i) };
        let mut sentence: Vec<(Rect, String)> =
            wrapped.into_iter().enumerate().map(|(i, line)| (place(i), line)).collect();
        cut_lines(&mut sentence, room, 0, theme);
        let below = area_below(area, sentence.len());
        let (advice, keys, keys_at) = place_advice(verdict, theme, context, below);
        Self { sentence, advice, keys, keys_at, top: area.y }
    }

    /// Returns how many lines are in use.
    fn count(&self) -> u16 {
        let rects = self.sentence.iter().chain(&self.advice).map(|(at, _)| *at).chain(self.keys_at);
        rects.map(|at| at.y + 1 - self.top).max().unwrap_or(0)
    }

    fn draw(&self, verdict: &Verdict, theme: Theme, loud: Style, buf: &mut Buffer) {
        for (at, line) in &self.sentence {
            draw_emphasized(line, &verdict.subjects, theme, *at, buf);
        }
        for (i, (at, line)) in self.advice.iter().enumerate() {
            let arrow = if i == 0 { theme.arrow() } else { "" };
            text::put_line(buf, *at, arrow, loud);
            let indent = arrow_width(theme).min(at.width);
            draw_emphasized(line, &[], theme, Rect { x: at.x + indent, width: at.width - indent, ..*at }, buf);
        }
        if let Some(at) = self.keys_at {
            let mut rest = at;
            for (i, (key, words)) in self.keys.iter().enumerate() {
                rest = text::put_line(buf, rest, if i == 0 { "" } else { "  " }, Style::new());
                rest = text::put_line(buf, rest, key, theme.strong_style());
                rest = text::put_line(buf, rest, &format!(" {words}"), theme.faint_style());
            }
        }
    }
}

fn area_below(area: Rect, lines: usize) -> Rect {
    let used = u16::try_from(lines).unwrap_or(u16::MAX).min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

fn arrow_width(theme: Theme) -> u16 {
    theme.arrow().width() as u16 + 1
}

/// Keeps as many lines as fit; the last one then ends with an ellipsis. Each is indented by some columns.
fn cut_lines(lines: &mut Vec<(Rect, String)>, height: usize, indent: usize, theme: Theme) {
    if lines.len() <= height {
        return;
    }
    lines.truncate(height);
    if let Some((at, line)) = lines.last_mut() {
        *line = truncate(
            &format!("{line} {}", theme.ellipsis()),
            usize::from(at.width).saturating_sub(indent),
            theme.ellipsis(),
        );
    }
}

type PlacedAdvice = (Vec<(Rect, String)>, Vec<(String, String)>, Option<Rect>);

/// Places the advice and at its right the keys, on a line of their own if necessary; as many keys as have room.
fn place_advice(verdict: &Verdict, theme: Theme, context: KeyContext, area: Rect) -> PlacedAdvice {
    let height = usize::from(area.height);
    let indent = usize::from(arrow_width(theme));
    let mut keys = keys_in(verdict, context);
    if height == 0 {
        return (Vec::new(), Vec::new(), None);
    }
    let width = usize::from(area.width);
    let wrapped = if verdict.advice.is_empty() {
        Vec::new()
    } else {
        wrap_clauses(&verdict.advice, width.saturating_sub(indent), width.saturating_sub(indent), height)
    };
    let mut advice: Vec<(Rect, String)> =
        wrapped.into_iter().enumerate().map(|(i, line)| (text::nth_line(area, i), line)).collect();
    cut_lines(&mut advice, height, indent, theme);
    let (at, used) = match advice.last() {
        Some((at, line)) => (*at, line.width() + indent + usize::from(GAP)),
        None => (text::nth_line(area, 0), 0),
    };
    let has_more_lines = advice.len() < height && !advice.is_empty();
    let (at, room) = if used + keys_width(&keys) > width && has_more_lines {
        (text::nth_line(area, advice.len()), width)
    } else {
        (at, width.saturating_sub(used))
    };
    while keys_width(&keys) > room && !keys.is_empty() {
        keys.pop();
    }
    let keys_wide = u16::try_from(keys_width(&keys)).unwrap_or(u16::MAX).min(at.width);
    let keys_at = (!keys.is_empty()).then(|| Rect { x: at.right() - keys_wide, width: keys_wide, ..at });
    (advice, keys, keys_at)
}

/// Returns the names of the keys that work in this context, each with its words.
fn keys_in(verdict: &Verdict, context: KeyContext) -> Vec<(String, String)> {
    let name = |action: Action| match action {
        Action::RunSuggestion(number) => Some(keys::key_label(number)),
        action => keys::bindings_in(context).find(|b| b.action == action).map(|b| b.keys[0].name()),
    };
    verdict.keys.iter().filter_map(|(action, words)| Some((name(*action)?, words.clone()))).collect()
}

fn keys_width(keys: &[(String, String)]) -> usize {
    keys.iter().map(|(key, words)| key.width() + 1 + words.width() + 2).sum::<usize>().saturating_sub(2)
}

fn draw_emphasized(line: &str, names: &[String], theme: Theme, at: Rect, buf: &mut Buffer) {
    let mut rest = at;
    for (part, is_strong) in emphasize(line, names) {
        rest = text::put_line(buf, rest, part, if is_strong { theme.strong_style() } else { Style::new() });
    }
}

/// Draws the number of findings left out, at the right of the first line that has room.
fn draw_note(verdict: &Verdict, theme: Theme, lines: &Lines, inner: Rect, buf: &mut Buffer) {
    let width = verdict.note.width() as u16;
    let ends = |y: u16| {
        let texts = lines.sentence.iter().chain(&lines.advice).filter(move |(at, _)| at.y == y);
        let texts = texts.map(|(at, line)| at.x + line.width() as u16 + arrow_width(theme));
        let keys = lines.keys_at.filter(|at| at.y == y).map(Rect::right);
        texts.chain(keys).max().unwrap_or(inner.x)
    };
    let has_room = |y: &u16| ends(*y) + 1 + width <= inner.right();
    if let Some(y) = (inner.y..inner.bottom()).find(has_room).filter(|_| width > 0) {
        text::put_right(buf, Rect { y, height: 1, ..inner }, &verdict.note, theme.faint_style());
    }
}
