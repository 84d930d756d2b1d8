//! Who costs whom: how long each worker waited for each other one, in ms for each second.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::run_view::RunView;
use super::super::theme::Theme;
use super::{SeparatePane, text};
use crate::model::{WaiterCosts, WhoCostsWhom};
use crate::report::text_width::{truncate_name, wrap_text};
use crate::trace::format::{compact_duration, compact_percent, format_tenths};
use crate::trace::{State, WorkerId};

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| {
        let costs = view.costs();
        if !view.shows_part_of_run() {
            let length = compact_duration(costs.to.span_since(costs.from));
            return format!("Who costs whom, ms/s in the last {length}").into();
        }
        let (from, to) = (view.format_moment(costs.from), view.format_moment(costs.to));
        format!("Who costs whom, ms/s from {from} to {to}").into()
    },
    lines: |view| 6 + view.figures.workers().count().min(MAX_ROWS),
    draw: |view, theme, area, buf| CostsPane { view, theme }.render(area, buf),
};

/// Columns of a waiter's name, of one holder, and of the sums at the right.
const NAME_WIDTH: u16 = 12;
const COLUMN_WIDTH: u16 = 9;

/// Most waiters with a row.
const MAX_ROWS: usize = 16;

/// Share of a waiter's time from which a figure is emphasized.
const STRONG_FROM: f64 = 0.25;

struct CostsPane<'a> {
    view: &'a RunView,
    theme: Theme,
}

impl Widget for CostsPane<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let costs = self.view.costs();
        if costs.total_ns() == 0 {
            let words = "No worker waited for what another one held";
            text::put_line(buf, area, words, self.theme.faint_style());
            return;
        }
        let lines = self.describe_greatest(&costs, area.width);
        let table = area.height.saturating_sub(u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(1));
        let used = self.draw_table(&costs, Rect { height: table, ..area }, buf);
        for (i, line) in lines.iter().enumerate() {
            text::put_line(buf, text::nth_line(area, usize::from(used) + 1 + i), line, self.theme.faint_style());
        }
    }
}

