//! Waiting times, response times, and when workers and runs ended.

use super::{MeasuredFigure, MetricQuery};
use crate::model::DurationStats;
use crate::scenario::{MetricSubject, Quantile};
use crate::trace::format::{format_counted, format_number};
use crate::trace::{RunEnd, Span, Stamp};

impl MetricQuery<'_> {
    pub(super) fn wait_time(&self, part: Quantile) -> Result<MeasuredFigure, String> {
        if let Some(stay) = self.item_stay(part) {
            return stay;
        }
        let (name, lock) = self.lock()?;
        let ongoing_wait =
            lock.waiters().first().map(|(_, since)| self.now.span_since((*since).max(self.settings_since)));
        let wait = lock.recent_wait_times();
        if wait.count() == 0 && ongoing_wait.is_none() {
            return Err(format!("no worker waited for lock {name}"));
        }
        let mut value = time_of_part(wait, part);
        if part == Quantile::Max {
            value = value.max(ongoing_wait.unwrap_or(Span(0)));
        }
        let waits = format_counted(wait.count(), "wait");
        Ok(MeasuredFigure {
            value: value.0 as f64,
            evidence: format!("lock {name}: {} wait {value}, {waits} ended", part_label(part)),
        })
    }

    /// Measures how long items stay in a queue; `None` for another subject.
    fn item_stay(&self, part: Quantile) -> Option<Result<MeasuredFigure, String>> {
        let (name, id) = self.resource().ok()?;
        let queue = self.model.queue(id)?;
        let Some(stays) = queue.stays() else {
            return Some(Err(format!("the items of {name} have no priorities, so how long they stay is not recorded")));
        };
        let oldest = queue.priorities().filter_map(|(_, items)| items.oldest_wait(self.now)).max();
        if stays.count() == 0 && oldest.is_none() {
            return Some(Err(format!("no item was put into {name}")));
        }
        let mut value = time_of_part(&stays, part);
        if part == Quantile::Max {
            value = value.max(oldest.unwrap_or(Span(0)));
        }
        let items = format_counted(stays.count(), "item");
        let evidence = format!("queue {name}: {} stay {value}, {items} taken", part_label(part));
        Some(Ok(MeasuredFigure { value: value.0 as f64, evidence }))
    }

    pub(super) fn latency(&self, part: Quantile) -> Result<MeasuredFigure, String> {
        let (name, pool, _) = self.pool()?;
        let response = pool.recent_tasks().response_times;
        if response.count() == 0 {
            return Err(format!("no task of {name} has ended"));
        }
        let value = time_of_part(response, part);
        let tasks = format_counted(response.count(), "task");
        let evidence = format!("pool {name}: {} {value} from due to done, {tasks}", part_label(part));
        Ok(MeasuredFigure { value: value.0 as f64, evidence })
    }

    pub(super) fn slowdown(&self) -> Result<MeasuredFigure, String> {
        self.response_ratio("median", 50.0)
    }

    pub(super) fn tail_ratio(&self) -> Result<MeasuredFigure, String> {
        self.response_ratio("p99", 99.0)
    }

    /// Measures how many times as long as a task itself the time from due to done is, for a part of all times.
    fn response_ratio(&self, part: &str, percent: f64) -> Result<MeasuredFigure, String> {
        let (name, pool, _) = self.pool()?;
        let pool = pool.recent_tasks();
        let (itself, result) = (pool.service_times.percentile_ns(percent), pool.response_times.percentile_ns(percent));
        if itself == 0 {
            return Err(format!("no task of {name} has ended"));
        }
        let value = result as f64 / itself as f64;
        let evidence = format!(
            "pool {name}: {part} service time {}, {part} response time {}, {} times as long",
            Span(itself),
            Span(result),
            format_number(value)
        );
        Ok(MeasuredFigure { value, evidence })
    }

    /// Measures when the last worker of the group ended.
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
                Ok(MeasuredFigure { value: after.0 as f64, evidence: format!("the run finished after {after}") })
            }
            _ => Err("the run did not finish".to_owned()),
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
        Quantile::Median => "median",
        Quantile::P99 => "p99",
        Quantile::Max => "longest",
    }
}
