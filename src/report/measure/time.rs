//! How long, and when.

use super::{MeasuredFigure, MetricQuery};
use crate::model::DurationStats;
use crate::scenario::{MetricSubject, Quantile};
use crate::trace::format::{format_counted, format_number};
use crate::trace::{RunEnd, Span, Stamp};

impl MetricQuery<'_> {
    pub(super) fn wait_time(&self, part: Quantile) -> Result<MeasuredFigure, String> {
        let (name, lock) = self.lock()?;
        let going_on = lock.waiters().first().map(|(_, since)| self.now.span_since((*since).max(self.settings_since)));
        let wait = lock.recent_wait_times();
        if wait.count() == 0 && going_on.is_none() {
            return Err(format!("nobody waited for lock {name}"));
        }
        let mut value = time_of_part(wait, part);
        if part == Quantile::Max {
            value = value.max(going_on.unwrap_or(Span(0)));
        }
        let waits = format_counted(wait.count(), "wait");
        Ok(MeasuredFigure {
            value: value.0 as f64,
            evidence: format!("lock {name}: {} of {waits} {value}", part_label(part)),
        })
    }

    pub(super) fn latency(&self, part: Quantile) -> Result<MeasuredFigure, String> {
        let (name, pool, _) = self.pool()?;
        let response = pool.recent_tasks().response_times;
        if response.count() == 0 {
            return Err(format!("no task of {name} has ended"));
        }
        let value = time_of_part(response, part);
        let tasks = format_counted(response.count(), "task");
        let evidence = format!("pool {name}: from due to done {value}, {} of {tasks}", part_label(part));
        Ok(MeasuredFigure { value: value.0 as f64, evidence })
    }

    pub(super) fn slowdown(&self) -> Result<MeasuredFigure, String> {
        let (name, pool, _) = self.pool()?;
        let pool = pool.recent_tasks();
        let (itself, result) = (pool.service_times.percentile_ns(50.0), pool.response_times.percentile_ns(50.0));
        if itself == 0 {
            return Err(format!("no task of {name} has ended"));
        }
        let value = result as f64 / itself as f64;
        let evidence = format!(
            "pool {name}: half of the tasks take no longer than {}, half of the results come within {}, {} times that",
            Span(itself),
            Span(result),
            format_number(value)
        );
        Ok(MeasuredFigure { value, evidence })
    }

    pub(super) fn tail_ratio(&self) -> Result<MeasuredFigure, String> {
        let (name, pool, _) = self.pool()?;
        let pool = pool.recent_tasks();
        let (itself, result) = (pool.service_times.percentile_ns(99.0), pool.response_times.percentile_ns(99.0));
        if itself == 0 {
            return Err(format!("no task of {name} has ended"));
        }
        let value = result as f64 / itself as f64;
        let evidence = format!(
            "pool {name}: 99 of 100 tasks take no longer than {}, 99 of 100 results come within {}, {} times that",
            Span(itself),
            Span(result),
            format_number(value)
        );
        Ok(MeasuredFigure { value, evidence })
    }

    /// When the last of them came to its end.
    pub(super) fn group_end_time(&self) -> Result<MeasuredFigure, String> {
        let name = self.subject_name();
        let mut last = Stamp::default();
        let mut lanes = 0;
        for lane in self.lanes() {
            lane.ending().ok_or_else(|| format!("{name} has not ended"))?;
            last = last.max(lane.activity().since);
            lanes += 1;
        }
        if lanes == 0 {
            return Err(format!("no worker of {name} ever ran"));
        }
        let after = last.span_since(Stamp::default());
        let evidence = format!("{name}: the last of {} ended after {after}", format_counted(lanes, "worker"));
        Ok(MeasuredFigure { value: after.0 as f64, evidence })
    }

    pub(super) fn run_time(&self) -> Result<MeasuredFigure, String> {
        match self.model.run_end() {
            Some((at, RunEnd::Completed)) => {
                let after = at.span_since(Stamp::default());
                Ok(MeasuredFigure { value: after.0 as f64, evidence: format!("the run came to its end after {after}") })
            }
            _ => Err("the run did not come to its end".to_owned()),
        }
    }

    fn subject_name(&self) -> &str {
        match self.subject {
            MetricSubject::Workers(at) => self.scenario.groups.get(*at).map_or("?", |group| group.name.as_str()),
            MetricSubject::Pool(at) => self.scenario.pools.get(*at).map_or("?", |pool| pool.name.as_str()),
            MetricSubject::Resource(_) | MetricSubject::All => "all",
        }
    }
}

pub(super) fn time_of_part(times: &DurationStats, part: Quantile) -> Span {
    Span(match part {
        Quantile::Median => times.percentile_ns(50.0),
        Quantile::P99 => times.percentile_ns(99.0),
        Quantile::Max => times.max_ns(),
    })
}

const fn part_label(part: Quantile) -> &'static str {
    match part {
        Quantile::Median => "the median",
        Quantile::P99 => "99 of 100 within",
        Quantile::Max => "the longest",
    }
}
