//! How a lock goes from one worker to the next: how long it lies idle between two turns.

use super::Lock;
use contend_trace::Stamp;

/// Turns that followed upon one another, as far as exact holds are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Handoffs {
    /// How many times it went from one worker to another.
    pub count: u64,
    /// Time between giving it back and the next one having it, ns: the median.
    pub idle: u64,
    /// Time that it was held in those turns, ns: the median.
    pub held: u64,
    /// Part of the time of those turns, and of what lies between them, in which nobody had it.
    pub idle_share: f64,
}

impl Lock {
    /// The turns that ended since `from`. Each grant follows upon the one before, so that no order of arrival matters.
    /// `None` when it never went from one worker to another.
    pub(crate) fn handoffs(&self, from: Stamp) -> Option<Handoffs> {
        let (mut idle, mut held) = (Vec::new(), Vec::new());
        for hold in self.exact.iter().filter(|hold| hold.to >= from && hold.grant.number() > 0) {
            let next = hold.grant.number() + 1;
            let Some(after) = self.exact.get(next as usize & (self.exact_most - 1)) else { continue };
            if after.grant.number() == next && after.worker != hold.worker && after.from >= hold.to {
                idle.push(after.from.since(hold.to).0);
                held.push(hold.to.since(hold.from).0);
            }
        }
        let (nobody, somebody) = (idle.iter().sum::<u64>() as f64, held.iter().sum::<u64>() as f64);
        Some(Handoffs {
            count: idle.len() as u64,
            idle: median(&mut idle)?,
            held: median(&mut held)?,
            idle_share: nobody / (nobody + somebody).max(1.0),
        })
    }
}

fn median(of: &mut [u64]) -> Option<u64> {
    of.sort_unstable();
    of.get(of.len() / 2).copied()
}
