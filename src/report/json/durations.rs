//! Statistics of durations in the JSON report.

use serde::Serialize;

use crate::model::DurationStats;
use crate::trace::Span;

/// Durations in milliseconds.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DurationsJson {
    count: u64,
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
    total: f64,
}

impl From<&DurationStats> for DurationsJson {
    fn from(times: &DurationStats) -> Self {
        let at = |p| Span(times.percentile_ns(p)).as_millis_f64();
        Self {
            count: times.count(),
            p50: at(50.0),
            p90: at(90.0),
            p99: at(99.0),
            max: Span(times.max_ns()).as_millis_f64(),
            total: Span(times.total_ns()).as_millis_f64(),
        }
    }
}
