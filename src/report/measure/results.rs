//! Figures of a pool's results, and of what became of its tasks beside being done.

use super::{Measured, Who};
use crate::model::Results;
use crate::report::words::{count, many, plain};
use crate::scenario::Metric;
use crate::trace::PoolId;

impl<'a> Who<'a> {
    pub(super) fn fates(&self, metric: Metric) -> Result<Measured, String> {
        let (name, pool, _) = self.pool()?;
        let pool = pool.recent().counts;
        let value = match metric {
            Metric::Lost => pool.lost,
            Metric::Cancelled => pool.cancelled,
            Metric::Stolen => pool.stolen,
            _ => pool.unseen,
        };
        let evidence = format!(
            "pool {name}: {} lost, {} cancelled, {} stolen of {}, {} that nobody will look at",
            count(pool.lost),
            count(pool.cancelled),
            count(pool.stolen),
            many(pool.submitted, "task"),
            many(pool.unseen, "failure"),
        );
        Ok(Measured { value: value as f64, evidence })
    }

    pub(super) fn results(&self, metric: Metric) -> Result<Measured, String> {
        let (name, results) = self.of_pool()?;
        let (there, read, held) = (results.held().put(), results.reads(), results.held().max());
        let value = if metric == Metric::HeldBack { f64::from(held) } else { there.saturating_sub(read) as f64 };
        let evidence = format!(
            "pool {name}: {} there, {} read, at most {} at once that nobody had read",
            many(there, "result"),
            count(read),
            count(held.into()),
        );
        Ok(Measured { value, evidence })
    }

    pub(super) fn first_result(&self) -> Result<Measured, String> {
        let (name, results) = self.of_pool()?;
        let begin = self.pool()?.1.first().ok_or_else(|| format!("{name} has had no task"))?;
        let (Some(there), Some(read)) = results.firsts() else { return Err(format!("no result of {name} was read")) };
        let (there, read) = (there.since(begin), read.since(begin));
        if there.0 == 0 {
            return Err(format!("the first result of {name} was there at once"));
        }
        let value = read.0 as f64 / there.0 as f64;
        let evidence = format!(
            "pool {name}: the first result was there after {there}, the first was read after {read}, {} times that",
            plain(value)
        );
        Ok(Measured { value, evidence })
    }

    fn of_pool(&self) -> Result<(&'a str, &'a Results), String> {
        let (name, _, at) = self.pool()?;
        let resource = self.model.cast().pools.get(PoolId::from(at).index()).and_then(|info| info.results);
        let results = resource.and_then(|resource| self.model.results(resource));
        let results = results.ok_or_else(|| format!("nobody wants results of {name}"))?;
        Ok((name, results))
    }
}
