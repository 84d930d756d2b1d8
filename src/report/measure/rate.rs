//! How many, and how many a second.

use super::super::words::{many, rate};
use super::{Measured, Who};
use crate::scenario::Subject;
use crate::trace::Span;

impl Who<'_> {
    pub(super) fn acquired(&self) -> Result<Measured, String> {
        let (name, lock) = self.lock()?;
        let evidence = format!("lock {name}: taken {}", many(lock.recent_acquired(), "time"));
        Ok(Measured { value: lock.recent_acquired() as f64, evidence })
    }

    /// Since the settings hold.
    pub(super) fn rate(&self) -> Result<Measured, String> {
        let whole = self.now.since(self.from);
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
            let done = pool.recent().counts.done;
            return Ok((format!("pool {name}: {} done", many(done, "task")), done));
        }
        let (name, id) = self.resource()?;
        if let Some(lock) = self.model.lock(id) {
            let acquired = lock.recent_acquired();
            return Ok((format!("lock {name}: taken {}", many(acquired, "time")), acquired));
        }
        if let Some(pipe) = self.model.pipe(id) {
            let received = pipe.recently_received();
            return Ok((format!("pipe {name}: {} received", many(received, "message")), received));
        }
        if let Some(queue) = self.model.queue(id) {
            let taken = queue.recently_taken();
            return Ok((format!("queue {name}: {} taken", many(taken, "item")), taken));
        }
        let counter = self.model.counter(id).ok_or_else(|| format!("nothing of {name} is counted"))?;
        let adds = counter.recent_adds();
        Ok((format!("counter {name}: added to {}", many(adds, "time")), adds))
    }
}
