//! The places of the panes: a column at the right of the rows, below them, or in their place.

use ratatui::layout::Rect;

use super::{TimelineRow, take_bottom, take_top};
use crate::model::Deadlock;
use crate::tui::panes;
use crate::tui::run_view::{Pane, RunView};

/// Narrowest screen with a side column, without and with a deadlock to show in it.
const SIDE_FROM: u16 = 150;
const SIDE_FROM_DEADLOCK: u16 = 104;

/// Least lines of the time axis and its rows above a pane.
const MIN_ROWS_ABOVE: u16 = 14;

/// Returns the visible panes, and the area left for the rows. Panes are beside the rows if there is room; otherwise a
/// deadlock's graph is below the rows, and any other pane takes the place of the rows, unless it `is_below` them.
pub(super) fn place_panes(
    view: &RunView,
    area: Rect,
    rows: &[TimelineRow],
    is_below: bool,
) -> (Vec<(Pane, Rect)>, Rect) {
    let asked = Some(view.pane).filter(|pane| panes::is_separate(*pane) && !is_below);
    let wide = area.width >= SIDE_FROM;
    if !wide && asked.is_none_or(|p| p == Pane::Graph) && view.shown_model().first_deadlock().is_some() {
        if let Some((graph, rows)) = graph_area(view, area, rows) {
            return (vec![(Pane::Graph, graph)], rows);
        }
        if area.width >= SIDE_FROM_DEADLOCK {
            return side_panes(view, &[Pane::Graph], area);
        }
    }
    if wide {
        let mut wanted = panes::available_panes(view);
        wanted.retain(|pane| panes::is_separate(*pane));
        return side_panes(view, &wanted, area);
    }
    match asked {
        Some(pane) => (vec![(pane, area)], Rect { height: 0, ..area }),
        None => (Vec::new(), area),
    }
}

/// Takes the lines of the chosen pane off the bottom of the rows' area, if enough are left for rows.
pub(super) fn take_pane_below(view: &RunView, area: &mut Rect) -> Option<(Pane, Rect)> {
    let pane = view.pane;
    let is_short = matches!(pane, Pane::Comparison | Pane::Costs | Pane::Pools | Pane::Levels);
    let wanted = u16::try_from(panes::wanted_lines(pane, view)).unwrap_or(u16::MAX).saturating_add(1);
    let fits = wanted.saturating_add(MIN_ROWS_ABOVE) <= area.height;
    (is_short && area.width < SIDE_FROM && fits).then(|| {
        let mut below = take_bottom(area, wanted);
        take_top(&mut below, 1); // a blank line between
        (pane, below)
    })
}

/// Returns the areas of graph and rows, if both fit completely one below the other, so that a deadlock changes neither
/// rows nor time axis.
fn graph_area(view: &RunView, area: Rect, rows: &[TimelineRow]) -> Option<(Rect, Rect)> {
    let above = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2); // the axis, and a line between
    let graph = Rect { y: area.y.saturating_add(above), height: area.height.checked_sub(above)?, ..area };
    let all_lanes = !rows.iter().any(|row| {
        matches!(row, TimelineRow::FoldedLanes(_) | TimelineRow::FoldedGroup(..) | TimelineRow::MoreLocks(_))
    });
    (all_lanes && graph.height >= graph_lines(view)).then_some((graph, Rect { height: above - 1, ..area }))
}

/// Returns the lines that the graph of all deadlocks needs: the first as a picture, others in words if necessary.
fn graph_lines(view: &RunView) -> u16 {
    let all = view.shown_model().deadlocks();
    let lines = |deadlock: &Deadlock| ring_lines(deadlock.cycle.len(), !deadlock.victims.is_empty());
    let [first, others @ ..] = all else { return 0 };
    let pictures = others.iter().map(lines).fold(0, u16::saturating_add);
    let words =
        u16::try_from(others.len().saturating_mul(FURTHER_RING_LINES).min(MAX_FURTHER_RING_LINES)).unwrap_or(u16::MAX);
    lines(first).saturating_add(pictures.min(words))
}

/// Returns the lines to keep free below the rows, so that a future deadlock does not change them.
pub(super) fn room_for_graph(view: &RunView, width: u16) -> usize {
    let registry = view.shown_model().registry();
    let may_come = registry.locks().next().is_some() || registry.lives().next().is_some();
    if width >= SIDE_FROM || !may_come { 0 } else { usize::from(ring_lines(view.visible_lanes().len(), true)) }
}

/// Lines of a further ring in words, with a blank one; and most lines for all of them.
const FURTHER_RING_LINES: usize = 3;
const MAX_FURTHER_RING_LINES: usize = 9;

/// Returns the lines of a ring: a title, a pair of boxes or a list, its age, and the workers stuck behind it.
fn ring_lines(workers: usize, victims: bool) -> u16 {
    let ring = if workers == 2 { 4 } else { 2 * workers + 1 };
    u16::try_from(ring + 2 + usize::from(victims)).unwrap_or(u16::MAX)
}

fn side_panes(view: &RunView, panes: &[Pane], area: Rect) -> (Vec<(Pane, Rect)>, Rect) {
    let deadlock = view.shown_model().first_deadlock().is_some();
    let mut panes = panes.to_vec();
    if deadlock {
        panes.sort_by_key(|p| *p != Pane::Graph);
    }
    let width = if deadlock { area.width / 5 * 2 } else { area.width / 3 }.clamp(36, 60);
    let stacked = stack_panes(&panes, Rect { x: area.right() - width, width, ..area }, view);
    let taken = if stacked.is_empty() { 0 } else { width + 1 };
    (stacked, Rect { width: area.width - taken.min(area.width), ..area })
}

/// Stacks panes from top to bottom, each with the lines it wants; the last gets the rest.
fn stack_panes(wanted: &[Pane], mut area: Rect, view: &RunView) -> Vec<(Pane, Rect)> {
    let mut stacked = Vec::new();
    for (i, pane) in wanted.iter().enumerate() {
        let need = u16::try_from(panes::wanted_lines(*pane, view)).unwrap_or(u16::MAX);
        let height = if i + 1 == wanted.len() { area.height } else { need };
        let at = take_top(&mut area, height);
        if at.height >= 3 {
            stacked.push((*pane, at));
        }
    }
    stacked
}
