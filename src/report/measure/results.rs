//! Figures of a pool's results, and of its lost, cancelled, stolen and failed tasks.

use super::{MeasuredFigure, MetricQuery};
use crate::model::Results;
use crate::scenario::Metric;
use crate::trace::PoolId;
use crate::trace::format::{format_count, format_counted, format_number};

impl<'a> MetricQuery<'a> {
    pub(super) fn task_outcome_count(&self, metric: Metric) -> Result<MeasuredFigure, String> {
        let (name, pool, _) = self.pool()?;
        let pool = pool.recent_tasks().counts;
        let value = match metric {
            Metric::Lost => pool.lost,
            Metric::Cancelled => pool.cancelled,
            Metric::Stolen => pool.stolen,
            Metric::Helped => pool.helped,
            _ => pool.unread_failures,
        };
        let evidence = format!(
            "pool {name}: {} lost, {} cancelled, {} stolen, {} executed by a waiter, of {}; {} that no worker will read",
            format_count(pool.lost),
            format_count(pool.cancelled),
            format_count(pool.stolen),
            format_count(pool.helped),
            format_counted(pool.submitted, "task"),
            format_counted(pool.unread_failures, "failure"),
        );
        Ok(MeasuredFigure { value: value as f64, evidence })
    }

    pub(super) fn unread_results(&self, metric: Metric) -> Result<MeasuredFigure, String> {
        let (name, results) = self.pool_results()?;
        let (there, read, held) = (results.unread().put_count(), results.read_count(), results.unread().max_depth());
        let value = if metric == Metric::MaxUnread { f64::from(held) } else { there.saturating_sub(read) as f64 };
        let evidence = format!(
            "pool {name}: {} ready, {} read, at most {} unread at once",
            format_counted(there, "result"),
            format_count(read),
            format_count(held.into()),
        );
        Ok(MeasuredFigure { value, evidence })
    }

    pub(super) fn first_result_delay(&self) -> Result<MeasuredFigure, String> {
        let (name, results) = self.pool_results()?;
        let begin = self.pool()?.1.first_task_at().ok_or_else(|| format!("{name} has had no task"))?;
        let (Some(there), Some(read)) = results.first_times() else {
            return Err(format!("no result of {name} was read"));
        };
        let (there, read) = (there.span_since(begin), read.span_since(begin));
        if there.0 == 0 {
            return Err(format!("the first result of {name} was ready at once"));
        }
        let value = read.0 as f64 / there.0 as f64;
        let evidence = format!(
            "pool {name}: first result ready after {there}, first result read after {read}, {} times as long",
            format_number(value)
        );
        Ok(MeasuredFigure { value, evidence })
    }

    fn pool_results(&self) -> Result<(&'a str, &'a Results), String> {
        let (name, _, at) = self.pool()?;
        let resource = self.model.registry().pools.get(PoolId::from(at).index()).and_then(|info| info.results);
        let results = resource.and_then(|resource| self.model.results(resource));
        let results = results.ok_or_else(|| format!("no worker reads results of {name}"))?;
        Ok((name, results))
    }
}
