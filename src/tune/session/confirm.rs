//! What is measured once there is an answer: it again, for longer, and with tasks that come at a rate.

use std::time::Duration;

use super::{Cut, Session, enter};
use crate::tune::curve::Level;
use crate::tune::question::{Experiment, Lab, Load};
use crate::tune::trial::Tried;
use crate::tune::tuning::{Loaded, Long, Tuning};

/// Fresh repetitions for the confirmation, each level.
const FRESH: usize = 4;

/// Parts of the highest rate at which latency is looked at.
const LOADS: [f64; 4] = [0.5, 0.7, 0.8, 0.9];

/// Part of the budget for the repetition that lasts.
const LONG: f64 = 0.15;

/// A repetition shorter than this shows no more than the usual ones.
const LEAST_LONG: Duration = Duration::from_secs(3);

const MOST_LONG: Duration = Duration::from_mins(1);

impl<L: Lab, T: FnMut(&Tuning)> Session<'_, L, T> {
    /// Fresh repetitions at the level and its neighbours: what was chosen because it looked good looks a bit too good. Then
    /// a long one: what changes slowly does not show in short ones.
    pub(super) fn confirm(&mut self, level: f64) -> Result<(), Cut> {
        let values: Vec<f64> = self.tuning.curve.working().map(|level| level.value).collect();
        let Some(at) = values.iter().position(|value| value.total_cmp(&level).is_eq()) else { return Ok(()) };
        let near = values[at.saturating_sub(1)..(at + 2).min(values.len())].to_vec();
        for _ in 0..FRESH {
            let mut order = near.clone();
            self.dice.shuffle(&mut order);
            for level in order {
                let tried = self.attempt(Experiment::of(level, Load::Saturated))?;
                let fresh = self.tuning.confirmed.at(level);
                enter(fresh, tried, self.question.even_disturbed, |level| &mut level.repetitions);
                self.tell();
            }
        }
        self.last(level, Load::Saturated)
    }

    /// One repetition that lasts, if there is time for it.
    pub(super) fn last(&mut self, level: f64, load: Load) -> Result<(), Cut> {
        let lasts = self.question.budget.mul_f64(LONG).min(MOST_LONG);
        let left = self.question.budget.saturating_sub(self.lab.elapsed());
        if lasts < LEAST_LONG || left < lasts {
            return Ok(());
        }
        if let Tried::Measured(repetition, _) = self.attempt(Experiment::lasting(level, load, lasts))? {
            self.tuning.long = Some(Long { level, load, repetition: *repetition });
            self.tell();
        }
        Ok(())
    }

    /// Response times with tasks due at parts of the highest rate.
    pub(super) fn load(&mut self, level: f64) -> Result<(), Cut> {
        let highest = self.tuning.curve.find(level).map_or(0.0, Level::throughput);
        for load in LOADS {
            let per_second = highest * load;
            let repetition = match self.attempt(Experiment::of(level, Load::Due(per_second)))? {
                Tried::Measured(repetition, _) => Some(*repetition),
                _ => None,
            };
            self.tuning.loaded.push(Loaded { level, load, per_second, repetition });
            self.tell();
        }
        Ok(())
    }
}
