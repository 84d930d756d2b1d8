//! How a budget is shared out.

use super::Budget;
use super::cores;
use super::history::{MOST_LEVELS, Shape};
use contend_trace::Cast;

/// Bytes of one bucket of every history that a lane, a lock, a queue, a counter or a pool keeps.
const LANE_BUCKET: usize = 104;
const LOCK_BUCKET: usize = 24;
const OTHER_BUCKET: usize = 40;
/// The cores' buckets; how many cores there are is not known before the first sample.
const CORES_BUCKETS: usize = cores::ROOM * 16 + 24;

/// Bytes of an exact span of a lane and of an exact hold of a lock.
const SPAN: usize = 16;
const HOLD: usize = 32;

/// Bytes of a histogram up to an hour with two significant digits.
const HISTOGRAM: usize = 20 << 10;

/// Sizes that follow from a budget.
///
/// Half goes to the histories, a sixth to exact spans and holds, a sixth to histograms, an eighth to grants. No history has
/// fewer than 64 buckets and no lane fewer than 32 exact spans: a budget below about 10 KiB for each lane and 4 KiB for each
/// lock is exceeded by what these take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub shape: Shape,
    pub spans: usize,
    pub holds: usize,
    /// Words of 64 grants that each lock remembers beyond the first one missing.
    pub grants: usize,
    /// Significant digits of histograms.
    pub digits: u8,
}

impl Plan {
    pub(super) fn new(cast: &Cast, budget: Budget) -> Self {
        let locks = cast.locks().count();
        let others = cast.resources.iter().filter(|r| !r.kind.is_lock()).count() - cast.lives().count();
        let (lanes, pools) = (cast.workers.len(), cast.pools.len());
        let row = lanes * LANE_BUCKET + locks * LOCK_BUCKET + (others + pools) * OTHER_BUCKET + CORES_BUCKETS;
        let rows = budget.bytes / 2 / row;
        let levels = (rows / 64).clamp(1, MOST_LEVELS);
        let buckets = floor_power(rows / levels).clamp(64, 1024);
        let exact = budget.bytes / 6 / (lanes * SPAN + locks * HOLD).max(1);
        let exact = floor_power(exact).clamp(32, 4096);
        let histograms = (locks * 2 + pools * 3) * HISTOGRAM;
        let digits = if histograms <= budget.bytes / 6 { 2 } else { 1 };
        // A million grants each, for as many locks as an eighth of the budget allows.
        let grants = (budget.bytes / 8 / size_of::<u64>() / locks.max(1)).clamp(1 << 8, 1 << 14);
        Self { shape: Shape { buckets, levels }, spans: exact, holds: exact.min(1024), grants, digits }
    }
}

/// The greatest power of two that is not above `n`; 1 for 0.
fn floor_power(n: usize) -> usize {
    1 << n.max(1).ilog2()
}
