//! The tabs in the last line of a run's screen, which drawing and the mouse share.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::tui::panes;
use crate::tui::run_view::{Pane, RunView};

/// Columns of the last line that the key hints keep.
const HINTS_WIDTH: u16 = 19;

/// Columns between the tabs and the hints.
const GAP: u16 = 2;

/// The tabs that have room.
pub(in crate::tui) struct TabBar {
    pub(in crate::tui) tabs: Vec<Tab>,
    /// Whether tabs are left out at the left, and at the right.
    pub(in crate::tui) is_cut: (bool, bool),
    /// The place of the mark that tabs are left out at the right.
    pub(in crate::tui) cut_mark: Option<Rect>,
    /// The columns right of the tabs.
    pub(in crate::tui) rest: Rect,
}

pub(in crate::tui) struct Tab {
    pub(in crate::tui) pane: Pane,
    pub(in crate::tui) label: String,
    pub(in crate::tui) at: Rect,
}

impl TabBar {
    /// Places the tabs of the available panes. If not all fit, the chosen one and its neighbours do.
    pub(in crate::tui) fn compute(view: &RunView, line: Rect) -> Self {
        let room = line.width.saturating_sub(HINTS_WIDTH);
        let labels: Vec<(Pane, String)> =
            panes::available_panes(view).into_iter().map(|pane| (pane, panes::tab_label(pane, view))).collect();
        let width = |label: &str| u16::try_from(label.width()).unwrap_or(u16::MAX).saturating_add(2);
        let chosen = labels.iter().position(|(pane, _)| *pane == view.pane).unwrap_or(0);
        let upto = |from: usize| labels[from..=chosen].iter().map(|(_, label)| width(label)).sum::<u16>() + 2;
        let first = (0..chosen).find(|from| upto(*from) <= room).unwrap_or(chosen);
        let mut at = Rect { x: line.x + u16::from(first > 0).min(line.width), height: line.height.min(1), ..line };
        let mut tabs = Vec::new();
        for (pane, label) in labels.iter().skip(first) {
            let width = width(label);
            let is_last = first + tabs.len() + 1 == labels.len();
            if at.x - line.x + width + u16::from(!is_last) > room {
                break;
            }
            tabs.push(Tab { pane: *pane, label: label.clone(), at: Rect { width, ..at } });
            at.x += width;
        }
        let is_cut = (first > 0, first + tabs.len() < labels.len());
        let cut_mark = is_cut.1.then(|| Rect { x: at.x, width: 1, ..line }.intersection(line));
        let x = (at.x + u16::from(is_cut.1) + GAP).min(line.right());
        Self { tabs, is_cut, cut_mark, rest: Rect { x, width: line.right() - x, ..line } }
    }

    /// Returns the pane whose tab is in this column.
    pub(in crate::tui) fn pane_at(&self, x: u16, y: u16) -> Option<Pane> {
        self.tabs.iter().find(|tab| tab.at.contains((x, y).into())).map(|tab| tab.pane)
    }
}
