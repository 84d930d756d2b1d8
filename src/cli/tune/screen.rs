//! `contend tune` on a terminal: measured by a thread, looked at in another.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;

use crossbeam_channel::{Sender, unbounded};

use super::sweep::Sweep;
use super::{MeasuredTuning, TuningStart, require_quiet_machine};
use crate::cli::args::TuneArgs;
use crate::cli::exit::CliError;
use crate::tui::{self, Options, TuiError, TuneUpdate};
use crate::tune::{self as tuner, LiveExperimentRunner, Tuning};

/// Whether there is a screen, and it is wanted.
pub(super) fn is_wanted(args: &TuneArgs) -> bool {
    io::stdout().is_terminal() && !args.headless && !args.json && args.check.is_none()
}

/// Measures while the screen is looked at; when that is left, what is known by then. None when the terminal takes nothing
/// any more. A signal that ended the screen is left in `came`.
pub(super) fn measure_on_screen(
    sweep: &Sweep<'_>,
    args: &TuneArgs,
    options: Options,
    came: &AtomicI32,
) -> Result<MeasuredTuning, CliError> {
    let enough = AtomicBool::new(false);
    let stop = || enough.load(Ordering::Relaxed); // Relaxed: a request, orders nothing
    let end = || enough.store(true, Ordering::Relaxed);
    let lab = sweep.experiment_runner(stop)?;
    let tuned = sweep.tuned(sweep.tuning_request(args, lab.work()), lab.work().clone());
    let (tell, told) = unbounded();
    thread::scope(|scope| {
        let measuring = thread::Builder::new()
            .name("tuning".into())
            .spawn_scoped(scope, move || measure_and_send(lab, sweep, args, &tell))
            .map_err(|error| CliError::Run(format!("a thread cannot be started: {error}")))?;
        let left = StopOnDrop(&enough);
        let ended = tui::run_tuning(tuned, told, &end, options);
        drop(left);
        let measured = measuring.join();
        let ended = ended.map_err(|error| match error {
            TuiError::NotATerminal | TuiError::DumbTerminal => CliError::Usage(error.to_string()),
            TuiError::EnterFailed(_) | TuiError::Panicked(_) => CliError::Run(error.to_string()),
        })?;
        came.store(ended.signal.unwrap_or(0), Ordering::Relaxed); // Relaxed: read by this thread
        match measured {
            Ok(measured) if !ended.is_terminal_stalled => measured.map(Some),
            Ok(_) => Ok(None),
            Err(_) => Err(CliError::Run("the tuning failed".to_owned())),
        }
    })
}

/// However the screen is left, by a panic too, nothing more is measured: the measuring thread is waited for.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed); // Relaxed: a request, orders nothing
    }
}

/// Measures, and tells all that is new. Nobody listens any more once the screen is left.
fn measure_and_send(
    mut lab: LiveExperimentRunner<impl Fn() -> bool>,
    sweep: &Sweep<'_>,
    args: &TuneArgs,
    tell: &Sender<TuneUpdate>,
) -> Result<(Tuning, TuningStart), CliError> {
    let preflight = require_quiet_machine(lab.check_machine(), args)?;
    let _ = tell.send(TuneUpdate::Preflight(preflight));
    let question = sweep.tuning_request(args, lab.work());
    let tuning = tuner::tune(&mut lab, &question, |tuning| {
        let _ = tell.send(TuneUpdate::Progress(Box::new(tuning.clone())));
    });
    Ok((tuning, TuningStart { work: lab.work().clone(), preflight }))
}
