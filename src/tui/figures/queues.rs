//! The figures of a queue or pipe.

use super::RATE_WINDOW;
use crate::model::Model;
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
        let (put_rate, taken_rate) = queue.flow_rates(RATE_WINDOW, at);
        Self {
            depth,
            put_rate,
            taken_rate,
            max_depth: self.max_depth.max(depth),
            capacity: queue.capacity(),
            growth_rate: queue.growth_rate(RATE_WINDOW, at),
            ..self
        }
    }
}

/// How many items a second the rates of a queue may be off, with a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tui) struct RateMargins {
    pub(in crate::tui) growth: f64,
    pub(in crate::tui) put: f64,
    pub(in crate::tui) taken: f64,
}

impl RateMargins {
    /// Parts of the time over which rates are measured, and Student's t for their mean.
    const PARTS: u64 = 8;
    const T_95: f64 = 2.365;

    /// Returns the margins of the rates at a moment, from how much the parts of their time differ. `None` if the run is
    /// younger than that time.
    pub(in crate::tui) fn measure(model: &Model, id: ResourceId, at: Stamp) -> Option<Self> {
        let queue = model.queue(id).filter(|_| at.span_since(Stamp(0)) >= RATE_WINDOW)?;
        let part = Span(RATE_WINDOW.0 / Self::PARTS);
        let ends = (0..Self::PARTS).map(|i| at.earlier_by(Span(part.0 * i)));
        let rates: Vec<(f64, f64)> = ends.map(|end| queue.flow_rates(part, end)).collect();
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
