//! `contend run`: in the dashboard, or headless; and `contend` alone: the picker.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;

use super::args::RunArgs;
use super::failure::{Failure, Outcome};
use super::out::{self, Colours};
use super::progress::Progress;
use super::{scenario, signals};
use crate::model::Finding;
use crate::platform::machine;
use crate::report::{self, Followed, Look, Report, Verdict};
use crate::scenario::{Scenario, Settings, check};
use crate::source::Live;
use crate::trace::{RunEnd, Span};
use crate::tui::{self, Theme, TuiError};

/// How long a run goes on headless when it would never end and nobody said.
const LONG_ENOUGH: Span = Span::millis(5_000);

/// Narrowest and widest text report, in columns.
const WIDTHS: (usize, usize) = (80, 160);

/// A scenario and what its knobs are set to.
#[derive(Debug)]
struct Task {
    scenario: Scenario,
    settings: Settings,
}

/// The dashboard, with the picker first.
pub(super) fn pick(no_mouse: bool, colours: Colours) -> Result<Outcome, Failure> {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        let usage = "there is no terminal to choose a scenario on; name one: contend run SCENARIO, see contend --help";
        return Err(Failure::Usage(usage.to_owned()));
    }
    dashboard(tui::Start::Picker, None, &[], no_mouse, colours)
}

/// One scenario, in the dashboard or headless.
pub(super) fn run(args: &RunArgs, no_mouse: bool, colours: Colours) -> Result<Outcome, Failure> {
    let source = scenario::load(&args.scenario)?;
    let scenario = match check(&source) {
        Ok(checked) => checked.scenario,
        Err(mistakes) => {
            out::say(&mistakes.render(colours.err));
            return Ok(Outcome::Mistakes);
        }
    };
    let mut settings = scenario
        .settings(&args.set, args.workers, args.executor.map(Into::into))
        .map_err(|error| Failure::Usage(error.to_string()))?;
    settings.exec = args.allow_exec;
    if args.headless || args.json || !io::stdout().is_terminal() {
        return headless(&Task { scenario, settings }, args, colours);
    }
    let start = tui::Start::Run { source, scenario: Box::new(scenario), settings };
    dashboard(start, args.time.map(Span::from), &args.fail_on, no_mouse, colours)
}

fn dashboard(
    start: tui::Start,
    limit: Option<Span>,
    fail_on: &[String],
    no_mouse: bool,
    colours: Colours,
) -> Result<Outcome, Failure> {
    let theme = Theme { colour: colours.out, unicode: out::is_unicode() };
    let options = tui::Options { theme, mouse: !no_mouse, limit };
    let ended = tui::run(start, options, &tui::Really).map_err(|error| match error {
        TuiError::NotATerminal | TuiError::Dumb => Failure::Usage(error.to_string()),
        TuiError::Enter(_) | TuiError::Panicked(_) => Failure::Run(error.to_string()),
    })?;
    let mut found = false;
    if let Some(last) = ended.last {
        let findings = last.model.findings(last.now);
        let stopped = RunEnd::Stopped;
        let (at, how) = last.model.ended().unwrap_or((last.now, &stopped));
        let report = Report {
            model: &last.model,
            scenario: &last.scenario,
            settings: &last.settings,
            machine: &machine(),
            ended: how,
            at,
            findings: &findings,
            verdicts: &[],
        };
        if !ended.stalled {
            out::print(&report::brief(&report, look(colours)))?; // a terminal that takes nothing would hold us here
        }
        found = named(&findings, fail_on);
    }
    Ok(match ended.signal {
        Some(signal) => Outcome::Signal(signal),
        None if found => Outcome::Found,
        None => Outcome::Done,
    })
}

fn headless(task: &Task, args: &RunArgs, colours: Colours) -> Result<Outcome, Failure> {
    let signals = signals::listen().map_err(|error| Failure::Run(format!("signals cannot be caught: {error}")))?;
    let live = Live::start(&task.scenario, &task.settings).map_err(|error| Failure::Run(error.to_string()))?;
    let mut progress = Progress::new();
    let followed = report::follow(&live, limit(task, args), &signals, |model, now| {
        progress.show(model, now);
        ControlFlow::Continue(())
    });
    drop(progress);
    drop(live); // the report waits until every process is gone: it is true then that the run has ended
    conclude(task, args, colours, &followed)
}

/// When the run is ended: as told, or after a while if it would go on for ever.
fn limit(task: &Task, args: &RunArgs) -> Option<Span> {
    let told = args.time.map(Span::from);
    let endless = !report::ends_by_itself(&task.scenario, &task.settings);
    told.or(endless.then_some(LONG_ENOUGH))
}

fn conclude(task: &Task, args: &RunArgs, colours: Colours, followed: &Followed) -> Result<Outcome, Failure> {
    let findings = followed.model.findings(followed.at);
    let verdicts = report::judge(&followed.model, &task.scenario, &task.settings, followed.at);
    let report = Report {
        model: &followed.model,
        scenario: &task.scenario,
        settings: &task.settings,
        machine: &machine(),
        ended: &followed.ended,
        at: followed.at,
        findings: &findings,
        verdicts: &verdicts,
    };
    let text = if args.json { report::json(&report) } else { Ok(report::text(&report, look(colours))) };
    out::print(&text.map_err(|error| Failure::Run(format!("the report cannot be written: {error}")))?)?;
    Ok(outcome(followed, &verdicts, named(&findings, &args.fail_on)))
}

fn outcome(followed: &Followed, verdicts: &[Verdict], found: bool) -> Outcome {
    let failed = matches!(followed.ended, RunEnd::Crashed(_)) || verdicts.iter().any(|verdict| !verdict.seen);
    match followed.signal {
        Some(signal) => Outcome::Signal(signal),
        None if found => Outcome::Found,
        None if failed => Outcome::Failed,
        None => Outcome::Done,
    }
}

/// Whether a finding that was named on the command line was made.
fn named(findings: &[Finding], ids: &[String]) -> bool {
    findings.iter().any(|finding| ids.iter().any(|id| id == finding.id))
}

/// As wide as the terminal on standard output, within reason.
pub(super) fn look(colours: Colours) -> Look {
    let (least, most) = WIDTHS;
    let columns = rustix::termios::tcgetwinsize(io::stdout()).map_or(least, |size| usize::from(size.ws_col));
    let width = if io::stdout().is_terminal() { columns.clamp(least, most) } else { least };
    Look { width, colour: colours.out }
}
