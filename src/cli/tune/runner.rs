//! Runs the experiments of a scenario or of a program.

use std::time::Duration;

use crate::cli::exit::CliError;
use crate::tune::{
    Experiment, ExperimentRunner, LiveExperimentRunner, Preflight, ProgramExperimentRunner, TrialOutcome, WorkUnit,
};

#[derive(Debug)]
pub(super) enum SweepRunner<S> {
    Scenario(LiveExperimentRunner<S>),
    Program(ProgramExperimentRunner<S>),
}

impl<S: Fn() -> bool> SweepRunner<S> {
    pub(super) const fn work(&self) -> &WorkUnit {
        match self {
            Self::Scenario(runner) => runner.work(),
            Self::Program(runner) => runner.work(),
        }
    }

    pub(super) fn check_machine(&self) -> Preflight {
        match self {
            Self::Scenario(runner) => runner.check_machine(),
            Self::Program(runner) => runner.check_machine(),
        }
    }

    /// Finds out what to count, if that takes runs.
    pub(super) fn choose_work(&mut self, range: (f64, f64), budget: Duration) -> Result<(), CliError> {
        match self {
            Self::Scenario(_) => Ok(()),
            Self::Program(runner) => {
                runner.choose_work(range, budget).map_err(|error| CliError::Run(error.to_string()))
            }
        }
    }
}

impl<S: Fn() -> bool> ExperimentRunner for SweepRunner<S> {
    fn run(&mut self, experiment: Experiment) -> TrialOutcome {
        match self {
            Self::Scenario(runner) => runner.run(experiment),
            Self::Program(runner) => runner.run(experiment),
        }
    }

    fn elapsed(&self) -> Duration {
        match self {
            Self::Scenario(runner) => runner.elapsed(),
            Self::Program(runner) => runner.elapsed(),
        }
    }

    fn is_stopped(&self) -> bool {
        match self {
            Self::Scenario(runner) => runner.is_stopped(),
            Self::Program(runner) => runner.is_stopped(),
        }
    }

    fn can_last(&self) -> bool {
        match self {
            Self::Scenario(runner) => runner.can_last(),
            Self::Program(runner) => runner.can_last(),
        }
    }

    fn time_untraced(&mut self, level: f64, time_left: Duration) -> Option<f64> {
        match self {
            Self::Scenario(runner) => runner.time_untraced(level, time_left),
            Self::Program(runner) => runner.time_untraced(level, time_left),
        }
    }
}
