//! A barrier: nobody goes on until all parties have come; then it is ready for the next round.

use super::waiters::{FREE, Waiters, join};
use crate::recorder::Recorder;

const COME: usize = FREE;

#[derive(Debug, Clone, Copy)]
pub struct Barrier<'a> {
    pub waiters: Waiters<'a>,
    pub parties: u32,
}

impl Barrier<'_> {
    /// Waits for the others; the last one to come lets all go on.
    pub async fn meet(self, pen: &mut Recorder<'_>) {
        let mut inside = self.waiters.monitor.enter();
        let come = inside.get(COME) + 1;
        if come >= u64::from(self.parties) {
            inside.set(COME, 0);
            self.waiters.wake(inside, u64::MAX, pen);
        } else {
            inside.set(COME, come);
            let ticket = join(&mut inside);
            self.waiters.stay(inside, ticket, None, pen).await;
        }
    }
}
