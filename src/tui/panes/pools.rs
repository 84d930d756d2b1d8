//! The response times of pools and where they come from; throughput, progress, utilization.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::figures::{IntervalGap, Percentiles, PoolFigures, TIME_BINS, TaskTimes};
use super::super::run_view::RunView;
use super::super::theme::{Role, Theme};
use super::{SeparatePane, text};
use crate::model::Severity;
use crate::trace::State;
use crate::trace::format::{compact_count, compact_counted, compact_duration, compact_percent, compact_rate};

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| match view.shown_range() {
        Some((from, to)) => format!("RESPONSE TIME  {} to {}", view.format_moment(from), view.format_moment(to)).into(),
        None if view.has_only_final_totals() => "RESPONSE TIME  totals of the whole run".into(),
        None => "RESPONSE TIME  from submit to result, at the present settings".into(),
    },
    lines: |view| view.shown_model().registry().pools.len().saturating_mul(LINES_PER_POOL) + 1,
    draw: |view, theme, area, buf| PoolsPane { view, theme }.draw(area, buf),
};

/// Lines of a pool, with a blank one after it.
const LINES_PER_POOL: usize = 15;

/// Least and most lines of the histogram, its axis not included.
const HISTOGRAM_LINES: std::ops::RangeInclusive<usize> = 2..=16;

/// Columns of the words before a line's figures.
const LABEL_WIDTH: usize = 12;

/// Columns of a duration in the table.
const TIME_WIDTH: usize = 9;

struct PoolsPane<'a> {
    view: &'a RunView,
    theme: Theme,
}

