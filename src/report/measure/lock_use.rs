//! How a lock is used: shares of waits, of attempts that give up, and of the time it is held.

use super::{MeasuredFigure, MetricQuery};
use crate::trace::format::{format_count, format_counted, format_percent};

impl MetricQuery<'_> {
    pub(super) fn contended_share(&self) -> Result<MeasuredFigure, String> {
        let (name, lock) = self.lock()?;
        let (contended, acquired) = (lock.recent_contended(), lock.recent_acquired());
        if acquired == 0 {
            return Err(format!("lock {name} was never acquired"));
        }
        let value = contended as f64 / acquired as f64;
        let (contended, acquired) = (format_count(contended), format_counted(acquired, "acquisition"));
        let evidence = format!("lock {name}: {contended} of {acquired} waited ({})", format_percent(value));
        Ok(MeasuredFigure { value, evidence })
    }

    pub(super) fn fairness(&self) -> Result<MeasuredFigure, String> {
        let (name, lock) = self.lock()?;
        if !self.model.is_complete() {
            return Err(format!("lock {name}: events were lost, so some acquisitions are unknown"));
        }
        let value = lock.recent_fairness().ok_or_else(|| format!("lock {name} was never acquired"))?;
        let got: Vec<u64> = lock.recent_users().iter().map(|user| user.acquired).collect();
        let (least, most) = (got.iter().min().copied().unwrap_or(0), got.iter().max().copied().unwrap_or(0));
        let evidence = format!(
            "lock {name}: fairness {value:.2} over {}, {} to {} each",
            format_counted(got.len() as u64, "worker"),
            format_count(least),
            format_counted(most, "acquisition")
        );
        Ok(MeasuredFigure { value, evidence })
    }

    pub(super) fn held_share(&self) -> Result<MeasuredFigure, String> {
        let (name, lock) = self.lock()?;
        let value = lock.held_share(self.settings_since, self.now, self.now);
        Ok(MeasuredFigure { value, evidence: format!("lock {name}: held {} of the time", format_percent(value)) })
    }
}
