//! The curve: throughput of every level with its interval, the bound, and p99 below on an axis of its own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::super::theme::Role;
use super::super::super::tune_view::{ChartLayout, LABEL_WIDTH, RowAxis, level_p99};
use super::text;
use super::{TuneScene, line_plot};
use crate::trace::Span;
use crate::trace::format::{compact_duration, compact_rate};
use crate::tune::{Goal, Level, resource_label};

pub(super) struct CurveChart<'a> {
    pub(super) scene: TuneScene<'a>,
}

impl Widget for CurveChart<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let plots = ChartLayout::compute(self.scene.tune_view, area);
        if area.height == 0 || plots.throughput.width == 0 {
            return;
        }
        let word = self.scene.tune_view.setup.work.word();
        self.draw_bound(area, &plots, buf);
        if let Goal::Arrivals(rate) = self.scene.tune_view.setup.question.demands.goal {
            self.draw_limit(plots.throughput, plots.rates.row_of(rate), "arrivals ", buf);
        }
        self.draw_scale(
            area,
            plots.throughput,
            plots.rates,
            &format!("THROUGHPUT  {word}s per second"),
            compact_rate,
            buf,
        );
        let levels: Vec<&Level> = self.scene.tune_view.tuning.curve.working_levels().collect();
        let rates: Vec<(&Level, f64)> = levels.iter().map(|level| (*level, level.throughput())).collect();
        self.draw_line(&plots, (plots.throughput, Role::Throughput), plots.rates, &rates, buf);
        for (level, _) in &rates {
            self.draw_interval(&plots, level, buf);
        }
        self.draw_points(&plots, plots.throughput, plots.rates, &rates, buf);
        self.draw_values(&plots, buf);
        if plots.latency.height > 0 {
            let title = match self.scene.tune_view.setup.question.demands.goal {
                Goal::MaxThroughput => format!("P99  of one {word}"),
                Goal::Arrivals(_) => format!("P99  of one {word}, from its due time"),
            };
            self.draw_scale(
                area,
                plots.latency,
                plots.times,
                &title,
                |top| if top > 0.0 { compact_duration(Span(top as u64)) } else { "0".to_owned() },
                buf,
            );
            let most =
                self.scene.tune_view.setup.question.demands.max_p99_ns.and_then(|limit| plots.times.row_of(limit));
            self.draw_limit(plots.latency, most, "p99 limit ", buf);
            let times: Vec<(&Level, f64)> =
                levels.iter().filter_map(|level| Some((*level, level_p99(self.scene.tune_view, level)?))).collect();
            self.draw_line(&plots, (plots.latency, Role::Response), plots.times, &times, buf);
            self.draw_points(&plots, plots.latency, plots.times, &times, buf);
        }
    }
}

