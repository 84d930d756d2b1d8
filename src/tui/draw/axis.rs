//! The time axis in the heading of the workers, and the vertical lines across all rows: the cursor, changes of the run,
//! and marks.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::layout::{Section, TimelineRow};
use super::super::run_view::Viewport;
use super::{RunScene, draw_section_heading, is_following, text};
use crate::report::text_width::truncate;
use crate::trace::Stamp;
use crate::trace::format::compact_duration;

/// Most marks of one text in the window that are lines.
const MAX_LINES_OF_TEXT: usize = 4;

/// Fewest columns of a label that is cut.
const MIN_LABEL_WIDTH: u16 = 10;

/// Most columns with marks that are lines across all rows, with their texts.
const MAX_MARK_LINES: usize = 8;

pub(super) struct AxisLine<'a> {
    pub(super) scene: RunScene<'a>,
}

impl Widget for AxisLine<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let scene = self.scene;
        let parts = scene.split_row(line);
        let faint = scene.theme.faint_style();
        draw_section_heading(scene, Section::Workers, line, buf);
        let end = axis_end(scene);
        let follows = end.is_some();
        for tick in scene.axis.labels(follows) {
            let x = parts.timeline.x.saturating_add(tick.column);
            let place = Rect { x, width: parts.timeline.right().saturating_sub(x), ..parts.timeline };
            if usize::from(place.width) > tick.text.width() + end.as_ref().map_or(0, |end| end.width() + 1) {
                text::put_line(buf, place, &tick.text, faint);
            }
        }
        if let Some(end) = end {
            text::put_right(buf, parts.timeline, &end, scene.theme.strong_style());
        }
    }
}

/// Returns what the window's end is, if the labels count back from it: the present, or so long after a deadlock
/// closed or a stall began.
fn axis_end(scene: RunScene<'_>) -> Option<String> {
    match scene.view.viewport {
        Viewport::Follow => Some("now".to_owned()),
        Viewport::Held(_) => {
            let model = scene.view.shown_model();
            let (what, since) = match model.first_deadlock() {
                Some(deadlock) => ("closed", deadlock.closed_at),
                None => ("stuck", model.stall()?.at),
            };
            Some(format!("{what} +{}", compact_duration(scene.axis.end.span_since(since))))
        }
        Viewport::Until(_) => None,
    }
}

/// A mark: its column, its moment and its text.
type PlacedMark<'a> = (u16, Stamp, &'a str);

/// Splits marks into those whose text is seldom and those whose text is often in the window.
fn split_by_frequency<'a>(marks: &[PlacedMark<'a>]) -> (Vec<PlacedMark<'a>>, Vec<PlacedMark<'a>>) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (.., text) in marks {
        *counts.entry(text).or_default() += 1;
    }
    marks.iter().copied().partition(|(.., text)| counts[text] <= MAX_LINES_OF_TEXT)
}

/// The vertical lines, drawn over the rows.
pub(super) struct AxisOverlay<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) rows: &'a [TimelineRow],
    pub(super) body: Rect,
    pub(super) axis: Rect,
}

impl Widget for AxisOverlay<'_> {
    fn render(self, _: Rect, buf: &mut Buffer) {
        self.draw_marks(buf);
        self.draw_range(buf);
        self.draw_player_position(buf);
        self.draw_cursor(buf);
        self.draw_release(buf);
    }
}

