//! The places of the panes: a column at the right of the rows, below them, or in their place.

use ratatui::layout::Rect;

use super::{TimelineRow, take_bottom, take_top};
use crate::tui::panes;
use crate::tui::run_view::{Pane, RunView};

/// Narrowest screen with a side column, without and with a deadlock to show in it.
const SIDE_FROM: u16 = 150;
const SIDE_FROM_DEADLOCK: u16 = 104;

/// Columns of the side column.
const SIDE_WIDTHS: std::ops::RangeInclusive<u16> = 36..=104;

/// Columns between the rows and the side column.
const SIDE_GAP: u16 = 2;

/// Least lines of the time axis and its rows above a pane.
const MIN_ROWS_ABOVE: u16 = 14;

/// Least lines of the side column with the graph of a pool, which shows little that its response times do not.
const GRAPH_OF_POOL_FROM: u16 = 48;

/// Lines of a pane that has nothing to show: its title, a sentence, and a second line of it.
const LINES_OF_NOTHING: u16 = 3;

/// Most panes of the side column.
const MAX_STACKED: usize = 4;

/// Most lines that the histogram of response times gets beyond those that it wants.
const MAX_HISTOGRAM_EXTRA: u16 = 8;

/// Spare lines of the side column that are kept for events.
const KEPT_SPARE: u16 = 6;

/// Most lines that are kept free below the rows, so that a pane that comes there does not change them.
const MAX_KEPT_FREE: usize = 22;

/// Returns the visible panes, and the area left for the rows. Panes are beside the rows if there is room; otherwise the
/// one that matters most is below them, and a chosen one takes their place, unless it `is_below` them already.
pub(super) fn place_panes(
    view: &RunView,
    area: Rect,
    rows: &[TimelineRow],
    is_below: bool,
) -> (Vec<(Pane, Rect)>, Rect) {
    if area.width >= SIDE_FROM {
        return side_panes(view, &side_order(view, area.height), area);
    }
    if is_below {
        return (Vec::new(), area);
    }
    let asked = Some(view.pane).filter(|pane| panes::is_separate(*pane));
    let main = main_pane(view);
    if asked.is_none() || asked == main {
        if let Some((pane, rows)) = main.and_then(|pane| area_below(pane, view, area, rows)) {
            return (main.map(|main| (main, pane)).into_iter().collect(), rows);
        }
        if main == Some(Pane::Graph) && has_deadlock(view) && area.width >= SIDE_FROM_DEADLOCK {
            return side_panes(view, &[Pane::Graph], area);
        }
    }
    match asked {
        Some(pane) => (vec![(pane, area)], Rect { height: 0, ..area }),
        None => (Vec::new(), area),
    }
}

fn has_deadlock(view: &RunView) -> bool {
    view.shown_model().first_deadlock().is_some()
}

/// Returns the pane that matters most in this run.
fn main_pane(view: &RunView) -> Option<Pane> {
    let figures = &view.figures;
    let has_levels = view.level_history.count() > figures.pools.len();
    match () {
        () if has_deadlock(view) => Some(Pane::Graph),
        () if has_levels => Some(Pane::Levels),
        () if panes::has_waited(view) => Some(Pane::Costs),
        () if !figures.pools.is_empty() => Some(Pane::Pools),
        () if view.shown_model().run_end().is_some() && figures.wait_groups.is_empty() => None, // nobody waits any more
        () => Some(Pane::Graph).filter(|pane| panes::available_panes(view).contains(pane)),
    }
}

/// Takes the lines of the chosen pane off the bottom of the rows' area, if enough are left for rows.
pub(super) fn take_pane_below(view: &RunView, area: &mut Rect) -> Option<(Pane, Rect)> {
    let pane = view.pane;
    if area.width >= SIDE_FROM || !panes::is_separate(pane) || main_pane(view) == Some(pane) && has_deadlock(view) {
        return None;
    }
    let room = area.height.saturating_sub(MIN_ROWS_ABOVE);
    let wanted = lines(pane, view, area.width).saturating_add(1);
    (wanted.min(room) > least_lines(pane)).then(|| {
        let mut below = take_bottom(area, wanted.min(room));
        take_top(&mut below, 1); // a blank line between
        (pane, below)
    })
}

fn lines(pane: Pane, view: &RunView, width: u16) -> u16 {
    u16::try_from(panes::wanted_lines(pane, view, width)).unwrap_or(u16::MAX)
}

/// Returns the lines below which a pane is not worth its place, its title included.
const fn least_lines(pane: Pane) -> u16 {
    match pane {
        Pane::Log | Pane::Findings => 3,
        Pane::Levels => 5,
        Pane::Graph => 6,
        Pane::Pools => 10,
        _ => 8,
    }
}

/// Returns the areas of a pane and the rows above it, if the pane fits below all of them, so that it changes neither
/// rows nor time axis.
fn area_below(pane: Pane, view: &RunView, area: Rect, rows: &[TimelineRow]) -> Option<(Rect, Rect)> {
    let above = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2); // the axis, and a line between
    let below = Rect { y: area.y.saturating_add(above), height: area.height.checked_sub(above)?, ..area };
    let all_lanes = !rows.iter().any(|row| {
        matches!(row, TimelineRow::FoldedLanes(_) | TimelineRow::FoldedGroup(..) | TimelineRow::MoreLocks(_))
    });
    let least = if pane == Pane::Graph {
        least_graph_lines(view)
    } else {
        least_lines(pane).min(lines(pane, view, area.width))
    };
    (all_lanes && below.height >= least).then_some((below, Rect { height: above - 1, ..area }))
}

