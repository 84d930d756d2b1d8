//! `contend tune` on a terminal: measured by a thread, looked at in another.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;

use crossbeam_channel::{Sender, unbounded};

use super::sweep::Sweep;
use super::{Begun, Measured, calm};
use crate::cli::args::TuneArgs;
use crate::cli::failure::Failure;
use crate::tui::{self, Options, Told, TuiError};
use crate::tune::{self as tuner, Bench, Tuning};

/// Whether there is a screen, and it is wanted.
pub(super) fn is_wanted(args: &TuneArgs) -> bool {
    io::stdout().is_terminal() && !args.headless && !args.json && args.check.is_none()
}

/// Measures while the screen is looked at; when that is left, what is known by then. None when the terminal takes nothing
/// any more. A signal that ended the screen is left in `came`.
pub(super) fn measure(
    sweep: &Sweep<'_>,
    args: &TuneArgs,
    options: Options,
    came: &AtomicI32,
) -> Result<Measured, Failure> {
    let enough = AtomicBool::new(false);
    let stop = || enough.load(Ordering::Relaxed); // Relaxed: a request, orders nothing
    let end = || enough.store(true, Ordering::Relaxed);
    let lab = sweep.lab(stop)?;
    let tuned = sweep.tuned(sweep.question(args, lab.work()), lab.work().clone());
    let (tell, told) = unbounded();
    thread::scope(|scope| {
        let measuring = thread::Builder::new()
            .name("tuning".into())
            .spawn_scoped(scope, move || telling(lab, sweep, args, &tell))
            .map_err(|error| Failure::Run(format!("a thread cannot be started: {error}")))?;
        let left = Left(&enough);
        let ended = tui::tune(tuned, told, &end, options);
        drop(left);
        let measured = measuring.join();
        let ended = ended.map_err(|error| match error {
            TuiError::NotATerminal | TuiError::Dumb => Failure::Usage(error.to_string()),
            TuiError::Enter(_) | TuiError::Panicked(_) => Failure::Run(error.to_string()),
        })?;
        came.store(ended.signal.unwrap_or(0), Ordering::Relaxed); // Relaxed: read by this thread
        match measured {
            Ok(measured) if !ended.stalled => measured.map(Some),
            Ok(_) => Ok(None),
            Err(_) => Err(Failure::Run("the tuning failed".to_owned())),
        }
    })
}

/// However the screen is left, by a panic too, nothing more is measured: the measuring thread is waited for.
struct Left<'a>(&'a AtomicBool);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed); // Relaxed: a request, orders nothing
    }
}

/// Measures, and tells all that is new. Nobody listens any more once the screen is left.
fn telling(
    mut lab: Bench<impl Fn() -> bool>,
    sweep: &Sweep<'_>,
    args: &TuneArgs,
    tell: &Sender<Told>,
) -> Result<(Tuning, Begun), Failure> {
    let preflight = calm(lab.preflight(), args)?;
    let _ = tell.send(Told::Preflight(preflight));
    let question = sweep.question(args, lab.work());
    let tuning = tuner::tune(&mut lab, &question, |tuning| {
        let _ = tell.send(Told::Known(Box::new(tuning.clone())));
    });
    Ok((tuning, Begun { work: lab.work().clone(), preflight }))
}
