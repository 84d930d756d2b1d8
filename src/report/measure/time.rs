//! How long, and when.

use super::super::words::{many, plain};
use super::{Measured, Who};
use crate::model::Times;
use crate::scenario::{Part, Subject};
use crate::trace::{RunEnd, Span, Stamp};

impl Who<'_> {
    pub(super) fn wait(&self, part: Part) -> Result<Measured, String> {
        let (name, lock) = self.lock()?;
        let going_on = lock.waiters().first().map(|(_, since)| self.now.since((*since).max(self.from)));
        let wait = lock.recent_wait();
        if wait.count() == 0 && going_on.is_none() {
            return Err(format!("nobody waited for lock {name}"));
        }
        let mut value = of(wait, part);
        if part == Part::Longest {
            value = value.max(going_on.unwrap_or(Span(0)));
        }
        let waits = many(wait.count(), "wait");
        Ok(Measured { value: value.0 as f64, evidence: format!("lock {name}: {} of {waits} {value}", word(part)) })
    }

    pub(super) fn latency(&self, part: Part) -> Result<Measured, String> {
        let (name, pool, _) = self.pool()?;
        let response = pool.recent().response;
        if response.count() == 0 {
            return Err(format!("no task of {name} has ended"));
        }
        let value = of(response, part);
        let tasks = many(response.count(), "task");
        let evidence = format!("pool {name}: from due to done {value}, {} of {tasks}", word(part));
        Ok(Measured { value: value.0 as f64, evidence })
    }

    pub(super) fn slowdown(&self) -> Result<Measured, String> {
        let (name, pool, _) = self.pool()?;
        let pool = pool.recent();
        let (itself, result) = (pool.service.percentile(50.0), pool.response.percentile(50.0));
        if itself == 0 {
            return Err(format!("no task of {name} has ended"));
        }
        let value = result as f64 / itself as f64;
        let evidence = format!(
            "pool {name}: half of the tasks take no longer than {}, half of the results come within {}, {} times that",
            Span(itself),
            Span(result),
            plain(value)
        );
        Ok(Measured { value, evidence })
    }

    pub(super) fn tail(&self) -> Result<Measured, String> {
        let (name, pool, _) = self.pool()?;
        let pool = pool.recent();
        let (itself, result) = (pool.service.percentile(99.0), pool.response.percentile(99.0));
        if itself == 0 {
            return Err(format!("no task of {name} has ended"));
        }
        let value = result as f64 / itself as f64;
        let evidence = format!(
            "pool {name}: 99 of 100 tasks take no longer than {}, 99 of 100 results come within {}, {} times that",
            Span(itself),
            Span(result),
            plain(value)
        );
        Ok(Measured { value, evidence })
    }

    /// When the last of them came to its end.
    pub(super) fn ended(&self) -> Result<Measured, String> {
        let name = self.crew();
        let mut last = Stamp::default();
        let mut lanes = 0;
        for lane in self.lanes() {
            lane.ended().ok_or_else(|| format!("{name} has not ended"))?;
            last = last.max(lane.doing().since);
            lanes += 1;
        }
        if lanes == 0 {
            return Err(format!("no worker of {name} ever ran"));
        }
        let after = last.since(Stamp::default());
        let evidence = format!("{name}: the last of {} ended after {after}", many(lanes, "worker"));
        Ok(Measured { value: after.0 as f64, evidence })
    }

    pub(super) fn elapsed(&self) -> Result<Measured, String> {
        match self.model.ended() {
            Some((at, RunEnd::Completed)) => {
                let after = at.since(Stamp::default());
                Ok(Measured { value: after.0 as f64, evidence: format!("the run came to its end after {after}") })
            }
            _ => Err("the run did not come to its end".to_owned()),
        }
    }

    fn crew(&self) -> &str {
        match self.of {
            Subject::Workers(at) => self.scenario.workers.get(*at).map_or("?", |group| group.name.as_str()),
            Subject::Pool(at) => self.scenario.pools.get(*at).map_or("?", |pool| pool.name.as_str()),
            Subject::Resource(_) | Subject::All => "all",
        }
    }
}

pub(super) fn of(times: &Times, part: Part) -> Span {
    Span(match part {
        Part::Median => times.percentile(50.0),
        Part::Tail => times.percentile(99.0),
        Part::Longest => times.max(),
    })
}

const fn word(part: Part) -> &'static str {
    match part {
        Part::Median => "the median",
        Part::Tail => "99 of 100 within",
        Part::Longest => "the longest",
    }
}
