//! The row below a lock: how many workers wait for it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::area::{AreaLine, draw_area, whole_scale};
use super::{RunScene, text};
use crate::model::{LockCapacity, LockCell};
use crate::trace::{ResourceId, State};

/// Brightness of waits, and of waits to read while no writer waits.
const CALM: f64 = 0.85;
const READERS: f64 = 0.6;

/// Mean number of waiting writers from which a cell is a wait to write.
const WRITER_FROM: f32 = 1.0 / 8.0;

/// Least mean that is drawn, half an eighth. A wait that touches the border of a cell has a little of its time in the
/// next one, because the history's slots and the cells do not begin together.
const MIN_MEAN: f32 = 1.0 / 16.0;

/// One line of the area; `line_index` counts from its top.
pub(super) struct WaitersRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) id: ResourceId,
    pub(super) line_index: u16,
    pub(super) line_count: u16,
}

impl Widget for WaitersRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id, line_index, line_count } = self;
        let parts = scene.split_row(line);
        let average = draw_waiters(scene, id, AreaLine { at: parts.timeline, line_index, line_count }, buf);
        if line_index > 0 {
            return;
        }
        let (view, theme) = (scene.view, scene.theme);
        let rest = text::put_line(buf, parts.label, "   waiters", theme.faint_style());
        let figures = view.figures.lock(id);
        let waiting = figures.map_or(0, |figures| figures.waiters.len());
        if waiting > 0 {
            let words = match figures.map_or(0, |figures| figures.waiting_writers) {
                0 => format!("{waiting} "),
                writers => format!("{waiting}, {writers} w "),
            };
            text::put_right(buf, rest, &words, theme.state_style(State::Lock));
        }
        if let Some(average) = average {
            let at = scene.figures_area(parts.figures);
            let texts = [&*format!("{average:.1} on average"), &*format!("mean {average:.1}")];
            text::put_first_fitting(buf, at, &texts, theme.ellipsis(), theme.faint_style());
        }
    }
}

/// Draws a line of the area. Returns how many waited on average.
fn draw_waiters(scene: RunScene<'_>, id: ResourceId, area: AreaLine, buf: &mut Buffer) -> Option<f32> {
    let (view, theme) = (scene.view, scene.theme);
    let is_rwlock = view.shown_model().lock(id).is_some_and(|lock| lock.capacity() == LockCapacity::ReadersWriter);
    view.with_lock_cells(id, &scene.axis.window(), |cells| {
        let most = whole_scale(cells.iter().map(|cell| cell.mean_waiters));
        let style = Style::new().fg(theme.state_colour(State::Lock));
        let style = if theme.has_colour() { theme.shaded(style, CALM * area.brightness()) } else { Style::new() };
        let levels = cells.iter().map(|cell| {
            let is_dim = is_rwlock && cell.mean_waiting_writers < WRITER_FROM;
            let mean = if cell.mean_waiters < MIN_MEAN { 0.0 } else { f64::from(cell.mean_waiters) };
            (in_eighths(mean / most), if is_dim { theme.shaded(style, READERS) } else { style })
        });
        draw_area(scene, area, levels, buf);
        mean(cells)
    })
}

/// Rounds a share to eighths: a sum of slots is not more exact, whatever the height of the area.
fn in_eighths(share: f64) -> f64 {
    let eighths = (share * 8.0).round();
    if share > 0.0 { eighths.max(1.0) / 8.0 } else { 0.0 }
}

fn mean(cells: &[LockCell]) -> f32 {
    cells.iter().map(|cell| cell.mean_waiters).sum::<f32>() / cells.len().max(1) as f32
}
