//! The response times of the two sides of a comparison.

use super::{ComparedRun, RunView};
use crate::model::Model;
use crate::trace::PoolId;
use crate::tui::figures::{Percentiles, TaskTimes};

/// The response times of a pool on both sides; `None` where no task ended.
pub(in crate::tui) struct ComparedResponses {
    pub(in crate::tui) pool: String,
    pub(in crate::tui) sides: [Option<Percentiles>; 2],
}

impl RunView {
    /// Returns the response times of each pool, the older side first: those at the settings in force at the end of
    /// each side.
    pub(in crate::tui) fn compared_responses(&self) -> Vec<ComparedResponses> {
        let Some(compared) = &self.compared else { return Vec::new() };
        let before = match compared {
            ComparedRun::BeforeKnob => self.last_turn().map(|turn| self.totals_history.totals_at(turn.at)),
            ComparedRun::Recording(_) => None,
        };
        let registry = self.shown_model().registry();
        let pools = self.figures.pools.iter().filter_map(|(id, pool)| {
            let name = &registry.pools.get(id.index())?.name;
            let earlier = match compared {
                ComparedRun::BeforeKnob => before.as_ref().and_then(|totals| totals.pool_figures(*id).task_times),
                ComparedRun::Recording(other) => task_times(&other.model, name),
            };
            let sides = [earlier, pool.task_times].map(|times| times.map(|times| times.response));
            sides.iter().any(Option::is_some).then(|| ComparedResponses { pool: name.clone(), sides })
        });
        pools.collect()
    }
}

/// Returns the times of the pool with this name at the end of a run.
fn task_times(model: &Model, name: &str) -> Option<TaskTimes> {
    let pool = model.registry().pools.iter().position(|pool| pool.name == name)?;
    let tasks = model.pool(PoolId::from(pool))?.recent_tasks();
    TaskTimes::of(tasks.response_times, tasks.service_times)
}
