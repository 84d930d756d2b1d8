//! `contend run SCRIPT.py` and `contend run -- PROGRAM`: a program of the user's own.

use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::args::{FindingArgs, RecordArgs, RunArgs};
use super::dashboard::{DashboardSettings, dashboard_options, run_dashboard};
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::program_command::ProgramCommand;
use super::record;
use super::report_output::{has_named_finding, print_report};
use super::signals::EndSignals;
use crate::model::SplitFindings;
use crate::platform::limits::describe_io_error;
use crate::platform::{Exit, ProgramOutput, detect_machine};
use crate::report::{self, FinishedRun, FollowOptions, Report};
use crate::scenario::{Scenario, Settings, Source, sanitize};
use crate::source::{EventSource, ProgramRun, ProgramSetup, SharedExit};
use crate::trace::{RunEnd, Span};
use crate::tui::{self, LiveStarter, RunStarter};

/// What `contend run` and `contend attach` both take.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProgramOptions<'a> {
    pub headless: bool,
    pub json: bool,
    pub time: Option<Duration>,
    pub fail_on: &'a [String],
    pub recording: &'a RecordArgs,
    pub findings: &'a FindingArgs,
}

impl<'a> From<&'a RunArgs> for ProgramOptions<'a> {
    fn from(args: &'a RunArgs) -> Self {
        let RunArgs { headless, json, time, fail_on, recording, findings, .. } = args;
        Self { headless: *headless, json: *json, time: *time, fail_on, recording, findings }
    }
}

/// Runs a program, in the dashboard or headless.
pub(super) fn run_program(
    command: ProgramCommand,
    args: ProgramOptions<'_>,
    dashboard: DashboardSettings<'_>,
    colours: Colours,
) -> Result<ExitOutcome, CliError> {
    let ProgramCommand { words, title } = command;
    let is_headless = args.headless || args.json || !io::stdout().is_terminal();
    if is_headless {
        let inherits_input = !io::stdin().is_terminal();
        let setup = ProgramSetup {
            words,
            title,
            output: ProgramOutput::Pipe,
            inherits_input,
            environment: Vec::new(),
            is_traced: true,
        };
        return run_headless(&setup, args, colours);
    }
    let setup = ProgramSetup {
        words,
        title,
        output: ProgramOutput::Terminal,
        inherits_input: false,
        environment: Vec::new(),
        is_traced: true,
    };
    let starter = ProgramStarter { setup, exit: SharedExit::default(), failure: RefCell::default() };
    let scenario = Scenario::of_program(&starter.setup.title);
    let outcome = show_program(scenario, args, dashboard, colours, &starter)?;
    if let Some(failure) = starter.failure.take() {
        return Err(CliError::Run(failure));
    }
    let exit = *starter.exit.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(match (outcome, exit) {
        (ExitOutcome::Done, Some(Exit::Code(code))) => ExitOutcome::Program(u8::try_from(code).unwrap_or(1)),
        (outcome, _) => outcome,
    })
}

/// Shows a program in the dashboard.
pub(super) fn show_program(
    scenario: Scenario,
    args: ProgramOptions<'_>,
    dashboard: DashboardSettings<'_>,
    colours: Colours,
    starter: &dyn RunStarter,
) -> Result<ExitOutcome, CliError> {
    let options = tui::Options {
        time_limit: args.time.map(Span::from),
        findings: args.findings.options(),
        record: args.recording.dashboard_options(),
        ..dashboard_options(dashboard)?
    };
    let source = Source::from_bytes(&scenario.name, Vec::new())
        .map_err(|what| CliError::Usage(format!("the name of the program is {what}")))?;
    let settings = scenario.default_settings();
    let start = tui::InitialScreen::Run { source, scenario: Box::new(scenario), settings, ask_question: false };
    run_dashboard(start, &options, args.fail_on, colours, starter)
}

