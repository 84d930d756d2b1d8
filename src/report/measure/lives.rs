//! Figures of workers that others spawn.

use std::collections::BTreeSet;

use super::{Measured, Who};
use crate::model::{Ending, Lane};
use crate::report::words::many;
use crate::scenario::Subject;
use crate::trace::{Death, Span, WorkerId};

impl Who<'_> {
    /// The median time that the workers of a group took to start: of its lanes, that in the middle. Of a pool, the median
    /// time that a task waited for a worker.
    pub(super) fn startup(&self) -> Result<Measured, String> {
        let Subject::Workers(at) = self.of else { return self.waited() };
        let name = self.scenario.workers.get(*at).map_or("?", |group| group.name.as_str());
        let cast = self.model.cast();
        let lanes = (0..cast.workers.len()).filter(|w| cast.workers[*w].group == name).map(WorkerId::from);
        let starts = lanes.filter_map(|w| Some(self.model.life(w)?.starts())).filter(|starts| starts.count() > 0);
        let mut medians: Vec<u64> = starts.map(|starts| starts.percentile(50.0)).collect();
        medians.sort_unstable();
        let median = medians.get(medians.len() / 2).copied().ok_or_else(|| format!("no {name} was ever spawned"))?;
        let evidence = format!("{name}: {} from being asked for to the first moment, the median", Span(median));
        Ok(Measured { value: median as f64, evidence })
    }

    fn waited(&self) -> Result<Measured, String> {
        let (name, pool, _) = self.pool()?;
        if pool.waited().count() == 0 {
            return Err(format!("no task of {name} has begun"));
        }
        let median = pool.waited().percentile(50.0);
        let evidence = format!("{name}: {} from when a task was due to its begin, the median", Span(median));
        Ok(Measured { value: median as f64, evidence })
    }

    pub(super) fn lives(&self) -> Measured {
        let (lanes, lives) = self.lanes().fold((0, 0), |(n, sum), lane| (n + 1, sum + u64::from(lane.lives())));
        Measured { value: lives as f64, evidence: format!("{} on {}", many(lives, "life"), many(lanes, "lane")) }
    }

    pub(super) fn in_use(&self) -> Measured {
        let lanes = self.lanes().filter(|lane| lane.lives() > 0).count() as u64;
        Measured { value: lanes as f64, evidence: format!("{} ever had a worker", many(lanes, "lane")) }
    }

    /// How many different ones they run in; a task of an event loop has none of its own.
    pub(super) fn at_home(&self, what: &str, number: impl Fn(&Lane) -> Option<u32>) -> Measured {
        let homes: BTreeSet<u32> = self.lanes().filter_map(number).collect();
        let evidence = format!("{what}: {}, of {}", homes.len(), many(self.lanes().count() as u64, "worker"));
        Measured { value: homes.len() as f64, evidence }
    }

    pub(super) fn cut_off(&self) -> Measured {
        let is_cut = |lane: &&Lane| lane.ended() == Some(Ending::Died(Death::CutOff));
        let (cut, all) = (self.lanes().filter(is_cut).count() as u64, self.lanes().count() as u64);
        Measured { value: cut as f64, evidence: format!("{cut} of {} cut off", many(all, "worker")) }
    }
}
