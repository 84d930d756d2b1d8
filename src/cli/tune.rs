//! `contend tune`: how many workers are enough?

mod check;
mod own;
mod progress;
mod screen;
mod sweep;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use super::args::TuneArgs;
use super::failure::{Failure, Outcome};
use super::out::{self, Colours};
use super::run::{Manners, look, options};
use super::{scenario, signals};
use crate::platform::limits::told;
use crate::scenario::{Mistakes, Scenario, Source, check as read, clean};
use crate::tune::{self as tuner, Preflight, Subject, Tuning};
use progress::Progress;
use sweep::Sweep;

/// The signal that came, if one did.
static CAME: AtomicI32 = AtomicI32::new(0);

/// Cores that others may keep busy before nothing is said at all.
const TOO_BUSY: f64 = 0.20;

pub(super) fn tune(args: &TuneArgs, manners: Manners, colours: Colours) -> Result<Outcome, Failure> {
    // On the screen a signal is the screen's matter first.
    let on_screen = screen::is_wanted(args);
    let signal = if on_screen { &CAME } else { listen()? };
    let stop = || signal.load(Ordering::Relaxed) != 0; // Relaxed: a request, orders nothing
    let outcome = if let Some(names) = &args.check {
        check::check(args, names, colours, stop)?
    } else {
        match checked(&source(args)?, colours) {
            Some(scenario) if on_screen => {
                one(args, &scenario, colours, |sweep| screen::measure(sweep, args, options(manners, colours), signal))?
            }
            Some(scenario) => one(args, &scenario, colours, |sweep| measure(sweep, args, stop).map(Some))?,
            None => return Ok(Outcome::Mistakes),
        }
    };
    Ok(match signal.load(Ordering::Relaxed) {
        0 => outcome,
        signal => Outcome::Signal(signal),
    })
}

/// What was measured; nothing when nobody can be told of it.
type Measured = Option<(Tuning, Begun)>;

fn one(
    args: &TuneArgs,
    scenario: &Scenario,
    colours: Colours,
    measure: impl FnOnce(&Sweep<'_>) -> Result<Measured, Failure>,
) -> Result<Outcome, Failure> {
    let sweep = Sweep::new(args, scenario)?;
    let Some((tuning, begun)) = measure(&sweep)? else { return Ok(Outcome::Failed) };
    let subject = sweep.subject(&begun.work, begun.preflight);
    let again = sweep.again(args);
    let told = if args.json {
        tuner::json(&tuning, &subject, &again).map_err(|error| Failure::Run(format!("no JSON: {error}")))?
    } else {
        tuner::text(&tuning, &subject, &again, look(colours))
    };
    out::print(&told)?;
    if let Some(file) = &args.svg {
        picture(file, &tuning, &subject)?;
    }
    Ok(if tuning.verdict.is_some() { Outcome::Done } else { Outcome::Failed })
}

/// Writes the curve as a picture, whole or not at all.
fn picture(file: &Path, tuning: &Tuning, subject: &Subject<'_>) -> Result<(), Failure> {
    let cannot = |why: String| Failure::Run(format!("cannot write {}: {why}", clean(&file.display().to_string())));
    let Some(svg) = tuner::svg(tuning, subject).map_err(cannot)? else {
        return Err(cannot("nothing was measured".to_owned()));
    };
    fs::write(file, svg).map_err(|error| cannot(error.to_string()))
}

/// What is known only once measuring has begun.
struct Begun {
    work: tuner::Work,
    preflight: Preflight,
}

fn measure(sweep: &Sweep<'_>, args: &TuneArgs, stop: impl Fn() -> bool) -> Result<(Tuning, Begun), Failure> {
    let mut lab = sweep.lab(stop)?;
    let preflight = calm(lab.preflight(), args)?;
    let question = sweep.question(args, lab.work());
    let mut progress = Progress::new(args);
    let tuning = tuner::tune(&mut lab, &question, |tuning| progress.show(tuning, &question, sweep.knob));
    let begun = Begun { work: lab.work().clone(), preflight };
    Ok((tuning, begun))
}

/// What was seen before, if others keep few enough cores busy.
fn calm(preflight: Preflight, args: &TuneArgs) -> Result<Preflight, Failure> {
    match preflight.others.filter(|others| *others > TOO_BUSY && !args.anyway) {
        None => Ok(preflight),
        Some(others) => Err(Failure::Run(format!(
            "others keep {others:.1} cores of this machine busy: what is measured now would be theirs. Try again when it is \
             quiet, or add --anyway"
        ))),
    }
}

/// The scenario that is named, or one made of a command.
fn source(args: &TuneArgs) -> Result<Source, Failure> {
    match (&args.exec, &args.scenario) {
        (Some(command), _) => own::source(args, command),
        (None, Some(name)) => scenario::load(name),
        (None, None) => Err(Failure::Usage("name a scenario: contend tune SCENARIO".to_owned())),
    }
}

/// The scenario, if it has no mistakes; else they were said.
fn checked(source: &Source, colours: Colours) -> Option<Scenario> {
    let said = |mistakes: Mistakes| out::say(&mistakes.render(colours.err));
    read(source).map_err(said).ok().map(|checked| checked.scenario)
}

/// Listens for a signal. What is known by then is still told.
fn listen() -> Result<&'static AtomicI32, Failure> {
    let signals =
        signals::listen().map_err(|error| Failure::Run(format!("signals cannot be caught: {}", told(&error))))?;
    let wait = move || {
        if let Ok(signal) = signals.recv() {
            CAME.store(signal, Ordering::Relaxed);
        }
    };
    thread::Builder::new()
        .name("signals".into())
        .spawn(wait)
        .map_err(|error| Failure::Run(format!("a thread cannot be started: {error}")))?;
    Ok(&CAME)
}
