//! How many, and how many a second.

use super::super::words::{many, rate};
use super::{Measured, Who};
use crate::scenario::Subject;
use crate::trace::{Span, Stamp};

impl Who<'_> {
    pub(super) fn acquired(&self) -> Result<Measured, String> {
        let (name, lock) = self.lock()?;
        let evidence = format!("lock {name}: taken {}", many(lock.acquired(), "time"));
        Ok(Measured { value: lock.acquired() as f64, evidence })
    }

    /// Since the run began.
    pub(super) fn rate(&self) -> Result<Measured, String> {
        let whole = self.now.since(Stamp::default());
        if whole == Span(0) {
            return Err("no time has passed".to_owned());
        }
        let (what, times) = self.counted()?;
        let value = times as f64 / whole.secs();
        Ok(Measured { value, evidence: format!("{what} in {whole}, {}", rate(value)) })
    }

    /// What is counted of it, in words, and how many there were.
    fn counted(&self) -> Result<(String, u64), String> {
        if let Subject::Pool(_) = self.of {
            let (name, pool, _) = self.pool()?;
            return Ok((format!("pool {name}: {} done", many(pool.done(), "task")), pool.done()));
        }
        let (name, id) = self.resource()?;
        if let Some(lock) = self.model.lock(id) {
            return Ok((format!("lock {name}: taken {}", many(lock.acquired(), "time")), lock.acquired()));
        }
        if let Some(pipe) = self.model.pipe(id) {
            return Ok((format!("pipe {name}: {} received", many(pipe.received(), "message")), pipe.received()));
        }
        if let Some(queue) = self.model.queue(id) {
            return Ok((format!("queue {name}: {} taken", many(queue.taken(), "item")), queue.taken()));
        }
        let counter = self.model.counter(id).ok_or_else(|| format!("nothing of {name} is counted"))?;
        Ok((format!("counter {name}: added to {}", many(counter.adds(), "time")), counter.adds()))
    }
}
