//! `contend test`: runs each scenario with all settings that its expectations name, and judges the expectations.

mod company;
mod progress;
mod reports;

use std::cmp::Reverse;
use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, select, unbounded};

use super::args::TestArgs;
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::report_output::text_format;
use super::signals::EndSignals;
use super::{record, scenario};
use crate::catalogue;
use crate::model::FindingOptions;
use crate::platform::limits::describe_io_error;
use crate::recording::RecordingDirectory;
use crate::report::{self, ComparedRun, Comparison, RunSet, SkippedScenario, TestRound, TestRun, TestedScenario};
use crate::scenario::{Scenario, Variant, check};
use crate::source::{EventSource, StartedRun, find_dask};
use company::{Company, TestCase};
use progress::TestProgress;
use reports::ReportDirectory;

/// Runs the cases and follows their progress.
struct TestRunner<'a> {
    signals: &'a Receiver<i32>,
    progress: TestProgress,
    kept: KeptRuns<'a>,
}

/// What to report and keep of the runs.
#[derive(Debug, Clone, Copy)]
struct KeptRuns<'a> {
    /// Which findings to list, and from which thresholds on.
    findings: &'a FindingOptions,
    /// Where to write the reports, if `--reports` asks for them.
    reports: Option<&'a ReportDirectory>,
    /// Where to record the runs, if `--record` asks for it.
    recordings: Option<&'a RecordingDirectory>,
}

/// The reason why the tests ended early.
#[derive(Debug)]
enum Interruption {
    Signal(i32),
    Failed(CliError),
}

pub(super) fn run_tests(args: &TestArgs, colours: Colours) -> Result<ExitOutcome, CliError> {
    let Some(scenarios) = load_scenarios(&args.scenarios, colours) else { return Ok(ExitOutcome::Mistakes) };
    let mut skipped = Vec::new();
    let scenarios: Vec<Scenario> = scenarios
        .into_iter()
        .filter_map(|scenario| match missing_requirement(&scenario, args.allow_exec) {
            Some(why) => {
                skipped.push((scenario.name, why));
                None
            }
            None => Some(scenario),
        })
        .collect();
    // Skipping one that is named would look like success to a build server.
    if let Some((name, why)) = skipped.iter().find(|_| !args.scenarios.is_empty()) {
        return Err(CliError::Usage(format!("{name} cannot run: {why}")));
    }
    let mut variants: Vec<Vec<Variant>> = scenarios.iter().map(Scenario::variants).collect();
    variants.iter_mut().flatten().for_each(|variant| variant.settings.allow_exec = args.allow_exec);
    let signals = EndSignals::listen()
        .map_err(|error| CliError::Run(format!("cannot listen for signals: {}", describe_io_error(&error))))?;
    let runs = variants.iter().map(Vec::len).sum::<usize>().saturating_mul(args.times as usize);
    let reports = args.reports.as_deref().map(ReportDirectory::create).transpose()?;
    let recordings = record::create_directory(&args.recording)?;
    let findings = args.findings.options();
    let mut runner = TestRunner {
        signals: &signals.receiver,
        progress: TestProgress::new(runs),
        kept: KeptRuns { findings: &findings, reports: reports.as_ref(), recordings: recordings.as_ref() },
    };
    let mut tested: Vec<TestedScenario<'_>> = scenarios
        .iter()
        .zip(&variants)
        .map(|(scenario, variants)| TestedScenario { scenario, variants, rounds: Vec::new() })
        .collect();
    for _ in 0..args.times {
        match runner.run_round(&mut tested) {
            Ok(()) => {}
            Err(Interruption::Signal(signal)) => return Ok(ExitOutcome::Signal(signal)),
            Err(Interruption::Failed(failure)) => return Err(failure),
        }
    }
    drop(runner);
    if let Some(failure) = reports.and_then(ReportDirectory::failure).or_else(|| record::directory_failure(recordings))
    {
        return Err(failure);
    }
    let skipped: Vec<SkippedScenario<'_>> = skipped.iter().map(|(name, why)| SkippedScenario { name, why }).collect();
    let text = if args.json {
        report::tests_json(&tested, &skipped, &findings.thresholds)
    } else {
        Ok(report::tests_text(&tested, &skipped, &findings.thresholds, text_format(colours)))
    };
    output::print_stdout(&text.map_err(|error| CliError::Run(format!("the report cannot be written: {error}")))?)?;
    let failed = |one: &TestedScenario<'_>| !one.passed() || args.strict && one.not_judged_count() > 0;
    Ok(if tested.iter().any(failed) { ExitOutcome::Failed } else { ExitOutcome::Done })
}

