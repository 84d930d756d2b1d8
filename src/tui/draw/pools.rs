//! Pools in figures: how much they get done, how long it takes, how busy they are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::figures::PoolFigures;
use super::super::format::{format_count, format_counted, format_duration, format_percent, format_rate};
use super::super::run_view::RunView;
use super::super::theme::Theme;
use super::text;
use crate::model::Severity;
use crate::trace::Span;

pub(super) struct PoolsPane<'a> {
    pub(super) view: &'a RunView,
    pub(super) theme: Theme,
}

impl Widget for PoolsPane<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let mut n = 0;
        for (id, pool) in &self.view.figures.pools {
            let Some(info) = self.view.shown_model().registry().pools.get(id.index()) else { continue };
            let title = format!("{}  {}", info.name, format_counted(pool.size.into(), info.worker_kind.noun()));
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
                || "-".to_owned(),
                |(p50, p99)| format!("{:>6}   {:>6}", format_duration(p50), format_duration(p99)),
            )
        };
        let mut lines = vec![
            ("done", progress_text(pool, usize::from(width.saturating_sub(34)), self.theme), Style::new()),
            (
                "throughput",
                format!("{:<8}{}", format_rate(pool.throughput), self.curve_text(pool, width)),
                Style::new(),
            ),
            ("", "   p50      p99".to_owned(), self.theme.faint_style()),
            ("service", both(pool.service), Style::new()),
            ("response", both(pool.response), Style::new()),
            ("utilization", format_percent(pool.utilization), Style::new()),
        ];
        if let Some(backlog) = pool.backlog {
            let words = format!(
                "{} at the change, {} now",
                format_count(backlog.initial.into()),
                format_count(backlog.remaining.into())
            );
            lines.push(("backlog", words, Style::new()));
        }
        if pool.handover_share > 0.0 {
            lines.push(("hand-over", format_percent(pool.handover_share), Style::new()));
        }
        let bad = [("failed", pool.failed), ("rejected", pool.rejected), ("retried", pool.retried)];
        let bad: Vec<String> =
            bad.iter().filter(|(_, n)| *n > 0).map(|(w, n)| format!("{w} {}", format_count(*n))).collect();
        if !bad.is_empty() {
            lines.push(("", bad.join("  "), self.theme.severity_style(Severity::Warning)));
        }
        lines
    }

    fn curve_text(&self, pool: &PoolFigures, width: u16) -> String {
        let points = usize::from(width.saturating_sub(21));
        let top = pool.curve.iter().copied().fold(0.0, f64::max);
        let shown = pool.curve.iter().skip(pool.curve.len().saturating_sub(points));
        shown.map(|rate| self.theme.level_glyph(if top > 0.0 { rate / top } else { 0.0 })).collect()
    }
}

/// All pools in a line: what is done, of how much, what failed, how fast.
pub(super) fn summary_line(view: &RunView) -> String {
    let cast = view.shown_model().registry();
    let pools = view.figures.pools.iter().filter_map(|(id, pool)| {
        let name = &cast.pools.get(id.index())?.name;
        let of = pool.total.map_or_else(String::new, |total| format!(" of {}", format_count(total)));
        let failed = if pool.failed > 0 { format!("{} failed, ", format_count(pool.failed)) } else { String::new() };
        Some(format!("{name}: {}{of} done, {failed}{}", format_count(pool.done), format_rate(pool.throughput)))
    });
    let whole = if view.has_only_final_totals() { "whole run: " } else { "" };
    let pools = pools.collect::<Vec<_>>().join("   ");
    if pools.is_empty() { pools } else { format!("{whole}{pools}") }
}

/// How far a batch is, or how many came and went.
fn progress_text(pool: &PoolFigures, bar: usize, theme: Theme) -> String {
    let Some(total) = pool.total.filter(|t| *t > 0) else {
        return format!("{} of {}", format_count(pool.done), format_count(pool.submitted));
    };
    let share = (pool.done as f64 / total as f64).min(1.0);
    let full = (share * bar as f64) as usize;
    let (on, off) = if theme.has_unicode { ("█", "░") } else { ("#", ".") };
    format!(
        "{} of {} {}{}{}",
        format_count(pool.done),
        format_count(total),
        format_percent(share),
        [" "].repeat(bar.min(1)).concat(),
        on.repeat(full) + &off.repeat(bar - full)
    )
}
