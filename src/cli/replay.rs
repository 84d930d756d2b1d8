//! `contend replay`: shows a recorded run again.

use std::io::{self, IsTerminal};

use super::args::ReplayArgs;
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::record::open_recording;
use super::run::{DashboardSettings, dashboard_options, print_report, run_dashboard};
use crate::platform::limits::describe_io_error;
use crate::recording::Damage;
use crate::report::{self, FinishedRun};
use crate::scenario::{Scenario, Settings, sanitize};
use crate::trace::Span;
use crate::tui;

/// A recording that has been read.
struct ReplayedRun {
    scenario: Scenario,
    settings: Settings,
    machine: crate::platform::Machine,
    time_limit: Option<Span>,
    run: FinishedRun,
}

pub(super) fn replay(
    args: &ReplayArgs,
    dashboard: DashboardSettings,
    colours: Colours,
) -> Result<ExitOutcome, CliError> {
    let replayed = read_recording(args)?;
    if args.headless || args.json || !io::stdout().is_terminal() {
        return print_replayed(&replayed, args, colours);
    }
    let ReplayedRun { scenario, settings, run, .. } = replayed;
    let start = tui::InitialScreen::Recording { scenario: scenario.into(), settings, model: Box::new(run.model) };
    run_dashboard(start, &dashboard_options(dashboard, colours), &[], colours)
}

fn read_recording(args: &ReplayArgs) -> Result<ReplayedRun, CliError> {
    let name = sanitize(&args.file.display().to_string());
    let unusable = |why: String| CliError::Usage(format!("{name} cannot be replayed: {why}"));
    let mut recording = open_recording(&args.file)?;
    let run = report::replay_recording(&mut recording).map_err(|error| unusable(describe_io_error(&error)))?;
    if let Some(damage) = recording.damage() {
        let what = match damage {
            Damage::Cut => "is cut off: its program was killed, or the disk was full",
            Damage::Changed => "is damaged",
        };
        let until = run.ended_at.as_secs_f64();
        output::print_stderr(&format!("{name} {what}. What it has of the run ends at {until:.3} s.\n"));
    }
    let description = recording.description();
    let Some((scenario, settings)) = description.run.clone() else {
        return Err(unusable("it is not the recording of a scenario".to_owned()));
    };
    let (machine, time_limit) = (description.machine.clone(), description.time_limit);
    Ok(ReplayedRun { scenario, settings, machine, time_limit, run })
}

fn print_replayed(replayed: &ReplayedRun, args: &ReplayArgs, colours: Colours) -> Result<ExitOutcome, CliError> {
    let ReplayedRun { scenario, settings, machine, time_limit, run } = replayed;
    let findings = run.model.findings(run.ended_at);
    let verdicts = report::judge_expectations(&run.model, scenario, settings, run.ended_at);
    let report = report::Report {
        model: &run.model,
        scenario,
        settings,
        machine,
        ended: &run.ended,
        ended_at: run.ended_at,
        time_limit: *time_limit,
        findings: &findings,
        verdicts: &verdicts,
    };
    print_report(&report, args.json, colours)?;
    Ok(ExitOutcome::Done)
}