/// Returns why a scenario cannot run here, if something is missing that only the user can give.
fn missing_requirement(scenario: &Scenario, allow_exec: bool) -> Option<String> {
    let settings = scenario.default_settings();
    if let Some(command) = scenario.first_command(&settings).filter(|_| !allow_exec) {
        return Some(format!("it runs a command, `{command}`; if you trust it, add --allow-exec"));
    }
    let missing = scenario.runs_on_dask(&settings).then(find_dask)?.err()?;
    Some(missing.to_string())
}

/// Loads the named scenarios, or the whole catalogue. `None` if some cannot be read; the reasons have been printed.
fn load_scenarios(named: &[OsString], colours: Colours) -> Option<Vec<Scenario>> {
    let all = || catalogue::all().iter().map(|entry| entry.name.into()).collect();
    let specs: Vec<OsString> = if named.is_empty() { all() } else { named.to_vec() };
    let read = |spec: &OsString| {
        let source = scenario::load_scenario(spec).map_err(|failure| output::print_error(failure, colours)).ok()?;
        check(&source).map_err(|mistakes| output::print_stderr(&mistakes.render(colours.stderr))).ok()
    };
    let read: Vec<_> = specs.iter().map(read).collect(); // all, to print every mistake
    read.into_iter().map(|checked| checked.map(|checked| checked.scenario)).collect()
}

