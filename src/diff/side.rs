//! One side of a comparison: runs of the same scenario with the same settings.

use thiserror::Error;

use super::run_report::RunReport;

/// Runs that are equal but for chance.
#[derive(Debug, Clone)]
pub struct Side {
    runs: Vec<(String, RunReport)>,
}

/// The reason why runs cannot be one side of a comparison. Every name is safe to print.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum SideError {
    #[error("there is no run to compare")]
    Empty,
    #[error("{0} is a run of {1}, but {2} is one of {3}; each side of a comparison has runs of one scenario")]
    Scenarios(String, String, String, String),
    #[error("{0} has {1}, but {2} has {3}; the runs of each side have the same settings")]
    Settings(String, String, String, String),
}

impl Side {
    /// Combines runs, each with the name of its file.
    ///
    /// # Errors
    /// If they are not equal.
    pub fn new(runs: Vec<(String, RunReport)>) -> Result<Self, SideError> {
        let Some((first_name, first)) = runs.first() else { return Err(SideError::Empty) };
        for (name, run) in &runs[1..] {
            let names = || (first_name.clone(), name.clone());
            if run.scenario != first.scenario {
                let (a, b) = names();
                return Err(SideError::Scenarios(a, first.scenario.clone(), b, run.scenario.clone()));
            }
            if let Some((knob, a_value, b_value)) = different_settings(first, run).next() {
                let (a, b) = names();
                return Err(SideError::Settings(a, format!("{knob}={a_value}"), b, format!("{knob}={b_value}")));
            }
        }
        Ok(Self { runs })
    }

    /// Returns the reports with the names of their files.
    pub fn runs(&self) -> &[(String, RunReport)] {
        &self.runs
    }

    /// Returns the number of runs, at least one.
    pub const fn count(&self) -> usize {
        self.runs.len()
    }

    /// Returns one of the runs, for what they have in common.
    pub fn first(&self) -> &RunReport {
        &self.runs[0].1
    }

    pub(super) fn reports(&self) -> impl Iterator<Item = &RunReport> {
        self.runs.iter().map(|(_, run)| run)
    }
}

/// Returns the knobs with different values, and both values. A knob that only one run has is `-` in the other.
pub(super) fn different_settings<'a>(
    a: &'a RunReport,
    b: &'a RunReport,
) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
    let value = |run: &'a RunReport, knob: &str| run.params.get(knob).map_or("-", String::as_str);
    let only_b = b.params.keys().filter(|knob| !a.params.contains_key(*knob));
    let knobs = a.params.keys().chain(only_b);
    knobs.map(move |knob| (knob.as_str(), value(a, knob), value(b, knob))).filter(|(_, a, b)| a != b)
}