/// Starts a program; any scenario from the picker as usual.
#[derive(Debug)]
struct ProgramStarter {
    setup: ProgramSetup,
    exit: SharedExit,
    /// Why the program could not be started.
    failure: RefCell<Option<String>>,
}

impl RunStarter for ProgramStarter {
    fn start_run(&self, scenario: &Scenario, settings: &Settings) -> Result<Box<dyn EventSource>, String> {
        if !scenario.is_program() {
            return LiveStarter.start_run(scenario, settings);
        }
        match ProgramRun::start(&self.setup, None, Arc::clone(&self.exit)) {
            Ok(run) => Ok(Box::new(run)),
            Err(error) => {
                let failure = sanitize(&error.to_string());
                self.failure.replace(Some(failure.clone()));
                Err(failure)
            }
        }
    }
}

fn run_headless(setup: &ProgramSetup, args: ProgramOptions<'_>, colours: Colours) -> Result<ExitOutcome, CliError> {
    let signals = listen_for_signals()?;
    let exit = SharedExit::default();
    // The report has the standard output.
    let echo = Box::new(output::forward_to_stderr);
    let live = ProgramRun::start(setup, Some(echo), Arc::clone(&exit))
        .map_err(|error| CliError::Run(sanitize(&error.to_string())))?;
    let (followed, found) = report_program(Box::new(live), &signals, args, colours)?;
    let exit = *exit.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(exit_outcome(&followed, found, exit))
}

pub(super) fn listen_for_signals() -> Result<EndSignals, CliError> {
    EndSignals::listen()
        .map_err(|error| CliError::Run(format!("cannot listen for signals: {}", describe_io_error(&error))))
}

/// Follows a run to its end and prints its report. Returns how it ended, and whether a finding was made that the
/// arguments name.
pub(super) fn report_program(
    live: Box<dyn EventSource>,
    signals: &EndSignals,
    args: ProgramOptions<'_>,
    colours: Colours,
) -> Result<(FinishedRun, bool), CliError> {
    let run = live.header().run.clone().ok_or_else(|| CliError::Run("the run has no description".to_owned()))?;
    let limit = args.time.map(Span::from);
    let recorder = record::start_recorder(args.recording, live.as_ref(), limit)?;
    let thresholds = args.findings.options().thresholds;
    let options = FollowOptions { limit, signals: &signals.receiver, recorder, thresholds };
    let followed = report::follow_run(live.as_ref(), options, |_, _| ControlFlow::Continue(()));
    drop(live); // waits until every process is gone, so that the report follows the end of the run
    record::print_status(args.recording.record.as_ref(), followed.recording.as_ref());
    let all = followed.model.findings(followed.ended_at);
    let found = has_named_finding(&followed.model, &all, args.fail_on, followed.ended_at);
    let SplitFindings { listed, muted } = args.findings.options().split(all);
    let report = Report {
        model: &followed.model,
        scenario: &run.scenario,
        settings: &run.settings,
        machine: &detect_machine(),
        ended: &followed.ended,
        ended_at: followed.ended_at,
        time_limit: limit,
        findings: &listed,
        muted: &muted,
        verdicts: &[],
    };
    print_report(&report, args.json, colours)?;
    Ok((followed, found))
}

/// Returns the exit code of the program, unless contend ended it or found what it was asked to look for.
fn exit_outcome(followed: &FinishedRun, found: bool, exit: Option<Exit>) -> ExitOutcome {
    match (followed.signal, &followed.ended, exit) {
        (Some(signal), ..) => ExitOutcome::Signal(signal),
        _ if found => ExitOutcome::FindingMade,
        (None, RunEnd::Time, _) => ExitOutcome::Done,
        (None, RunEnd::Deadlock | RunEnd::Stall, _) | (None, _, None) => ExitOutcome::Failed,
        (None, _, Some(Exit::Code(code))) => ExitOutcome::Program(u8::try_from(code).unwrap_or(1)),
        (None, _, Some(Exit::Signal(signal))) => ExitOutcome::Signal(signal),
    }
}
