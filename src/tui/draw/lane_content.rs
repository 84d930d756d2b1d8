//! Texts in a lane where a span has room for them: the number of a task, the lock that a wait is for and its
//! holder, the value that was read and the one that was written.

use std::rc::Rc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::super::run_view::LaneWrite;
use super::super::theme::Role;
use super::RunScene;
use crate::model::Activity;
use crate::trace::{Span, Stamp, State, WorkerId};

/// Columns of a span around its text.
const MARGIN: u16 = 1;

/// How much of its colour is left behind the text of a wait, so that it can be read on every shade of the lane.
const PLATE_SHADE: f64 = 0.45;

/// Least columns of a task that is drawn as a block of its own.
const MIN_BLOCK: u16 = 3;

/// Draws a gap after each task of a lane, in one of its lines.
pub(super) fn draw_task_gaps(scene: RunScene<'_>, worker: WorkerId, at: Rect, buf: &mut Buffer) {
    let mut content = LaneContent { scene, at, buf };
    for block in content.task_blocks(worker).iter().filter(|block| block.is_over) {
        content.draw_gap(block.end - 1);
    }
}

/// Writes the contents of a lane's spans into its middle line.
pub(super) fn draw_contents(scene: RunScene<'_>, worker: WorkerId, at: Rect, buf: &mut Buffer) {
    let writes = scene.view.racing_writes(&scene.axis);
    let mut content = LaneContent { scene, at, buf };
    if writes.iter().any(|write| write.write.worker == worker) {
        return content.draw_writes(worker, &writes);
    }
    content.draw_tasks(worker);
    content.draw_waits(worker);
}

/// A task as columns of a lane: the first, and the one after the last.
struct TaskBlock {
    first: u16,
    end: u16,
    number: Option<u64>,
    is_over: bool,
}

struct LaneContent<'a, 'b> {
    scene: RunScene<'a>,
    at: Rect,
    buf: &'b mut Buffer,
}

impl LaneContent<'_, '_> {
    /// Returns the columns of a span: the first, and the one after the last.
    fn columns(&self, from: Stamp, to: Stamp) -> (u16, u16) {
        let axis = &self.scene.axis;
        let column = |t: Stamp| {
            let since = t.0.saturating_sub(axis.start().0);
            u16::try_from(since / axis.cell.0.max(1)).unwrap_or(u16::MAX).min(self.at.width)
        };
        (column(from).max(axis.blank_columns()), column(to))
    }

    /// Returns the tasks that are wide enough to be blocks of their own.
    fn task_blocks(&self, worker: WorkerId) -> Vec<TaskBlock> {
        let (view, axis) = (self.scene.view, self.scene.axis);
        let until = axis.end.min(view.now);
        let tasks = view.shown_model().lane(worker).tasks(axis.start(), until, view.now);
        let blocks = tasks.map(|task| {
            let (first, end) = self.columns(task.from, task.to.min(until));
            TaskBlock { first, end, number: task.number, is_over: task.to < until }
        });
        blocks.filter(|block| block.end.saturating_sub(block.first) >= MIN_BLOCK).collect()
    }

    /// Writes the number of each task.
    fn draw_tasks(&mut self, worker: WorkerId) {
        for block in self.task_blocks(worker) {
            if let Some(number) = block.number {
                self.write((block.first, block.end - 1), &[number.to_string()], (Style::new(), None));
            }
        }
    }

    /// Makes the last column of a block narrower.
    fn draw_gap(&mut self, column: u16) {
        if !self.scene.theme.has_colour() || !self.scene.theme.has_unicode {
            return;
        }
        let Some(cell) = self.buf.cell_mut((self.at.x + column, self.at.y)) else { return };
        let colour = if cell.bg == Color::Reset { cell.fg } else { cell.bg };
        if matches!(cell.symbol(), " " | "▁") {
            return;
        }
        cell.set_symbol("▊").set_style(Style::reset().fg(colour));
    }

