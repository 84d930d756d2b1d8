//! `contend tune`: how many workers are enough?

mod exec_scenario;
mod optimum_check;
mod progress;
mod screen;
mod sweep;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use super::args::TuneArgs;
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::run::{DashboardSettings, dashboard_options, text_format};
use super::{scenario, signals};
use crate::platform::limits::describe_io_error;
use crate::scenario::{Mistakes, Scenario, Source, check as read, sanitize};
use crate::tune::{self as tuner, Preflight, Tuning, TuningSubject};
use progress::TuneProgress;
use sweep::Sweep;

/// The signal that came, if one did.
static RECEIVED_SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Cores that others may keep busy before nothing is said at all.
const MAX_OTHERS_CORES: f64 = 0.20;

pub(super) fn run_tune(args: &TuneArgs, manners: DashboardSettings, colours: Colours) -> Result<ExitOutcome, CliError> {
    // On the screen a signal is the screen's matter first.
    let on_screen = screen::is_wanted(args);
    let signal = if on_screen { &RECEIVED_SIGNAL } else { listen_for_signal()? };
    let stop = || signal.load(Ordering::Relaxed) != 0; // Relaxed: a request, orders nothing
    let outcome = if let Some(names) = &args.check {
        optimum_check::check_optima(args, names, colours, stop)?
    } else {
        match check_scenario(&load_source(args)?, colours) {
            Some(scenario) if on_screen => tune_scenario(args, &scenario, colours, |sweep| {
                screen::measure_on_screen(sweep, args, dashboard_options(manners, colours), signal)
            })?,
            Some(scenario) => {
                tune_scenario(args, &scenario, colours, |sweep| measure_headless(sweep, args, stop).map(Some))?
            }
            None => return Ok(ExitOutcome::Mistakes),
        }
    };
    Ok(match signal.load(Ordering::Relaxed) {
        0 => outcome,
        signal => ExitOutcome::Signal(signal),
    })
}

/// What was measured; nothing when nobody can be told of it.
type MeasuredTuning = Option<(Tuning, TuningStart)>;

fn tune_scenario(
    args: &TuneArgs,
    scenario: &Scenario,
    colours: Colours,
    measure: impl FnOnce(&Sweep<'_>) -> Result<MeasuredTuning, CliError>,
) -> Result<ExitOutcome, CliError> {
    let sweep = Sweep::new(args, scenario)?;
    let Some((tuning, begun)) = measure(&sweep)? else { return Ok(ExitOutcome::Failed) };
    let subject = sweep.subject(&begun.work, begun.preflight);
    let again = sweep.repeat_command(args);
    let told = if args.json {
        tuner::tuning_json(&tuning, &subject, &again).map_err(|error| CliError::Run(format!("no JSON: {error}")))?
    } else {
        tuner::tuning_text(&tuning, &subject, &again, text_format(colours))
    };
    output::print_stdout(&told)?;
    if let Some(file) = &args.svg {
        write_svg(file, &tuning, &subject)?;
    }
    Ok(if tuning.decision.is_some() { ExitOutcome::Done } else { ExitOutcome::Failed })
}

/// Writes the curve as a picture, whole or not at all.
fn write_svg(file: &Path, tuning: &Tuning, subject: &TuningSubject<'_>) -> Result<(), CliError> {
    let cannot = |why: String| CliError::Run(format!("cannot write {}: {why}", sanitize(&file.display().to_string())));
    let Some(svg) = tuner::tuning_svg(tuning, subject).map_err(cannot)? else {
        return Err(cannot("nothing was measured".to_owned()));
    };
    fs::write(file, svg).map_err(|error| cannot(error.to_string()))
}

/// What is known only once measuring has begun.
struct TuningStart {
    work: tuner::WorkUnit,
    preflight: Preflight,
}

fn measure_headless(
    sweep: &Sweep<'_>,
    args: &TuneArgs,
    stop: impl Fn() -> bool,
) -> Result<(Tuning, TuningStart), CliError> {
    let mut lab = sweep.experiment_runner(stop)?;
    let preflight = require_quiet_machine(lab.check_machine(), args)?;
    let question = sweep.tuning_request(args, lab.work());
    let mut progress = TuneProgress::new(args);
    let tuning = tuner::tune(&mut lab, &question, |tuning| progress.show(tuning, &question, sweep.knob));
    let begun = TuningStart { work: lab.work().clone(), preflight };
    Ok((tuning, begun))
}

/// What was seen before, if others keep few enough cores busy.
fn require_quiet_machine(preflight: Preflight, args: &TuneArgs) -> Result<Preflight, CliError> {
    match preflight.others_cores.filter(|others| *others > MAX_OTHERS_CORES && !args.anyway) {
        None => Ok(preflight),
        Some(others) => Err(CliError::Run(format!(
            "others keep {others:.1} cores of this machine busy: what is measured now would be theirs. Try again when it is \
             quiet, or add --anyway"
        ))),
    }
}

/// The scenario that is named, or one made of a command.
fn load_source(args: &TuneArgs) -> Result<Source, CliError> {
    match (&args.exec, &args.scenario) {
        (Some(command), _) => exec_scenario::exec_source(args, command),
        (None, Some(name)) => scenario::load_scenario(name),
        (None, None) => Err(CliError::Usage("name a scenario: contend tune SCENARIO".to_owned())),
    }
}

/// The scenario, if it has no mistakes; else they were said.
fn check_scenario(source: &Source, colours: Colours) -> Option<Scenario> {
    let said = |mistakes: Mistakes| output::print_stderr(&mistakes.render(colours.stderr));
    read(source).map_err(said).ok().map(|checked| checked.scenario)
}

/// Listens for a signal. What is known by then is still told.
fn listen_for_signal() -> Result<&'static AtomicI32, CliError> {
    let signals = signals::listen_for_signals()
        .map_err(|error| CliError::Run(format!("signals cannot be caught: {}", describe_io_error(&error))))?;
    let wait = move || {
        if let Ok(signal) = signals.recv() {
            RECEIVED_SIGNAL.store(signal, Ordering::Relaxed);
        }
    };
    thread::Builder::new()
        .name("signals".into())
        .spawn(wait)
        .map_err(|error| CliError::Run(format!("a thread cannot be started: {error}")))?;
    Ok(&RECEIVED_SIGNAL)
}
