//! `contend run`, in the dashboard or headless, and `contend` without a command, which opens the picker.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;

use super::args::RunArgs;
use super::dashboard::{DashboardSettings, dashboard_options, run_dashboard};
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::progress::RunProgress;
use super::report_output::{has_named_finding, print_report};
use super::signals::EndSignals;
use super::{program, program_command, record, scenario};
use crate::model::SplitFindings;
use crate::platform::detect_machine;
use crate::platform::limits::describe_io_error;
use crate::report::{self, FinishedRun, FollowOptions, Report, Verdict};
use crate::scenario::{Scenario, Settings, Source, check};
use crate::source::{EXIT_WAIT, StartedRun};
use crate::trace::{RunEnd, Span};
use crate::tui;

/// Time limit of a headless run that would never end, without `--for`.
const ENDLESS_RUN_LIMIT: Span = Span::from_millis(5_000);

/// A scenario and the settings of its knobs.
#[derive(Debug)]
struct RunTask {
    scenario: Scenario,
    settings: Settings,
}

/// Opens the dashboard with the picker.
pub(super) fn run_picker(dashboard: DashboardSettings<'_>, colours: Colours) -> Result<ExitOutcome, CliError> {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        let usage = "the picker needs a terminal; name a scenario: contend run SCENARIO, see contend --help";
        return Err(CliError::Usage(usage.to_owned()));
    }
    run_dashboard(tui::InitialScreen::Picker, &dashboard_options(dashboard)?, &[], colours, &tui::LiveStarter)
}

/// Runs one scenario, in the dashboard or headless.
pub(super) fn run_scenario(
    args: &RunArgs,
    dashboard: DashboardSettings<'_>,
    colours: Colours,
) -> Result<ExitOutcome, CliError> {
    if let Some(command) = program_command::requested_program(args)? {
        return program::run_program(command, args.into(), dashboard, colours);
    }
    let source = scenario::load_scenario(args.scenario.as_deref().unwrap_or_default())?;
    let is_headless = args.headless || args.json || !io::stdout().is_terminal();
    if args.watch {
        check_watchable(&source, is_headless)?;
    }
    let overrides = tui::SettingOverrides {
        assignments: args.set.clone(),
        workers: args.workers,
        executor: args.executor.map(Into::into),
        allow_exec: args.allow_exec,
    };
    let limit = args.time.map(Span::from);
    let options = tui::Options {
        reload_on_save: args.watch,
        time_limit: limit,
        findings: args.findings.options(),
        record: args.recording.dashboard_options(),
        ..dashboard_options(dashboard)?
    };
    let scenario = match check(&source) {
        Ok(checked) => checked.scenario,
        Err(_) if args.watch => {
            let start = tui::InitialScreen::Mistakes { source, overrides };
            return run_dashboard(start, &options, &args.fail_on, colours, &tui::LiveStarter);
        }
        Err(mistakes) => {
            output::print_stderr(&mistakes.render(colours.stderr));
            return Ok(ExitOutcome::Mistakes);
        }
    };
    let settings = overrides.settings_for(&scenario).map_err(|error| CliError::Usage(error.to_string()))?;
    if is_headless {
        return run_headless(&RunTask { scenario, settings }, args, colours);
    }
    // Options that change the run skip the question: the user has seen the scenario before. `--allow-exec` is not one.
    let defaults = Settings { allow_exec: settings.allow_exec, ..scenario.default_settings() };
    let is_customized = args.watch || limit.is_some() || settings != defaults;
    let start =
        tui::InitialScreen::Run { source, scenario: Box::new(scenario), settings, ask_question: !is_customized };
    run_dashboard(start, &options, &args.fail_on, colours, &tui::LiveStarter)
}

/// Checks that `--watch` has a file to watch and a dashboard to restart in.
fn check_watchable(source: &Source, is_headless: bool) -> Result<(), CliError> {
    if is_headless {
        let usage = "--watch needs the dashboard: a terminal, and neither --headless nor --json";
        return Err(CliError::Usage(usage.to_owned()));
    }
    match (&source.path, source.name.as_str()) {
        (Some(_), _) => Ok(()),
        (None, "stdin") => {
            Err(CliError::Usage("--watch needs a file that can be saved again, not standard input".to_owned()))
        }
        (None, name) => Err(CliError::Usage(format!(
            "--watch needs a file of your own; make one: contend show {name} > {name}.kdl; \
             contend run {name}.kdl --watch"
        ))),
    }
}

fn run_headless(task: &RunTask, args: &RunArgs, colours: Colours) -> Result<ExitOutcome, CliError> {
    let signals = EndSignals::listen()
        .map_err(|error| CliError::Run(format!("cannot listen for signals: {}", describe_io_error(&error))))?;
    let live = StartedRun::start(&task.scenario, &task.settings).map_err(CliError::Run)?;
    signals.on_first(live.stopper());
    live.limit_end_wait(EXIT_WAIT);
    let limit = time_limit(task, args);
    let recorder = record::start_recorder(&args.recording, &live, limit)?;
    let mut progress = RunProgress::new(limit);
    let thresholds = args.findings.options().thresholds;
    let options = FollowOptions { limit, signals: &signals.receiver, recorder, thresholds };
    let followed = report::follow_run(&live, options, |model, now| {
        progress.show(model, now);
        ControlFlow::Continue(())
    });
    drop(progress);
    drop(live); // waits until every process is gone, so that the report follows the end of the run, but not for long
    record::print_status(args.recording.record.as_ref(), followed.recording.as_ref());
    report_run(task, args, colours, &followed)
}

/// Returns the time limit: that of `--for`, or a default if the run would never end.
fn time_limit(task: &RunTask, args: &RunArgs) -> Option<Span> {
    let requested = args.time.map(Span::from);
    let endless = !report::ends_by_itself(&task.scenario, &task.settings);
    requested.or(endless.then_some(ENDLESS_RUN_LIMIT))
}

fn report_run(
    task: &RunTask,
    args: &RunArgs,
    colours: Colours,
    followed: &FinishedRun,
) -> Result<ExitOutcome, CliError> {
    let all = followed.model.findings(followed.ended_at);
    let found = has_named_finding(&followed.model, &all, &args.fail_on, followed.ended_at);
    let SplitFindings { listed, muted } = args.findings.options().split(all);
    let verdicts = report::judge_expectations(&followed.model, &task.scenario, &task.settings, followed.ended_at);
    let report = Report {
        model: &followed.model,
        scenario: &task.scenario,
        settings: &task.settings,
        machine: &detect_machine(),
        ended: &followed.ended,
        ended_at: followed.ended_at,
        time_limit: time_limit(task, args),
        findings: &listed,
        muted: &muted,
        verdicts: &verdicts,
    };
    print_report(&report, args.json, colours)?;
    Ok(exit_outcome(followed, &verdicts, found, args.strict))
}

fn exit_outcome(followed: &FinishedRun, verdicts: &[Verdict], found: bool, strict: bool) -> ExitOutcome {
    let counts = |verdict: &Verdict| verdict.is_missed() || strict && !verdict.is_seen();
    let failed = matches!(followed.ended, RunEnd::Crashed(_)) || verdicts.iter().any(counts);
    match followed.signal {
        Some(signal) => ExitOutcome::Signal(signal),
        None if found => ExitOutcome::FindingMade,
        None if failed => ExitOutcome::Failed,
        None => ExitOutcome::Done,
    }
}