impl CostsPane<'_> {
    /// Draws a row for each waiter and a column for each holder, the worst first. Returns the lines used.
    fn draw_table(&self, costs: &WhoCostsWhom, area: Rect, buf: &mut Buffer) -> u16 {
        let registry = self.view.shown_model().registry();
        let mut waiters = costs.waiters.clone();
        waiters.sort_by_key(|(worker, costs)| (std::cmp::Reverse(costs.total_ns), *worker));
        let columns = (area.width.saturating_sub(NAME_WIDTH) / COLUMN_WIDTH).saturating_sub(2);
        let holders: Vec<WorkerId> =
            costs.by_holder().into_iter().map(|(holder, _)| holder).take(usize::from(columns)).collect();
        let mut heads = vec![("waiter".to_owned(), self.theme.faint_style())];
        let ellipsis = self.theme.ellipsis();
        let short = |worker| truncate_name(registry.worker_name(worker), usize::from(COLUMN_WIDTH) - 1, ellipsis);
        heads.extend(holders.iter().map(|holder| (short(*holder), self.theme.strong_style())));
        heads.extend(["rest", "all"].map(|word| (word.to_owned(), self.theme.faint_style())));
        Self::draw_line(&heads, text::nth_line(area, 0), buf);
        let room = usize::from(area.height.saturating_sub(1)).min(MAX_ROWS);
        let shown = if waiters.len() > room { room.saturating_sub(1) } else { waiters.len() };
        for (i, (waiter, of)) in waiters.iter().take(shown).enumerate() {
            Self::draw_line(&self.waiter_row(costs, (*waiter, of), &holders), text::nth_line(area, i + 1), buf);
        }
        let mut used = shown + 1;
        if shown < waiters.len() {
            let hidden: u64 = waiters[shown..].iter().map(|(_, costs)| costs.total_ns).sum();
            let more = format!("{} more: {}", waiters.len() - shown, format_tenths(costs.ms_per_second(hidden)));
            text::put_line(buf, text::nth_line(area, used), &more, self.theme.faint_style());
            used += 1;
        }
        u16::try_from(used).unwrap_or(u16::MAX).min(area.height)
    }

    fn waiter_row(
        &self,
        costs: &WhoCostsWhom,
        (waiter, of): (WorkerId, &WaiterCosts),
        holders: &[WorkerId],
    ) -> Vec<(String, Style)> {
        let name = self.view.shown_model().registry().worker_name(waiter);
        let ellipsis = self.theme.ellipsis();
        let is_chosen = self.view.selection == Some(super::super::run_view::Selection::Lane(waiter));
        let style = if is_chosen { self.theme.selection_style() } else { self.theme.strong_style() };
        let mut row = vec![(truncate_name(name, usize::from(NAME_WIDTH) - 1, ellipsis), style)];
        let mut named = 0;
        for holder in holders {
            let ns = costs.pair(waiter, *holder).map_or(0, crate::model::PairCost::total_ns);
            named += ns;
            let is_strong = ns as f64 >= STRONG_FROM * of.total_ns as f64 && ns > 0;
            let style = if is_strong { self.theme.state_style(State::Lock) } else { Style::new() };
            let text = if ns == 0 { "·".to_owned() } else { format_tenths(costs.ms_per_second(ns)) };
            row.push((text, style));
        }
        let figure = |ns: u64| format_tenths(costs.ms_per_second(ns));
        row.push((figure(of.total_ns.saturating_sub(named)), self.theme.faint_style()));
        row.push((figure(of.total_ns), Style::new()));
        row
    }

    fn draw_line(cells: &[(String, Style)], line: Rect, buf: &mut Buffer) {
        let mut x = line.x;
        for (i, (cell, style)) in cells.iter().enumerate() {
            let width = if i == 0 { NAME_WIDTH } else { COLUMN_WIDTH };
            let at = Rect { x, width: width.min(line.right().saturating_sub(x)), ..line };
            if i == 0 {
                text::put_line(buf, at, cell, *style);
            } else {
                text::put_right(buf, at, cell, *style);
            }
            x = x.saturating_add(width).min(line.right());
        }
    }

    /// Says which worker costs most, and what the table leaves out.
    fn describe_greatest(&self, costs: &WhoCostsWhom, width: u16) -> Vec<String> {
        let registry = self.view.shown_model().registry();
        let mut lines = Vec::new();
        if let Some((holder, total)) = costs.by_holder().first() {
            let of = costs.pairs.iter().filter(|pair| pair.holder == *holder);
            let sum = |part: fn(&crate::model::PairCost) -> u64| -> u64 { of.clone().map(part).sum() };
            let share = |ns: u64| compact_percent(ns as f64 / (*total).max(1) as f64);
            let running = share(sum(|pair| pair.holder_times.get(State::Running)));
            let ready = share(sum(|pair| pair.holder_times.get(State::Ready)));
            let waiting = share(sum(crate::model::PairCost::holder_waiting_ns));
            lines.push(format!(
                "{} costs most: while others wait for it, it runs {running}, is ready without a core {ready}, \
                 and waits itself {waiting}.",
                registry.worker_name(*holder)
            ));
        }
        let sum = |of: fn(&WaiterCosts) -> u64| -> u64 { costs.waiters.iter().map(|(_, waiter)| of(waiter)).sum() };
        let parts = [
            ("lock free, not taken yet", sum(|waiter| waiter.handoff_ns)),
            ("wait over, not running yet", sum(|waiter| waiter.wakeup_ns)),
            ("small pairs", sum(|waiter| waiter.others_ns)),
            ("unknown", sum(|waiter| waiter.unknown_ns)),
        ];
        let parts = parts.iter().filter(|(_, ns)| *ns > 0);
        let parts: Vec<String> =
            parts.map(|(word, ns)| format!("{word} {}", format_tenths(costs.ms_per_second(*ns)))).collect();
        if !parts.is_empty() {
            lines.push(format!("The rest includes, in ms/s: {}.", parts.join("; ")));
        }
        lines.iter().flat_map(|line| wrap_text(line, width)).collect()
    }
}
