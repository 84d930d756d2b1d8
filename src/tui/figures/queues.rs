//! The figures of a queue or pipe.

use super::RATE_WINDOW;
use crate::model::{Model, Queue};
use crate::trace::{ResourceId, Span, Stamp};

#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct QueueFigures {
    pub(in crate::tui) depth: u32,
    pub(in crate::tui) capacity: u32,
    /// Items per second: by how many it grows, how many are put, and how many are taken.
    pub(in crate::tui) growth_rate: f64,
    pub(in crate::tui) put_rate: f64,
    pub(in crate::tui) taken_rate: f64,
    pub(in crate::tui) max_depth: u32,
    pub(in crate::tui) put: u64,
    pub(in crate::tui) taken: u64,
    /// Median and 99th percentile of how long tasks waited in it, if it is the queue of a pool.
    pub(in crate::tui) wait: Option<(Span, Span)>,
    /// `None` if it is not known for the time shown.
    pub(in crate::tui) mean_depth: Option<f64>,
}

impl QueueFigures {
    pub(super) fn at_cursor(self, model: &Model, id: ResourceId, at: Stamp, now: Stamp) -> Self {
        let Some(queue) = model.queue(id) else { return self };
        let depth = if at >= now { queue.depth() } else { queue.depth_at(at) };
        let (put_rate, taken_rate, growth_rate) = present_rates(queue, at);
        Self {
            depth,
            put_rate,
            taken_rate,
            max_depth: self.max_depth.max(depth),
            capacity: queue.capacity(),
            growth_rate,
            ..self
        }
    }
}

/// Parts of the time over which rates are measured, and how many of them decide on the direction.
const PARTS: u64 = 8;
const DECISIVE_PARTS: usize = 6;

/// Returns the rates at which items are put and taken, and at which the queue grows: the means of the last seconds. If
/// one burst alone makes it grow or shrink, against the other parts of that time, these count and not the burst.
fn present_rates(queue: &Queue, at: Stamp) -> (f64, f64, f64) {
    let (put, taken) = queue.flow_rates(RATE_WINDOW, at);
    let growth = queue.growth_rate(RATE_WINDOW, at);
    let rates = rates_of_parts(queue, at);
    let against = |(put, taken): &&(f64, f64)| (put - taken) * growth < 0.0;
    if rates.iter().filter(against).count() < DECISIVE_PARTS {
        return (put, taken, growth);
    }
    let (put, taken) = (median(rates.iter().map(|(put, _)| *put)), median(rates.iter().map(|(_, taken)| *taken)));
    (put, taken, put - taken)
}

/// Returns the rates at which items were put and taken in the parts of the last seconds.
fn rates_of_parts(queue: &Queue, at: Stamp) -> Vec<(f64, f64)> {
    let part = Span(RATE_WINDOW.0.min(at.0) / PARTS);
    (0..PARTS).map(|i| queue.flow_rates(part, at.earlier_by(Span(part.0 * i)))).collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// How many items a second the rates of a queue may be off, with a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tui) struct RateMargins {
    pub(in crate::tui) growth: f64,
    pub(in crate::tui) put: f64,
    pub(in crate::tui) taken: f64,
}

impl RateMargins {
    /// Student's t for the mean of the parts.
    const T_95: f64 = 2.365;

    /// Returns the margins of the rates at a moment, from how much the parts of their time differ. `None` if the run is
    /// younger than that time.
    pub(in crate::tui) fn measure(model: &Model, id: ResourceId, at: Stamp) -> Option<Self> {
        let queue = model.queue(id).filter(|_| at.span_since(Stamp(0)) >= RATE_WINDOW)?;
        let rates = rates_of_parts(queue, at);
        let of = |rate: fn(&(f64, f64)) -> f64| margin_of_mean(&rates.iter().map(rate).collect::<Vec<_>>(), Self::T_95);
        Some(Self { growth: of(|(put, taken)| put - taken), put: of(|(put, _)| *put), taken: of(|(_, taken)| *taken) })
    }
}

fn margin_of_mean(values: &[f64], t: f64) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    t * (squares / (count - 1.0) / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margin_is_zero_for_equal_parts_and_follows_their_spread() {
        assert!(margin_of_mean(&[200.0; 8], 2.365) < f64::EPSILON);
        let spread = [190.0, 210.0, 190.0, 210.0, 190.0, 210.0, 190.0, 210.0];
        let margin = margin_of_mean(&spread, 2.365);
        assert!((8.9..9.0).contains(&margin), "10.7 / sqrt(8) * 2.365: {margin}");
    }
}
