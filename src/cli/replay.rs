//! `contend replay`: shows a recorded run again.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use super::args::ReplayArgs;
use super::dashboard::run_dashboard;
use super::dashboard::{DashboardSettings, dashboard_options};
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::record::open_recording;
use super::report_output::print_report;
use crate::platform::limits::describe_io_error;
use crate::recording::{Damage, Recording};
use crate::report::RecordedRun;
use crate::scenario::sanitize;
use crate::trace::Stamp;
use crate::tui;

pub(super) fn replay(
    args: &ReplayArgs,
    dashboard: DashboardSettings<'_>,
    colours: Colours,
) -> Result<ExitOutcome, CliError> {
    let recording = open_recording(&args.file)?;
    if args.headless || args.json || !io::stdout().is_terminal() {
        let replayed = read_whole(recording, args)?;
        replayed.with_report(|report| print_report(report, args.json, colours))?;
        return Ok(ExitOutcome::Done);
    }
    let run = playable_run(recording, args)?;
    let start = tui::InitialScreen::Recording(Box::new(run));
    let options = tui::Options { findings: args.findings.options(), ..dashboard_options(dashboard)? };
    run_dashboard(start, &options, &[], colours, &tui::LiveStarter)
}

/// Returns a recording as the dashboard plays it. Only its ends are read here.
fn playable_run(recording: Recording, args: &ReplayArgs) -> Result<tui::PlayableRun, CliError> {
    let description = recording.description();
    let Some((scenario, settings)) = description.run.clone() else { return Err(no_scenario(&args.file)) };
    let end = recording.sections().iter().map(|section| section.last).max().unwrap_or_default();
    Ok(tui::PlayableRun {
        scenario: Arc::new(scenario),
        settings,
        registry: Arc::new(description.registry.clone()),
        conclusion: recording.conclusion().cloned().filter(|_| recording.damage().is_none()),
        machine: description.machine.clone(),
        time_limit: description.time_limit,
        begins_at: description.begins_at,
        start: tui::PlaybackStart { from: args.from, speed: args.speed },
        warning: recording
            .damage()
            .map(|damage| describe_damage(&args.file, damage, end))
            .or_else(|| description.begins_at.map(|begins_at| describe_beginning(&args.file, begins_at))),
        tape: Box::new(recording),
    })
}

fn read_whole(mut recording: Recording, args: &ReplayArgs) -> Result<RecordedRun, CliError> {
    let file = args.file.as_path();
    let replayed = RecordedRun::replay(&mut recording, args.findings.options())
        .map_err(|error| unusable(file, &describe_io_error(&error)))?;
    let replayed = replayed.ok_or_else(|| no_scenario(file))?;
    if let Some(damage) = recording.damage() {
        output::print_stderr(&format!("{}\n", describe_damage(file, damage, replayed.run.ended_at)));
    }
    if let Some(begins_at) = replayed.begins_at {
        output::print_stderr(&format!("{}\n", describe_beginning(file, begins_at)));
    }
    Ok(replayed)
}

fn no_scenario(file: &Path) -> CliError {
    unusable(file, "it is not the recording of a scenario")
}

fn unusable(file: &Path, why: &str) -> CliError {
    CliError::Usage(format!("{} cannot be replayed: {why}", sanitize(&file.display().to_string())))
}

/// Returns what a recording lacks that begins during the run.
fn describe_beginning(file: &Path, begins_at: Stamp) -> String {
    format!(
        "{} begins {:.3} s after the start of the run. Earlier events are missing: they are counted as lost, and \
         expectations are not judged.",
        sanitize(&file.display().to_string()),
        begins_at.as_secs_f64()
    )
}

/// Describes the damage of a file whose run can be read up to `until`.
fn describe_damage(file: &Path, damage: Damage, until: Stamp) -> String {
    let name = sanitize(&file.display().to_string());
    let what = match damage {
        Damage::Cut => "is cut off: its program was killed, or the disk was full",
        Damage::Changed => "is damaged",
    };
    format!("{name} {what}. What it has of the run ends at {:.3} s.", until.as_secs_f64())
}
