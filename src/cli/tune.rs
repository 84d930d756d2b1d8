//! `contend tune`: how many workers are enough?

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use super::args::TuneArgs;
use super::failure::{Failure, Outcome};
use super::out::{self, Colours};
use super::run::look;
use super::{scenario, signals};
use crate::platform::machine;
use crate::scenario::{Knob, KnobKind, Scenario, Unit, check, clean};
use crate::trace::{KnobId, Span};
use crate::tune::{self as tuner, Bench, Demands, Phase, Question, Subject, Timing, Tuning};

/// Highest count that is swept when nobody said.
const HIGHEST: f64 = 32.0;

/// Cores that others may keep busy before nothing is said at all.
const TOO_BUSY: f64 = 0.20;

pub(super) fn tune(args: &TuneArgs, colours: Colours) -> Result<Outcome, Failure> {
    let source = scenario::load(&args.scenario)?;
    let scenario = match check(&source) {
        Ok(checked) => checked.scenario,
        Err(mistakes) => {
            out::say(&mistakes.render(colours.err));
            return Ok(Outcome::Mistakes);
        }
    };
    let settings = scenario
        .settings(&args.set, None, args.executor.map(Into::into))
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let (id, knob) = chosen(&scenario, args)?;
    let over = over(knob, args)?;
    let signal = listen()?;
    let stop = || signal.load(Ordering::Relaxed) != 0; // Relaxed: a request, orders nothing
    let mut lab = Bench::new(&scenario, settings, id, Timing::default(), stop)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let machine = machine();
    let cores = machine.quota.map_or(machine.usable as f64, |quota| quota.min(machine.usable as f64));
    let others = lab.others();
    if let Some(others) = others.filter(|others| *others > TOO_BUSY && !args.anyway) {
        return Err(Failure::Run(format!(
            "others keep {others:.1} cores of this machine busy: what is measured now would be theirs. Try again when it is \
             quiet, or add --anyway"
        )));
    }
    let question = Question {
        over,
        whole: is_count(knob),
        cores,
        demands: Demands {
            epsilon: args.epsilon / 100.0,
            p99: args.p99.map(|limit| limit.as_nanos() as f64),
            memory: args.memory.map(|mib| mib << 20),
        },
        budget: args.time,
        open: matches!(lab.work(), tuner::Work::Tasks(_)),
        seed: args.seed.unwrap_or_else(|| fastrand::u64(0..1 << 32)),
    };
    let work = lab.work().clone();
    let mut progress = Progress::new(args);
    let tuning = tuner::tune(&mut lab, &question, |tuning| progress.show(tuning, &question, knob));
    drop(progress);
    let subject =
        Subject { scenario: &scenario.name, knob, work: &work, demands: question.demands, over, cores, others };
    let text = tuner::text(&tuning, &subject, &again(args, &question, knob), look(colours));
    out::print(&text)?;
    Ok(match signal.load(Ordering::Relaxed) {
        0 => Outcome::Done,
        signal => Outcome::Signal(signal),
    })
}

/// The signal that came, once one has. What is known by then is still told.
fn listen() -> Result<&'static AtomicI32, Failure> {
    static CAME: AtomicI32 = AtomicI32::new(0);
    let signals = signals::listen().map_err(|error| Failure::Run(format!("signals cannot be caught: {error}")))?;
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

fn chosen<'a>(scenario: &'a Scenario, args: &TuneArgs) -> Result<(KnobId, &'a Knob), Failure> {
    let id = match &args.knob {
        Some(name) => scenario.find_knob(name).map_err(|error| Failure::Usage(error.to_string()))?,
        None => scenario.size_knob().ok_or_else(|| {
            let numbers: Vec<&str> =
                scenario.knobs.iter().filter(|knob| is_number(knob)).map(|knob| knob.name.as_str()).collect();
            let choose = if numbers.is_empty() {
                "it has no knob with a number".to_owned()
            } else {
                format!("choose one with --knob: {}", numbers.join(", "))
            };
            Failure::Usage(format!("no knob of `{}` says how many workers there are; {choose}", clean(&args.scenario)))
        })?,
    };
    Ok((id, &scenario.knobs[id.index()]))
}

const fn is_number(knob: &Knob) -> bool {
    matches!(knob.kind, KnobKind::Number { .. })
}

const fn is_count(knob: &Knob) -> bool {
    matches!(knob.kind, KnobKind::Number { unit: Unit::Count, .. })
}

/// From where to where: as asked, or the knob's range, counts up to a number that is useful to see.
fn over(knob: &Knob, args: &TuneArgs) -> Result<(f64, f64), Failure> {
    let KnobKind::Number { min, max, .. } = knob.kind else {
        return Err(Failure::Usage(format!("`{}` is no number: only a knob with a number can be swept", knob.name)));
    };
    let Some(text) = &args.over else {
        let high = if is_count(knob) { max.min(HIGHEST).max(min) } else { max };
        let low = if is_count(knob) { min.max(1.0).min(high) } else { min };
        return Ok((low, high));
    };
    let usage = |why: String| Failure::Usage(format!("--over {}: {why}", clean(text)));
    let (low, high) = text.split_once("..").ok_or_else(|| usage("write it as 1..32".to_owned()))?;
    let parse = |text: &str| knob.parse(text.trim_start_matches('=')).map_err(|error| usage(error.to_string()));
    let (low, high) = (parse(low)?, parse(high)?);
    if low > high { Err(usage("the first value is the larger one".to_owned())) } else { Ok((low, high)) }
}

/// The command that does the same once more.
fn again(args: &TuneArgs, question: &Question, knob: &Knob) -> String {
    let mut words = vec!["contend tune".to_owned(), clean(&args.scenario)];
    words.extend(args.set.iter().map(|set| format!("--set {}", clean(set))));
    words.push(format!("--knob {} --over {}..{}", knob.name, knob.show(question.over.0), knob.show(question.over.1)));
    words.push(format!("--epsilon {} --for {}s --seed {}", args.epsilon, question.budget.as_secs(), question.seed));
    words.extend(args.p99.map(|limit| format!("--p99 {}", Span::from(limit))));
    words.extend(args.memory.map(|mib| format!("--memory {mib}")));
    words.join(" ")
}

/// One line on standard error that tells how far it is.
struct Progress {
    shown: bool,
    terminal: bool,
}

impl Progress {
    fn new(args: &TuneArgs) -> Self {
        Self { shown: false, terminal: io::stderr().is_terminal() && !args.json }
    }

    fn show(&mut self, tuning: &Tuning, question: &Question, knob: &Knob) {
        if !self.terminal {
            return;
        }
        self.shown = true;
        let left = question.budget.saturating_sub(tuning.elapsed).as_secs();
        let best = tuning.curve.best().map(|best| format!("  best so far {}={}", knob.name, knob.show(best.value)));
        let phase = tuning.phase.map_or("", Phase::word);
        out::say(&format!("\r\x1b[K{left} s left at most: {phase}{}", best.unwrap_or_default()));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            out::say("\r\x1b[K");
        }
    }
}
