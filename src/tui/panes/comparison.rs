//! The run beside another one, or before and after a turned knob: two lines for each figure, on one axis.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::run_view::{PartFigure, RunPart, RunView};
use super::super::theme::Theme;
use super::{SeparatePane, text};
use crate::diff::{ComparedFigure, Figure, Section, Subject, Verdict, compare_figure, format_change};
use crate::report::text_width::truncate_name;
use crate::trace::format::{compact_count, compact_duration, compact_percent, compact_rate};
use crate::trace::{Span, State};

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| match view.compared_parts() {
        Some((parts, names)) => {
            let [a, b] = [0, 1].map(|at| format!("{} for {}", names[at], compact_duration(parts[at].length())));
            format!("COMPARISON  A {a}, B {b}").into()
        }
        None => "COMPARISON  no knob was turned before this moment; d chooses a recording".into(),
    },
    lines: |view| {
        view.compared_parts().map_or(1, |(parts, _)| 2 * (shown_figures(&parts).len() + MAX_POOLS) + 2).min(20)
    },
    draw: |view, theme, area, buf| ComparisonPane { view, theme }.render(area, buf),
};

const LABEL_WIDTH: u16 = 12;
const VALUE_WIDTH: u16 = 8;
const CHANGE_WIDTH: u16 = 23;

/// Most pools whose response times are compared.
const MAX_POOLS: usize = 1;

/// Parts are compared by the spread of as many slices.
const SLICES: u64 = 12;
/// Shortest slice.
const MIN_SLICE: Span = Span::from_millis(100);

/// The highest level of a curve, which leaves a gap to the line above, and the brightness of the earlier part.
const HIGHEST: f64 = 7.0 / 8.0;
const EARLIER: f64 = 0.65;

struct ComparisonPane<'a> {
    view: &'a RunView,
    theme: Theme,
}

/// Returns the figures that are worth lines: no states in which workers spend less than half a percent of their time.
fn shown_figures([a, b]: &[RunPart<'_>; 2]) -> Vec<PartFigure> {
    const MIN_SHARE: f64 = 0.005;
    let share =
        |part: &RunPart<'_>, figure: &PartFigure| part.series(figure, part.length(), 1).first().copied().unwrap_or(0.0);
    let is_shown = |figure: &PartFigure| match figure {
        PartFigure::Time(_) => share(a, figure).max(share(b, figure)) >= MIN_SHARE,
        _ => true,
    };
    b.figures().into_iter().filter(is_shown).collect()
}

impl Widget for ComparisonPane<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some((parts, _)) = self.view.compared_parts() else { return };
        let [a, b] = &parts;
        let columns = area.width.saturating_sub(LABEL_WIDTH + VALUE_WIDTH + CHANGE_WIDTH).max(1);
        let longest = a.length().max(b.length());
        let cell = Span((longest.0 / u64::from(columns)).max(1));
        let slice = Span((a.length().min(b.length()).0 / SLICES).max(MIN_SLICE.0));
        let figures = shown_figures(&parts);
        let fitting = usize::from(area.height.saturating_sub(1)) / 2;
        let first = self.view.scroll.min(figures.len().saturating_sub(fitting));
        self.draw_headings(longest, columns, area, buf);
        let below_responses = self.draw_responses(area, buf);
        let fitting = fitting.saturating_sub(usize::from(below_responses.y - area.y) / 2);
        let area = below_responses;
        for (at, figure) in figures.iter().skip(first).take(fitting).enumerate() {
            let lines = [text::nth_line(area, 1 + 2 * at), text::nth_line(area, 2 + 2 * at)];
            let series = [a, b].map(|part| part.series(figure, cell, usize::from(columns)));
            let slices = [a, b].map(|part| part.series(figure, slice, SLICES as usize));
            self.draw_figure(figure, lines, columns, &series, slices, buf);
        }
    }
}

