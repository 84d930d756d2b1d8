//! Draws a tuning as an SVG picture: the throughput of each level with its interval and the upper bound, and below it
//! the p99 service time, each on its own axis.

use std::ops::Range;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, ErrorBar, Text};
use plotters::prelude::{Cartesian2d, DashedLineSeries, LineSeries, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color, IntoFont, RGBColor, TextStyle, WHITE};

use super::answer::LevelStatus;
use super::bottleneck::Bottleneck;
use super::curve::Level;
use super::decide::level_status;
use super::summary::{TuningSubject, headline, resource_label};
use super::tuning::Tuning;
use crate::trace::Span;
use crate::trace::format::{format_percent, format_rate, format_rate_value};

/// Width and height in pixels; the picture scales.
const SIZE: (u32, u32) = (900, 658);
/// Height of the throughput chart.
const THROUGHPUT_HEIGHT: u32 = 400;
const TITLE_HEIGHT: u32 = 98;
const FONT: &str = "sans-serif";

const ENOUGH: RGBColor = RGBColor(0, 130, 60);
const UNDECIDED: RGBColor = RGBColor(190, 130, 0);
const WORSE: RGBColor = RGBColor(90, 90, 90);
const BOUND: RGBColor = RGBColor(190, 30, 30);
const P99: RGBColor = RGBColor(30, 80, 180);

type DrawResult = Result<(), String>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type ChartArea<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Returns the picture as SVG text. None while no level was measured.
///
/// # Errors
/// An error of the drawing library. Writing to a string itself cannot fail.
pub fn tuning_svg(tuning: &Tuning, subject: &TuningSubject<'_>) -> Result<Option<String>, String> {
    if tuning.curve.best().is_none() {
        return Ok(None);
    }
    let mut text = String::new();
    draw(&mut text, tuning, subject)?;
    Ok(Some(text))
}

fn draw(text: &mut String, tuning: &Tuning, subject: &TuningSubject<'_>) -> DrawResult {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(draw_error)?;
    let (title, body) = root.split_vertically(TITLE_HEIGHT);
    let (upper, lower) = body.split_vertically(THROUGHPUT_HEIGHT);
    let what = format!("{}: {}s a second by {}", subject.scenario, subject.work.word(), subject.knob.name);
    title.draw(&Text::new(what, (20, 10), (FONT, 20))).map_err(draw_error)?;
    for (line, y) in split_in_two(&headline(tuning, subject)).into_iter().zip([36, 54]) {
        title.draw(&Text::new(line, (20, y), (FONT, 14))).map_err(draw_error)?;
    }
    let how = format!(
        "Bars: 95 % intervals. Green: within {} of the best; amber: undecided. Dashed: upper bound.",
        format_percent(subject.demands.epsilon)
    );
    title.draw(&Text::new(how, (20, 76), (FONT, 12))).map_err(draw_error)?;
    draw_throughput(&upper, tuning, subject)?;
    draw_latency(&lower, tuning, subject)?;
    root.present().map_err(draw_error)
}

/// Splits a sentence into at most two lines, the first as long as possible.
fn split_in_two(text: &str) -> [&str; 2] {
    const LETTERS: usize = 120;
    let room = text.char_indices().nth(LETTERS).map_or(text.len(), |(at, _)| at);
    let end = if room < text.len() { text[..room].rfind(' ').unwrap_or(room) } else { room };
    [&text[..end], text[end..].trim_start()]
}

fn draw_throughput(area: &ChartArea<'_>, tuning: &Tuning, subject: &TuningSubject<'_>) -> DrawResult {
    let levels: Vec<&Level> = tuning.curve.working_levels().collect();
    let ceiling = throughput_ceiling(tuning);
    let high = |level: &&Level| level.interval().map_or_else(|| level.throughput(), |found| found.high);
    let top = levels.iter().map(high).chain(ceiling).fold(0.0, f64::max) * 1.1;
    let mut chart = chart_frame(area, 10).build_cartesian_2d(x_range(&levels), 0.0..top).map_err(draw_error)?;
    draw_mesh(&mut chart, "per second", &|value| format_zero(*value).unwrap_or_else(|| format_rate_value(*value)))?;
    let bound = bound_points(&levels, ceiling, subject);
    chart.draw_series(DashedLineSeries::new(bound, 6, 4, BOUND.stroke_width(1))).map_err(draw_error)?;
    if let (Some(ceiling), Some(first)) = (ceiling, levels.first()) {
        let words = Text::new(
            ceiling_label(tuning),
            (x_position(first.value), ceiling + top * 0.045),
            text_style(BOUND, HPos::Left),
        );
        chart.draw_series([words]).map_err(draw_error)?;
    }
    let curve = levels.iter().map(|level| (x_position(level.value), level.throughput()));
    chart.draw_series(LineSeries::new(curve, WORSE.stroke_width(1))).map_err(draw_error)?;
    for level in &levels {
        let style = status_colour(tuning, level, subject).stroke_width(2);
        let middle = level.throughput();
        let (low, high) = level.interval().map_or((middle, middle), |found| (found.low.max(0.0), found.high));
        chart
            .draw_series([ErrorBar::new_vertical(x_position(level.value), low, middle, high, style.filled(), 9)])
            .map_err(draw_error)?;
    }
    if let Some(answer) = tuning.recommended_level() {
        let at = (x_position(answer.value), answer.throughput());
        chart
            .draw_series([Circle::new(at, 8, status_colour(tuning, answer, subject).stroke_width(2))])
            .map_err(draw_error)?;
    }
    Ok(())
}

