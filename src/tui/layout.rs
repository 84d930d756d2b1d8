//! The layout of a run's screen, which drawing and the mouse share.
//!
//! ```text
//! header                                                              ┐
//! label        │ axis                          │ headings             │
//! label        │ timeline: lanes, locks,       │ figures│  side:      │ body
//!              │   queues, counters, cores     │        │  pools,     │
//!              │                               │        │  graph, log │
//! findings                                                            │
//! legend, hints                                                       ┘
//! ```

pub(super) mod findings;
mod picker;
mod question;
mod rows;

use ratatui::layout::Rect;

use super::panes;
use super::run_view::{Pane, RunView};
use crate::model::Deadlock;
use crate::trace::{ResourceId, WorkerId};

pub(super) use picker::{PickerLayout, PickerLine, entry_at, list_lines};
pub(super) use question::{QuestionLayout, QuestionPart};
pub(super) use rows::{Section, TimelineRow};

/// Narrowest screen with a side column, without and with a deadlock to show in it.
const SIDE_FROM: u16 = 150;
const SIDE_FROM_DEADLOCK: u16 = 104;

/// Least lines of the time axis and its rows above a pane.
const MIN_ROWS_ABOVE: u16 = 14;

/// Columns of one figure at the right.
pub(super) const FIGURE_WIDTH: u16 = 7;

pub(super) struct RunLayout {
    pub(super) header: Rect,
    pub(super) axis: Rect,
    /// The rows of the timeline; each is one line high.
    pub(super) body: Rect,
    pub(super) rows: Vec<TimelineRow>,
    pub(super) findings: Rect,
    pub(super) legend: Rect,
    pub(super) columns: RowColumns,
    /// Panes beside the rows, below them, or in their place on a small screen.
    pub(super) panes: Vec<(Pane, Rect)>,
}

/// The three columns of the body: label, timeline, figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowColumns {
    pub(super) label: u16,
    pub(super) timeline: u16,
    pub(super) figures: u16,
    /// Columns of a name within the label.
    pub(super) name_width: u16,
}

impl RunLayout {
    pub(super) fn compute(view: &RunView, area: Rect) -> Self {
        let mut rest = area;
        let header = take_top(&mut rest, 1);
        let legend = take_bottom(&mut rest, 1);
        let findings = take_bottom(&mut rest, findings_height(area.height));
        let below = take_pane_below(view, &mut rest);
        let mut rows =
            rows::build_rows(view, usize::from(rest.height.saturating_sub(1)), room_for_graph(view, rest.width));
        let (mut panes, mut body) = place_panes(view, rest, &rows, below.is_some());
        panes.extend(below);
        let axis = take_top(&mut body, 1);
        rows.truncate(usize::from(body.height));
        let columns = RowColumns::compute(view, body.width, area.width);
        Self { header, axis, body, rows, findings, legend, columns, panes }
    }

    /// Returns the part of a row that shows the timeline.
    pub(super) fn timeline_area(&self, row: Rect) -> Rect {
        let x = row.x.saturating_add(self.columns.label).min(row.right());
        Rect { x, width: self.columns.timeline.min(row.right() - x), ..row }
    }

    /// Returns the line of the row with this index.
    pub(super) fn row_line(&self, index: usize) -> Rect {
        let y = self.body.y.saturating_add(u16::try_from(index).unwrap_or(u16::MAX)).min(self.body.bottom());
        Rect { y, height: u16::from(y < self.body.bottom()), ..self.body }
    }

    /// Returns the row under a point of the screen.
    pub(super) fn row_at(&self, x: u16, y: u16) -> Option<&TimelineRow> {
        let inside = self.body.contains((x, y).into());
        inside.then(|| self.rows.get(usize::from(y - self.body.y))).flatten()
    }

    /// Returns the column of the timeline under a point of the screen.
    pub(super) fn column_at(&self, x: u16, y: u16) -> Option<u16> {
        let whole = Rect { y: self.axis.y, height: self.body.bottom().saturating_sub(self.axis.y), ..self.body };
        let time = self.timeline_area(whole);
        time.contains((x, y).into()).then(|| x - time.x)
    }
}

impl RowColumns {
    fn compute(view: &RunView, width: u16, screen: u16) -> Self {
        let registry = view.shown_model().registry();
        let names = registry.workers.iter().map(|w| &w.name).chain(registry.resources.iter().map(|r| &r.name));
        let longest = names.map(|n| unicode_width::UnicodeWidthStr::width(n.as_str())).max().unwrap_or(0) as u16;
        let most = match screen {
            ..60 => 6,
            60..100 => 12,
            100..150 => 14,
            _ => 18,
        };
        // Beside a pane, the timeline needs the room more than the figures do.
        let figures = match (screen, width) {
            (..60, _) => 0,
            (_, ..90) => 2,
            _ => 4,
        };
        let name = longest.clamp(4, most);
        let who = (name + 12).min(width); // " name L 12.4 s "
        let now = (figures * FIGURE_WIDTH + 2 * u16::from(figures > 0)).min(width - who); // a rule, a margin
        Self { label: who, timeline: width - who - now, figures: now, name_width: name }
    }
}

/// Returns the height of the findings, which does not depend on how many there are.
fn findings_height(height: u16) -> u16 {
    match height {
        ..8 => 0,
        8..14 => 1,
        14..20 => 2,
        20..30 => 3,
        30..50 => 5,
        _ => 8,
    }
}

/// Returns the visible panes, and the area left for the rows. Panes are beside the rows if there is room; otherwise a
/// deadlock's graph is below the rows, and any other pane takes the place of the rows, unless it `is_below` them.
fn place_panes(view: &RunView, area: Rect, rows: &[TimelineRow], is_below: bool) -> (Vec<(Pane, Rect)>, Rect) {
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
fn take_pane_below(view: &RunView, area: &mut Rect) -> Option<(Pane, Rect)> {
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
fn room_for_graph(view: &RunView, width: u16) -> usize {
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

/// Cuts this many rows off the top of an area, fewer if it has not as many.
pub(super) fn take_top(rest: &mut Rect, height: u16) -> Rect {
    let taken = Rect { height: height.min(rest.height), ..*rest };
    rest.y += taken.height;
    rest.height -= taken.height;
    taken
}

/// Cuts this many rows off the bottom of an area, fewer if it has not as many.
pub(super) fn take_bottom(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    rest.height -= height;
    Rect { y: rest.bottom(), height, ..*rest }
}
