//! Where everything stands on the screen of a run. Drawing and the mouse ask the same plan.
//!
//! ```text
//! header                                                              ┐
//! who          │ axis                          │ heads                │
//! who          │ time: lanes, locks, queues,   │ now    │  side:      │ body
//!              │       counters, cores         │        │  pools,     │
//!              │                               │        │  graph, log │
//! findings                                                            │
//! legend, hints                                                       ┘
//! ```

mod rows;

use ratatui::layout::Rect;

use super::watch::{Pane, Watch};
use crate::trace::{ResourceId, WorkerId};

pub(super) use rows::{Row, Section};

/// Narrowest screen with a side column, without and with a deadlock to show in it.
const SIDE_FROM: u16 = 150;
const SIDE_FROM_DEADLOCK: u16 = 104;

/// Columns of one figure at the right.
pub(super) const FIGURE: u16 = 7;

pub(super) struct Plan {
    pub(super) header: Rect,
    pub(super) axis: Rect,
    /// The rows of the time axis; each is one line high.
    pub(super) body: Rect,
    pub(super) rows: Vec<Row>,
    pub(super) findings: Rect,
    pub(super) legend: Rect,
    pub(super) columns: Columns,
    /// Panes beside the rows, or in their place on a small screen.
    pub(super) panes: Vec<(Pane, Rect)>,
}

/// The three columns of the body: who, time, now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) who: u16,
    pub(super) time: u16,
    pub(super) now: u16,
    /// Columns of a name within `who`.
    pub(super) name: u16,
}

impl Plan {
    pub(super) fn of(watch: &Watch, area: Rect) -> Self {
        let mut rest = area;
        let header = take_top(&mut rest, 1);
        let legend = take_bottom(&mut rest, 1);
        let findings = take_bottom(&mut rest, findings_height(area.height));
        let panes = panes(watch, rest);
        let side = panes.iter().filter(|(_, at)| at.x > rest.x).map(|(_, at)| at.width).max();
        let replaced = side.is_none() && !panes.is_empty();
        let main = Rect { width: rest.width - side.map_or(0, |w| (w + 1).min(rest.width)), ..rest };
        let mut body = if replaced { Rect { height: 0, ..main } } else { main };
        let axis = take_top(&mut body, 1);
        let columns = Columns::of(watch, body.width, area.width);
        let rows = rows::rows(watch, usize::from(body.height));
        Self { header, axis, body, rows, findings, legend, columns, panes }
    }

    /// The part of a row of the body that shows time.
    pub(super) fn time(&self, row: Rect) -> Rect {
        let x = row.x.saturating_add(self.columns.who).min(row.right());
        Rect { x, width: self.columns.time.min(row.right() - x), ..row }
    }

    /// The line of the row at this place.
    pub(super) fn line(&self, index: usize) -> Rect {
        let y = self.body.y.saturating_add(u16::try_from(index).unwrap_or(u16::MAX)).min(self.body.bottom());
        Rect { y, height: u16::from(y < self.body.bottom()), ..self.body }
    }

    /// The row under a point of the screen.
    pub(super) fn row_at(&self, x: u16, y: u16) -> Option<&Row> {
        let inside = self.body.contains((x, y).into());
        inside.then(|| self.rows.get(usize::from(y - self.body.y))).flatten()
    }

    /// The column of the time axis under a point of the screen.
    pub(super) fn column_at(&self, x: u16, y: u16) -> Option<u16> {
        let whole = Rect { y: self.axis.y, height: self.body.bottom().saturating_sub(self.axis.y), ..self.body };
        let time = self.time(whole);
        time.contains((x, y).into()).then(|| x - time.x)
    }
}

impl Columns {
    fn of(watch: &Watch, width: u16, screen: u16) -> Self {
        let cast = watch.shown().cast();
        let names = cast.workers.iter().map(|w| &w.name).chain(cast.resources.iter().map(|r| &r.name));
        let longest = names.map(|n| unicode_width::UnicodeWidthStr::width(n.as_str())).max().unwrap_or(0) as u16;
        let (most, figures) = match screen {
            ..60 => (6, 0),
            60..100 => (9, 2),
            100..150 => (14, 3),
            _ => (18, 4),
        };
        let name = longest.clamp(4, most);
        let who = (name + 12).min(width); // " name L 12.4 s "
        let now = (figures * FIGURE + u16::from(figures > 0)).min(width - who);
        Self { who, time: width - who - now, now, name }
    }
}

/// How many lines speak of findings: they stand at a fixed place, whether there is one or not.
fn findings_height(height: u16) -> u16 {
    match height {
        ..8 => 0,
        8..14 => 1,
        14..30 => 2,
        30..50 => 5,
        _ => 8,
    }
}

/// The panes beside the rows where there is room, else the one that was asked for in place of the rows.
fn panes(watch: &Watch, area: Rect) -> Vec<(Pane, Rect)> {
    let deadlock = watch.shown().deadlock().is_some();
    let asked = Some(watch.pane).filter(|p| matches!(p, Pane::Pools | Pane::Graph | Pane::Log));
    let wide = area.width >= SIDE_FROM;
    let for_graph = deadlock && area.width >= SIDE_FROM_DEADLOCK && asked.is_none_or(|p| p == Pane::Graph);
    if !(wide || for_graph) {
        return asked.map(|pane| (pane, area)).into_iter().collect();
    }
    let mut wanted: Vec<Pane> = if wide { watch.panes() } else { vec![Pane::Graph] };
    wanted.retain(|p| matches!(p, Pane::Pools | Pane::Graph | Pane::Log));
    if deadlock {
        wanted.sort_by_key(|p| *p != Pane::Graph);
    }
    let width = if deadlock { area.width / 5 * 2 } else { area.width / 3 }.clamp(36, 60);
    stack(&wanted, Rect { x: area.right() - width, width, ..area }, watch)
}

/// Panes from top to bottom, each with the lines it needs; the last has the rest.
fn stack(panes: &[Pane], mut area: Rect, watch: &Watch) -> Vec<(Pane, Rect)> {
    let cast = watch.shown().cast();
    let mut stacked = Vec::new();
    for (i, pane) in panes.iter().enumerate() {
        let need = match pane {
            Pane::Pools => cast.pools.len().saturating_mul(9),
            Pane::Graph => match watch.shown().deadlock() {
                Some(deadlock) => 9 + 2 * deadlock.ring.len(),
                None => 3 + cast.locks().count().min(10),
            },
            _ => 12,
        };
        let need = u16::try_from(need).unwrap_or(u16::MAX);
        let height = if i + 1 == panes.len() { area.height } else { need };
        let at = take_top(&mut area, height);
        if at.height >= 3 {
            stacked.push((*pane, at));
        }
    }
    stacked
}

fn take_top(rest: &mut Rect, height: u16) -> Rect {
    let taken = Rect { height: height.min(rest.height), ..*rest };
    rest.y += taken.height;
    rest.height -= taken.height;
    taken
}

fn take_bottom(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    rest.height -= height;
    Rect { y: rest.bottom(), height, ..*rest }
}
