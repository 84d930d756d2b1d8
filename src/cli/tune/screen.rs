//! `contend tune` on a terminal: one thread measures while the main thread shows the screen.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;

use crossbeam_channel::{Sender, unbounded};

use super::runner::SweepRunner;
use super::sweep::Sweep;
use super::{MeasuredTuning, TuningStart, require_quiet_machine};
use crate::cli::args::TuneArgs;
use crate::cli::exit::CliError;
use crate::tui::{self, Options, TuiError, TuneUpdate};
use crate::tune::{self as tuner, Tuning};

/// Returns whether standard output is a terminal and the options ask for the screen.
pub(super) fn is_wanted(args: &TuneArgs) -> bool {
    io::stdout().is_terminal() && !args.headless && !args.json && args.check.is_none()
}

/// Measures while the screen is open and returns the results known when the user leaves it. `None` if the terminal no
/// longer accepts output. Stores a signal that ended the screen in `signal`.
pub(super) fn measure_on_screen(
    sweep: &Sweep<'_>,
    args: &TuneArgs,
    options: &Options,
    signal: &AtomicI32,
) -> Result<MeasuredTuning, CliError> {
    let is_stopped = AtomicBool::new(false);
    let stop = || is_stopped.load(Ordering::Relaxed); // Relaxed: a request, orders nothing
    let end = || is_stopped.store(true, Ordering::Relaxed);
    let runner = sweep.experiment_runner(stop)?;
    let setup = sweep.screen_setup(sweep.tuning_request(args, runner.work()), runner.work().clone());
    let (sender, receiver) = unbounded();
    thread::scope(|scope| {
        let measuring = thread::Builder::new()
            .name("tuning".into())
            .spawn_scoped(scope, move || measure_and_send(runner, sweep, args, &sender))
            .map_err(|error| CliError::Run(format!("cannot start a thread: {error}")))?;
        let stop_on_drop = StopOnDrop(&is_stopped);
        let ended = tui::run_tuning(setup, receiver, &end, options);
        drop(stop_on_drop);
        let measured = measuring.join();
        let ended = ended.map_err(|error| match error {
            TuiError::NotATerminal | TuiError::DumbTerminal => CliError::Usage(error.to_string()),
            TuiError::EnterFailed(_) | TuiError::Panicked(_) => CliError::Run(error.to_string()),
        })?;
        signal.store(ended.signal.unwrap_or(0), Ordering::Relaxed); // Relaxed: read by this thread
        match measured {
            Ok(measured) if !ended.is_terminal_stalled => measured.map(Some),
            Ok(_) => Ok(None),
            Err(_) => Err(CliError::Run("the tuning failed".to_owned())),
        }
    })
}

/// Stops the measurement when the screen is left, also by a panic: the scope waits for the measuring thread.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed); // Relaxed: a request, orders nothing
    }
}

/// Measures and sends every update. Once the screen is left, the updates are dropped.
fn measure_and_send(
    mut runner: SweepRunner<impl Fn() -> bool>,
    sweep: &Sweep<'_>,
    args: &TuneArgs,
    sender: &Sender<TuneUpdate>,
) -> Result<(Tuning, TuningStart), CliError> {
    let preflight = require_quiet_machine(runner.check_machine(), args)?;
    let _ = sender.send(TuneUpdate::Preflight(preflight));
    runner.choose_work(sweep.range(), args.time)?;
    let _ = sender.send(TuneUpdate::Work(runner.work().clone()));
    let request = sweep.tuning_request(args, runner.work());
    let tuning = tuner::tune(&mut runner, &request, |tuning| {
        let _ = sender.send(TuneUpdate::Progress(Box::new(tuning.clone())));
    });
    Ok((tuning, TuningStart { work: runner.work().clone(), preflight }))
}