fn draw_latency(area: &ChartArea<'_>, tuning: &Tuning, subject: &TuningSubject<'_>) -> DrawResult {
    let levels: Vec<&Level> = tuning.curve.working_levels().collect();
    let p99 = |level: &&Level| {
        let service = level.percentiles(|repetition| repetition.service)?;
        Some((x_position(level.value), service.p99))
    };
    let points: Vec<(f64, f64)> = levels.iter().filter_map(p99).collect();
    let top = points.iter().map(|(_, ns)| *ns).fold(1.0, f64::max) * 1.15;
    let mut chart = chart_frame(area, 34).build_cartesian_2d(x_range(&levels), 0.0..top).map_err(draw_error)?;
    draw_mesh(&mut chart, "p99 service time", &|ns| format_zero(*ns).unwrap_or_else(|| Span(*ns as u64).to_string()))?;
    chart.draw_series(LineSeries::new(points.iter().copied(), P99.stroke_width(1))).map_err(draw_error)?;
    chart.draw_series(points.into_iter().map(|at| Circle::new(at, 3, P99.filled()))).map_err(draw_error)?;
    if let Some(limit) = subject.demands.max_p99_ns.filter(|limit| *limit < top) {
        let ends = levels.first().into_iter().chain(levels.last()).map(|level| (x_position(level.value), limit));
        chart.draw_series(DashedLineSeries::new(ends, 6, 4, BOUND.stroke_width(1))).map_err(draw_error)?;
    }
    let (left, above) = area.get_base_pixel();
    for level in &levels {
        let (x, y) = chart.backend_coord(&(x_position(level.value), 0.0));
        let at = (x - left, y - above + 6);
        area.draw(&Text::new(subject.knob.format_value(level.value), at, text_style(BLACK, HPos::Center)))
            .map_err(draw_error)?;
    }
    Ok(())
}

fn chart_frame<'a, 'b>(area: &'a ChartArea<'b>, below: u32) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
    let mut builder = ChartBuilder::on(area);
    builder.margin_right(24).margin_left(12).margin_top(6).margin_bottom(below).y_label_area_size(80);
    builder
}

fn draw_mesh(chart: &mut Chart<'_, '_>, what: &str, number: &dyn Fn(&f64) -> String) -> DrawResult {
    let mut style = chart.configure_mesh();
    style.disable_x_mesh().x_labels(0).y_labels(6).y_desc(what).y_label_formatter(&number).light_line_style(WHITE);
    style.draw().map_err(draw_error)
}

/// Formats zero as `0`, without a unit or decimals.
fn format_zero(value: f64) -> Option<String> {
    (value.abs() < f64::EPSILON).then(|| "0".to_owned())
}

/// Returns the horizontal position of a level, on a logarithmic axis for positive values.
fn x_position(value: f64) -> f64 {
    if value > 0.0 { value.log2() } else { value }
}

fn x_range(levels: &[&Level]) -> Range<f64> {
    const ROOM: f64 = 0.25;
    let ends = levels.first().zip(levels.last()).map_or((0.0, 1.0), |(first, last)| (first.value, last.value));
    x_position(ends.0) - ROOM..x_position(ends.1) + ROOM
}

/// Returns the upper bound of the throughput, if it is known.
fn throughput_ceiling(tuning: &Tuning) -> Option<f64> {
    match &tuning.decision.as_ref()?.bottleneck {
        Bottleneck::UsedUp(limit) => Some(limit.max_rate),
        _ => None,
    }
}

/// Number of steps of the bound's line.
const STEPS: u32 = 60;

/// Returns the bound's line: the lowest level's throughput per worker times the workers, up to the ceiling. For other
/// knobs, the ceiling alone.
fn bound_points(levels: &[&Level], ceiling: Option<f64>, subject: &TuningSubject<'_>) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (levels.first(), levels.last()) else { return Vec::new() };
    let Some(ceiling) = ceiling else { return Vec::new() };
    let from = x_position(first.value);
    let to = x_position(last.value);
    if subject.knob.name != "workers" {
        return vec![(from, ceiling), (to, ceiling)];
    }
    let at = |step: u32| from + (to - from) * f64::from(step) / f64::from(STEPS);
    let linear = |x: f64| first.throughput() * x.exp2() / first.value;
    (0..=STEPS).map(at).map(|x| (x, linear(x).min(ceiling))).collect()
}

fn ceiling_label(tuning: &Tuning) -> String {
    match tuning.decision.as_ref().map(|decision| &decision.bottleneck) {
        Some(Bottleneck::UsedUp(limit)) => {
            format!("{}: at most {}", resource_label(&limit.resource), format_rate(limit.max_rate))
        }
        _ => String::new(),
    }
}

fn status_colour(tuning: &Tuning, level: &Level, subject: &TuningSubject<'_>) -> RGBColor {
    match level_status(&tuning.curve, level, &subject.demands) {
        LevelStatus::Sufficient => ENOUGH,
        LevelStatus::Undecided => UNDECIDED,
        LevelStatus::Worse | LevelStatus::Unacceptable => WORSE,
    }
}

fn text_style(colour: RGBColor, at: HPos) -> TextStyle<'static> {
    (FONT, 13).into_font().color(&colour).pos(Pos::new(at, VPos::Top))
}

#[expect(clippy::needless_pass_by_value, reason = "goes into map_err")]
fn draw_error<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> String {
    error.to_string()
}
