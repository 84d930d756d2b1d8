//! The curve: work a second at every level with its interval, the bound behind it, and p99 below on an axis of its own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::super::format::{age, rate};
use super::super::super::tune::{LABELS, Plots, Rows, p99};
use super::text;
use super::{Scene, line};
use crate::trace::Span;
use crate::tune::{Goal, Level, resource};

pub(super) struct Curve<'a> {
    pub(super) scene: Scene<'a>,
}

impl Widget for Curve<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let plots = Plots::of(self.scene.sheet, area);
        let word = self.scene.sheet.tuned.work.word();
        self.bound(area, &plots, buf);
        if let Goal::Arrivals(rate) = self.scene.sheet.tuned.question.demands.goal {
            self.limit(plots.rate, plots.rates.of(rate), "arrive ", buf);
        }
        self.scale(area, plots.rate, plots.rates, &format!("{word}s a second"), rate, buf);
        let levels: Vec<&Level> = self.scene.sheet.tuning.curve.working().collect();
        let rates: Vec<(&Level, f64)> = levels.iter().map(|level| (*level, level.throughput())).collect();
        self.line(&plots, plots.rate, plots.rates, &rates, buf);
        for (level, _) in &rates {
            self.interval(&plots, level, buf);
        }
        self.points(&plots, plots.rate, plots.rates, &rates, buf);
        self.values(&plots, buf);
        if plots.late.height > 0 {
            let title = match self.scene.sheet.tuned.question.demands.goal {
                Goal::Most => format!("p99 of one {word}"),
                Goal::Arrivals(_) => format!("p99 of one {word}, from when it was due"),
            };
            self.scale(
                area,
                plots.late,
                plots.times,
                &title,
                |top| if top > 0.0 { age(Span(top as u64)) } else { "0".to_owned() },
                buf,
            );
            let most = self.scene.sheet.tuned.question.demands.p99.and_then(|limit| plots.times.of(limit));
            self.limit(plots.late, most, "most allowed ", buf);
            let times: Vec<(&Level, f64)> =
                levels.iter().filter_map(|level| Some((*level, p99(self.scene.sheet, level)?))).collect();
            self.line(&plots, plots.late, plots.times, &times, buf);
            self.points(&plots, plots.late, plots.times, &times, buf);
        }
    }
}

