//! `contend run`: in the dashboard, or headless.

use std::io::{self, IsTerminal};

use super::args::RunArgs;
use super::failure::{Failure, Outcome};
use super::out::{self, Colours};
use super::progress::Progress;
use super::{dashboard, scenario, signals};
use crate::platform::machine;
use crate::report::{self, Followed, Look, Report, Verdict};
use crate::scenario::{Scenario, Settings, check};
use crate::source::Live;
use crate::trace::{RunEnd, Span};

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

pub(super) fn run(args: &RunArgs, no_mouse: bool, colours: Colours) -> Result<Outcome, Failure> {
    let source = scenario::load(&args.scenario)?;
    let scenario = match check(&source) {
        Ok(checked) => checked.scenario,
        Err(mistakes) => {
            out::say(&mistakes.render(colours.err));
            return Ok(Outcome::Mistakes);
        }
    };
    let settings = scenario
        .settings(&args.set, args.workers, args.executor.map(Into::into))
        .map_err(|error| Failure::Usage(error.to_string()))?;
    if dashboard::possible() && !args.headless && !args.json {
        return dashboard::run(source, scenario, settings, no_mouse, colours, &args.fail_on);
    }
    headless(&Task { scenario, settings }, args, colours)
}

fn headless(task: &Task, args: &RunArgs, colours: Colours) -> Result<Outcome, Failure> {
    let signals = signals::listen().map_err(|error| Failure::Run(format!("signals cannot be caught: {error}")))?;
    let live = Live::start(&task.scenario, &task.settings).map_err(|error| Failure::Run(error.to_string()))?;
    let mut progress = Progress::new();
    let followed = report::follow(&live, limit(task, args), &signals, |model, now| progress.show(model, now));
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
    let look = Look { width: width(), colour: colours.out };
    out::print(&if args.json { report::json(&report) } else { report::text(&report, look) })?;
    let found = findings.iter().any(|finding| args.fail_on.iter().any(|id| id == finding.id));
    Ok(outcome(followed, &verdicts, found))
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

/// Columns of the terminal on standard output.
fn width() -> usize {
    let (least, most) = WIDTHS;
    let columns = rustix::termios::tcgetwinsize(io::stdout()).map_or(least, |size| usize::from(size.ws_col));
    if io::stdout().is_terminal() { columns.clamp(least, most) } else { least }
}
