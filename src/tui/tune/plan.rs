//! Where everything stands on the screen of a tuning. Drawing and the mouse ask the same plan.
//!
//! ```text
//! header
//! phases
//! work a second ┤            │
//!               │   curve    │ figures of the chosen level     upper
//! p99           ┤            │
//! level  figures   time of a unit of work, by state            levels
//! what comes of it                                             answer
//! legend, hints
//! ```

use ratatui::layout::Rect;

use super::{Columns, Rows, Sheet, Upper, nice};
use crate::tune::{Goal, Level, Limit, limits};

/// Narrowest screen with the figures of a level beside the curve, and their columns.
const BESIDE_FROM: u16 = 110;
const BESIDE: u16 = 46;

/// Columns for the labels of the vertical axes.
pub(in crate::tui) const LABELS: u16 = 9;

/// A limit that lies further above all that was measured tells nothing, and would press the curve flat.
const NEAR: f64 = 1.6;

pub(in crate::tui) struct TunePlan {
    pub(in crate::tui) header: Rect,
    pub(in crate::tui) phases: Rect,
    /// The part above the levels: the curve, unless something else was turned to.
    pub(in crate::tui) upper: Rect,
    /// The figures of a level; empty where they are not beside the curve.
    pub(in crate::tui) beside: Rect,
    /// The levels, one a line, with a head.
    pub(in crate::tui) levels: Rect,
    /// The first of them in sight.
    pub(in crate::tui) first: usize,
    pub(in crate::tui) answer: Rect,
    pub(in crate::tui) legend: Rect,
}

/// Where the two plots stand, and what their axes are.
pub(in crate::tui) struct Plots {
    pub(in crate::tui) rate: Rect,
    /// The line with the values of the knob.
    pub(in crate::tui) axis: Rect,
    /// Empty when nobody knows how long a unit of work takes.
    pub(in crate::tui) late: Rect,
    pub(in crate::tui) columns: Columns,
    pub(in crate::tui) rates: Rows,
    pub(in crate::tui) times: Rows,
    /// What cannot be exceeded, if that is near.
    pub(in crate::tui) bound: Option<Limit>,
}

impl TunePlan {
    pub(in crate::tui) fn of(sheet: &Sheet, area: Rect) -> Self {
        let mut rest = area;
        let header = top(&mut rest, 1);
        let legend = bottom(&mut rest, 1);
        let (phases, answer) = match area.height {
            ..10 => (0, 1),
            10..20 => (1, 2),
            20..30 => (1, 4),
            30..50 => (2, 7),
            _ => (2, 10),
        };
        let answer = if sheet.upper == Upper::Answer { 0 } else { answer }; // all of it stands above
        let phases = top(&mut rest, phases);
        let answer = bottom(&mut rest, answer);
        let count = u16::try_from(sheet.levels().len()).unwrap_or(u16::MAX);
        // The curve has the larger part; what the levels do not need is its own.
        let most = (rest.height * 2 / 5).max(rest.height.saturating_sub(30));
        let levels = bottom(&mut rest, count.saturating_add(2).min(most)); // a head, and a blank line below
        let beside = if area.width >= BESIDE_FROM { BESIDE } else { 0 };
        let beside = Rect { x: rest.right() - beside, width: beside, ..rest };
        let upper = Rect { width: rest.width - beside.width, ..rest };
        let seen = usize::from(levels.height.saturating_sub(2));
        let looked = sheet.levels().iter().position(|level| sheet.is_looked_at(level)).unwrap_or(0);
        let first = sheet.first.min(looked).max((looked + 1).saturating_sub(seen));
        let first = first.min(sheet.levels().len().saturating_sub(seen));
        Self { header, phases, upper, beside, levels, first, answer, legend }
    }

    /// Whether a level's figures stand beside the curve.
    pub(in crate::tui) fn is_beside(&self) -> bool {
        self.beside.width > 0
    }

    /// The line of a level, by its place.
    pub(in crate::tui) fn line(&self, place: usize) -> Option<Rect> {
        let line = u16::try_from(place.checked_sub(self.first)?).ok()?.checked_add(1)?;
        (line + 1 < self.levels.height).then(|| Rect { y: self.levels.y + line, height: 1, ..self.levels })
    }

    /// The place of the level under a point of the screen: in its line, or above or below it in a plot.
    pub(in crate::tui) fn level_at(&self, sheet: &Sheet, x: u16, y: u16) -> Option<usize> {
        let point = (x, y).into();
        let levels = sheet.levels();
        if self.levels.contains(point) {
            return (0..levels.len()).find(|place| self.line(*place).is_some_and(|line| line.contains(point)));
        }
        let plots = Plots::of(sheet, self.upper);
        if !self.upper.contains(point) || sheet.upper != Upper::Curve || x < plots.rate.x {
            return None;
        }
        let away = |level: &Level| plots.columns.of(level.value).abs_diff(x - plots.rate.x);
        let nearest = levels.iter().enumerate().min_by_key(|(_, level)| away(level));
        nearest.map(|(place, _)| place)
    }
}

impl Plots {
    pub(in crate::tui) fn of(sheet: &Sheet, area: Rect) -> Self {
        let curve = &sheet.tuning.curve;
        let x = (area.x + LABELS).min(area.right());
        let inner = Rect { x, width: (area.right() - x).saturating_sub(3), ..area };
        let has_times = curve.working().any(|level| p99(sheet, level).is_some());
        // A title over each, and the values of the knob between them.
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
        let due = match sheet.tuned.question.demands.goal {
            Goal::Most => 0.0,
            Goal::Arrivals(rate) => rate,
        };
        let highest = curve.working().map(measured).fold(due, f64::max);
        let bound = curve
            .best()
            .and_then(|best| limits(best, sheet.tuned.question.cores).into_iter().next())
            .filter(|limit| limit.per_second <= highest * NEAR);
        let top = nice(bound.as_ref().map_or(highest, |bound| bound.per_second.max(highest)));
        let slowest = curve.working().filter_map(|level| p99(sheet, level)).fold(0.0, f64::max);
        let demanded = sheet.tuned.question.demands.p99.filter(|limit| *limit < slowest * 3.0).unwrap_or(0.0);
        Self {
            columns: Columns::new(sheet.tuned.question.over, inner.width),
            rates: Rows { top, rows: rate.height },
            times: Rows { top: nice(slowest.max(demanded)), rows: late.height },
            rate,
            axis,
            late,
            bound,
        }
    }
}

/// 99th percentile of the time a unit of work takes, ns: from its start, or where tasks arrive at a rate from when it was due.
pub(in crate::tui) fn p99(sheet: &Sheet, level: &Level) -> Option<f64> {
    match sheet.tuned.question.demands.goal {
        Goal::Most => level.percentiles(|repetition| repetition.service),
        Goal::Arrivals(_) => level.arriving(),
    }
    .map(|times| times.p99)
}

fn top(rest: &mut Rect, height: u16) -> Rect {
    let taken = Rect { height: height.min(rest.height), ..*rest };
    rest.y += taken.height;
    rest.height -= taken.height;
    taken
}

fn bottom(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    rest.height -= height;
    Rect { y: rest.bottom(), height, ..*rest }
}
