//! The figures of pools: throughput, times, utilization.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::figures::{IntervalGap, PoolFigures};
use super::super::run_view::RunView;
use super::super::theme::Theme;
use super::{SeparatePane, text};
use crate::model::Severity;
use crate::trace::Span;
use crate::trace::format::{compact_count, compact_counted, compact_duration, compact_percent, compact_rate};

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| match view.shown_range() {
        Some((from, to)) => format!("Pools, {} to {}", view.format_moment(from), view.format_moment(to)).into(),
        None if view.has_only_final_totals() => "Pools: totals of the whole run".into(),
        None => "Pools".into(),
    },
    lines: |view| view.shown_model().registry().pools.len().saturating_mul(LINES_PER_POOL),
    draw: |view, theme, area, buf| PoolsPane { view, theme }.render(area, buf),
};

/// Most lines of a pool, with a blank one after it.
const LINES_PER_POOL: usize = 9;

struct PoolsPane<'a> {
    view: &'a RunView,
    theme: Theme,
}

impl Widget for PoolsPane<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let mut n = 0;
        for (id, pool) in &self.view.figures.pools {
            let Some(info) = self.view.shown_model().registry().pools.get(id.index()) else { continue };
            let title = format!("{}  {}", info.name, compact_counted(pool.size.into(), info.worker_kind.noun()));
            text::put_line(buf, text::nth_line(area, n), &title, self.theme.strong_style());
            n += 1;
            for (label, value, style) in self.lines(pool, area.width) {
                let at = text::nth_line(area, n);
                let rest = text::put_line(buf, at, &format!("{label:<12}"), self.theme.faint_style());
                text::put_line(buf, rest, &value, style);
                n += 1;
            }
            n += 1;
        }
    }
}

impl PoolsPane<'_> {
    fn lines(&self, pool: &PoolFigures, width: u16) -> Vec<(&'static str, String, Style)> {
        let both = |times: Option<(Span, Span)>| {
            times.map_or_else(
                || self.view.interval_gap().map_or_else(|| "-".to_owned(), IntervalGap::words),
                |(p50, p99)| format!("{:>6}   {:>6}", compact_duration(p50), compact_duration(p99)),
            )
        };
        let mut lines = vec![
            ("done", self.progress_text(pool, usize::from(width.saturating_sub(34))), Style::new()),
            (
                "throughput",
                format!("{:<8}{}", compact_rate(pool.throughput), self.curve_text(pool, width)),
                Style::new(),
            ),
            ("", "   p50      p99".to_owned(), self.theme.faint_style()),
            ("service", both(pool.service), Style::new()),
            ("response", both(pool.response), Style::new()),
            ("utilization", compact_percent(pool.utilization), Style::new()),
        ];
        if let Some(backlog) = pool.backlog {
            let words = format!(
                "{} at the change, {} now",
                compact_count(backlog.initial.into()),
                compact_count(backlog.remaining.into())
            );
            lines.push(("backlog", words, Style::new()));
        }
        if pool.handover_share > 0.0 {
            lines.push(("hand-over", compact_percent(pool.handover_share), Style::new()));
        }
        let bad = [("failed", pool.failed), ("rejected", pool.rejected), ("retried", pool.retried)];
        let bad: Vec<String> =
            bad.iter().filter(|(_, n)| *n > 0).map(|(w, n)| format!("{w} {}", compact_count(*n))).collect();
        if !bad.is_empty() && self.view.interval_gap().is_none() {
            lines.push(("", bad.join("  "), self.theme.severity_style(Severity::Warning)));
        }
        lines
    }

    /// Returns the progress of a batch, or how many tasks were done of those submitted.
    fn progress_text(&self, pool: &PoolFigures, bar: usize) -> String {
        if let Some(gap) = self.view.interval_gap() {
            return gap.words();
        }
        let Some(total) = pool.total.filter(|t| *t > 0) else {
            return format!("{} of {}", compact_count(pool.done), compact_count(pool.submitted));
        };
        let share = (pool.done as f64 / total as f64).min(1.0);
        let full = (share * bar as f64) as usize;
        let (on, off) = if self.theme.has_unicode { ("█", "░") } else { ("#", ".") };
        format!(
            "{} of {} {:>5}{}{}",
            compact_count(pool.done),
            compact_count(total),
            compact_percent(share),
            [" "].repeat(bar.min(1)).concat(),
            on.repeat(full) + &off.repeat(bar - full)
        )
    }

    fn curve_text(&self, pool: &PoolFigures, width: u16) -> String {
        let points = usize::from(width.saturating_sub(21));
        let top = pool.curve.iter().copied().fold(0.0, f64::max);
        let shown = pool.curve.iter().skip(pool.curve.len().saturating_sub(points));
        shown.map(|rate| self.theme.level_glyph(if top > 0.0 { rate / top } else { 0.0 })).collect()
    }
}

/// Returns all pools in one line: tasks done, of how many, failures, throughput.
pub(in crate::tui) fn summary_line(view: &RunView) -> String {
    let registry = view.shown_model().registry();
    let pools = view.figures.pools.iter().filter_map(|(id, pool)| {
        let name = &registry.pools.get(id.index())?.name;
        if view.shown_range().is_some() && view.interval_gap().is_some() {
            return Some(format!("{name}: {}", compact_rate(pool.throughput)));
        }
        let of = pool.total.map_or_else(String::new, |total| format!(" of {}", compact_count(total)));
        let failed = if pool.failed > 0 { format!("{} failed, ", compact_count(pool.failed)) } else { String::new() };
        Some(format!("{name}: {}{of} done, {failed}{}", compact_count(pool.done), compact_rate(pool.throughput)))
    });
    let is_whole = view.has_only_final_totals() && view.interval_record().is_none();
    let whole = if is_whole { "whole run: " } else { "" };
    let pools = pools.collect::<Vec<_>>().join("   ");
    if pools.is_empty() { pools } else { format!("{whole}{pools}") }
}
