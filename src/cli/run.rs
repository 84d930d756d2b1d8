//! `contend run`: in the dashboard, or headless; and `contend` alone: the picker.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;

use super::args::{Cli, RunArgs};
use super::failure::{Failure, Outcome};
use super::out::{self, Colours};
use super::progress::Progress;
use super::{scenario, signals};
use crate::model::Finding;
use crate::platform::limits::told;
use crate::platform::machine;
use crate::report::{self, Followed, Look, Report, Verdict};
use crate::scenario::{Scenario, Settings, Source, check};
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

/// How the dashboard is to behave, whatever it shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manners {
    mouse: bool,
    asks: bool,
}

impl From<&Cli> for Manners {
    fn from(cli: &Cli) -> Self {
        Self { mouse: !cli.no_mouse, asks: !cli.no_ask }
    }
}

/// The dashboard, with the picker first.
pub(super) fn pick(manners: Manners, colours: Colours) -> Result<Outcome, Failure> {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        let usage = "there is no terminal to choose a scenario on; name one: contend run SCENARIO, see contend --help";
        return Err(Failure::Usage(usage.to_owned()));
    }
    dashboard(tui::Start::Picker, options(manners, colours), &[], colours)
}

/// One scenario, in the dashboard or headless.
pub(super) fn run(args: &RunArgs, manners: Manners, colours: Colours) -> Result<Outcome, Failure> {
    let source = scenario::load(&args.scenario)?;
    let is_headless = args.headless || args.json || !io::stdout().is_terminal();
    if args.watch {
        can_be_watched(&source, is_headless)?;
    }
    let wish = tui::Wish {
        set: args.set.clone(),
        workers: args.workers,
        executor: args.executor.map(Into::into),
        exec: args.allow_exec,
    };
    let limit = args.time.map(Span::from);
    let options = tui::Options { watch: args.watch, limit, ..options(manners, colours) };
    let scenario = match check(&source) {
        Ok(checked) => checked.scenario,
        Err(_) if args.watch => {
            return dashboard(tui::Start::Mistakes { source, wish }, options, &args.fail_on, colours);
        }
        Err(mistakes) => {
            out::say(&mistakes.render(colours.err));
            return Ok(Outcome::Mistakes);
        }
    };
    let settings = wish.settings(&scenario).map_err(|error| Failure::Usage(error.to_string()))?;
    if is_headless {
        return headless(&Task { scenario, settings }, args, colours);
    }
    // Who says how it is to run has seen it before; to allow it is another matter.
    let usual = Settings { exec: settings.exec, ..scenario.defaults() };
    let is_told = args.watch || limit.is_some() || settings != usual;
    let start = tui::Start::Run { source, scenario: Box::new(scenario), settings, ask: !is_told };
    dashboard(start, options, &args.fail_on, colours)
}

/// Whether there is a file to be saved again, and a screen to show what comes of it.
fn can_be_watched(source: &Source, is_headless: bool) -> Result<(), Failure> {
    if is_headless {
        let usage = "--watch needs the dashboard: a terminal, and neither --headless nor --json";
        return Err(Failure::Usage(usage.to_owned()));
    }
    match (&source.path, source.name.as_str()) {
        (Some(_), _) => Ok(()),
        (None, "stdin") => {
            Err(Failure::Usage("--watch needs a file that can be saved again; standard input is none".to_owned()))
        }
        (None, name) => Err(Failure::Usage(format!(
            "--watch needs a file of your own; make one: contend show {name} > {name}.kdl; contend run {name}.kdl --watch"
        ))),
    }
}

pub(super) fn options(manners: Manners, colours: Colours) -> tui::Options {
    let theme = Theme { colour: colours.out, unicode: out::is_unicode() };
    tui::Options { theme, mouse: manners.mouse, asks: manners.asks, watch: false, limit: None }
}

fn dashboard(
    start: tui::Start,
    options: tui::Options,
    fail_on: &[String],
    colours: Colours,
) -> Result<Outcome, Failure> {
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
            limit: options.limit,
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
    let signals =
        signals::listen().map_err(|error| Failure::Run(format!("signals cannot be caught: {}", told(&error))))?;
    let live = Live::start(&task.scenario, &task.settings).map_err(|error| Failure::Run(error.to_string()))?;
    let limit = limit(task, args);
    let mut progress = Progress::new(limit);
    let followed = report::follow(&live, limit, &signals, |model, now| {
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
        limit: limit(task, args),
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
