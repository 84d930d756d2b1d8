//! How many waits gave up: at a lock, a queue, or a condition, event or barrier.

use super::{MeasuredFigure, MetricQuery};
use crate::trace::format::{format_count, format_counted, format_percent};

/// Attempts at a resource, by how they ended.
pub(super) struct Attempts<'a> {
    kind: &'static str,
    name: &'a str,
    pub(super) gave_up: u64,
    succeeded: u64,
}

impl Attempts<'_> {
    pub(super) fn total(&self) -> u64 {
        self.gave_up.saturating_add(self.succeeded)
    }
}

impl<'a> MetricQuery<'a> {
    pub(super) fn gave_up_share(&self) -> Result<MeasuredFigure, String> {
        let attempts = self.attempts()?;
        let Attempts { kind, name, gave_up, .. } = attempts;
        if attempts.total() == 0 {
            return Err(match kind {
                "lock" => format!("no worker tried to acquire lock {name}"),
                _ => format!("no wait at {kind} {name} has ended"),
            });
        }
        let value = gave_up as f64 / attempts.total() as f64;
        let (gave_up, all) = (format_count(gave_up), format_counted(attempts.total(), "attempt"));
        let evidence = format!("{kind} {name}: {gave_up} of {all} gave up ({})", format_percent(value));
        Ok(MeasuredFigure { value, evidence })
    }

    /// Counts the attempts at the subject under the current settings.
    pub(super) fn attempts(&self) -> Result<Attempts<'a>, String> {
        let (name, id) = self.resource()?;
        let attempts = |kind, gave_up, succeeded| Attempts { kind, name, gave_up, succeeded };
        if let Some(lock) = self.model.lock(id) {
            return Ok(attempts("lock", lock.recent_timeouts(), lock.recent_acquired()));
        }
        if let Some(signals) = self.model.signals(id) {
            let recent = signals.recent();
            return Ok(attempts("signal", recent.timeouts(), recent.woken_workers()));
        }
        let queue = self.model.queue(id).ok_or_else(|| format!("no worker can give up at {name}"))?;
        let (gave_up, succeeded) = queue.recent_timeouts_and_transfers();
        Ok(attempts("queue", gave_up, succeeded))
    }
}
