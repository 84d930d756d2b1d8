//! The layout of a tuning's screen, which drawing and the mouse share.
//!
//! ```text
//! header
//! band                                                         the answer in two lines
//! phases                                                       until it is over
//! throughput    ┤            │
//!               │   curve    │ figures of the chosen level     upper
//! p99           ┤            │
//! level  figures   time of a unit of work, by state            levels
//! answer in sentences                                          answer
//! marks                                                        their legend
//! hints
//! ```

use ratatui::layout::Rect;

use super::{ColumnAxis, RowAxis, TuneView, UpperPane, nice_ceiling};
use crate::tui::layout::{take_bottom, take_top};
use crate::tune::{Goal, Level, ThroughputLimit, throughput_limits};

/// Narrowest screen with the figures of a level beside the curve, and their columns.
const DETAIL_FROM: u16 = 110;
const DETAIL_WIDTH: u16 = 46;

/// Heights from which the verdict has lines of its own, and blank lines set it apart.
const BAND_FROM: u16 = 14;
const TALL: u16 = 30;

/// Columns for the labels of the vertical axes.
pub(in crate::tui) const LABEL_WIDTH: u16 = 9;

/// Limits further above all measurements are not shown: they would flatten the curve.
const NEAR_LIMIT_RATIO: f64 = 1.6;

pub(in crate::tui) struct TuneLayout {
    pub(in crate::tui) header: Rect,
    /// The verdict; empty on a small screen, where the answer begins with it.
    pub(in crate::tui) band: Rect,
    pub(in crate::tui) phases: Rect,
    /// The part above the levels: the curve, or another pane.
    pub(in crate::tui) upper: Rect,
    /// The figures of a level; empty if they are not beside the curve.
    pub(in crate::tui) detail: Rect,
    /// The levels, one per line, with a heading.
    pub(in crate::tui) levels: Rect,
    /// The first visible level.
    pub(in crate::tui) first: usize,
    pub(in crate::tui) answer: Rect,
    /// The legend of the marks in view.
    pub(in crate::tui) marks: Rect,
    pub(in crate::tui) legend: Rect,
}

/// The areas and the axes of the two plots.
pub(in crate::tui) struct ChartLayout {
    pub(in crate::tui) throughput: Rect,
    /// The line with the values of the knob.
    pub(in crate::tui) axis: Rect,
    /// Empty if the time of a unit of work is unknown.
    pub(in crate::tui) latency: Rect,
    pub(in crate::tui) columns: ColumnAxis,
    pub(in crate::tui) rates: RowAxis,
    pub(in crate::tui) times: RowAxis,
    /// The upper bound of the throughput, if it is near.
    pub(in crate::tui) bound: Option<ThroughputLimit>,
}

impl TuneLayout {
    pub(in crate::tui) fn compute(tune_view: &TuneView, area: Rect) -> Self {
        let mut rest = area;
        let header = take_top(&mut rest, 1);
        let legend = take_bottom(&mut rest, 1);
        let is_tall = area.height >= TALL;
        let marks = take_bottom(&mut rest, u16::from(area.height >= BAND_FROM));
        let (phases, answer) = match area.height {
            ..10 => (0, 1),
            10..BAND_FROM => (1, 2),
            BAND_FROM..20 => (1, 1),
            20..TALL => (1, 2),
            TALL..50 => (2, 5),
            _ => (2, 9),
        };
        let answer = if tune_view.upper == UpperPane::Answer { 0 } else { answer }; // all of it is shown above
        // The stages are of no use when all are over.
        let phases = if tune_view.is_over && tune_view.tuning.stop_reason.is_none() { 0 } else { phases };
        take_top(&mut rest, u16::from(is_tall));
        let band = take_top(&mut rest, if area.height >= BAND_FROM { 2 } else { 0 });
        take_top(&mut rest, u16::from(is_tall));
        let phases = take_top(&mut rest, phases);
        if is_tall && phases.height > 0 {
            take_top(&mut rest, 1);
        }
        if is_tall {
            take_bottom(&mut rest, 1);
        }
        let answer = take_bottom(&mut rest, answer);
        let count = u16::try_from(tune_view.levels().len()).unwrap_or(u16::MAX);
        // The curve has the larger part, and everything that the levels do not need.
        let most = (rest.height * 2 / 5).max(rest.height.saturating_sub(30));
        let levels = take_bottom(&mut rest, count.saturating_add(2).min(most)); // a heading, and a blank line below
        let beside = if area.width >= DETAIL_FROM { DETAIL_WIDTH } else { 0 };
        let beside = Rect { x: rest.right() - beside, width: beside, ..rest };
        let upper = Rect { width: rest.width - beside.width, ..rest };
        let seen = usize::from(levels.height.saturating_sub(2));
        let looked = tune_view.levels().iter().position(|level| tune_view.is_current(level)).unwrap_or(0);
        let first = tune_view.first_visible.min(looked).max((looked + 1).saturating_sub(seen));
        let first = first.min(tune_view.levels().len().saturating_sub(seen));
        Self { header, band, phases, upper, detail: beside, levels, first, answer, marks, legend }
    }

