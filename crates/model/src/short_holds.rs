//! Locks that are held for less than tracing them costs.

use super::{DurationStats, Model};
use contend_trace::{Evidence, ResourceId, Span};

/// Shortest holds with which a traced lock contends as it does without the tracer. The hooks around a lock take 1 to
/// 2.5 µs for an acquisition and its release, which nobody else can use: an eighth of this at most.
pub const SHORTEST_FAITHFUL_HOLD: Span = Span(20_000);

impl Model {
    /// Whether hooks around a lock change its contention: of these holds of it, most are below
    /// [`SHORTEST_FAITHFUL_HOLD`].
    pub fn is_distorted_by_hooks(&self, lock: ResourceId, holds: &DurationStats) -> bool {
        let is_short = holds.count() > 0 && holds.percentile_ns(50.0) < SHORTEST_FAITHFUL_HOLD.0;
        is_short && self.registry().evidence(lock) == Evidence::Observed
    }
}
