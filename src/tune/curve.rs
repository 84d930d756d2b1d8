//! What was measured so far, level by level.

use std::sync::Arc;

use super::repetition::{Percentiles, Repetition};
use super::stats::{Interval, confidence_interval, mean, median};
use crate::model::{Model, StateTimes};

/// Part of a core that others may keep busy before a repetition is no measure of anything.
pub const MAX_OTHERS_CORES: f64 = 0.20;

/// All that was seen at one value of the knob.
#[derive(Debug, Clone, Default)]
pub struct Level {
    pub value: f64,
    /// Those that nobody disturbed.
    pub repetitions: Vec<Repetition>,
    /// Those that others disturbed.
    pub disturbed: Vec<Repetition>,
    /// Those with tasks arriving as the scenario says.
    pub arrival_repetitions: Vec<Repetition>,
    /// Why it could not do its work.
    pub failures: Vec<String>,
    /// The newest run, to look at.
    pub model: Option<Arc<Model>>,
}

/// Throughput and more over the values of a knob, in their order.
#[derive(Debug, Clone, Default)]
pub struct Curve {
    levels: Vec<Level>,
}

impl Level {
    fn new(value: f64) -> Self {
        Self { value, ..Self::default() }
    }

    pub fn is_working(&self) -> bool {
        self.failures.is_empty() && !self.repetitions.is_empty()
    }

    pub fn throughputs(&self) -> Vec<f64> {
        self.repetitions.iter().map(|repetition| repetition.throughput).collect()
    }

    /// Mean over the repetitions, 1/s.
    pub fn throughput(&self) -> f64 {
        mean(&self.throughputs())
    }

    /// 95 % interval of the throughput.
    pub fn interval(&self) -> Option<Interval> {
        confidence_interval(&self.throughputs())
    }

    /// The mean over the repetitions of a figure that all of them have.
    pub fn mean(&self, of: impl Fn(&Repetition) -> f64) -> f64 {
        mean(&self.repetitions.iter().map(of).collect::<Vec<_>>())
    }

    /// The median over the repetitions of each percentile: percentiles are not averaged.
    pub fn percentiles(&self, of: impl Fn(&Repetition) -> Option<Percentiles>) -> Option<Percentiles> {
        Self::median_percentiles(self.repetitions.iter().filter_map(of).collect())
    }

    /// Response times with tasks arriving as the scenario says.
    pub fn arrival_response(&self) -> Option<Percentiles> {
        Self::median_percentiles(self.arrival_repetitions.iter().filter_map(|one| one.response).collect())
    }

    #[expect(clippy::needless_pass_by_value, reason = "made for it")]
    fn median_percentiles(all: Vec<Percentiles>) -> Option<Percentiles> {
        let middle = |what: fn(&Percentiles) -> f64| median(&all.iter().map(what).collect::<Vec<_>>());
        let max = all.iter().map(|p| p.max).fold(0.0, f64::max);
        (!all.is_empty()).then(|| Percentiles {
            p50: middle(|p| p.p50),
            p90: middle(|p| p.p90),
            p99: middle(|p| p.p99),
            max,
        })
    }

    /// Time by state of all repetitions together, and how much work that was.
    pub fn time_by_state(&self) -> (StateTimes, u64) {
        let mut sum = StateTimes::default();
        self.repetitions.iter().for_each(|repetition| sum.add(&repetition.time_by_state));
        (sum, self.repetitions.iter().map(|repetition| repetition.done).sum())
    }
}

impl Curve {
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// The level at `value`, made if it is new.
    pub fn level_mut(&mut self, value: f64) -> &mut Level {
        let place = self.levels.partition_point(|level| level.value < value);
        if self.levels.get(place).is_none_or(|level| level.value > value) {
            self.levels.insert(place, Level::new(value));
        }
        &mut self.levels[place]
    }

    pub fn find(&self, value: f64) -> Option<&Level> {
        self.levels.iter().find(|level| (level.value - value).abs() <= value.abs() * 1e-9)
    }

    /// Levels that could do their work.
    pub fn working_levels(&self) -> impl Iterator<Item = &Level> {
        self.levels.iter().filter(|level| level.is_working())
    }

    /// The nearest level below `value` that was measured, whether it works or not.
    pub fn level_below(&self, value: f64) -> Option<&Level> {
        self.levels.iter().rev().find(|level| level.value < value)
    }

    /// Neighbours of which one works and the other does not, in their order.
    pub fn working_borders(&self) -> impl Iterator<Item = (&Level, &Level)> {
        let fails = |level: &Level| !level.failures.is_empty();
        self.levels.windows(2).map(|pair| (&pair[0], &pair[1])).filter(move |(a, b)| fails(a) != fails(b))
    }

    /// The level with the highest throughput.
    pub fn best(&self) -> Option<&Level> {
        self.working_levels().max_by(|a, b| a.throughput().total_cmp(&b.throughput()))
    }

    /// Part of all repetitions that others disturbed.
    pub fn disturbed_share(&self) -> f64 {
        let sum = |of: fn(&Level) -> usize| self.levels.iter().map(of).sum::<usize>() as f64;
        let (good, bad) = (sum(|level| level.repetitions.len()), sum(|level| level.disturbed.len()));
        if good + bad > 0.0 { bad / (good + bad) } else { 0.0 }
    }
}