    /// Whether a level's figures are beside the curve.
    pub(in crate::tui) fn has_detail_beside(&self) -> bool {
        self.detail.width > 0
    }

    /// Returns the line of the level with this index.
    pub(in crate::tui) fn level_line(&self, place: usize) -> Option<Rect> {
        let line = u16::try_from(place.checked_sub(self.first)?).ok()?.checked_add(1)?;
        (line + 1 < self.levels.height).then(|| Rect { y: self.levels.y + line, height: 1, ..self.levels })
    }

    /// Returns the index of the level under a point of the screen: in its line, or above or below it in a plot.
    pub(in crate::tui) fn level_at(&self, tune_view: &TuneView, x: u16, y: u16) -> Option<usize> {
        let point = (x, y).into();
        let levels = tune_view.levels();
        if self.levels.contains(point) {
            return (0..levels.len()).find(|place| self.level_line(*place).is_some_and(|line| line.contains(point)));
        }
        let plots = ChartLayout::compute(tune_view, self.upper);
        if !self.upper.contains(point) || tune_view.upper != UpperPane::Curve || x < plots.throughput.x {
            return None;
        }
        let away = |level: &Level| plots.columns.column_of(level.value).abs_diff(x - plots.throughput.x);
        let nearest = levels.iter().enumerate().min_by_key(|(_, level)| away(level));
        nearest.map(|(place, _)| place)
    }
}

impl ChartLayout {
    pub(in crate::tui) fn compute(tune_view: &TuneView, area: Rect) -> Self {
        let curve = &tune_view.tuning.curve;
        let x = (area.x + LABEL_WIDTH).min(area.right());
        let inner = Rect { x, width: (area.right() - x).saturating_sub(3), ..area };
        let has_times = curve.working_levels().any(|level| level_p99(tune_view, level).is_some());
        // A title over each plot, and the values of the knob between them.
        let plots = area.height.saturating_sub(if has_times { 4 } else { 3 });
        let late = if has_times { plots / 3 } else { 0 };
        let rate = Rect { y: inner.y + 1.min(area.height), height: plots - late, ..inner };
        let axis = Rect {
            y: rate.bottom().min(area.bottom()),
            height: 2.min(area.bottom().saturating_sub(rate.bottom())),
            ..inner
        };
        let late = Rect { y: (axis.bottom() + 1).min(area.bottom()), height: late, ..inner }.intersection(area);
        let measured = |level: &Level| level.interval().map_or(0.0, |found| found.high).max(level.throughput());
        let due = match tune_view.setup.question.demands.goal {
            Goal::MaxThroughput => 0.0,
            Goal::Arrivals(rate) => rate,
        };
        let highest = curve.working_levels().map(measured).fold(due, f64::max);
        let bound = curve
            .best()
            .and_then(|best| throughput_limits(best, tune_view.setup.question.usable_cores).into_iter().next())
            .filter(|limit| limit.max_rate <= highest * NEAR_LIMIT_RATIO);
        let top = nice_ceiling(bound.as_ref().map_or(highest, |bound| bound.max_rate.max(highest)));
        let slowest = curve.working_levels().filter_map(|level| level_p99(tune_view, level)).fold(0.0, f64::max);
        let demanded =
            tune_view.setup.question.demands.max_p99_ns.filter(|limit| *limit < slowest * 3.0).unwrap_or(0.0);
        Self {
            columns: ColumnAxis::new(tune_view.setup.question.range, inner.width),
            rates: RowAxis { top, rows: rate.height },
            times: RowAxis { top: nice_ceiling(slowest.max(demanded)), rows: late.height },
            throughput: rate,
            axis,
            latency: late,
            bound,
        }
    }
}

/// Returns the 99th percentile of the time of a unit of work, in nanoseconds: from its start, or if tasks arrive at a
/// rate, from when it was due.
pub(in crate::tui) fn level_p99(tune_view: &TuneView, level: &Level) -> Option<f64> {
    match tune_view.setup.question.demands.goal {
        Goal::MaxThroughput => level.percentiles(|repetition| repetition.service),
        Goal::Arrivals(_) => level.arrival_response(),
    }
    .map(|times| times.p99)
}
