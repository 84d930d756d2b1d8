//! An event flag: once set it lets everybody through, until it is cleared.

use std::time::Instant;

use super::waiters::{FREE, Waiters, join};
use crate::recorder::Recorder;
use contend_trace::EventKind;

const SET: usize = FREE;
/// How often it was set.
const TIMES: usize = FREE + 1;

#[derive(Debug, Clone, Copy)]
pub struct Flag<'a>(pub Waiters<'a>);

impl Flag<'_> {
    /// Goes on at once if the flag is set, else waits until it is, or for the deadline.
    pub async fn wait(self, deadline: Option<Instant>, pen: &mut Recorder<'_>) {
        let mut inside = self.0.monitor.enter();
        if inside.get(SET) == 0 {
            let ticket = join(&mut inside);
            self.0.stay(inside, ticket, deadline, pen).await;
        } else {
            let nth = inside.get(TIMES);
            let at = pen.now();
            drop(inside);
            pen.write(at, EventKind::SawSet { on: self.0.id, nth });
        }
    }

    /// Sets the flag and lets all go on that wait for it.
    pub fn set(self, pen: &mut Recorder<'_>) {
        let mut inside = self.0.monitor.enter();
        inside.set(SET, 1);
        inside.set(TIMES, inside.get(TIMES) + 1);
        self.0.wake(inside, u64::MAX, pen);
    }

    pub fn clear(self) {
        self.0.monitor.enter().set(SET, 0);
    }
}
