//! The row of a condition, an event, a barrier, a wait group or a latch: its signals, and how many wait for them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::theme::{Role, Theme};
use super::area::{AreaLine, draw_area, draw_guide, whole_scale};
use super::{RunScene, text};
use crate::model::SignalCell;
use crate::trace::format::compact_count;
use crate::trace::{ResourceId, ResourceKind, State};

pub(super) const HEADS: [&str; 4] = ["waits", "unused", "sent", "woken"];

pub(super) struct SignalRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) id: ResourceId,
}

impl Widget for SignalRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id } = self;
        let (view, theme) = (scene.view, scene.theme);
        let parts = scene.split_row(line);
        let registry = view.shown_model().registry();
        let beside = scene.draw_name(parts.label, registry.resource_name(id), false, buf);
        // The signal of a condition that wakes no worker is lost; an event or a latch keeps it.
        let can_lose = matches!(registry.resource(id).map(|it| &it.kind), Some(ResourceKind::Condition { .. }));
        view.with_signal_cells(id, &scene.axis.window(), |cells| {
            draw_timeline(scene, parts.timeline, cells, can_lose, buf);
        });
        let Some(figures) = view.figures.signal(id) else { return };
        let note = match (figures.count, figures.gave_up) {
            (Some(count), _) => format!("count {}", compact_count(count.into())),
            (None, 0) => String::new(),
            (None, gave_up) => format!("{} gave up", compact_count(gave_up)),
        };
        if note.len() <= usize::from(beside.width) {
            text::put_line(buf, beside, &note, theme.faint_style());
        }
        let waiting = if figures.waiters > 0 { theme.strong_style() } else { Style::new() };
        let lost = if can_lose && figures.unused > 0 { theme.fg(Role::Warning) } else { Style::new() };
        let shown = [
            (compact_count(figures.waiters), waiting),
            (compact_count(figures.unused), lost),
            (compact_count(figures.sent), Style::new()),
            (compact_count(figures.woken), Style::new()),
        ];
        scene.draw_figures(parts.figures, &shown, buf);
    }
}

/// Draws the waiters as an area, and the signals as marks over it.
fn draw_timeline(scene: RunScene<'_>, at: Rect, cells: &[SignalCell], can_lose: bool, buf: &mut Buffer) {
    let theme = scene.theme;
    let most = whole_scale(cells.iter().map(|cell| cell.mean_waiters));
    let area = if theme.has_colour() { Style::new().fg(theme.state_colour(State::Signal)) } else { Style::new() };
    let area = theme.shaded(area, 0.6);
    draw_area(scene, AreaLine::single(at), cells.iter().map(|cell| (f64::from(cell.mean_waiters) / most, area)), buf);
    draw_guide(scene, at, theme.glyph("·", "."), theme.fg(Role::Guide), buf);
    for (signals, column) in cells.iter().zip(scene.axis.blank_columns()..at.width) {
        let is_lost = can_lose && signals.unused > 0;
        if let Some(cell) = buf.cell_mut((at.x + column, at.y)).filter(|_| signals.sent > 0) {
            let (glyph, role) = mark(theme, is_lost);
            cell.set_symbol(glyph).set_style(theme.fg(role));
        }
    }
}

/// Returns the mark of a signal.
pub(super) const fn mark(theme: Theme, is_lost: bool) -> (&'static str, Role) {
    if is_lost { (theme.glyph("✗", "x"), Role::Error) } else { (theme.glyph("▾", "v"), Role::Strong) }
}

/// Draws what the marks mean, as much of it as fits.
pub(super) fn draw_legend(theme: Theme, at: Rect, buf: &mut Buffer) {
    let mut rest = at;
    for (is_lost, texts) in [(false, [" signal  "; 2]), (true, [" lost: nobody waited  ", " lost  "])] {
        let (glyph, role) = mark(theme, is_lost);
        let fits = |words: &&str| words.trim_end().width() < usize::from(rest.width);
        let Some(words) = texts.iter().copied().find(fits) else { return };
        rest = text::put_line(buf, rest, glyph, theme.fg(role));
        rest = text::put_line(buf, rest, words, theme.faint_style());
    }
    text::put_first_fitting(buf, rest, &["height: workers that wait", ""], theme.ellipsis(), theme.faint_style());
}