impl ComparisonPane<'_> {
    /// Draws what the columns are: time since the beginning of each part, the mean, and how B differs from A.
    fn draw_headings(&self, longest: Span, columns: u16, area: Rect, buf: &mut Buffer) {
        let (line, faint) = (text::nth_line(area, 0), self.theme.faint_style());
        let part = |x: u16, width: u16| {
            let x = (line.x + x).min(line.right());
            Rect { x, width: width.min(line.right() - x), ..line }
        };
        text::put_line(buf, part(LABEL_WIDTH, columns), "0 s", faint);
        text::put_right(buf, part(LABEL_WIDTH, columns), &compact_duration(longest), faint);
        text::put_right(buf, part(LABEL_WIDTH + columns, VALUE_WIDTH), "mean", faint);
        text::put_line(buf, part(LABEL_WIDTH + columns + VALUE_WIDTH + 2, CHANGE_WIDTH), "B against A", faint);
    }

    /// Draws the percentiles of the response times of both sides. Returns the area below, with a line for headings.
    fn draw_responses(&self, area: Rect, buf: &mut Buffer) -> Rect {
        let (theme, mut used) = (self.theme, 0);
        for responses in self.view.compared_responses().iter().take(MAX_POOLS) {
            for (at, side) in responses.sides.iter().enumerate() {
                let line = text::nth_line(area, used + at + 1);
                let name = [responses.pool.as_str(), "response"][at];
                let name = truncate_name(name, usize::from(LABEL_WIDTH - 3), theme.ellipsis());
                let name = format!("{name:width$}", width = usize::from(LABEL_WIDTH - 2));
                let rest = text::put_line(buf, line, &name, theme.faint_style());
                let rest = text::put_line(buf, rest, ["A ", "B "][at], theme.strong_style());
                let Some(times) = side else {
                    text::put_line(buf, rest, "no task has ended at these settings", theme.faint_style());
                    continue;
                };
                let mut rest = rest;
                for (label, time) in [("p50", times.p50), ("p90", times.p90), ("p99", times.p99), ("max", times.max)] {
                    rest = text::put_line(buf, rest, &format!("{label} "), theme.faint_style());
                    let style = if label == "p99" { theme.strong_style() } else { Style::new() };
                    rest = text::put_line(buf, rest, &format!("{:<9}", compact_duration(time)), style);
                }
                if let ([Some(a), Some(b)], 1) = (responses.sides, at) {
                    let change = b.p99.0 as f64 / (a.p99.0 as f64).max(1.0) - 1.0;
                    let words = if change < 0.0 { "shorter" } else { "longer" };
                    let long = format!("p99 {} {words}", compact_percent(change.abs()));
                    let short =
                        format!("p99 {}{}", if change < 0.0 { "-" } else { "+" }, compact_percent(change.abs()));
                    let texts = [long.as_str(), short.as_str()];
                    text::put_first_fitting(buf, rest, &texts, theme.ellipsis(), theme.strong_style());
                }
            }
            used += 2;
        }
        let used = u16::try_from(used).unwrap_or(u16::MAX).min(area.height);
        Rect { y: area.y + used, height: area.height - used, ..area }
    }

    fn draw_figure(
        &self,
        figure: &PartFigure,
        lines: [Rect; 2],
        columns: u16,
        series: &[Vec<f64>; 2],
        slices: [Vec<f64>; 2],
        buf: &mut Buffer,
    ) {
        let (theme, faint) = (self.theme, self.theme.faint_style());
        let highest = match figure {
            PartFigure::Time(_) => 1.0,
            _ => series.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max),
        };
        let style = match figure {
            PartFigure::Time(state) => curve_style(theme.state_style(*state)),
            _ => theme.area_style(),
        };
        let compared = compare(figure, slices);
        for (at, (line, values)) in lines.into_iter().zip(series).enumerate() {
            let name = truncate_name(&labels(figure)[at], usize::from(LABEL_WIDTH - 3), theme.ellipsis());
            let rest =
                text::put_line(buf, line, &format!("{name:width$}", width = usize::from(LABEL_WIDTH - 2)), faint);
            let rest = text::put_line(buf, rest, ["A ", "B "][at], theme.strong_style());
            let curve: String = values.iter().map(|value| theme.level_glyph(value / highest * HIGHEST)).collect();
            let style = if at == 0 { theme.shaded(style, EARLIER) } else { style };
            text::put_line(buf, Rect { width: rest.width.min(columns), ..rest }, &curve, style);
            let x = (rest.x + columns).min(rest.right());
            let after = Rect { x, width: rest.right() - x, ..rest };
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            let value = if values.is_empty() { "-".to_owned() } else { format_value(figure, mean) };
            text::put_right(buf, Rect { width: after.width.min(VALUE_WIDTH), ..after }, &value, Style::new());
            if at == 1 {
                let x = (after.x + VALUE_WIDTH + 2).min(after.right());
                let rest = Rect { x, width: after.right() - x, ..after };
                let (said, style) = describe(figure, &compared, theme);
                text::put_line(buf, rest, &said, style);
            }
        }
    }
}

/// Returns what a figure is about, and what it measures.
fn labels(figure: &PartFigure) -> [String; 2] {
    let (name, measure) = match figure {
        PartFigure::Tasks(name) => (name.clone(), "tasks/s"),
        PartFigure::Acquisitions(name) => (name.clone(), "taken/s"),
        PartFigure::Depth(name) => (name.clone(), "depth"),
        PartFigure::Time(State::Empty) => ("no work".to_owned(), "of time"),
        PartFigure::Time(state) => (state.word().to_owned(), "of time"),
    };
    [name, measure.to_owned()]
}

/// Returns the style of a curve in the colour of a state, which for some states is that of the background.
fn curve_style(style: Style) -> Style {
    style.bg.map_or(style, |colour| Style::new().fg(colour))
}

fn format_value(figure: &PartFigure, value: f64) -> String {
    match figure {
        PartFigure::Time(_) => compact_percent(value),
        PartFigure::Depth(_) => compact_count(value.round() as u64),
        PartFigure::Tasks(_) | PartFigure::Acquisitions(_) => compact_rate(value),
    }
}

/// Compares the slices of both parts, as `contend diff` compares runs.
fn compare(figure: &PartFigure, [a, b]: [Vec<f64>; 2]) -> ComparedFigure {
    let (section, figure) = match figure {
        PartFigure::Tasks(_) => (Section::Pools, Figure::Throughput),
        PartFigure::Acquisitions(_) => (Section::Locks, Figure::Throughput),
        // As of any other number, its ratio is compared.
        PartFigure::Depth(_) => (Section::Queues, Figure::Throughput),
        PartFigure::Time(state) => (Section::Workers, Figure::State(state.word())),
    };
    compare_figure(Subject { section, name: String::new() }, figure, a, b)
}

fn describe(figure: &PartFigure, compared: &ComparedFigure, theme: Theme) -> (String, Style) {
    match compared.verdict {
        Verdict::NotToldApart => ("cannot be told apart".to_owned(), theme.faint_style()),
        Verdict::NoInterval => ("too short to tell".to_owned(), theme.faint_style()),
        Verdict::OnlyA => ("only in A".to_owned(), theme.faint_style()),
        Verdict::OnlyB => ("only in B".to_owned(), theme.faint_style()),
        _ => {
            let change = format_change(compared).unwrap_or_default();
            let is_depth = matches!(figure, PartFigure::Depth(_));
            let change = if is_depth { change.trim_end_matches("/s").to_owned() } else { change };
            (change, theme.strong_style())
        }
    }
}
