//! The layout for projectors: fewer and larger things.

use ratatui::layout::Rect;

use super::rows::build_large_rows;
use super::{RowColumns, TimelineRow, take_bottom, take_top};
use crate::tui::panes;
use crate::tui::run_view::{Pane, RunView};

/// Lines of the verdict: five of blocks, a blank one, two of its sentence; on a low screen without the blank one.
const VERDICT_LINES: u16 = 8;
const LOW_VERDICT_LINES: u16 = 6;

/// Least height with a whole verdict, and with a blank line around it.
const WHOLE_VERDICT_FROM: u16 = 20;
const SPACED_FROM: u16 = 24;

/// Columns beside a name: a margin at both sides, the mark of its worker.
const NAME_MARGIN: u16 = 3;

/// Least and most columns of a name.
const NAME_WIDTHS: (u16, u16) = (12, 28);

pub(in crate::tui) struct LargeLayout {
    pub(in crate::tui) header: Rect,
    pub(in crate::tui) verdict: Rect,
    pub(in crate::tui) axis: Rect,
    /// The rows of the timeline; each is one line high.
    pub(in crate::tui) body: Rect,
    pub(in crate::tui) rows: Vec<TimelineRow>,
    pub(in crate::tui) keys: Rect,
    pub(in crate::tui) columns: RowColumns,
    /// The chosen pane, in place of the rows.
    pub(in crate::tui) pane: Option<(Pane, Rect)>,
}

impl LargeLayout {
    pub(in crate::tui) fn compute(view: &RunView, area: Rect) -> Self {
        let mut rest = area;
        let header = take_top(&mut rest, 1);
        let keys = take_bottom(&mut rest, 1);
        let is_spaced = u16::from(area.height >= SPACED_FROM);
        take_top(&mut rest, is_spaced);
        let lines = if area.height >= WHOLE_VERDICT_FROM { VERDICT_LINES } else { LOW_VERDICT_LINES };
        let verdict = take_top(&mut rest, lines);
        take_top(&mut rest, is_spaced);
        let pane = Some(view.pane).filter(|pane| panes::is_separate(*pane)).map(|pane| (pane, rest));
        let mut body = if pane.is_some() { Rect { height: 0, ..rest } } else { rest };
        let axis = take_top(&mut body, 1);
        let rows = build_large_rows(view, usize::from(body.height));
        Self { header, verdict, axis, body, rows, keys, columns: columns(view, area.width), pane }
    }

    /// Returns the line of the row with this index.
    pub(in crate::tui) fn row_line(&self, index: usize) -> Rect {
        let y = self.body.y.saturating_add(u16::try_from(index).unwrap_or(u16::MAX)).min(self.body.bottom());
        Rect { y, height: u16::from(y < self.body.bottom()), ..self.body }
    }
}

/// Returns columns with whole names and without figures.
fn columns(view: &RunView, width: u16) -> RowColumns {
    let registry = view.shown_model().registry();
    let names = registry.workers.iter().map(|w| &w.name).chain(registry.resources.iter().map(|r| &r.name));
    let longest = names.map(|n| unicode_width::UnicodeWidthStr::width(n.as_str())).max().unwrap_or(0);
    let (least, most) = NAME_WIDTHS;
    let name_width = u16::try_from(longest).unwrap_or(u16::MAX).clamp(least, most);
    let label = (name_width + NAME_MARGIN).min(width);
    RowColumns { label, timeline: (width - label).saturating_sub(1), figures: 0, name_width }
}
