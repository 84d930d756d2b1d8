//! Divides a memory budget among histories, exact spans and holds, histograms and grants.

use super::history::{FINEST_WIDTH_LOG2, HistoryShape, MAX_LEVELS};
use contend_trace::Registry;

/// The memory that all histories of a run may use together. The minimum of about 10 KiB for each lane and 4 KiB for
/// each lock is used in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub bytes: usize,
}

impl Budget {
    /// Returns the default budget, or more if there are so many lanes that a few seconds could not be drawn well.
    pub fn for_registry(registry: &Registry) -> Self {
        let lanes = registry.workers.len();
        let each = if lanes > FINE_LANES { CROWDED_LANE_BYTES } else { LANE_BYTES };
        Self { bytes: Self::default().bytes.max(lanes * each) }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 6 << 20 }
    }
}

/// Bytes for each lane with which a few seconds can be drawn well: with the narrowest buckets, and with those of a
/// crowd.
const LANE_BYTES: usize = 64 << 10;
const CROWDED_LANE_BYTES: usize = 40 << 10;

/// The number of lanes that have the narrowest buckets. More lanes have wider ones, so that the buckets of all lanes in
/// a second, which are drawn and kept, stay as many; up to a sixtieth of a second.
const FINE_LANES: usize = 128;
const MAX_LANE_WIDTH_LOG2: u32 = 24;

/// Bytes of one bucket in every history of a lane, of a lock, and of a queue, a counter or a pool.
const LANE_BUCKET_BYTES: usize = 104;
const LOCK_BUCKET_BYTES: usize = 32;
const OTHER_BUCKET_BYTES: usize = 64;

/// This many cores have histories of full detail; more cores share that room.
pub(super) const FULL_DETAIL_CORES: usize = 8;

/// Bytes of one bucket of all cores. The number of cores is unknown before the first sample.
const CORES_BUCKET_BYTES: usize = FULL_DETAIL_CORES * 24 + 24;

/// A level gets as many buckets as if there were this many levels. The room that is left goes to more levels.
const PLANNED_LEVELS: usize = 6;

/// Bytes of an exact span of a lane and of an exact hold of a lock.
const SPAN_BYTES: usize = 16;
const HOLD_BYTES: usize = 32;

/// Bytes of a write that a counter remembers.
const WRITE_BYTES: usize = 24;

/// Bytes of a histogram up to an hour with two significant digits.
const HISTOGRAM_BYTES: usize = 20 << 10;

/// How many there are of what has histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HistoryCounts {
    pub lanes: usize,
    pub locks: usize,
    /// Queues, counters and other resources, without lives.
    pub others: usize,
    pub pools: usize,
}

impl HistoryCounts {
    pub(super) fn of(registry: &Registry) -> Self {
        let others = registry.resources.iter().filter(|r| !r.kind.is_lock()).count() - registry.lives().count();
        let (lanes, pools) = (registry.workers.len(), registry.pools.len());
        Self { lanes, locks: registry.locks().count(), others, pools }
    }

    /// Returns the counts rounded up to powers of two, so that the plan of a growing registry seldom changes.
    pub(super) fn rounded_up(self) -> Self {
        let Self { lanes, locks, others, pools } = self;
        let round = usize::next_power_of_two;
        Self { lanes: round(lanes), locks: round(locks), others: round(others), pools: round(pools) }
    }
}

/// The sizes that follow from a budget.
///
/// Half of it goes to the histories, a sixth to exact spans and holds, a sixth to histograms, an eighth to grants, a
/// sixty-fourth to the writes of counters.
/// Every history has at least 64 buckets and every lane at least 32 exact spans. These exceed a budget below about 10
/// KiB for each lane and 4 KiB for each lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BufferSizes {
    pub shape: HistoryShape,
    /// The shape of the histories of lanes.
    pub lane_shape: HistoryShape,
    pub spans_per_lane: usize,
    pub holds_per_lock: usize,
    /// Words of 64 grants that each lock remembers beyond the first missing grant.
    pub grant_words: usize,
    /// Newest writes that each counter remembers.
    pub writes_per_counter: usize,
    /// Significant digits of histograms.
    pub digits: u8,
}

impl BufferSizes {
    pub(super) fn new(counts: &HistoryCounts, budget: Budget) -> Self {
        let HistoryCounts { lanes, locks, others, pools } = *counts;
        let row = lanes * LANE_BUCKET_BYTES
            + locks * LOCK_BUCKET_BYTES
            + (others + pools) * OTHER_BUCKET_BYTES
            + CORES_BUCKET_BYTES;
        let rows = budget.bytes / 2 / row;
        let buckets = floor_power_of_two(rows / PLANNED_LEVELS).clamp(64, 1024);
        let levels = (rows / buckets).clamp(1, MAX_LEVELS);
        let exact = budget.bytes / 6 / (lanes * SPAN_BYTES + locks * HOLD_BYTES).max(1);
        let exact = floor_power_of_two(exact).clamp(32, 4096);
        let histograms = (locks * 2 + pools * 3) * HISTOGRAM_BYTES;
        let digits = if histograms <= budget.bytes / 6 { 2 } else { 1 };
        // A million grants for each lock, for as many locks as an eighth of the budget allows.
        let grants = (budget.bytes / 8 / size_of::<u64>() / locks.max(1)).clamp(1 << 8, 1 << 14);
        Self {
            shape: HistoryShape::new(buckets, levels),
            lane_shape: HistoryShape { buckets, levels, finest_log2: finest_lane_log2(lanes) },
            spans_per_lane: exact,
            holds_per_lock: exact.min(1024),
            grant_words: grants,
            writes_per_counter: (budget.bytes / 64 / WRITE_BYTES / others.max(1)).clamp(8, 512),
            digits,
        }
    }
}

impl BufferSizes {
    /// Whether anything may keep less than before.
    pub(super) fn is_smaller_than(&self, before: &Self) -> bool {
        self.shape.buckets < before.shape.buckets
            || self.shape.levels < before.shape.levels
            || self.lane_shape.finest_log2 > before.lane_shape.finest_log2
            || self.spans_per_lane < before.spans_per_lane
            || self.holds_per_lock < before.holds_per_lock
            || self.grant_words < before.grant_words
    }
}

/// Returns log2 of the width of the narrowest buckets of so many lanes.
fn finest_lane_log2(lanes: usize) -> u32 {
    let crowd = lanes.div_ceil(FINE_LANES).next_power_of_two().ilog2();
    (FINEST_WIDTH_LOG2 + crowd).min(MAX_LANE_WIDTH_LOG2)
}

/// Returns the greatest power of two that is not above `n`; 1 for 0.
fn floor_power_of_two(n: usize) -> usize {
    1 << n.max(1).ilog2()
}