    /// Draws what waits are for, if there are several locks or queues that it could be.
    fn draw_waits(&mut self, worker: WorkerId) {
        let (view, axis) = (self.scene.view, self.scene.axis);
        let model = view.shown_model();
        if model.registry().locks().nth(1).is_none() {
            return;
        }
        let until = axis.end.min(view.now);
        let theme = self.scene.theme;
        let plate = theme.has_colour().then(|| theme.shaded_colour(theme.state_colour(State::Lock), PLATE_SHADE));
        let spans = model.lane(worker).spans(axis.start(), until).take(usize::from(self.at.width) + 1);
        let spans: Vec<Activity> = spans.collect();
        if spans.len() > usize::from(self.at.width) {
            return; // most spans are shorter than a column
        }
        for (i, span) in spans.iter().enumerate() {
            let (State::Lock, Some(lock)) = (span.state, span.resource) else { continue };
            let end = spans.get(i + 1).map_or(until, |next| next.since);
            let (first, end) = self.columns(span.since, end + Span(axis.cell.0 - 1));
            let name = model.registry().resource_name(lock);
            let holder = model.lock(lock).and_then(|lock| lock.owner_at(span.since, view.now));
            let held = holder.map(|holder| format!("{name}: {}", model.registry().worker_name(holder)));
            let texts: Vec<String> = held.into_iter().chain([name.to_owned()]).collect();
            self.write((first + MARGIN, end.saturating_sub(MARGIN)), &texts, (Style::new(), plate));
        }
    }

    /// Draws what the worker read and wrote in each of its rounds.
    fn draw_writes(&mut self, worker: WorkerId, writes: &Rc<Vec<LaneWrite>>) {
        let theme = self.scene.theme;
        let arrow = theme.glyph("→", ">");
        for LaneWrite { write, since } in writes.iter().filter(|write| write.write.worker == worker) {
            let (first, end) = self.columns(*since, write.at);
            let (read, written) = (write.read, write.written);
            let room = usize::from(end.saturating_sub(first));
            let long = (format!("read {read}"), format!("write {written}"));
            let texts = [
                format!("{}{:>width$}", long.0, long.1, width = room.saturating_sub(long.0.len() + 2)),
                format!("read {read} {arrow} {written}"),
                format!("{read}{arrow}{written}"),
            ];
            // The first text is as wide as the span: it is no text if it has no room between its two parts.
            let texts = if room > long.0.len() + long.1.len() + 3 { &texts[..] } else { &texts[1..] };
            let style =
                if write.overwrites { theme.fg(Role::Error).add_modifier(Modifier::BOLD) } else { Style::new() };
            self.write((first + MARGIN, end), texts, (style, None));
        }
    }

    /// Writes the first of the texts that has room between two columns, in its middle, on the lane itself or on a plate
    /// of this colour.
    fn write(&mut self, (first, end): (u16, u16), texts: &[String], (style, plate): (Style, Option<Color>)) {
        let room = end.saturating_sub(first);
        let fits = |text: &&String| text.width() <= usize::from(room) && !text.is_empty();
        let Some(text) = texts.iter().find(fits) else { return };
        let width = text.width() as u16;
        let x = self.at.x + first + (room - width) / 2;
        let theme = self.scene.theme;
        for (column, letter) in (x..).zip(text.chars()) {
            let Some(cell) = self.buf.cell_mut((column, self.at.y)) else { return };
            let is_area = theme.has_colour() && (cell.bg != Color::Reset || matches!(cell.symbol(), "█" | "▇" | "░"));
            let area = plate.unwrap_or(if cell.bg == Color::Reset { cell.fg } else { cell.bg });
            if is_area {
                cell.set_style(Style::reset().fg(theme.ink_on(area)).bg(area));
            } else {
                cell.set_style(Style::reset().patch(style));
            }
            cell.set_char(letter);
        }
    }
}
