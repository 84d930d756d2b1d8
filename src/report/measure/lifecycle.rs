//! Figures of workers' lives: start-up times, lives, lanes, processes and cut-off workers.

use std::collections::BTreeSet;

use super::{MeasuredFigure, MetricQuery};
use crate::model::{Lane, LifeEnd};
use crate::scenario::MetricSubject;
use crate::trace::format::format_counted;
use crate::trace::{DeathCause, Span, WorkerId};

impl MetricQuery<'_> {
    /// Measures the median start-up time of a group's workers: the middle one of its lanes' medians. For a pool, the
    /// median time that a task waited for a worker.
    pub(super) fn startup_time(&self) -> Result<MeasuredFigure, String> {
        let MetricSubject::Workers(at) = self.subject else { return self.median_task_wait() };
        let name = self.scenario.groups.get(*at).map_or("?", |group| group.name.as_str());
        let registry = self.model.registry();
        let lanes = (0..registry.workers.len()).filter(|w| registry.workers[*w].group == name).map(WorkerId::from);
        let starts =
            lanes.filter_map(|w| Some(self.model.life(w)?.recent_start_delays())).filter(|starts| starts.count() > 0);
        let mut medians: Vec<u64> = starts.map(|starts| starts.percentile_ns(50.0)).collect();
        medians.sort_unstable();
        let median = medians.get(medians.len() / 2).copied().ok_or_else(|| format!("no {name} was ever spawned"))?;
        let evidence = format!("{name}: median {} from spawn to start", Span(median));
        Ok(MeasuredFigure { value: median as f64, evidence })
    }

    fn median_task_wait(&self) -> Result<MeasuredFigure, String> {
        let (name, pool, _) = self.pool()?;
        let waited = pool.recent_tasks().wait_times;
        if waited.count() == 0 {
            return Err(format!("no task of {name} has begun"));
        }
        let median = waited.percentile_ns(50.0);
        let evidence = format!("{name}: median {} from a task's due time to its start", Span(median));
        Ok(MeasuredFigure { value: median as f64, evidence })
    }

    pub(super) fn life_count(&self) -> MeasuredFigure {
        let (lanes, lives) = self.lanes().fold((0, 0), |(n, sum), lane| (n + 1, sum + u64::from(lane.life_count())));
        MeasuredFigure {
            value: lives as f64,
            evidence: format!("{} on {}", format_counted(lives, "life"), format_counted(lanes, "lane")),
        }
    }

    pub(super) fn lanes_in_use(&self) -> MeasuredFigure {
        let lanes = self.lanes().filter(|lane| lane.life_count() > 0).count() as u64;
        MeasuredFigure { value: lanes as f64, evidence: format!("{} had a worker", format_counted(lanes, "lane")) }
    }

    /// Counts the distinct processes or threads of the workers. A task of an event loop has none of its own.
    pub(super) fn distinct_ids(&self, what: &str, number: impl Fn(&Lane) -> Option<u32>) -> MeasuredFigure {
        let ids: BTreeSet<u32> = self.lanes().filter_map(number).collect();
        let evidence = format!("{what}: {} for {}", ids.len(), format_counted(self.lanes().count() as u64, "worker"));
        MeasuredFigure { value: ids.len() as f64, evidence }
    }

    pub(super) fn cut_off_count(&self) -> MeasuredFigure {
        let is_cut = |lane: &&Lane| lane.ending() == Some(LifeEnd::Died(DeathCause::CutOff));
        let (cut, all) = (self.lanes().filter(is_cut).count() as u64, self.lanes().count() as u64);
        MeasuredFigure { value: cut as f64, evidence: format!("{cut} of {} cut off", format_counted(all, "worker")) }
    }
}