impl TestRunner<'_> {
    /// Runs every case once, and repeats comparisons that were not met.
    fn run_round(&mut self, tested: &mut [TestedScenario<'_>]) -> Result<(), Interruption> {
        let cases: Vec<TestCase<'_>> = tested
            .iter()
            .flat_map(|one| one.variants.iter().map(|variant| TestCase::new(one.scenario, variant)))
            .collect();
        let mut runs = self.run_all(&cases)?;
        self.retry_alone(&cases, &mut runs)?;
        let mut runs = runs.into_iter();
        for one in tested {
            let runs: Vec<TestRun> = runs.by_ref().take(one.variants.len()).collect();
            let mut compared = Vec::new();
            for set in report::run_sets(one.scenario, one.variants) {
                compared.extend(self.compare_set(one, &runs, &set)?);
            }
            one.rounds.push(TestRound { runs, comparisons: compared });
        }
        Ok(())
    }

    /// Compares runs. Repeats them if the expectation is not met: other programs may have used the machine.
    fn compare_set(
        &mut self,
        one: &TestedScenario<'_>,
        runs: &[TestRun],
        set: &RunSet,
    ) -> Result<Option<Comparison>, Interruption> {
        let compared: Vec<ComparedRun<'_>> = set.variant_indices.iter().map(|at| runs[*at].compared()).collect();
        let Some(verdict) = report::compare_runs(one.scenario, set, &compared) else { return Ok(None) };
        let first = Comparison { verdict, tries: 1 };
        if first.verdict.is_seen() {
            return Ok(Some(first));
        }
        let case = |at: &usize| TestCase::new(one.scenario, &one.variants[*at]);
        let cases: Vec<TestCase<'_>> = set.variant_indices.iter().map(case).collect();
        self.progress.add_runs(cases.len());
        let again = self.run_some(&cases, &(0..cases.len()).collect::<Vec<_>>(), 1)?;
        let compared: Vec<ComparedRun<'_>> = again.iter().map(|(_, run)| run.compared()).collect();
        let then = report::compare_runs(one.scenario, set, &compared);
        Ok(Some(match then {
            Some(then) => first.with_second_try(then),
            None => first,
        }))
    }

    /// Runs every case, kind by kind: those that only wait, those that compute, those that are judged by their speed.
    /// Returns the runs in the order of the cases.
    fn run_all(&mut self, cases: &[TestCase<'_>]) -> Result<Vec<TestRun>, Interruption> {
        let mut runs: Vec<(usize, TestRun)> = Vec::with_capacity(cases.len());
        for company in Company::ALL {
            let mut some: Vec<usize> = (0..cases.len()).filter(|at| cases[*at].company == company).collect();
            // The longest begin first, so that none of them is left when all others have ended.
            some.sort_by_key(|at| Reverse(cases[*at].scenario.test.hold_nanos as u64));
            runs.extend(self.run_some(cases, &some, company.concurrent_runs())?);
        }
        runs.sort_by_key(|(at, _)| *at);
        Ok(runs.into_iter().map(|(_, run)| run).collect())
    }

    /// Repeats, alone, each run with an expectation that other runs may have kept from being seen, and each one that
    /// they disturbed if it is judged by its speed: they count as other programs.
    fn retry_alone(&mut self, cases: &[TestCase<'_>], runs: &mut [TestRun]) -> Result<(), Interruption> {
        let is_open = |at: &usize| match cases[*at].company {
            Company::None => false,
            Company::Waiting if runs[*at].is_disturbed() => true,
            Company::Many | Company::Few | Company::Waiting => runs[*at].is_doubtful(),
        };
        let some: Vec<usize> = (0..cases.len()).filter(is_open).collect();
        self.progress.add_runs(some.len());
        for (at, run) in self.run_some(cases, &some, 1)? {
            runs[at] = run;
        }
        Ok(())
    }

    /// Runs the cases with these indices, `at_once` at a time.
    fn run_some(
        &mut self,
        cases: &[TestCase<'_>],
        some: &[usize],
        at_once: usize,
    ) -> Result<Vec<(usize, TestRun)>, Interruption> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let kept = self.kept;
        let (sender, receiver) = unbounded();
        thread::scope(|scope| {
            for at in 0..at_once.min(some.len()) {
                let (sender, next, stop) = (sender.clone(), &next, &stop);
                let work = move || run_cases(cases, some, kept, next, stop, &sender);
                let started = thread::Builder::new().name(format!("test-{at}")).spawn_scoped(scope, work);
                if let Err(error) = started {
                    stop.store(true, Ordering::Relaxed);
                    return Err(Interruption::Failed(CliError::Run(format!("cannot start a thread: {error}"))));
                }
            }
            drop(sender);
            let ended = self.collect_runs(cases, &receiver);
            if ended.is_err() {
                stop.store(true, Ordering::Relaxed); // Relaxed: a request, orders nothing
            }
            ended
        })
    }

    /// Collects finished runs until the last has ended or a signal arrives.
    fn collect_runs(
        &mut self,
        cases: &[TestCase<'_>],
        receiver: &Receiver<CaseEvent>,
    ) -> Result<Vec<(usize, TestRun)>, Interruption> {
        let mut runs = Vec::new();
        loop {
            select! {
                recv(receiver) -> news => match news {
                    Ok(CaseEvent::Began(at)) => self.progress.case_began(&cases[at]),
                    Ok(CaseEvent::Ended(at, run)) => {
                        self.progress.case_ended(&cases[at]);
                        runs.push((at, run));
                    }
                    Err(_) => return Ok(runs),
                },
                recv(self.signals) -> signal => if let Ok(signal) = signal {
                    return Err(Interruption::Signal(signal));
                },
            }
        }
    }
}

/// A message from a testing thread.
#[derive(Debug)]
enum CaseEvent {
    Began(usize),
    Ended(usize, TestRun),
}

/// Runs cases until none is left. The thread outlives each of its runs, which [`StartedRun::start`] requires.
fn run_cases(
    cases: &[TestCase<'_>],
    some: &[usize],
    kept: KeptRuns<'_>,
    next: &AtomicUsize,
    stop: &AtomicBool,
    sender: &Sender<CaseEvent>,
) {
    let stopped = || stop.load(Ordering::Relaxed);
    while let Some(at) = some.get(next.fetch_add(1, Ordering::Relaxed)).copied().filter(|_| !stopped()) {
        let _ = sender.send(CaseEvent::Began(at));
        let run = run_case(&cases[at], kept, stopped);
        if sender.send(CaseEvent::Ended(at, run)).is_err() {
            return;
        }
    }
}

fn run_case(case: &TestCase<'_>, kept: KeptRuns<'_>, stop: impl Fn() -> bool) -> TestRun {
    let settings = &case.variant.settings;
    match StartedRun::start(case.scenario, settings) {
        Ok(live) => {
            let describe = || report::describe_run(live.header(), Some(report::max_test_time(case.scenario, settings)));
            let recorder = kept.recordings.and_then(|directory| directory.start(&case.scenario.name, &describe()));
            report::run_test(&live, recorder, kept.findings, case.scenario, settings, stop, |followed, verdicts| {
                if let Some(reports) = kept.reports {
                    reports.write(case, kept.findings, followed, verdicts);
                }
            })
        }
        Err(error) => TestRun::failed(error),
    }
}
