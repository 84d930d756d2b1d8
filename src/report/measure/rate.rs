//! Counts and rates: acquisitions, tasks, messages, items and additions.

use super::{MeasuredFigure, MetricQuery};
use crate::scenario::MetricSubject;
use crate::trace::Span;
use crate::trace::format::{format_counted, format_rate};

impl MetricQuery<'_> {
    pub(super) fn acquired_count(&self) -> Result<MeasuredFigure, String> {
        let (name, lock) = self.lock()?;
        let evidence = format!("lock {name}: {}", format_counted(lock.recent_acquired(), "acquisition"));
        Ok(MeasuredFigure { value: lock.recent_acquired() as f64, evidence })
    }

    /// Measures the rate of operations since the current settings are in force.
    pub(super) fn rate(&self) -> Result<MeasuredFigure, String> {
        let whole = self.now.span_since(self.settings_since);
        if whole == Span(0) {
            return Err("no time has passed".to_owned());
        }
        let (what, times) = self.operation_count()?;
        let value = times as f64 / whole.as_secs_f64();
        Ok(MeasuredFigure { value, evidence: format!("{what} in {whole}, {}", format_rate(value)) })
    }

    /// Returns the counted operations of the subject, in words and as a number.
    fn operation_count(&self) -> Result<(String, u64), String> {
        if let MetricSubject::Pool(_) = self.subject {
            let (name, pool, _) = self.pool()?;
            let done = pool.recent_tasks().counts.done;
            return Ok((format!("pool {name}: {} done", format_counted(done, "task")), done));
        }
        let (name, id) = self.resource()?;
        if let Some(lock) = self.model.lock(id) {
            let acquired = lock.recent_acquired();
            return Ok((format!("lock {name}: {}", format_counted(acquired, "acquisition")), acquired));
        }
        if let Some(pipe) = self.model.pipe(id) {
            let received = pipe.recent_received();
            return Ok((format!("pipe {name}: {} received", format_counted(received, "message")), received));
        }
        if let Some(queue) = self.model.queue(id) {
            let taken = queue.recent_taken_count();
            return Ok((format!("queue {name}: {} taken", format_counted(taken, "item")), taken));
        }
        let counter = self.model.counter(id).ok_or_else(|| format!("{name} has no operations to count"))?;
        let adds = counter.recent_add_count();
        Ok((format!("counter {name}: {}", format_counted(adds, "addition")), adds))
    }
}
