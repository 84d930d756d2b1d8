//! The row of a lock: free, held, or held while others wait; and the holder.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::figures::LockFigures;
use super::super::run_view::Selection;
use super::super::theme::LockCellState;
use super::{RunScene, text};
use crate::model::LockCell;
use crate::report::text_width::truncate_name;
use crate::trace::format::{compact_duration, compact_percent};
use crate::trace::{ResourceId, WorkerId};

pub(super) const HEADS: [&str; 4] = ["cont", "w.p99", "held", "hold"];

/// Mean number of waiters from which a cell counts as contended.
const CONTENDED_FROM: f32 = 1.0 / 8.0;

/// Share from which a cell counts as held: however short the hold was, it shows.
const HELD_FROM: f32 = 1e-6;

pub(super) struct LockRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) id: ResourceId,
}

impl Widget for LockRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id } = self;
        let (view, theme) = (scene.view, scene.theme);
        let parts = scene.split_row(line);
        let registry = view.shown_model().registry();
        let beside =
            scene.draw_name(parts.label, registry.resource_name(id), scene.is_chosen(Selection::Lock(id)), buf);
        let Some(figures) = view.figures.lock(id) else { return };
        let inside = figures
            .owner
            .map(|owner| truncate_name(registry.worker_name(owner), usize::from(beside.width), theme.ellipsis()));
        if let Some(inside) = inside.or_else(|| readers_note(figures, usize::from(beside.width))) {
            text::put_line(buf, beside, &inside, theme.faint_style());
        }
        if let Some(lock) = view.shown_model().lock(id) {
            let mut cells = Vec::new();
            lock.cells(&scene.axis.window(), view.now, &mut cells);
            draw_timeline(scene, parts.timeline, &cells, buf);
        }
        let span = |s: Option<crate::trace::Span>| s.map_or_else(|| "-".to_owned(), compact_duration);
        let loud = if figures.contended_share.is_some_and(|share| share >= 0.5) {
            theme.lock_style(LockCellState::Contended)
        } else {
            Style::new()
        };
        let shown = [
            (figures.contended_share.map_or_else(|| "- ".to_owned(), compact_percent), loud),
            (span(figures.wait_p99), Style::new()),
            (compact_percent(figures.held_share), Style::new()),
            (span(figures.mean_hold), Style::new()),
        ];
        scene.draw_figures(parts.figures, &shown, buf);
    }
}

/// Returns how many read and how many writers wait, in as many words as fit.
fn readers_note(figures: &LockFigures, room: usize) -> Option<String> {
    let readers = figures.readers;
    if readers == 0 {
        return None;
    }
    let writers = match figures.waiting_writers {
        0 => String::new(),
        1 => ", writer waits".to_owned(),
        n => format!(", {n} writers wait"),
    };
    let short = if figures.waiting_writers > 0 {
        format!("{readers} in, {} w", figures.waiting_writers)
    } else {
        String::new()
    };
    let texts = [format!("{readers} reading{writers}"), short, format!("{readers} reading"), format!("{readers} in")];
    texts.into_iter().find(|text| !text.is_empty() && text.width() <= room)
}

fn lock_cell_state(cell: &LockCell) -> LockCellState {
    match cell {
        LockCell { mean_waiters: wanted, .. } if *wanted >= CONTENDED_FROM => LockCellState::Contended,
        LockCell { held_share: held, .. } if *held >= HELD_FROM => LockCellState::Held,
        _ => LockCellState::Free,
    }
}

/// Returns how many readers there were at once in a run of cells, on average.
fn mean_readers(run: &[LockCell]) -> String {
    let mean = run.iter().map(|cell| cell.mean_holders).sum::<f32>() / run.len() as f32;
    match mean.round() {
        n if n <= 1.0 => "1 reader".to_owned(),
        n => format!("{n:.0} readers"),
    }
}

/// The holder of a lock in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellHolder {
    Nobody,
    One(WorkerId),
    Readers,
}

fn cell_holder(cell: &LockCell) -> CellHolder {
    match cell.holder {
        Some(holder) => CellHolder::One(holder),
        None if cell.mean_holders >= HELD_FROM => CellHolder::Readers,
        None => CellHolder::Nobody,
    }
}

fn draw_timeline(scene: RunScene<'_>, at: Rect, cells: &[LockCell], buf: &mut Buffer) {
    let theme = scene.theme;
    let columns = scene.axis.blank_columns()..at.width;
    for (cell, column) in cells.iter().zip(columns.clone()) {
        let hold = lock_cell_state(cell);
        text::put_line(buf, Rect { x: at.x + column, width: 1, ..at }, theme.lock_glyph(hold), theme.lock_style(hold));
    }
    let mut column = columns.start;
    for run in cells.chunk_by(|a, b| cell_holder(a) == cell_holder(b) && lock_cell_state(a) == lock_cell_state(b)) {
        let width = u16::try_from(run.len()).unwrap_or(u16::MAX);
        let name = match cell_holder(&run[0]) {
            CellHolder::One(holder) => Some(scene.view.shown_model().registry().worker_name(holder).to_owned()),
            CellHolder::Readers => Some(mean_readers(run)),
            CellHolder::Nobody => None,
        };
        if let Some(name) = name {
            let name_width = u16::try_from(name.width()).unwrap_or(u16::MAX).saturating_add(2);
            if width >= name_width.saturating_add(2) {
                let x = at.x.saturating_add(column).saturating_add((width - name_width) / 2);
                let place = Rect { x, width: at.right().saturating_sub(x), ..at };
                text::put_line(buf, place, &format!(" {name} "), theme.holder_style(lock_cell_state(&run[0])));
            }
        }
        column = column.saturating_add(width);
    }
}
