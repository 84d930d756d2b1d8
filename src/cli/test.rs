//! `contend test`: every scenario is run once for each way its expectations ask for, and the expectations are judged.

mod reports;
mod tally;

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, select, unbounded};

use super::args::TestArgs;
use super::failure::{Failure, Outcome};
use super::out::{self, Colours};
use super::run::look;
use super::{scenario, signals};
use crate::catalogue;
use crate::platform::limits::told;
use crate::report::{self, Compared, Pair, Round, Tested, Trial};
use crate::scenario::{Scenario, Settings, Variant, check};
use crate::source::Live;
use reports::Reports;
use tally::Tally;

/// Runs that go on at once when all they do is wait.
const BESIDE: usize = 6;

/// One run of one scenario.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    scenario: &'a Scenario,
    variant: &'a Variant,
    /// Whether others beside it would disturb it.
    alone: bool,
}

impl<'a> Case<'a> {
    /// It runs alone if it computes, or a run that it is compared with: both are to have the same around them.
    fn new(scenario: &'a Scenario, variant: &'a Variant) -> Self {
        let computes = |settings: &Settings| scenario.computes(settings);
        let beside = scenario.expects.iter().filter_map(|expect| {
            let pair = [scenario.with_knobs(&expect.when), scenario.with_knobs(&expect.other()?)];
            pair.iter().any(|one| one.numbers == variant.settings.numbers).then_some(pair)
        });
        let alone = computes(&variant.settings) || beside.flatten().any(|settings| computes(&settings));
        Self { scenario, variant, alone }
    }
}

/// What runs the cases, one way or another.
struct Bench<'a> {
    signals: &'a Receiver<i32>,
    tally: Tally,
    /// Where reports are written, if they are.
    reports: Option<&'a Reports>,
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
    let signals =
        signals::listen().map_err(|error| Failure::Run(format!("signals cannot be caught: {}", told(&error))))?;
    let runs = variants.iter().map(Vec::len).sum::<usize>().saturating_mul(args.times as usize);
    let reports = args.reports.as_deref().map(Reports::into).transpose()?;
    let mut bench = Bench { signals: &signals, tally: Tally::new(runs), reports: reports.as_ref() };
    let mut tested: Vec<Tested<'_>> = scenarios
        .iter()
        .zip(&variants)
        .map(|(scenario, variants)| Tested { scenario, variants, rounds: Vec::new() })
        .collect();
    for _ in 0..args.times {
        match bench.round(&mut tested) {
            Ok(()) => {}
            Err(Cut::Signal(signal)) => return Ok(Outcome::Signal(signal)),
            Err(Cut::Failed(failure)) => return Err(failure),
        }
    }
    drop(bench);
    if let Some(failure) = reports.and_then(Reports::failure) {
        return Err(failure);
    }
    let skipped: Vec<&str> = skipped.iter().map(|scenario| scenario.name.as_str()).collect();
    let text = if args.json {
        report::tests_json(&tested, &skipped)
    } else {
        Ok(report::tests_text(&tested, &skipped, look(colours)))
    };
    out::print(&text.map_err(|error| Failure::Run(format!("the report cannot be written: {error}")))?)?;
    let failed = |one: &Tested<'_>| !one.passed() || args.strict && one.not_judged() > 0;
    Ok(if tested.iter().any(failed) { Outcome::Failed } else { Outcome::Done })
}

/// Why a scenario that was named is not tested: a build server would take what is skipped for good.
fn refuse(scenario: &Scenario) -> Failure {
    let command = scenario.command(&scenario.defaults()).unwrap_or_default();
    let name = &scenario.name;
    Failure::Usage(format!("{name} runs a command, `{command}`: if you trust it, allow that with --allow-exec"))
}

/// The scenarios that are named, or the whole catalogue. `None`: some cannot be read, and it was said why.
fn read(named: &[OsString], colours: Colours) -> Option<Vec<Scenario>> {
    let all = || catalogue::all().iter().map(|entry| entry.name.into()).collect();
    let specs: Vec<OsString> = if named.is_empty() { all() } else { named.to_vec() };
    let read = |spec: &OsString| {
        let source = scenario::load(spec).map_err(|failure| out::complain(failure, colours)).ok()?;
        check(&source).map_err(|mistakes| out::say(&mistakes.render(colours.err))).ok()
    };
    let read: Vec<_> = specs.iter().map(read).collect(); // all, so that every mistake is said
    read.into_iter().map(|checked| checked.map(|checked| checked.scenario)).collect()
}

