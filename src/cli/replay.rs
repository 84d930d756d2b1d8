//! `contend replay`: shows a recorded run again.

use std::io::{self, IsTerminal};

use super::args::ReplayArgs;
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::record::open_recording;
use super::run::{DashboardSettings, dashboard_options, print_report, run_dashboard};
use crate::platform::limits::describe_io_error;
use crate::recording::Damage;
use crate::report::RecordedRun;
use crate::scenario::sanitize;
use crate::tui;

pub(super) fn replay(
    args: &ReplayArgs,
    dashboard: DashboardSettings,
    colours: Colours,
) -> Result<ExitOutcome, CliError> {
    let replayed = read_recording(args)?;
    if args.headless || args.json || !io::stdout().is_terminal() {
        replayed.with_report(|report| print_report(report, args.json, colours))?;
        return Ok(ExitOutcome::Done);
    }
    let RecordedRun { scenario, settings, run, .. } = replayed;
    let start = tui::InitialScreen::Recording { scenario: scenario.into(), settings, model: Box::new(run.model) };
    run_dashboard(start, &dashboard_options(dashboard, colours), &[], colours)
}

fn read_recording(args: &ReplayArgs) -> Result<RecordedRun, CliError> {
    let name = sanitize(&args.file.display().to_string());
    let unusable = |why: String| CliError::Usage(format!("{name} cannot be replayed: {why}"));
    let mut recording = open_recording(&args.file)?;
    let replayed = RecordedRun::replay(&mut recording).map_err(|error| unusable(describe_io_error(&error)))?;
    let replayed = replayed.ok_or_else(|| unusable("it is not the recording of a scenario".to_owned()))?;
    if let Some(damage) = recording.damage() {
        let what = match damage {
            Damage::Cut => "is cut off: its program was killed, or the disk was full",
            Damage::Changed => "is damaged",
        };
        let until = replayed.run.ended_at.as_secs_f64();
        output::print_stderr(&format!("{name} {what}. What it has of the run ends at {until:.3} s.\n"));
    }
    if let Some(begins_at) = replayed.begins_at {
        let since = begins_at.as_secs_f64();
        output::print_stderr(&format!(
            "{name} begins {since:.3} s after the start of the run. Earlier events are missing: they are counted as \
             lost, and expectations are not judged.\n"
        ));
    }
    Ok(replayed)
}