/// Returns the lines that the graph needs at least: the first ring as a list, the others in words.
fn least_graph_lines(view: &RunView) -> u16 {
    let [first, others @ ..] = view.shown_model().deadlocks() else { return least_lines(Pane::Graph) };
    let ring = first.cycle.len().min(MAX_KEPT_FREE) + 4 + usize::from(!first.victims.is_empty());
    let words = (others.len() * FURTHER_RING_LINES).min(MAX_FURTHER_RING_LINES);
    u16::try_from(ring + words).unwrap_or(u16::MAX)
}

/// Lines of a further ring in words, with a blank one; and most lines for all of them.
const FURTHER_RING_LINES: usize = 3;
const MAX_FURTHER_RING_LINES: usize = 9;

/// Returns the lines to keep free below the rows, so that a pane that comes later does not change them.
pub(super) fn room_below(view: &RunView, width: u16) -> usize {
    if width >= SIDE_FROM {
        return 0;
    }
    let registry = view.shown_model().registry();
    let may_deadlock = registry.locks().next().is_some() || registry.lives().next().is_some();
    let ring = if may_deadlock { view.visible_lanes().len() + 7 } else { 0 };
    let pools = if registry.pools.is_empty() { 0 } else { panes::wanted_lines(Pane::Pools, view, width) };
    ring.max(pools).min(MAX_KEPT_FREE)
}

/// Returns the panes of the side column, what matters most in this run first.
fn side_order(view: &RunView, height: u16) -> Vec<Pane> {
    let mut panes = panes::available_panes(view);
    panes.retain(|pane| panes::is_separate(*pane) && panes::is_beside(*pane, view));
    if !panes.contains(&Pane::Log) {
        panes.push(Pane::Log); // it tells what happens from the start
    }
    let main = main_pane(view);
    let registry = view.shown_model().registry();
    let may_ring = registry.locks().next().is_some() || registry.lives().next().is_some();
    // The response times of a pool already say what its workers do.
    let is_redundant = !may_ring && !registry.pools.is_empty() && view.pane != Pane::Graph;
    panes.retain(|pane| *pane != Pane::Graph || !is_redundant || height >= GRAPH_OF_POOL_FROM);
    panes.sort_by_key(|pane| match pane {
        Pane::Comparison => 0,
        pane if main == Some(*pane) => 1,
        Pane::Levels => 2,
        Pane::Pools => 3,
        Pane::Costs => 4,
        Pane::Graph if is_redundant => 8,
        Pane::Graph => 5,
        Pane::Findings => 7,
        Pane::Answer => 9,
        _ => 6,
    });
    panes
}

fn side_panes(view: &RunView, panes: &[Pane], area: Rect) -> (Vec<(Pane, Rect)>, Rect) {
    let width = (area.width / 5 * 2).clamp(*SIDE_WIDTHS.start(), *SIDE_WIDTHS.end());
    let column = Rect { x: area.right() - width, width, ..area };
    let mut stacked = stack_panes(panes, column, view);
    let asked = Some(view.pane).filter(|pane| panes.contains(pane));
    if let Some(asked) = asked.filter(|asked| stacked.iter().all(|(pane, _)| pane != asked)) {
        let others = panes.iter().copied().filter(|pane| *pane != asked);
        stacked = stack_panes(&std::iter::once(asked).chain(others).collect::<Vec<_>>(), column, view);
    }
    let taken = if stacked.is_empty() { 0 } else { width + SIDE_GAP };
    (stacked, Rect { width: area.width - taken.min(area.width), ..area })
}

/// Stacks the first panes that fit, each with the lines it wants as far as there is room; the last gets the rest.
fn stack_panes(wanted: &[Pane], mut area: Rect, view: &RunView) -> Vec<(Pane, Rect)> {
    let mut chosen: Vec<Pane> = Vec::new();
    let (width, mut free) = (area.width, area.height);
    // As long as nobody has waited, costs need no more than the line that says so.
    let is_empty = |pane: Pane| pane == Pane::Costs && !panes::has_waited(view);
    let least_lines = |pane: Pane| if is_empty(pane) { LINES_OF_NOTHING } else { least_lines(pane) };
    for pane in wanted {
        let least = least_lines(*pane) + u16::from(!chosen.is_empty());
        if chosen.len() < MAX_STACKED && least <= free {
            free -= least;
            chosen.push(*pane);
        }
    }
    let wanted_more = |pane: Pane| lines(pane, view, width).saturating_sub(least_lines(pane));
    let spare = free.saturating_sub(chosen.iter().map(|pane| wanted_more(*pane)).fold(0, u16::saturating_add));
    let rows = u16::try_from(panes::lines_of_large_costs(view, width)).unwrap_or(u16::MAX);
    // Rows two lines high, where enough is left for the others.
    let for_large_rows = if rows.saturating_add(KEPT_SPARE) <= spare { rows } else { 0 };
    let mut stacked = Vec::new();
    for (i, pane) in chosen.iter().enumerate() {
        take_top(&mut area, u16::from(i > 0)); // a blank line between
        let large = if *pane == Pane::Costs { for_large_rows } else { 0 };
        let more = wanted_more(*pane).saturating_add(large).min(free);
        free -= more;
        // A histogram gains from lines that no pane wants.
        let others = chosen[i + 1..].iter().map(|pane| wanted_more(*pane)).fold(0, u16::saturating_add);
        let extra = if *pane == Pane::Pools { free.saturating_sub(others).min(MAX_HISTOGRAM_EXTRA) } else { 0 };
        free -= extra;
        let more = more + extra;
        let height = if i + 1 == chosen.len() { area.height } else { least_lines(*pane) + more };
        stacked.push((*pane, take_top(&mut area, height)));
    }
    stacked
}