impl Bench<'_> {
    /// Runs everything once, and what is compared and not seen at first once more.
    fn round(&mut self, tested: &mut [Tested<'_>]) -> Result<(), Cut> {
        let cases: Vec<Case<'_>> =
            tested.iter().flat_map(|one| one.variants.iter().map(|variant| Case::new(one.scenario, variant))).collect();
        let mut trials = self.run_all(&cases)?;
        self.retry_alone(&cases, &mut trials)?;
        let mut trials = trials.into_iter();
        for one in tested {
            let trials: Vec<Trial> = trials.by_ref().take(one.variants.len()).collect();
            let mut compared = Vec::new();
            for pair in report::pairs(one.scenario, one.variants) {
                compared.extend(self.compare(one, &trials, &pair)?);
            }
            one.rounds.push(Round { trials, compared });
        }
        Ok(())
    }

    /// What two runs show beside each other. A machine that was busy with something else meanwhile gets another chance.
    fn compare(&mut self, one: &Tested<'_>, trials: &[Trial], pair: &Pair) -> Result<Option<Compared>, Cut> {
        let Some(verdict) = report::compare(one.scenario, pair, pair.runs.map(|at| &trials[at])) else {
            return Ok(None);
        };
        let first = Compared { verdict, tries: 1 };
        if first.verdict.is_seen() {
            return Ok(Some(first));
        }
        let cases = pair.runs.map(|at| Case::new(one.scenario, &one.variants[at]));
        self.tally.more(cases.len());
        let again = self.run_some(&cases, &[0, 1], 1)?;
        let [(_, left), (_, right)] = again.as_slice() else { return Ok(Some(first)) };
        let then = report::compare(one.scenario, pair, [left, right]);
        Ok(Some(match then {
            Some(then) => first.again(then),
            None => first,
        }))
    }

    /// Runs every case: first those that only wait, several at once; then one by one those that would disturb each other.
    /// The result is in the order of the cases.
    fn run_all(&mut self, cases: &[Case<'_>]) -> Result<Vec<Trial>, Cut> {
        let (alone, beside): (Vec<usize>, Vec<usize>) = (0..cases.len()).partition(|at| cases[*at].alone);
        let mut trials: Vec<(usize, Trial)> = Vec::with_capacity(cases.len());
        for (some, at_once) in [(beside, BESIDE), (alone, 1)] {
            trials.extend(self.run_some(cases, &some, at_once)?);
        }
        trials.sort_by_key(|(at, _)| *at);
        Ok(trials.into_iter().map(|(_, trial)| trial).collect())
    }

    /// Repeats alone each run that could not be judged beside other runs: those count as other programs for it.
    fn retry_alone(&mut self, cases: &[Case<'_>], trials: &mut [Trial]) -> Result<(), Cut> {
        let is_open = |at: &usize| !cases[*at].alone && trials[*at].verdicts.iter().any(|v| v.not_judged().is_some());
        let some: Vec<usize> = (0..cases.len()).filter(is_open).collect();
        self.tally.more(some.len());
        for (at, trial) in self.run_some(cases, &some, 1)? {
            trials[at] = trial;
        }
        Ok(())
    }

    /// Runs some of the cases, `at_once` at a time.
    fn run_some(&mut self, cases: &[Case<'_>], some: &[usize], at_once: usize) -> Result<Vec<(usize, Trial)>, Cut> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let reports = self.reports;
        let (tell, told) = unbounded();
        thread::scope(|scope| {
            for at in 0..at_once.min(some.len()) {
                let (tell, next, stop) = (tell.clone(), &next, &stop);
                let work = move || run_next(cases, some, reports, next, stop, &tell);
                let started = thread::Builder::new().name(format!("test-{at}")).spawn_scoped(scope, work);
                if let Err(error) = started {
                    stop.store(true, Ordering::Relaxed);
                    return Err(Cut::Failed(Failure::Run(format!("a thread cannot be started: {error}"))));
                }
            }
            drop(tell);
            let ended = self.listen(cases, &told);
            if ended.is_err() {
                stop.store(true, Ordering::Relaxed); // Relaxed: a request, orders nothing
            }
            ended
        })
    }

    /// Hears of runs until the last has ended, or a signal comes in.
    fn listen(&mut self, cases: &[Case<'_>], told: &Receiver<News>) -> Result<Vec<(usize, Trial)>, Cut> {
        let mut trials = Vec::new();
        loop {
            select! {
                recv(told) -> news => match news {
                    Ok(News::Began(at)) => self.tally.began(&cases[at]),
                    Ok(News::Ended(at, trial)) => {
                        self.tally.ended(&cases[at]);
                        trials.push((at, trial));
                    }
                    Err(_) => return Ok(trials),
                },
                recv(self.signals) -> signal => if let Ok(signal) = signal {
                    return Err(Cut::Signal(signal));
                },
            }
        }
    }
}

/// What a testing thread says.
#[derive(Debug)]
enum News {
    Began(usize),
    Ended(usize, Trial),
}

/// Runs one case after another until there are no more. The thread outlives each of its runs, as they need it to.
fn run_next(
    cases: &[Case<'_>],
    some: &[usize],
    reports: Option<&Reports>,
    next: &AtomicUsize,
    stop: &AtomicBool,
    tell: &Sender<News>,
) {
    let stopped = || stop.load(Ordering::Relaxed);
    while let Some(at) = some.get(next.fetch_add(1, Ordering::Relaxed)).copied().filter(|_| !stopped()) {
        let _ = tell.send(News::Began(at));
        let trial = try_one(&cases[at], reports, stopped);
        if tell.send(News::Ended(at, trial)).is_err() {
            return;
        }
    }
}

fn try_one(case: &Case<'_>, keep: Option<&Reports>, stop: impl Fn() -> bool) -> Trial {
    let settings = &case.variant.settings;
    match Live::start(case.scenario, settings) {
        Ok(live) => report::try_out(&live, case.scenario, settings, stop, |followed, verdicts| {
            if let Some(reports) = keep {
                reports.write(case, followed, verdicts);
            }
        }),
        Err(error) => Trial::failed(error.to_string()),
    }
}