impl PoolsPane<'_> {
    fn draw(&self, area: Rect, buf: &mut Buffer) {
        let pools = &self.view.figures.pools;
        let texts: Vec<_> = pools.iter().map(|(_, pool)| self.lines(pool, area.width)).collect();
        let fixed: usize = texts.iter().map(|lines| lines.len() + 2).sum();
        let spare = usize::from(area.height + 1).saturating_sub(fixed) / pools.len().max(1);
        let histogram = spare.saturating_sub(1).min(*HISTOGRAM_LINES.end());
        let mut n = 0;
        for ((id, pool), lines) in pools.iter().zip(texts) {
            let Some(info) = self.view.shown_model().registry().pools.get(id.index()) else { continue };
            let rest = text::put_line(buf, text::nth_line(area, n), &info.name, self.theme.strong_style());
            let size = compact_counted(pool.size.into(), info.worker_kind.noun());
            let rates = format!("  {size}, {} arrive", compact_rate(pool.arrival_rate));
            text::put_line(buf, rest, &rates, self.theme.faint_style());
            n += 1;
            for (label, value, style) in lines {
                let rest = self.put_label(label, text::nth_line(area, n), buf);
                text::put_first_fitting(buf, rest, &[&value], self.theme.ellipsis(), style);
                n += 1;
            }
            let has_range = |times: &&TaskTimes| times.shortest.0 < times.response.max.0 / 100 * 97;
            if let Some(times) = &pool.task_times {
                self.draw_split(times, text::nth_line(area, n), buf);
                n += 1;
                if HISTOGRAM_LINES.contains(&histogram) && has_range(&times) {
                    let top = text::nth_line(area, n);
                    let height = (histogram as u16 + 1).min(area.bottom().saturating_sub(top.y));
                    self.draw_histogram(times, Rect { height, ..top }, buf);
                    n += histogram + 1;
                }
            }
            n += 1;
        }
    }

    fn put_label(&self, label: &str, at: Rect, buf: &mut Buffer) -> Rect {
        text::put_line(buf, at, &format!("{label:<LABEL_WIDTH$}"), self.theme.faint_style())
    }

    fn lines(&self, pool: &PoolFigures, width: u16) -> Vec<(&'static str, String, Style)> {
        let (plain, faint) = (Style::new(), self.theme.faint_style());
        let row = |cells: [String; 4]| cells.map(|cell| format!("{cell:>TIME_WIDTH$}")).concat();
        let times = |of: fn(&TaskTimes) -> Percentiles| {
            let Some(times) = &pool.task_times else {
                let none =
                    if pool.backlog.is_some() { "unknown until the backlog is done" } else { "no task has ended yet" };
                return self.view.interval_gap().map_or_else(|| none.to_owned(), IntervalGap::words);
            };
            let Percentiles { p50, p90, p99, max } = of(times);
            row([p50, p90, p99, max].map(compact_duration))
        };
        let mut lines = vec![
            ("done", self.progress_text(pool, usize::from(width).saturating_sub(LABEL_WIDTH + 22)), plain),
            ("throughput", self.throughput_text(pool, usize::from(width)), plain),
            ("", row(["p50", "p90", "p99", "max"].map(str::to_owned)), faint),
            ("response", times(|times| times.response), plain),
            ("service", times(|times| times.service), plain),
            ("utilization", compact_percent(pool.utilization), plain),
        ];
        if pool.handover_share > 0.0 {
            let share = compact_percent(pool.handover_share);
            lines.push(("hand-over", format!("{share} of the workers' time passes tasks between processes"), plain));
        }
        if let Some(backlog) = pool.backlog {
            let (was, left) = (compact_count(backlog.initial.into()), compact_count(backlog.remaining.into()));
            lines.push(("backlog", format!("{was} at the change, {left} now"), plain));
        }
        let bad = [("failed", pool.failed), ("rejected", pool.rejected), ("retried", pool.retried)];
        let bad: Vec<String> =
            bad.iter().filter(|(_, n)| *n > 0).map(|(w, n)| format!("{w} {}", compact_count(*n))).collect();
        if !bad.is_empty() && self.view.interval_gap().is_none() {
            lines.push(("", bad.join("  "), self.theme.severity_style(Severity::Warning)));
        }
        lines
    }

    /// Draws which part of a response is waiting for a worker, and which is work.
    fn draw_split(&self, times: &TaskTimes, line: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let share = times.queueing_share();
        let rest = self.put_label("spent", line, buf);
        let words = format!(" {} waiting, {} work", compact_percent(share), compact_percent(1.0 - share));
        let bar = Rect { width: rest.width.saturating_sub(words.len() as u16 + 1).min(40), ..rest };
        let waiting = (share * f64::from(bar.width)).round() as u16;
        let (full, light) = (theme.glyph("█", "="), theme.glyph("▒", "."));
        let after = text::put_line(buf, bar, &light.repeat(usize::from(waiting)), theme.fg(Role::Queue));
        let work = full.repeat(usize::from(bar.width - waiting));
        text::put_line(buf, after, &work, theme.cell_style(State::Running));
        text::put_line(
            buf,
            Rect { x: bar.right(), width: rest.right() - bar.right(), ..rest },
            &words,
            theme.faint_style(),
        );
    }

    /// Draws how many tasks took how long, on a logarithmic axis with the percentiles below it.
    fn draw_histogram(&self, times: &TaskTimes, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let x = area.x + (LABEL_WIDTH as u16).min(area.width);
        let chart = Rect { x, width: (area.right() - x).min(TIME_BINS as u16 * 2), height: area.height - 1, ..area };
        let columns = usize::from(chart.width);
        if columns < 8 || chart.height == 0 {
            return;
        }
        let heights = resample(&times.bins, columns);
        let most = heights.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        for line in 0..chart.height {
            let below = f64::from(chart.height - 1 - line);
            let glyph = |count: &f64| {
                let level = count / most * f64::from(chart.height) - below;
                let is_lowest = below == 0.0 && *count > 0.0;
                theme.level_glyph(if is_lowest { level.max(0.05) } else { level.max(0.0) }.min(1.0))
            };
            let row: String = heights.iter().map(glyph).collect();
            text::put_line(buf, text::nth_line(chart, usize::from(line)), &row, theme.fg(Role::Response));
        }
        self.put_label("tasks by", text::nth_line(area, usize::from(chart.height.saturating_sub(1))), buf);
        self.put_label("duration", text::nth_line(area, usize::from(chart.height)), buf);
        let axis = Rect { y: area.bottom() - 1, height: 1, ..chart };
        text::put_line(buf, axis, &theme.glyph("─", "-").repeat(columns), theme.fg(Role::Guide));
        text::put_line(buf, axis, &format!("{} ", compact_duration(times.shortest)), theme.faint_style());
        text::put_right(buf, axis, &format!(" {}", compact_duration(times.response.max)), theme.faint_style());
        let begin = compact_duration(times.shortest).len() + 1;
        let end = columns.saturating_sub(compact_duration(times.response.max).len() + 1);
        let mut free = begin;
        for (name, time) in [("p50", times.response.p50), ("p90", times.response.p90), ("p99", times.response.p99)] {
            let column = (times.position(time) * (columns - 1) as f64) as usize;
            let column = column.max(free);
            if column + name.len() > end {
                continue;
            }
            let at = Rect { x: axis.x + column as u16, width: name.len() as u16, ..axis };
            text::put_line(buf, at, name, theme.strong_style());
            free = column + name.len() + 1;
        }
    }

    /// Returns the throughput and its curve.
    fn throughput_text(&self, pool: &PoolFigures, width: usize) -> String {
        let points = width.saturating_sub(LABEL_WIDTH + 11);
        let top = pool.curve.iter().copied().fold(0.0, f64::max);
        let shown = pool.curve.iter().skip(pool.curve.len().saturating_sub(points));
        let curve = shown.map(|rate| self.theme.level_glyph(if top > 0.0 { rate / top } else { 0.0 }));
        format!("{:>9}  {}", compact_rate(pool.throughput), curve.collect::<String>())
    }

    /// Returns the progress of a batch, or how many tasks were done of those submitted.
    fn progress_text(&self, pool: &PoolFigures, bar: usize) -> String {
        if let Some(gap) = self.view.interval_gap() {
            return gap.words();
        }
        let Some(total) = pool.total.filter(|t| *t > 0) else {
            return format!("{} of {} submitted", compact_count(pool.done), compact_count(pool.submitted));
        };
        let share = (pool.done as f64 / total as f64).min(1.0);
        let full = (share * bar as f64) as usize;
        let (on, off) = (self.theme.glyph("█", "#"), self.theme.glyph("░", "."));
        format!(
            "{} of {} {:>5}{}{}",
            compact_count(pool.done),
            compact_count(total),
            compact_percent(share),
            [" "].repeat(bar.min(1)).concat(),
            on.repeat(full) + &off.repeat(bar - full)
        )
    }
}

/// Returns the counts of the bins spread over this many columns.
fn resample(bins: &[u32; TIME_BINS], columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; columns];
    if columns >= TIME_BINS {
        for (column, height) in out.iter_mut().enumerate() {
            *height = f64::from(bins[column * TIME_BINS / columns]);
        }
    } else {
        for (bin, count) in bins.iter().enumerate() {
            out[bin * columns / TIME_BINS] += f64::from(*count);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resampled_bins_keep_every_task_when_columns_are_few() {
        let mut bins = [0; TIME_BINS];
        (bins[0], bins[7], bins[TIME_BINS - 1]) = (3, 5, 2);
        let few = resample(&bins, 12);
        assert_eq!((few[0], few[1], few[11]), (3.0, 5.0, 2.0));
        let many = resample(&bins, 2 * TIME_BINS);
        assert_eq!((many[0], many[1], many[2], many[2 * TIME_BINS - 1]), (3.0, 3.0, 0.0, 2.0));
    }
}