impl Curve<'_> {
    /// A title, the ends of the axis, and its rule.
    fn scale(&self, area: Rect, plot: Rect, rows: Rows, title: &str, shown: impl Fn(f64) -> String, buf: &mut Buffer) {
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
        text::put(buf, above, title, theme.faint());
        let labels = Rect { x: area.x, width: LABELS.saturating_sub(2).min(area.width), ..plot };
        let middle = plot.height / 2;
        for (row, part) in [
            (0, 1.0),
            (middle, f64::from(plot.height - 1 - middle) / f64::from((plot.height - 1).max(1))),
            (plot.height - 1, 0.0),
        ] {
            let skip = row == middle && (plot.height < 5 || plot.height.is_multiple_of(2));
            if !skip {
                text::right(buf, text::line(labels, row.into()), &shown(rows.top * part), theme.faint());
            }
        }
        for row in 0..plot.height {
            let at = Rect { x: plot.x.saturating_sub(1), width: 1, ..text::line(plot, row.into()) };
            text::put(buf, at, theme.line(), theme.faint());
        }
    }

    /// What cannot be exceeded: all levels together by what is used up, few workers by what each of them does alone.
    fn bound(&self, area: Rect, plots: &Plots, buf: &mut Buffer) {
        let Scene { sheet, theme } = self.scene;
        let Some(bound) = &plots.bound else { return };
        let plot = plots.rate;
        let alone = sheet.tuning.curve.working().next().filter(|_| sheet.knob().name == "workers");
        if let Some(each) = alone.map(|lowest| lowest.throughput() / lowest.value.max(1e-9)) {
            for column in 0..plot.width {
                let most = each * plots.columns.value(f64::from(column));
                if let Some(row) = plots.rates.of(most).filter(|_| most < bound.per_second) {
                    let at = Rect { x: plot.x + column, width: 1, ..text::line(plot, row.into()) };
                    text::put(buf, at, if theme.unicode { "·" } else { ":" }, theme.faint());
                }
            }
        }
        if let Some(row) = plots.rates.of(bound.per_second) {
            let at = text::line(plot, row.into());
            let dash = if theme.unicode { "┄" } else { "-" };
            text::put(buf, at, &dash.repeat(at.width.into()), theme.faint());
        }
        let words = format!("bound: {}, {}", rate(bound.per_second), resource(&bound.resource));
        let above = Rect { y: plot.y.saturating_sub(1), height: 1, ..area };
        text::right(buf, Rect { width: above.width.saturating_sub(3), ..above }, &words, theme.faint());
    }

    /// A line across a plot for what is asked: the p99 that is allowed, the rate that arrives.
    fn limit(&self, plot: Rect, row: Option<u16>, words: &str, buf: &mut Buffer) {
        let theme = self.scene.theme;
        let Some(row) = row else { return };
        let at = text::line(plot, row.into());
        let dash = if theme.unicode { "┄" } else { "-" };
        text::put(buf, at, &dash.repeat(at.width.into()), theme.faint());
        text::put(buf, at, words, theme.faint());
    }

    fn line(&self, plots: &Plots, plot: Rect, rows: Rows, points: &[(&Level, f64)], buf: &mut Buffer) {
        let theme = self.scene.theme;
        let foot = f64::from(plot.height.saturating_sub(1));
        let points: Vec<(u16, f64)> =
            points.iter().map(|(level, value)| (plots.columns.of(level.value), foot - rows.exact(*value))).collect();
        line::draw(&points, plot, theme.unicode, theme.area(), buf);
    }

    fn interval(&self, plots: &Plots, level: &Level, buf: &mut Buffer) {
        let Some(found) = level.interval() else { return };
        let theme = self.scene.theme;
        let (high, low) = (plots.rates.of(found.high).unwrap_or(0), plots.rates.of(found.low).unwrap_or(0));
        let (over, under) = if theme.unicode { ("┬", "┴") } else { ("+", "+") };
        for row in high..=low {
            let sign = match row {
                _ if high == low => continue,
                row if row == high => over,
                row if row == low => under,
                _ => theme.line(),
            };
            let at = Rect {
                x: plots.rate.x + plots.columns.of(level.value),
                width: 1,
                ..text::line(plots.rate, row.into())
            };
            text::put(buf, at, sign, theme.strong());
        }
    }

    fn points(&self, plots: &Plots, plot: Rect, rows: Rows, points: &[(&Level, f64)], buf: &mut Buffer) {
        for (level, value) in points {
            let Some(row) = rows.of(*value) else { continue };
            let at = Rect { x: plot.x + plots.columns.of(level.value), width: 1, ..text::line(plot, row.into()) };
            text::put(buf, at, self.scene.sign(level), self.scene.theme.strong());
        }
    }

    /// The values of the knob below the curve; where two would touch, the one that matters more.
    fn values(&self, plots: &Plots, buf: &mut Buffer) {
        let Scene { sheet, theme } = self.scene;
        let (rule, labels) = (text::line(plots.axis, 0), text::line(plots.axis, 1));
        let (flat, tick, corner) = if theme.unicode { ("─", "┴", "└") } else { ("-", "+", "+") };
        let corner_at = Rect { x: rule.x.saturating_sub(1), width: rule.width + 1, ..rule };
        text::put(buf, corner_at, &(corner.to_owned() + &flat.repeat(rule.width.into())), theme.faint());
        let answer = sheet.tuning.recommended().map(|level| level.value);
        let mut levels: Vec<&Level> = sheet.levels().iter().collect();
        let is_answer = |level: &Level| answer.is_some_and(|value| value.total_cmp(&level.value).is_eq());
        levels.sort_by_key(|level| (!sheet.is_looked_at(level), !is_answer(level), level.value.log2().fract() != 0.0));
        let mut taken: Vec<(u16, u16)> = Vec::new();
        for level in levels {
            let column = plots.columns.of(level.value);
            let at = Rect { x: rule.x + column, width: 1, ..rule };
            text::put(buf, at, if level.works() { tick } else { self.scene.sign(level) }, theme.strong());
            let mark = if is_answer(level) { if theme.unicode { "▲" } else { "^" } } else { "" };
            let shown = format!("{mark}{}", sheet.knob().show(level.value));
            let width = shown.width() as u16;
            let from = column.saturating_sub(width / 2).min(labels.width.saturating_sub(width));
            if taken.iter().any(|(begin, end)| from <= *end && *begin <= from + width) {
                continue;
            }
            taken.push((from, from + width));
            let at = Rect { x: labels.x + from, width: width.min(labels.width), ..labels };
            text::put(buf, at, &shown, self.scene.style(level));
        }
        let name = Rect { x: rule.x.saturating_sub(LABELS), width: LABELS.saturating_sub(1), ..labels };
        text::right(buf, name, &sheet.knob().name, theme.faint());
    }
}
