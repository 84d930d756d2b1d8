//! `contend tune`: finds out how many workers are enough.

mod exec_scenario;
mod optimum_check;
mod program_sweep;
mod progress;
mod runner;
mod screen;
mod sweep;
mod trace_scenario;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use super::args::TuneArgs;
use super::dashboard::{DashboardSettings, dashboard_options};
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::report_output::text_format;
use super::scenario;
use super::signals::EndSignals;
use crate::platform::limits::describe_io_error;
use crate::scenario::{Mistakes, Scenario, Source, check as read, sanitize};
use crate::tui;
use crate::tune::{self as tuner, Preflight, TraceReplay, TunedProgram, Tuning, TuningSubject};
use progress::TuneProgress;
use sweep::Sweep;

/// The signal that was received, 0 if none.
static RECEIVED_SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Cores that other programs may keep busy; beyond that, tuning is refused.
const MAX_OTHERS_CORES: f64 = 0.20;

pub(super) fn run_tune(
    args: &TuneArgs,
    dashboard: DashboardSettings<'_>,
    colours: Colours,
) -> Result<ExitOutcome, CliError> {
    // On the screen, the screen handles signals first.
    let on_screen = screen::is_wanted(args);
    let signal = if on_screen { &RECEIVED_SIGNAL } else { listen_for_signal()? };
    let stop = || signal.load(Ordering::Relaxed) != 0; // Relaxed: a request, orders nothing
    let outcome = if let Some(names) = &args.check {
        optimum_check::check_optima(args, names, colours, stop)?
    } else {
        match load_subject(args, colours)? {
            Some(tuned) if on_screen => tune_subject(args, &tuned, colours, |sweep| {
                let options = tui::Options { findings: args.findings.options(), ..dashboard_options(dashboard)? };
                screen::measure_on_screen(sweep, args, &options, signal)
            })?,
            Some(tuned) => tune_subject(args, &tuned, colours, |sweep| measure_headless(sweep, args, stop).map(Some))?,
            None => return Ok(ExitOutcome::Mistakes),
        }
    };
    Ok(match signal.load(Ordering::Relaxed) {
        0 => outcome,
        signal => ExitOutcome::Signal(signal),
    })
}

/// A finished measurement. `None` if the terminal no longer accepts output.
type MeasuredTuning = Option<(Tuning, TuningStart)>;

/// What to tune: a scenario, perhaps made from a trace or for a program.
struct TunedSubject {
    scenario: Scenario,
    replay: Option<TraceReplay>,
    program: Option<TunedProgram>,
}