impl AxisOverlay<'_> {
    /// Draws where the run changed, and the marks of workers and of the user. So many marks that their lines would hide
    /// the lanes are ticks in the axis only.
    fn draw_marks(&self, buf: &mut Buffer) {
        let (scene, time) = (self.scene, self.scene.split_row(self.axis).timeline);
        let model = scene.view.shown_model();
        let named = model.named_marks();
        let named = named.iter().filter_map(|mark| Some((scene.axis.column_at(mark.at)?, mark.at, mark.text.as_ref())));
        let named: Vec<PlacedMark<'_>> = named.collect();
        let changes = model.marks().iter().filter_map(|mark| Some((scene.axis.column_at(mark.at)?, mark)));
        let has_unicode = scene.theme.has_unicode;
        let changes: Vec<_> =
            changes.map(|(column, mark)| (column, mark.at, scene.view.change_text(mark, has_unicode))).collect();
        // Of many changes, the newest are lines.
        let (older, newest) = changes.split_at(changes.len().saturating_sub(MAX_MARK_LINES));
        for (column, ..) in older {
            self.draw_tick(*column, buf);
        }
        let mut lines: Vec<PlacedMark<'_>> = newest.iter().map(|(column, at, text)| (*column, *at, &**text)).collect();
        let (rare, frequent) = split_by_frequency(&named);
        let columns: BTreeSet<u16> = rare.iter().map(|(column, ..)| *column).collect();
        for (column, ..) in &frequent {
            self.draw_tick(*column, buf);
        }
        if columns.len() <= MAX_MARK_LINES {
            lines.extend(rare);
        } else {
            for column in &columns {
                self.draw_tick(*column, buf);
            }
        }
        lines.sort_by_key(|(_, at, _)| *at);
        let mut right = time.right();
        for (column, _, text) in lines.into_iter().rev() {
            let x = time.x.saturating_add(column);
            if x >= right {
                continue; // a later mark is here
            }
            self.draw_column(x, buf, scene.theme.strong_style());
            right = self.draw_label(text, Rect { x, width: right - x, ..time }, buf);
        }
    }

    /// Draws a tick in the axis, where it hides no label.
    fn draw_tick(&self, column: u16, buf: &mut Buffer) {
        let x = self.scene.split_row(self.axis).timeline.x.saturating_add(column);
        if let Some(cell) = buf.cell_mut((x, self.axis.y)).filter(|cell| cell.symbol() == " ") {
            cell.set_symbol(self.scene.theme.choice_mark()).set_style(self.scene.theme.strong_style());
        }
    }

    /// Draws a mark's label at its right, or at its left if it does not fit. Returns the label's first column.
    fn draw_label(&self, words: &str, room: Rect, buf: &mut Buffer) -> u16 {
        let (theme, first) = (self.scene.theme, self.scene.split_row(self.axis).timeline.x);
        let label = format!("{}{words} ", theme.choice_mark());
        let width = u16::try_from(label.width()).unwrap_or(u16::MAX);
        if width > room.width && width <= room.x + 1 - first {
            let at = Rect { x: room.x + 1 - width, width, ..room };
            self.clear_labels_below(at, buf);
            text::put_line(buf, at, &format!(" {words}{}", theme.choice_mark()), theme.strong_style());
            return at.x;
        }
        let is_readable = room.width >= width.min(MIN_LABEL_WIDTH);
        let label = if is_readable { label.as_str() } else { theme.choice_mark() };
        let label = truncate(label, usize::from(room.width), theme.ellipsis());
        let width = u16::try_from(label.width()).unwrap_or(u16::MAX);
        self.clear_labels_below(Rect { width: width.min(room.width), ..room }, buf);
        text::put_line(buf, room, &label, theme.strong_style());
        room.x
    }

    /// Removes the axis's own labels where another one covers a part of them: the rest could not be read.
    fn clear_labels_below(&self, over: Rect, buf: &mut Buffer) {
        let time = self.scene.split_row(self.axis).timeline;
        let end = axis_end(self.scene);
        let end_at = end.as_ref().map(|text| {
            let width = u16::try_from(text.width()).unwrap_or(u16::MAX).min(time.width);
            (Rect { x: time.right() - width, width, ..time }, text.clone())
        });
        let ticks = self.scene.axis.labels(end.is_some()).into_iter().map(|tick| {
            let width = u16::try_from(tick.text.width()).unwrap_or(u16::MAX);
            (Rect { x: time.x.saturating_add(tick.column), width, ..time }, tick.text)
        });
        for (at, text) in ticks.chain(end_at).filter(|(at, _)| at.intersects(over)) {
            // What another label has covered already is not that text any more.
            for (x, letter) in (at.x..at.right().min(time.right())).zip(text.chars()) {
                let is_own = |cell: &&mut Cell| cell.symbol().chars().eq([letter]);
                if let Some(cell) = buf.cell_mut((x, at.y)).filter(is_own) {
                    cell.reset();
                }
            }
        }
    }

    /// Draws where a recording is, if the window goes on after it.
    fn draw_player_position(&self, buf: &mut Buffer) {
        let (scene, view) = (self.scene, self.scene.view);
        if view.player().is_none() || is_following(view) {
            return;
        }
        let Some(column) = scene.axis.column_at(view.now) else { return };
        let x = scene.split_row(self.axis).timeline.x.saturating_add(column);
        self.draw_column(x, buf, scene.theme.strong_style());
        if let Some(cell) = buf.cell_mut((x, self.axis.y)).filter(|cell| cell.symbol() == " ") {
            cell.set_symbol(if scene.theme.has_unicode { "▾" } else { "v" }).set_style(scene.theme.strong_style());
        }
    }

    fn draw_cursor(&self, buf: &mut Buffer) {
        let scene = self.scene;
        let Some(at) = scene.view.cursor else { return };
        let Some(column) = scene.axis.column_at(at) else { return };
        let time = scene.split_row(self.axis).timeline;
        let x = time.x.saturating_add(column);
        self.draw_column(x, buf, scene.theme.selection_style());
        let label = format!(" {} ", scene.axis.format_moment(at));
        let width = u16::try_from(label.width()).unwrap_or(u16::MAX).min(time.width);
        let x = x.saturating_sub(width / 2).clamp(time.x, time.right() - width);
        text::put_line(buf, Rect { x, width, ..time }, &label, scene.theme.selection_style());
    }

    /// Draws the chosen range: its ends, and a line between them on the axis.
    fn draw_range(&self, buf: &mut Buffer) {
        let (scene, time) = (self.scene, self.scene.split_row(self.axis).timeline);
        let Some((from, to)) = scene.view.shown_range() else { return };
        let column = |at| scene.axis.column_at(at).map(|column| time.x.saturating_add(column));
        let left = column(from).unwrap_or(time.x);
        let right = column(to).unwrap_or(time.right().saturating_sub(1));
        if to < scene.axis.start() || left > right {
            return;
        }
        for x in left..=right.min(time.right().saturating_sub(1)) {
            if let Some(cell) = buf.cell_mut((x, time.y)) {
                cell.set_symbol(if scene.theme.has_unicode { "━" } else { "=" });
                cell.set_style(scene.theme.selection_style());
            }
        }
        for x in [column(from), column(to)].into_iter().flatten() {
            self.draw_column(x, buf, scene.theme.selection_style());
        }
    }

    /// Draws which worker ended the wait of the chosen one at the cursor: a line from its row to that of the waiter, at
    /// the moment of the release.
    fn draw_release(&self, buf: &mut Buffer) {
        let scene = self.scene;
        let Some((waiter, by, at)) = scene.view.shown_release() else { return };
        let Some(column) = scene.axis.column_at(at) else { return };
        let x = scene.split_row(self.axis).timeline.x.saturating_add(column);
        let row_of = |worker| {
            let is_row =
                |row: &TimelineRow| matches!(row, TimelineRow::Lane { worker: of, line: 0, .. } if *of == worker);
            self.rows.iter().position(is_row).and_then(|row| u16::try_from(row).ok())
        };
        let (Some(to), Some(from)) = (row_of(waiter), row_of(by)) else { return };
        let glyphs = if scene.theme.has_unicode {
            ("●", "│", if from < to { "▼" } else { "▲" })
        } else {
            ("o", "|", "*")
        };
        for row in from.min(to)..=from.max(to) {
            let y = self.body.y.saturating_add(row);
            let glyph = match row {
                row if row == from => glyphs.0,
                row if row == to => glyphs.2,
                _ => glyphs.1,
            };
            if let Some(cell) = buf.cell_mut((x, y)).filter(|_| y < self.body.bottom()) {
                cell.set_symbol(glyph).set_fg(Color::Reset).set_style(scene.theme.strong_style());
            }
        }
    }

    /// Draws a vertical line across every row with a timeline. The colour of a cell stays as the background.
    fn draw_column(&self, x: u16, buf: &mut Buffer, style: Style) {
        let theme = self.scene.theme;
        for (row, y) in self.rows.iter().zip(self.body.y..self.body.bottom()) {
            if matches!(
                row,
                TimelineRow::Heading(_)
                    | TimelineRow::Counter { line: 0, .. }
                    | TimelineRow::MoreLocks(_)
                    | TimelineRow::Unused { .. }
            ) {
                continue;
            }
            let Some(cell) = buf.cell_mut((x, y)) else { continue };
            if *row == TimelineRow::Blank {
                let line = style.bg.or(style.fg).unwrap_or(Color::Reset);
                cell.set_symbol(theme.vertical_line()).set_style(Style::reset().fg(line));
                continue;
            }
            let is_state = matches!(
                row,
                TimelineRow::Lane { .. }
                    | TimelineRow::FoldedLanes(_)
                    | TimelineRow::FoldedGroup(..)
                    | TimelineRow::Lock { .. }
            );
            if theme.has_colour() && is_state && cell.bg == Color::Reset && !matches!(cell.symbol(), " " | "·") {
                cell.set_bg(cell.fg);
            }
            cell.set_symbol(theme.vertical_line()).set_fg(Color::Reset).set_style(style);
        }
    }
}
