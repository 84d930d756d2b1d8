//! The end of the run's processes at its time limit.

use contend_platform::end_process_after;
use contend_trace::RunMemory;

/// Makes the kernel end this process at the run's time limit. However busy the cores are, the workers of this process
/// then do nothing after the limit. Returns the limit, if the run has one and the kernel agreed; otherwise the
/// dashboard ends the process as soon as it gets a core.
pub fn end_at_time_limit(memory: &RunMemory) -> Option<u64> {
    let (limit, left) = memory.time_limit()?;
    end_process_after(left).ok().map(|()| limit)
}
