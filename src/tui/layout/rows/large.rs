//! The rows for projectors: lanes, and one lock or queue, all several lines high.

use super::{TimelineRow, lane_lines, lane_rows};
use crate::trace::ResourceId;
use crate::tui::run_view::{RunView, Selection};

/// Least lines of a lane, with the blank one below it.
const LANE_LINES: usize = 2;

/// Most lines of a lane, and those of a queue.
const MAX_LANE_LINES: usize = 5;
const QUEUE_LINES: u16 = 3;

/// Builds the rows for a body of this height.
pub(in crate::tui::layout) fn build_large_rows(view: &RunView, height: usize) -> Vec<TimelineRow> {
    let resources = resource_rows(view, height);
    let room = height.saturating_sub(resources.len());
    let lanes = lane_rows(view, &view.visible_lanes(), (room / LANE_LINES).max(1));
    let each = (room / lanes.len().max(1)).clamp(LANE_LINES, MAX_LANE_LINES + 1);
    let mut rows: Vec<TimelineRow> = Vec::new();
    for lane in lanes {
        match lane {
            TimelineRow::Lane { worker, .. } => rows.extend(lane_lines(worker, (each - 1) as u16)),
            row => rows.push(row),
        }
        rows.push(TimelineRow::Blank);
    }
    rows.truncate(height.saturating_sub(resources.len()));
    rows.extend(resources);
    rows.truncate(height);
    rows
}

/// Returns the rows of one queue or lock: the chosen one, or else the first queue or the most contended lock.
fn resource_rows(view: &RunView, height: usize) -> Vec<TimelineRow> {
    if height < 8 {
        return Vec::new();
    }
    let queue = match view.selection {
        Some(Selection::Queue(id)) => Some(id),
        Some(Selection::Lock(_)) => None,
        _ => view.figures.queues.first().map(|(id, _)| *id),
    };
    if let Some(id) = queue {
        return (0..QUEUE_LINES).map(|line| TimelineRow::Queue { id, line, of: QUEUE_LINES }).collect();
    }
    let pressed = |id: &ResourceId| view.figures.lock(*id).and_then(|lock| lock.contended_share).unwrap_or(0.0);
    let worst = view.figures.locks.iter().map(|(id, _)| *id).max_by(|a, b| pressed(a).total_cmp(&pressed(b)));
    let lock = match view.selection {
        Some(Selection::Lock(id)) => Some(id),
        _ => worst,
    };
    lock.map(|id| TimelineRow::Lock { id, has_waiters_row: false }).into_iter().collect()
}
