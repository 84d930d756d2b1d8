//! `contend attach`: a process that was there before, or a cluster.

use std::cell::RefCell;
use std::io::{self, IsTerminal};

use super::args::{AttachArgs, AttachTarget};
use super::cluster::attach_cluster;
use super::dashboard::DashboardSettings;
use super::exit::{CliError, ExitOutcome};
use super::output::Colours;
use super::program::{ProgramOptions, listen_for_signals, report_program, show_program};
use crate::scenario::{Scenario, Settings, sanitize};
use crate::source::{AttachError, AttachedRun, EventSource, process_title};
use crate::trace::RunEnd;
use crate::tui::{LiveStarter, RunStarter};

/// Shows what the arguments name.
pub(super) fn attach(
    args: &AttachArgs,
    dashboard: DashboardSettings<'_>,
    colours: Colours,
) -> Result<ExitOutcome, CliError> {
    match (args.target, &args.address) {
        (AttachTarget::Cluster(engine), _) => attach_cluster(engine, args, dashboard, colours),
        (AttachTarget::Process(pid), None) => attach_process(pid, args, dashboard, colours),
        (AttachTarget::Process(pid), Some(_)) => {
            Err(CliError::Usage(format!("a process has no URL: contend attach {pid}")))
        }
    }
}

/// Shows the threads of a process.
fn attach_process(
    pid: u32,
    args: &AttachArgs,
    dashboard: DashboardSettings<'_>,
    colours: Colours,
) -> Result<ExitOutcome, CliError> {
    let failed = |error: AttachError| CliError::Run(sanitize(&error.to_string()));
    let title = process_title(pid).map_err(failed)?;
    let options = ProgramOptions::from(args);
    let is_headless = args.headless || args.json || !io::stdout().is_terminal();
    let signals = if is_headless { Some(listen_for_signals()?) } else { None };
    let run = AttachedRun::start(pid, &title).map_err(failed)?;
    if let Some(signals) = signals {
        let (followed, found) = report_program(Box::new(run), &signals, options, colours)?;
        return Ok(match (followed.signal, found, followed.ended) {
            (Some(signal), ..) => ExitOutcome::Signal(signal),
            (None, true, _) => ExitOutcome::FindingMade,
            (None, false, RunEnd::Crashed(_)) => ExitOutcome::Failed,
            (None, false, _) => ExitOutcome::Done,
        });
    }
    let described = run.header().run.as_ref().map(|run| Scenario::clone(&run.scenario));
    let scenario = described.unwrap_or_else(|| Scenario::of_program(&title));
    let starter = ProcessStarter { pid, title, first: RefCell::new(Some(run)) };
    show_program(scenario, options, dashboard, colours, &starter)
}

/// Begins to look at a process; any scenario from the picker as usual.
#[derive(Debug)]
struct ProcessStarter {
    pid: u32,
    title: String,
    /// The run that has begun already.
    first: RefCell<Option<AttachedRun>>,
}

impl RunStarter for ProcessStarter {
    fn start_run(&self, scenario: &Scenario, settings: &Settings) -> Result<Box<dyn EventSource>, String> {
        if !scenario.is_program() {
            return LiveStarter.start_run(scenario, settings);
        }
        let first = self.first.take().map(Ok);
        match first.unwrap_or_else(|| AttachedRun::start(self.pid, &self.title)) {
            Ok(run) => Ok(Box::new(run)),
            Err(error) => Err(sanitize(&error.to_string())),
        }
    }
}
