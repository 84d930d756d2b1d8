//! Data that workers of a cluster fetched from each other: who moved how many bytes to whom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::run_view::RunView;
use super::super::theme::{Role, Theme};
use super::{SeparatePane, text};
use crate::model::Moved;
use crate::report::text_width::truncate;
use crate::trace::format::{compact_count, compact_counted, format_bytes};

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| {
        let total = view.shown_model().transfers().total();
        let count = compact_counted(total.count, "transfer");
        match total.bytes {
            0 => format!("DATA MOVED  {count}, of unknown size").into(),
            bytes => format!("DATA MOVED  {} in {count}", format_bytes(bytes)).into(),
        }
    },
    lines: |view| view.shown_model().transfers().pairs().len().min(MAX_LINES) + 1,
    draw: draw_transfers,
};

/// Most lines that the pane wants.
const MAX_LINES: usize = 12;

/// Columns of an amount.
const AMOUNT_WIDTH: usize = 11;

/// Most columns of the bar of the largest amount.
const MAX_BAR: u16 = 24;

fn draw_transfers(view: &RunView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let registry = view.shown_model().registry();
    let pairs = view.shown_model().transfers().pairs();
    // Some schedulers do not say how much was moved.
    let has_sizes = view.shown_model().transfers().total().bytes > 0;
    let size = |moved: &Moved| if has_sizes { moved.bytes } else { moved.count };
    let most = pairs.iter().map(|(.., moved)| size(moved)).max().unwrap_or(1).max(1);
    let bar = MAX_BAR.min(area.width / 4);
    let names = usize::from(area.width.saturating_sub(bar)).saturating_sub(AMOUNT_WIDTH + 2);
    let shown = usize::from(area.height);
    let is_cut = pairs.len() > shown;
    for (n, (from, to, moved)) in pairs.iter().take(shown - usize::from(is_cut && shown > 0)).enumerate() {
        let line = text::nth_line(area, n);
        let words = format!("{} {} {}", registry.worker_name(*from), theme.glyph("→", "->"), registry.worker_name(*to));
        let words = truncate(&words, names, theme.ellipsis());
        let amount = if has_sizes { format_bytes(moved.bytes) } else { format!("{}×", compact_count(moved.count)) };
        let rest = text::put_line(buf, line, &format!("{amount:>AMOUNT_WIDTH$} "), Style::new());
        let length = (size(moved) as f64 / most as f64 * f64::from(bar)).ceil() as usize;
        let blocks = theme.glyph("█", "=").repeat(length);
        text::put_line(buf, Rect { width: bar, ..rest }, &blocks, theme.fg(Role::Queue));
        let beside = Rect { x: rest.x + bar + 1, width: rest.width.saturating_sub(bar + 1), ..rest };
        text::put_line(buf, beside, &words, theme.faint_style());
    }
    if is_cut && shown > 0 {
        let words = compact_counted((pairs.len() - shown + 1) as u64, "more pair");
        text::put_line(
            buf,
            text::nth_line(area, shown - 1),
            &format!("{} {words}", theme.ellipsis()),
            theme.faint_style(),
        );
    }
}
