//! Handoffs of a lock from one worker to the next, and how long the lock is idle in between.

use super::Lock;
use contend_trace::Stamp;

/// The handoffs between consecutive holds, as far back as exact holds are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Handoffs {
    /// How many times the lock went from one worker to another.
    pub count: u64,
    /// The median time between a release and the next acquisition, ns.
    pub median_idle_ns: u64,
    /// The median duration of these holds, ns.
    pub median_held_ns: u64,
    /// The fraction of the time of these holds and the gaps between them in which the lock was free.
    pub idle_share: f64,
}

impl Lock {
    /// Returns the handoffs of the holds that ended since `from`. Grants are consecutive numbers, so the order of
    /// arrival does not matter. `None` if the lock never went from one worker to another.
    pub(crate) fn handoffs(&self, from: Stamp) -> Option<Handoffs> {
        let (mut idle, mut held) = (Vec::new(), Vec::new());
        for hold in self.exact_holds.iter().filter(|hold| hold.to >= from && hold.grant.number() > 0) {
            let next = hold.grant.number() + 1;
            let Some(after) = self.exact_holds.get(next as usize & (self.max_exact_holds - 1)) else { continue };
            if after.grant.number() == next && after.worker != hold.worker && after.from >= hold.to {
                idle.push(after.from.span_since(hold.to).0);
                held.push(hold.to.span_since(hold.from).0);
            }
        }
        let (idle_sum, held_sum) = (idle.iter().sum::<u64>() as f64, held.iter().sum::<u64>() as f64);
        Some(Handoffs {
            count: idle.len() as u64,
            median_idle_ns: median(&mut idle)?,
            median_held_ns: median(&mut held)?,
            idle_share: idle_sum / (idle_sum + held_sum).max(1.0),
        })
    }
}

fn median(of: &mut [u64]) -> Option<u64> {
    of.sort_unstable();
    of.get(of.len() / 2).copied()
}
