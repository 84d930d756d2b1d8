//! Pools in figures: how much they get done, how long it takes, how busy they are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::figures::PoolFigures;
use super::super::format::{age, count, counted, percent, rate};
use super::super::theme::Theme;
use super::super::watch::Watch;
use super::text;
use crate::model::Severity;
use crate::trace::Span;

pub(super) struct Pools<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
}

impl Widget for Pools<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let mut n = 0;
        for (id, pool) in &self.watch.figures.pools {
            let Some(info) = self.watch.shown().cast().pools.get(id.index()) else { continue };
            let title = format!("{}  {}", info.name, counted(pool.size.into(), info.of.noun()));
            text::put(buf, text::line(area, n), &title, self.theme.strong());
            n += 1;
            for (label, value, style) in self.lines(pool, area.width) {
                let at = text::line(area, n);
                let rest = text::put(buf, at, &format!("{label:<12}"), self.theme.faint());
                text::put(buf, rest, &value, style);
                n += 1;
            }
            n += 1;
        }
    }
}

impl Pools<'_> {
    fn lines(&self, pool: &PoolFigures, width: u16) -> Vec<(&'static str, String, Style)> {
        let both = |times: Option<(Span, Span)>| {
            times.map_or_else(|| "-".to_owned(), |(p50, p99)| format!("{:>6}   {:>6}", age(p50), age(p99)))
        };
        let mut lines = vec![
            ("done", done(pool, usize::from(width.saturating_sub(34)), self.theme), Style::new()),
            ("throughput", format!("{:<8}{}", rate(pool.throughput), self.curve(pool, width)), Style::new()),
            ("", "   p50      p99".to_owned(), self.theme.faint()),
            ("service", both(pool.service), Style::new()),
            ("response", both(pool.response), Style::new()),
            ("utilization", percent(pool.utilization), Style::new()),
        ];
        if pool.handover > 0.0 {
            lines.push(("hand-over", percent(pool.handover), Style::new()));
        }
        let bad = [("failed", pool.failed), ("rejected", pool.rejected), ("retried", pool.retried)];
        let bad: Vec<String> = bad.iter().filter(|(_, n)| *n > 0).map(|(w, n)| format!("{w} {}", count(*n))).collect();
        if !bad.is_empty() {
            lines.push(("", bad.join("  "), self.theme.severity(Severity::Warning)));
        }
        lines
    }

    fn curve(&self, pool: &PoolFigures, width: u16) -> String {
        let points = usize::from(width.saturating_sub(21));
        let top = pool.curve.iter().copied().fold(0.0, f64::max);
        let shown = pool.curve.iter().skip(pool.curve.len().saturating_sub(points));
        shown.map(|rate| self.theme.level(if top > 0.0 { rate / top } else { 0.0 })).collect()
    }
}

/// All pools in a line: what is done, of how much, what failed, how fast.
pub(super) fn in_a_line(watch: &Watch) -> String {
    let cast = watch.shown().cast();
    let pools = watch.figures.pools.iter().filter_map(|(id, pool)| {
        let name = &cast.pools.get(id.index())?.name;
        let of = pool.total.map_or_else(String::new, |total| format!(" of {}", count(total)));
        let failed = if pool.failed > 0 { format!("{} failed, ", count(pool.failed)) } else { String::new() };
        Some(format!("{name}: {}{of} done, {failed}{}", count(pool.done), rate(pool.throughput)))
    });
    let whole = if watch.totals_are_of_the_end() { "whole run: " } else { "" };
    let pools = pools.collect::<Vec<_>>().join("   ");
    if pools.is_empty() { pools } else { format!("{whole}{pools}") }
}

/// How far a batch is, or how many came and went.
fn done(pool: &PoolFigures, bar: usize, theme: Theme) -> String {
    let Some(total) = pool.total.filter(|t| *t > 0) else {
        return format!("{} of {}", count(pool.done), count(pool.submitted));
    };
    let share = (pool.done as f64 / total as f64).min(1.0);
    let full = (share * bar as f64) as usize;
    let (on, off) = if theme.unicode { ("█", "░") } else { ("#", ".") };
    format!(
        "{} of {} {}{}{}",
        count(pool.done),
        count(total),
        percent(share),
        [" "].repeat(bar.min(1)).concat(),
        on.repeat(full) + &off.repeat(bar - full)
    )
}
