//! From a run to its recording, and from a recording back to the run.

use std::io::{Read, Seek};
use std::sync::Arc;

use super::follow::FinishedRun;
use super::{Report, judge_expectations};
use crate::model::{Budget, FindingOptions, Model, SplitFindings, Thresholds};
use crate::platform::Machine;
use crate::recording::{Conclusion, Recording, RunDescription};
use crate::scenario::{Scenario, Settings};
use crate::source::Header;
use crate::trace::{RunEnd, Span, Stamp};

/// Returns the description of a run with which its recording begins.
pub fn describe_run(header: &Header, time_limit: Option<Span>) -> RunDescription {
    RunDescription {
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        title: header.title.clone(),
        machine: header.machine.clone(),
        registry: (*header.registry).clone(),
        run: header.run.as_ref().map(|run| (Scenario::clone(&run.scenario), run.settings.clone())),
        time_limit,
        begins_at: None,
    }
}

/// Applies all messages of a recording to a model. Of a damaged file, those before the damage.
///
/// # Errors
/// If the file cannot be read.
pub fn replay_recording<R: Read + Seek>(
    recording: &mut Recording<R>,
    thresholds: Thresholds,
) -> std::io::Result<FinishedRun> {
    let registry = Arc::new(recording.description().registry.clone());
    let budget = Budget::for_registry(&registry);
    let mut model = Model::new(registry, budget).with_thresholds(thresholds);
    for section in 0..recording.sections().len() {
        let Some(messages) = recording.read_messages(section)? else { break };
        for message in &messages {
            model.apply(message);
        }
    }
    let Conclusion { at, ended, signal } = end_of_recording(recording, &model);
    Ok(FinishedRun { model, ended, ended_at: at, signal, recording: None })
}

/// A recorded run of a scenario, after its end.
#[derive(Debug)]
pub struct RecordedRun {
    pub scenario: Scenario,
    pub settings: Settings,
    pub machine: Machine,
    pub time_limit: Option<Span>,
    /// The moment at which the recording begins, if that is not the beginning of the run.
    pub begins_at: Option<Stamp>,
    pub run: FinishedRun,
    /// Which findings are muted. Their thresholds are those of the model.
    pub options: FindingOptions,
}

impl RecordedRun {
    /// Replays a recording to its end, or to its damage. Returns `None` if it is not the recording of a scenario.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn replay<R: Read + Seek>(
        recording: &mut Recording<R>,
        options: FindingOptions,
    ) -> std::io::Result<Option<Self>> {
        let run = replay_recording(recording, options.thresholds)?;
        let description = recording.description();
        let Some((scenario, settings)) = description.run.clone() else { return Ok(None) };
        let (machine, time_limit) = (description.machine.clone(), description.time_limit);
        let begins_at = description.begins_at;
        Ok(Some(Self { scenario, settings, machine, time_limit, begins_at, run, options }))
    }

    /// Calls `use_report` with the report of the run. Without its beginning, no expectation is judged.
    pub fn with_report<T>(&self, use_report: impl FnOnce(&Report<'_>) -> T) -> T {
        let Self { scenario, settings, machine, time_limit, begins_at, run, options } = self;
        let SplitFindings { listed, muted } = options.split(run.model.findings(run.ended_at));
        let mut verdicts = judge_expectations(&run.model, scenario, settings, run.ended_at);
        if begins_at.is_some() {
            verdicts.clear();
        }
        use_report(&Report {
            model: &run.model,
            scenario,
            settings,
            machine,
            ended: &run.ended,
            ended_at: run.ended_at,
            time_limit: *time_limit,
            findings: &listed,
            muted: &muted,
            verdicts: &verdicts,
        })
    }
}

/// Returns how a recorded run ended, given the model after all its messages. Of a recording without conclusion, where
/// its data ends.
pub fn end_of_recording<R: Read + Seek>(recording: &Recording<R>, model: &Model) -> Conclusion {
    if let Some(conclusion) = recording.conclusion().filter(|_| recording.damage().is_none()) {
        return conclusion.clone();
    }
    let (at, ended) = match model.run_end() {
        Some((at, ended)) => (at, ended.clone()),
        None => (model.complete_until().unwrap_or_else(|| model.newest_stamp()), RunEnd::Stopped),
    };
    Conclusion { at, ended, signal: None }
}