impl CurveChart<'_> {
    /// Draws a title, the labels of the axis, and its rule.
    fn draw_scale(
        &self,
        area: Rect,
        plot: Rect,
        rows: RowAxis,
        title: &str,
        shown: impl Fn(f64) -> String,
        buf: &mut Buffer,
    ) {
        let theme = self.scene.theme;
        if plot.height == 0 {
            return;
        }
        let above = Rect {
            y: plot.y.saturating_sub(1),
            height: 1,
            x: area.x + 1.min(area.width),
            width: area.width.saturating_sub(1),
        };
        text::put_line(buf, above, title, theme.faint_style());
        let labels = Rect { x: area.x, width: LABEL_WIDTH.saturating_sub(2).min(area.width), ..plot };
        let middle = plot.height / 2;
        for (row, part) in [
            (0, 1.0),
            (middle, f64::from(plot.height - 1 - middle) / f64::from((plot.height - 1).max(1))),
            (plot.height - 1, 0.0),
        ] {
            let skip = row == middle && (plot.height < 5 || plot.height.is_multiple_of(2));
            if !skip {
                text::put_right(buf, text::nth_line(labels, row.into()), &shown(rows.top * part), theme.faint_style());
            }
        }
        for row in 0..plot.height {
            let at = Rect { x: plot.x.saturating_sub(1), width: 1, ..text::nth_line(plot, row.into()) };
            text::put_line(buf, at, theme.vertical_line(), theme.faint_style());
        }
    }

    /// Draws the upper bound: that of the limiting resource for all levels, and for few workers that of their number.
    fn draw_bound(&self, area: Rect, plots: &ChartLayout, buf: &mut Buffer) {
        let TuneScene { tune_view, theme } = self.scene;
        let Some(bound) = &plots.bound else { return };
        let plot = plots.throughput;
        let alone = tune_view.tuning.curve.working_levels().next().filter(|_| tune_view.knob().name == "workers");
        if let Some(each) = alone.map(|lowest| lowest.throughput() / lowest.value.max(1e-9)) {
            for column in 0..plot.width {
                let most = each * plots.columns.value_at(f64::from(column));
                if let Some(row) = plots.rates.row_of(most).filter(|_| most < bound.max_rate) {
                    let at = Rect { x: plot.x + column, width: 1, ..text::nth_line(plot, row.into()) };
                    text::put_line(buf, at, theme.glyph("·", ":"), theme.fg(Role::Guide));
                }
            }
        }
        if let Some(row) = plots.rates.row_of(bound.max_rate) {
            let at = text::nth_line(plot, row.into());
            let dash = if theme.has_unicode { "┄" } else { "-" };
            text::put_line(buf, at, &dash.repeat(at.width.into()), theme.fg(Role::Capacity));
        }
        let words = format!("bound: {}, {}", compact_rate(bound.max_rate), resource_label(&bound.resource));
        let above = Rect { y: plot.y.saturating_sub(1), height: 1, ..area };
        text::put_right(buf, Rect { width: above.width.saturating_sub(3), ..above }, &words, theme.faint_style());
    }

    /// Draws a line across a plot for a demand: the highest p99 allowed, the rate of arrivals.
    fn draw_limit(&self, plot: Rect, row: Option<u16>, words: &str, buf: &mut Buffer) {
        let theme = self.scene.theme;
        let Some(row) = row else { return };
        let at = text::nth_line(plot, row.into());
        let dash = if theme.has_unicode { "┄" } else { "-" };
        text::put_line(buf, at, &dash.repeat(at.width.into()), theme.fg(Role::Capacity));
        text::put_line(buf, at, words, theme.fg(Role::Capacity));
    }

    fn draw_line(
        &self,
        plots: &ChartLayout,
        (plot, role): (Rect, Role),
        rows: RowAxis,
        points: &[(&Level, f64)],
        buf: &mut Buffer,
    ) {
        let theme = self.scene.theme;
        let foot = f64::from(plot.height.saturating_sub(1));
        let points: Vec<(u16, f64)> = points
            .iter()
            .map(|(level, value)| (plots.columns.column_of(level.value), foot - rows.position(*value)))
            .collect();
        line_plot::draw_line(&points, plot, theme.has_unicode, theme.fg(role), buf);
    }

    fn draw_interval(&self, plots: &ChartLayout, level: &Level, buf: &mut Buffer) {
        let Some(found) = level.interval() else { return };
        let theme = self.scene.theme;
        let (high, low) = (plots.rates.row_of(found.high).unwrap_or(0), plots.rates.row_of(found.low).unwrap_or(0));
        let (over, under) = if theme.has_unicode { ("┬", "┴") } else { ("+", "+") };
        for row in high..=low {
            let sign = match row {
                _ if high == low => continue,
                row if row == high => over,
                row if row == low => under,
                _ => theme.vertical_line(),
            };
            let at = Rect {
                x: plots.throughput.x + plots.columns.column_of(level.value),
                width: 1,
                ..text::nth_line(plots.throughput, row.into())
            };
            text::put_line(buf, at, sign, theme.fg(Role::Text));
        }
    }

    fn draw_points(&self, plots: &ChartLayout, plot: Rect, rows: RowAxis, points: &[(&Level, f64)], buf: &mut Buffer) {
        for (level, value) in points {
            let Some(row) = rows.row_of(*value) else { continue };
            let at =
                Rect { x: plot.x + plots.columns.column_of(level.value), width: 1, ..text::nth_line(plot, row.into()) };
            text::put_line(buf, at, self.scene.level_sign(level), self.scene.sign_style(level));
        }
    }

    /// Draws the values of the knob below the curve; where two would touch, the more important one.
    fn draw_values(&self, plots: &ChartLayout, buf: &mut Buffer) {
        let TuneScene { tune_view, theme } = self.scene;
        let (rule, labels) = (text::nth_line(plots.axis, 0), text::nth_line(plots.axis, 1));
        let (flat, tick, corner) = if theme.has_unicode { ("─", "┴", "└") } else { ("-", "+", "+") };
        let corner_at = Rect { x: rule.x.saturating_sub(1), width: rule.width + 1, ..rule };
        text::put_line(buf, corner_at, &(corner.to_owned() + &flat.repeat(rule.width.into())), theme.faint_style());
        let answer = tune_view.tuning.recommended_level().map(|level| level.value);
        let mut levels: Vec<&Level> = tune_view.levels().iter().collect();
        let is_answer = |level: &Level| answer.is_some_and(|value| value.total_cmp(&level.value).is_eq());
        levels
            .sort_by_key(|level| (!tune_view.is_current(level), !is_answer(level), level.value.log2().fract() != 0.0));
        let mut taken: Vec<(u16, u16)> = Vec::new();
        for level in levels {
            let column = plots.columns.column_of(level.value);
            let at = Rect { x: rule.x + column, width: 1, ..rule };
            text::put_line(
                buf,
                at,
                if level.is_working() { tick } else { self.scene.level_sign(level) },
                theme.strong_style(),
            );
            let mark = if is_answer(level) { if theme.has_unicode { "▲" } else { "^" } } else { "" };
            let shown = format!("{mark}{}", tune_view.knob().format_value(level.value));
            let width = shown.width() as u16;
            let from = column.saturating_sub(width / 2).min(labels.width.saturating_sub(width));
            if taken.iter().any(|(begin, end)| from <= *end && *begin <= from + width) {
                continue;
            }
            taken.push((from, from + width));
            let at = Rect { x: labels.x + from, width: width.min(labels.width), ..labels };
            let style = if is_answer(level) && !tune_view.is_current(level) {
                theme.fg(Role::Good)
            } else {
                self.scene.level_style(level)
            };
            text::put_line(buf, at, &shown, style);
        }
        let left = rule.x.saturating_sub(LABEL_WIDTH);
        let name = Rect { x: left, width: (rule.x - left).saturating_sub(1), ..labels };
        text::put_right(buf, name, &tune_view.knob().name, theme.faint_style());
    }
}
