//! `contend test`: every scenario is run once for each way its expectations ask for, and the expectations are judged.

mod tally;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, select, unbounded};

use super::args::TestArgs;
use super::failure::{Failure, Outcome};
use super::out::{self, Colours};
use super::run::look;
use super::{scenario, signals};
use crate::report::{self, Tested, Trial};
use crate::scenario::{Scenario, Variant, catalogue, check};
use crate::source::Live;
use crate::trace::{RunEnd, Stamp};
use tally::Tally;

/// Runs that go on at once when all they do is wait.
const BESIDE: usize = 6;

/// One run of one scenario.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    scenario: &'a Scenario,
    variant: &'a Variant,
}

/// Why not every case was run.
#[derive(Debug)]
enum Cut {
    Signal(i32),
    Failed(Failure),
}

pub(super) fn test(args: &TestArgs, colours: Colours) -> Result<Outcome, Failure> {
    let Some(scenarios) = read(&args.scenarios, colours) else { return Ok(Outcome::Mistakes) };
    let runs = |scenario: &Scenario| args.allow_exec || scenario.command(&scenario.defaults()).is_none();
    let (scenarios, skipped): (Vec<Scenario>, Vec<Scenario>) = scenarios.into_iter().partition(runs);
    if let Some(refused) = skipped.iter().find(|_| !args.scenarios.is_empty()) {
        return Err(refuse(refused));
    }
    let mut variants: Vec<Vec<Variant>> = scenarios.iter().map(Scenario::variants).collect();
    variants.iter_mut().flatten().for_each(|variant| variant.settings.exec = args.allow_exec);
    let cases: Vec<Case<'_>> = scenarios
        .iter()
        .zip(&variants)
        .flat_map(|(scenario, variants)| variants.iter().map(move |variant| Case { scenario, variant }))
        .collect();
    let signals = signals::listen().map_err(|error| Failure::Run(format!("signals cannot be caught: {error}")))?;
    let mut trials = match run_all(&cases, &signals) {
        Ok(trials) => trials.into_iter(),
        Err(Cut::Signal(signal)) => return Ok(Outcome::Signal(signal)),
        Err(Cut::Failed(failure)) => return Err(failure),
    };
    let tested: Vec<Tested<'_>> = scenarios
        .iter()
        .zip(&variants)
        .map(|(scenario, variants)| Tested { scenario, runs: variants.iter().zip(trials.by_ref()).collect() })
        .collect();
    let skipped: Vec<&str> = skipped.iter().map(|scenario| scenario.name.as_str()).collect();
    let text = if args.json {
        report::tests_json(&tested, &skipped)
    } else {
        Ok(report::tests_text(&tested, &skipped, look(colours)))
    };
    out::print(&text.map_err(|error| Failure::Run(format!("the report cannot be written: {error}")))?)?;
    Ok(if tested.iter().all(Tested::passed) { Outcome::Done } else { Outcome::Failed })
}

/// Why a scenario that was named is not tested: a build server would take what is skipped for good.
fn refuse(scenario: &Scenario) -> Failure {
    let command = scenario.command(&scenario.defaults()).unwrap_or_default();
    let name = &scenario.name;
    Failure::Usage(format!("{name} runs a command, `{command}`: if you trust it, allow that with --allow-exec"))
}

/// The scenarios that are named, or the whole catalogue. `None`: some cannot be read, and it was said why.
fn read(named: &[String], colours: Colours) -> Option<Vec<Scenario>> {
    let all = || catalogue::all().iter().map(|entry| entry.name.to_owned()).collect();
    let specs: Vec<String> = if named.is_empty() { all() } else { named.to_vec() };
    let read = |spec: &String| {
        let source = scenario::load(spec).map_err(|failure| out::complain(failure, colours)).ok()?;
        check(&source).map_err(|mistakes| out::say(&mistakes.render(colours.err))).ok()
    };
    let read: Vec<_> = specs.iter().map(read).collect(); // all, so that every mistake is said
    read.into_iter().map(|checked| checked.map(|checked| checked.scenario)).collect()
}

/// Runs every case: first those that only wait, several at once; then one by one those that would disturb each other.
/// The result is in the order of the cases.
fn run_all(cases: &[Case<'_>], signals: &Receiver<i32>) -> Result<Vec<Trial>, Cut> {
    let computes = |at: &usize| cases[*at].scenario.computes(&cases[*at].variant.settings);
    let (alone, beside): (Vec<usize>, Vec<usize>) = (0..cases.len()).partition(computes);
    let mut tally = Tally::new(cases.len());
    let mut trials: Vec<(usize, Trial)> = Vec::with_capacity(cases.len());
    for (some, at_once) in [(beside, BESIDE), (alone, 1)] {
        trials.extend(run_some(cases, &some, at_once, signals, &mut tally)?);
    }
    trials.sort_by_key(|(at, _)| *at);
    Ok(trials.into_iter().map(|(_, trial)| trial).collect())
}

/// Runs some of the cases, `at_once` at a time.
fn run_some(
    cases: &[Case<'_>],
    some: &[usize],
    at_once: usize,
    signals: &Receiver<i32>,
    tally: &mut Tally,
) -> Result<Vec<(usize, Trial)>, Cut> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (tell, told) = unbounded();
    thread::scope(|scope| {
        for at in 0..at_once.min(some.len()) {
            let (tell, next, stop) = (tell.clone(), &next, &stop);
            let work = move || run_next(cases, some, next, stop, &tell);
            let started = thread::Builder::new().name(format!("test-{at}")).spawn_scoped(scope, work);
            if let Err(error) = started {
                stop.store(true, Ordering::Relaxed);
                return Err(Cut::Failed(Failure::Run(format!("a thread cannot be started: {error}"))));
            }
        }
        drop(tell);
        let mut trials = Vec::with_capacity(some.len());
        loop {
            select! {
                recv(told) -> news => match news {
                    Ok(News::Began(at)) => tally.began(&cases[at]),
                    Ok(News::Ended(at, trial)) => {
                        tally.ended(&cases[at]);
                        trials.push((at, trial));
                    }
                    Err(_) => return Ok(trials),
                },
                recv(signals) -> signal => if let Ok(signal) = signal {
                    stop.store(true, Ordering::Relaxed); // Relaxed: a request, orders nothing
                    return Err(Cut::Signal(signal));
                },
            }
        }
    })
}

/// What a testing thread says.
#[derive(Debug)]
enum News {
    Began(usize),
    Ended(usize, Trial),
}

/// Runs one case after another until there are no more. The thread outlives each of its runs, as they need it to.
fn run_next(cases: &[Case<'_>], some: &[usize], next: &AtomicUsize, stop: &AtomicBool, tell: &Sender<News>) {
    let stopped = || stop.load(Ordering::Relaxed);
    while let Some(at) = some.get(next.fetch_add(1, Ordering::Relaxed)).copied().filter(|_| !stopped()) {
        let _ = tell.send(News::Began(at));
        let trial = try_one(&cases[at], stopped);
        if tell.send(News::Ended(at, trial)).is_err() {
            return;
        }
    }
}

fn try_one(case: &Case<'_>, stop: impl Fn() -> bool) -> Trial {
    match Live::start(case.scenario, &case.variant.settings) {
        Ok(live) => report::try_out(&live, case.scenario, &case.variant.settings, stop),
        Err(error) => {
            Trial { verdicts: Vec::new(), ended: RunEnd::Crashed(error.to_string()), at: Stamp::default(), lost: 0 }
        }
    }
}
