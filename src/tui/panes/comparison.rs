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
use crate::trace::format::{compact_percent, compact_rate};
use crate::trace::{Span, State};

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| match view.compared_parts() {
        Some((_, what)) => format!("Comparison: {what}").into(),
        None => "Comparison: no knob was turned before this moment; d chooses a recording".into(),
    },
    lines: |view| view.compared_parts().map_or(1, |(parts, _)| 2 * shown_figures(&parts).len() + 2).min(20),
    draw: |view, theme, area, buf| ComparisonPane { view, theme }.render(area, buf),
};

const LABEL_WIDTH: u16 = 12;
const VALUE_WIDTH: u16 = 8;
const CHANGE_WIDTH: u16 = 23;

/// Parts are compared by the spread of as many slices.
const SLICES: u64 = 12;
/// Shortest slice.
const MIN_SLICE: Span = Span::from_millis(100);

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
        let axis = format!("{:>width$}", format!("0 to {longest}"), width = usize::from(LABEL_WIDTH + columns));
        text::put_line(buf, text::nth_line(area, 0), &axis, self.theme.faint_style());
        for (at, figure) in figures.iter().skip(first).take(fitting).enumerate() {
            let lines = [text::nth_line(area, 1 + 2 * at), text::nth_line(area, 2 + 2 * at)];
            let series = [a, b].map(|part| part.series(figure, cell, usize::from(columns)));
            let slices = [a, b].map(|part| part.series(figure, slice, SLICES as usize));
            self.draw_figure(figure, lines, columns, &series, slices, buf);
        }
    }
}

impl ComparisonPane<'_> {
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
            PartFigure::Time(state) => theme.state_style(*state),
            _ => theme.area_style(),
        };
        let compared = compare(figure, slices);
        for (at, (line, values)) in lines.into_iter().zip(series).enumerate() {
            let name = if at == 0 { label(figure) } else { String::new() };
            let name = truncate_name(&name, usize::from(LABEL_WIDTH - 3), theme.ellipsis());
            let rest =
                text::put_line(buf, line, &format!("{name:width$}", width = usize::from(LABEL_WIDTH - 2)), faint);
            let rest = text::put_line(buf, rest, ["A ", "B "][at], theme.strong_style());
            let curve: String = values.iter().map(|value| theme.level_glyph(value / highest)).collect();
            text::put_line(buf, Rect { width: rest.width.min(columns), ..rest }, &curve, style);
            let x = (rest.x + columns).min(rest.right());
            let after = Rect { x, width: rest.right() - x, ..rest };
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            let value = if values.is_empty() { "-".to_owned() } else { format_value(figure, mean) };
            text::put_right(buf, Rect { width: after.width.min(VALUE_WIDTH), ..after }, &value, Style::new());
            if at == 1 {
                let x = (after.x + VALUE_WIDTH + 2).min(after.right());
                let rest = Rect { x, width: after.right() - x, ..after };
                let (said, style) = describe(&compared, theme);
                text::put_line(buf, rest, &said, style);
            }
        }
    }
}

fn label(figure: &PartFigure) -> String {
    match figure {
        PartFigure::Tasks(name) | PartFigure::Acquisitions(name) => format!("{name}/s"),
        PartFigure::Time(State::Empty) => "no work".to_owned(),
        PartFigure::Time(state) => state.word().to_owned(),
    }
}

fn format_value(figure: &PartFigure, value: f64) -> String {
    match figure {
        PartFigure::Time(_) => compact_percent(value),
        _ => compact_rate(value),
    }
}

/// Compares the slices of both parts, as `contend diff` compares runs.
fn compare(figure: &PartFigure, [a, b]: [Vec<f64>; 2]) -> ComparedFigure {
    let (section, figure) = match figure {
        PartFigure::Tasks(_) => (Section::Pools, Figure::Throughput),
        PartFigure::Acquisitions(_) => (Section::Locks, Figure::Throughput),
        PartFigure::Time(state) => (Section::Workers, Figure::State(state.word())),
    };
    compare_figure(Subject { section, name: String::new() }, figure, a, b)
}

fn describe(compared: &ComparedFigure, theme: Theme) -> (String, Style) {
    match compared.verdict {
        Verdict::NotToldApart => ("cannot be told apart".to_owned(), theme.faint_style()),
        Verdict::NoInterval => ("too short to tell".to_owned(), theme.faint_style()),
        Verdict::OnlyA => ("only in A".to_owned(), theme.faint_style()),
        Verdict::OnlyB => ("only in B".to_owned(), theme.faint_style()),
        _ => (format_change(compared).unwrap_or_default(), theme.strong_style()),
    }
}
