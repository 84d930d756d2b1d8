//! `contend run`, in the dashboard or headless, and `contend` without a command, which opens the picker.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;

use super::args::RunArgs;
use super::dashboard::{DashboardSettings, dashboard_options};
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::progress::RunProgress;
use super::signals::EndSignals;
use super::{program, record, scenario};
use crate::model::{Finding, Model, SplitFindings};
use crate::platform::detect_machine;
use crate::platform::limits::describe_io_error;
use crate::report::{self, FinishedRun, FollowOptions, Report, TextFormat, Verdict};
use crate::scenario::{Scenario, Settings, Source, check, sanitize};
use crate::source::{EXIT_WAIT, StartedRun};
use crate::trace::{RunEnd, Span, Stamp};
use crate::tui::{self, TuiError};

/// Time limit of a headless run that would never end, without `--for`.
const ENDLESS_RUN_LIMIT: Span = Span::from_millis(5_000);

/// Least and greatest width of a text report, in columns.
const WIDTH_RANGE: (usize, usize) = (80, 160);

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
    if let Some(command) = program::requested_program(args)? {
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

/// Shows the dashboard until the user quits, then prints a short report of its last run.
pub(super) fn run_dashboard(
    start: tui::InitialScreen,
    options: &tui::Options,
    fail_on: &[String],
    colours: Colours,
    starter: &dyn tui::RunStarter,
) -> Result<ExitOutcome, CliError> {
    let ended = tui::run(start, options, starter).map_err(|error| match error {
        TuiError::NotATerminal | TuiError::DumbTerminal => CliError::Usage(error.to_string()),
        TuiError::EnterFailed(_) | TuiError::Panicked(_) => CliError::Run(error.to_string()),
    })?;
    let mut found = false;
    if let Some(last) = ended.last_run {
        let all = last.model.findings(last.now);
        found = has_named_finding(&last.model, &all, fail_on, last.now);
        let SplitFindings { listed, muted } = options.findings.split(all);
        let report = Report {
            model: &last.model,
            scenario: &last.scenario,
            settings: &last.settings,
            machine: &last.machine.unwrap_or_else(detect_machine),
            ended: &last.ended,
            ended_at: last.now,
            time_limit: last.time_limit,
            findings: &listed,
            muted: &muted,
            verdicts: &[],
        };
        if !ended.is_terminal_stalled {
            // Printing to a terminal that does not read would block.
            output::print_stdout(&report::brief_report_text(&report, text_format(colours)))?;
        }
        if !ended.is_terminal_stalled {
            ended.recordings.iter().for_each(|(path, status)| record::print_status(Some(path), Some(status)));
        }
    }
    if !ended.is_terminal_stalled {
        ended.tour_failures.iter().for_each(|failure| output::print_stderr(&format!("{}\n", sanitize(failure))));
    }
    Ok(match ended.signal {
        Some(signal) => ExitOutcome::Signal(signal),
        None if found => ExitOutcome::FindingMade,
        None if !ended.tour_failures.is_empty() => ExitOutcome::Failed,
        None => ExitOutcome::Done,
    })
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

/// Prints a report as text or JSON.
pub(super) fn print_report(report: &Report<'_>, is_json: bool, colours: Colours) -> Result<(), CliError> {
    let text =
        if is_json { report::report_json(report) } else { Ok(report::report_text(report, text_format(colours))) };
    output::print_stdout(&text.map_err(|error| CliError::Run(format!("cannot write the report: {error}")))?)?;
    Ok(())
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

/// Returns whether a finding named by `--fail-on` was reported. `deadlock` covers all findings of workers that wait
/// forever.
pub(super) fn has_named_finding(model: &Model, findings: &[Finding], ids: &[String], now: Stamp) -> bool {
    let is_named = |id: &str| ids.iter().any(|named| named == id);
    findings.iter().any(|finding| is_named(finding.id)) || (is_named("deadlock") && !model.stuck_groups(now).is_empty())
}

/// Returns the format of a text report: as wide as the terminal on standard output, within bounds.
pub(super) fn text_format(colours: Colours) -> TextFormat {
    let (least, most) = WIDTH_RANGE;
    let columns = rustix::termios::tcgetwinsize(io::stdout()).map_or(least, |size| usize::from(size.ws_col));
    let width = if io::stdout().is_terminal() { columns.clamp(least, most) } else { least };
    TextFormat { width, colour: colours.stdout }
}
