//! The measured curve: the repetitions of each level.

use std::sync::Arc;

use super::repetition::{Repetition, RepetitionPercentiles};
use super::stats::{Interval, confidence_interval, mean, median};
use crate::model::{Model, StateTimes};
use crate::trace::State;

/// Cores that other programs may keep busy before a repetition counts as disturbed.
pub const MAX_OTHERS_CORES: f64 = 0.20;

/// States of a live worker, in the order shown: work, its obstacles, waiting.
pub const LIVE_STATES: [State; 11] = [
    State::Running,
    State::Ready,
    State::Gil,
    State::OffCore,
    State::Lock,
    State::Io,
    State::Sleep,
    State::Signal,
    State::Full,
    State::Handover,
    State::Empty,
];

/// The measurements at one value of the knob.
#[derive(Debug, Clone, Default)]
pub struct Level {
    pub value: f64,
    /// Undisturbed repetitions.
    pub repetitions: Vec<Repetition>,
    /// Repetitions that other programs disturbed.
    pub disturbed: Vec<Repetition>,
    /// Repetitions with the scenario's own arrivals.
    pub arrival_repetitions: Vec<Repetition>,
    /// Why the scenario failed at this level.
    pub failures: Vec<String>,
    /// The model of the newest run, for display.
    pub model: Option<Arc<Model>>,
}

/// The levels of a knob, in ascending order.
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

    /// Returns the mean throughput of the repetitions, 1/s.
    pub fn throughput(&self) -> f64 {
        mean(&self.throughputs())
    }

    /// Returns the 95 % interval of the throughput.
    pub fn interval(&self) -> Option<Interval> {
        confidence_interval(&self.throughputs())
    }

    /// Returns how long a run of a program takes, s; the mean of the repetitions.
    pub fn mean_run_secs(&self) -> Option<f64> {
        let all: Vec<f64> = self.repetitions.iter().filter_map(|repetition| repetition.run_secs).collect();
        (!all.is_empty()).then(|| mean(&all))
    }

    /// Returns the mean of a figure over the repetitions.
    pub fn mean(&self, of: impl Fn(&Repetition) -> f64) -> f64 {
        mean(&self.repetitions.iter().map(of).collect::<Vec<_>>())
    }

    /// Returns the median of each percentile over the repetitions: percentiles are not averaged.
    pub fn percentiles(
        &self,
        of: impl Fn(&Repetition) -> Option<RepetitionPercentiles>,
    ) -> Option<RepetitionPercentiles> {
        Self::median_percentiles(self.repetitions.iter().filter_map(of).collect())
    }

    /// Returns the response times with the scenario's own arrivals.
    pub fn arrival_response(&self) -> Option<RepetitionPercentiles> {
        Self::median_percentiles(self.arrival_repetitions.iter().filter_map(|one| one.response).collect())
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers collect it for this call")]
    fn median_percentiles(all: Vec<RepetitionPercentiles>) -> Option<RepetitionPercentiles> {
        let middle = |what: fn(&RepetitionPercentiles) -> f64| median(&all.iter().map(what).collect::<Vec<_>>());
        let max = all.iter().map(|p| p.max).fold(0.0, f64::max);
        (!all.is_empty()).then(|| RepetitionPercentiles {
            p50: middle(|p| p.p50),
            p90: middle(|p| p.p90),
            p99: middle(|p| p.p99),
            max,
        })
    }

    /// Returns the time by state of all repetitions together, and the work done in it.
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

    /// Returns the level at `value`, and adds it if it is new.
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

    /// Returns the levels that work.
    pub fn working_levels(&self) -> impl Iterator<Item = &Level> {
        self.levels.iter().filter(|level| level.is_working())
    }

    /// Returns the nearest measured level below `value`, working or failing.
    pub fn level_below(&self, value: f64) -> Option<&Level> {
        self.levels.iter().rev().find(|level| level.value < value)
    }

    /// Returns the pairs of neighbours of which one works and the other fails, in ascending order.
    pub fn working_borders(&self) -> impl Iterator<Item = (&Level, &Level)> {
        let fails = |level: &Level| !level.failures.is_empty();
        self.levels.windows(2).map(|pair| (&pair[0], &pair[1])).filter(move |(a, b)| fails(a) != fails(b))
    }

    /// Returns the level with the highest throughput.
    pub fn best(&self) -> Option<&Level> {
        self.working_levels().max_by(|a, b| a.throughput().total_cmp(&b.throughput()))
    }

    /// Returns the share of repetitions that other programs disturbed.
    pub fn disturbed_share(&self) -> f64 {
        let sum = |of: fn(&Level) -> usize| self.levels.iter().map(of).sum::<usize>() as f64;
        let (good, bad) = (sum(|level| level.repetitions.len()), sum(|level| level.disturbed.len()));
        if good + bad > 0.0 { bad / (good + bad) } else { 0.0 }
    }
}