fn tune_subject(
    args: &TuneArgs,
    tuned: &TunedSubject,
    colours: Colours,
    measure: impl FnOnce(&Sweep<'_>) -> Result<MeasuredTuning, CliError>,
) -> Result<ExitOutcome, CliError> {
    let sweep = Sweep::new(args, &tuned.scenario, tuned.replay)?.of_program(tuned.program.clone());
    let Some((tuning, start)) = measure(&sweep)? else { return Ok(ExitOutcome::Failed) };
    let subject = sweep.subject(&start.work, start.preflight);
    let again = sweep.repeat_command(args);
    let text = if args.json {
        let json = tuner::tuning_json(&tuning, &subject, &again);
        json.map_err(|error| CliError::Run(format!("cannot write JSON: {error}")))?
    } else {
        tuner::tuning_text(&tuning, &subject, &again, text_format(colours))
    };
    output::print_stdout(&text)?;
    if let Some(file) = &args.svg {
        write_svg(file, &tuning, &subject)?;
    }
    Ok(if tuning.decision.is_some() { ExitOutcome::Done } else { ExitOutcome::Failed })
}

/// Writes the curve as an SVG picture.
fn write_svg(file: &Path, tuning: &Tuning, subject: &TuningSubject<'_>) -> Result<(), CliError> {
    let cannot = |why: String| CliError::Run(format!("cannot write {}: {why}", sanitize(&file.display().to_string())));
    let Some(svg) = tuner::tuning_svg(tuning, subject).map_err(cannot)? else {
        return Err(cannot("nothing was measured".to_owned()));
    };
    fs::write(file, svg).map_err(|error| cannot(error.to_string()))
}

/// Facts that are known once the measurement has begun.
struct TuningStart {
    work: tuner::WorkUnit,
    preflight: Preflight,
}

fn measure_headless(
    sweep: &Sweep<'_>,
    args: &TuneArgs,
    stop: impl Fn() -> bool,
) -> Result<(Tuning, TuningStart), CliError> {
    let mut runner = sweep.experiment_runner(stop)?;
    let preflight = require_quiet_machine(runner.check_machine(), args)?;
    runner.choose_work(sweep.range(), args.time)?;
    let request = sweep.tuning_request(args, runner.work());
    let mut progress = TuneProgress::new(args);
    let tuning = tuner::tune(&mut runner, &request, |tuning| progress.show(tuning, &request, sweep.knob));
    let start = TuningStart { work: runner.work().clone(), preflight };
    Ok((tuning, start))
}

/// Passes the preflight check on if other programs keep few enough cores busy.
fn require_quiet_machine(preflight: Preflight, args: &TuneArgs) -> Result<Preflight, CliError> {
    match preflight.others_cores.filter(|others| *others > MAX_OTHERS_CORES && !args.anyway) {
        None => Ok(preflight),
        Some(others) => Err(CliError::Run(format!(
            "other programs use {others:.1} cores; results would be unreliable. Try again when the machine is idle, \
             or add --anyway"
        ))),
    }
}

/// Loads what the arguments name. Prints the mistakes of a scenario and returns `None` if it has any.
fn load_subject(args: &TuneArgs, colours: Colours) -> Result<Option<TunedSubject>, CliError> {
    if let Some((program, scenario)) = program_sweep::requested_program(args)? {
        return Ok(Some(TunedSubject { scenario, replay: None, program: Some(program) }));
    }
    let (source, replay) = load_source(args)?;
    let scenario = check_scenario(&source, colours);
    Ok(scenario.map(|scenario| TunedSubject { scenario, replay, program: None }))
}

/// Loads the named scenario, or makes one from the command of `--exec` or the trace of `--trace`.
fn load_source(args: &TuneArgs) -> Result<(Source, Option<TraceReplay>), CliError> {
    match (&args.exec, &args.trace, &args.scenario) {
        (Some(command), ..) => Ok((exec_scenario::exec_source(args, command)?, None)),
        (None, Some(trace), _) => {
            trace_scenario::trace_source(args, trace).map(|(source, replay)| (source, Some(replay)))
        }
        (None, None, Some(name)) => Ok((scenario::load_scenario(name)?, None)),
        (None, None, None) => Err(CliError::Usage("name a scenario: contend tune SCENARIO".to_owned())),
    }
}

/// Checks a scenario. Prints its mistakes and returns `None` if it has any.
fn check_scenario(source: &Source, colours: Colours) -> Option<Scenario> {
    let print = |mistakes: Mistakes| output::print_stderr(&mistakes.render(colours.stderr));
    read(source).map_err(print).ok().map(|checked| checked.scenario)
}

/// Starts to listen for a signal. Results known by then are still printed.
fn listen_for_signal() -> Result<&'static AtomicI32, CliError> {
    let signals = EndSignals::listen()
        .map_err(|error| CliError::Run(format!("cannot listen for signals: {}", describe_io_error(&error))))?;
    let wait = move || {
        if let Ok(signal) = signals.receiver.recv() {
            RECEIVED_SIGNAL.store(signal, Ordering::Relaxed);
        }
    };
    thread::Builder::new()
        .name("signals".into())
        .spawn(wait)
        .map_err(|error| CliError::Run(format!("cannot start a thread: {error}")))?;
    Ok(&RECEIVED_SIGNAL)
}
