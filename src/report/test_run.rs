//! A test run: follows a run until its expectations are decided.

use std::cell::Cell;
use std::ops::ControlFlow;

use super::Verdict;
use super::compare::{ComparableFigure, ComparedRun, comparable_figures};
use super::doubt::Doubt;
use super::expect::judge_each;
use super::follow::{FinishedRun, FollowOptions, follow_run};
use super::interference::Interference;
use super::monotonic::must_hold;
use super::verdict::Judgement;
use crate::model::{FindingOptions, Model};
use crate::recording::Recorder;
use crate::scenario::{Claim, CorrectWhen, Scenario, Settings};
use crate::source::EventSource;
use crate::trace::{RunEnd, Span, Stamp};

/// An expectation that is not seen in the test's time gets up to this many times as long, for busy machines.
const MAX_WAIT_FACTOR: u64 = 3;

/// Interval between checks of the expectations. A check costs about as much as drawing a frame.
const JUDGE_INTERVAL: Span = Span::from_millis(150);

/// A test run and its verdicts.
#[derive(Debug)]
pub struct TestRun {
    pub verdicts: Vec<Verdict>,
    /// Its figures that expectations compare between runs.
    pub(super) comparable_figures: Vec<ComparableFigure>,
    pub ended: RunEnd,
    pub ended_at: Stamp,
    /// Number of lost events.
    pub lost: u64,
    /// Ids of the findings that the user asked not to list, one for each finding.
    pub muted: Vec<&'static str>,
    /// Other programs that used the cores the run needed.
    pub(super) interference: Option<Interference>,
}

impl TestRun {
    /// Returns the result of a run that could not be started.
    pub fn failed(why: String) -> Self {
        let (verdicts, figures) = (Vec::new(), Vec::new());
        let (ended, at) = (RunEnd::Crashed(why), Stamp::default());
        Self {
            verdicts,
            comparable_figures: figures,
            ended,
            ended_at: at,
            lost: 0,
            muted: Vec::new(),
            interference: None,
        }
    }

    /// Returns what a comparison with another run needs.
    pub fn compared(&self) -> ComparedRun<'_> {
        ComparedRun { figures: &self.comparable_figures, interference: self.interference }
    }

    /// Whether workers waited for cores that other programs or other runs used.
    pub fn is_disturbed(&self) -> bool {
        self.interference.is_some()
    }

    /// Whether others are the reason that an expectation was not seen, or may be: the run says more when it is repeated
    /// alone.
    pub fn is_doubtful(&self) -> bool {
        let is_disturbed = self.is_disturbed();
        self.verdicts.iter().any(|verdict| match &verdict.judgement {
            Judgement::NotSeen => is_disturbed,
            Judgement::NotJudged(doubt) => matches!(doubt, Doubt::Interference(_)),
            Judgement::Seen => false,
        })
    }

    /// Whether the run did not crash, and every expectation that can be judged was seen.
    pub fn passed(&self) -> bool {
        !matches!(self.ended, RunEnd::Crashed(_)) && !self.verdicts.iter().any(Verdict::is_missed)
    }
}

/// Returns the longest time that a test run with these settings may take.
pub fn max_test_time(scenario: &Scenario, settings: &Settings) -> Span {
    TestLimits::new(scenario, settings).longest
}

/// Returns whether an expectation or a guess that applies to these settings depends on how many cores the run gets.
pub fn depends_on_cores(scenario: &Scenario, settings: &Settings) -> bool {
    let expects = super::expect::applicable_expectations(scenario, settings).any(|expect| expect.claim.needs_cores());
    let is_asked = settings.numbers == scenario.default_settings().numbers;
    let guesses = scenario.quiz.iter().filter(|_| is_asked).flat_map(|quiz| &quiz.guesses);
    expects
        || guesses.into_iter().any(|guess| match &guess.correct_when {
            CorrectWhen::AllHold(claims) => claims.iter().any(|expect| expect.claim.needs_cores()),
            CorrectWhen::NoOtherGuess => false,
        })
}

/// Follows a run until all expectations for these settings are seen: at once if none of them has to hold, else when
/// they have held for the test's time. `stop` ends the run early; `recorder` records the run. Findings are judged by
/// the thresholds of `options`. Calls `keep` with the run and its verdicts at the end.
pub fn run_test(
    run: &dyn EventSource,
    recorder: Option<Recorder>,
    options: &FindingOptions,
    scenario: &Scenario,
    settings: &Settings,
    stop: impl Fn() -> bool,
    keep: impl FnOnce(&FinishedRun, &[Verdict]),
) -> TestRun {
    let limits = TestLimits::new(scenario, settings);
    let mut last_judged = Stamp::default();
    let settled = Cell::new(None);
    let follow = FollowOptions {
        limit: Some(limits.longest),
        recorder,
        thresholds: options.thresholds,
        ..FollowOptions::default()
    };
    let followed = follow_run(run, follow, |model, now| {
        if stop() {
            return ControlFlow::Break(());
        }
        if now.span_since(last_judged) < JUDGE_INTERVAL {
            return ControlFlow::Continue(());
        }
        last_judged = now;
        let verdicts = final_verdicts(model, scenario, settings, now, limits.hold_time);
        let over = verdicts.is_some();
        settled.set(verdicts);
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let verdicts = settled.take().unwrap_or_else(|| {
        let mut verdicts = super::judge_expectations(&followed.model, scenario, settings, followed.ended_at);
        verdicts.extend(
            question_verdict(&followed.model, scenario, settings, followed.ended_at).map(|(verdict, _)| verdict),
        );
        verdicts
    });
    keep(&followed, &verdicts);
    let figures = comparable_figures(&followed.model, scenario, settings, followed.ended_at);
    let others = Interference::during(&followed.model, Stamp::default(), followed.ended_at);
    let lost = followed.model.health().lost;
    let muted = options.split(followed.model.findings(followed.ended_at)).muted;
    TestRun {
        verdicts,
        comparable_figures: figures,
        ended: followed.ended,
        ended_at: followed.ended_at,
        lost,
        muted: muted.iter().map(|finding| finding.id).collect(),
        interference: others,
    }
}

/// Returns the verdicts if they are final: all are seen, claims that must hold have held until `hold_time`, and figures
/// for comparisons have been measured for as long.
fn final_verdicts(
    model: &Model,
    scenario: &Scenario,
    settings: &Settings,
    now: Stamp,
    hold_time: Span,
) -> Option<Vec<Verdict>> {
    let held = now.span_since(Stamp::default()) >= hold_time;
    let mut verdicts = Vec::new();
    for (expect, verdict) in judge_each(model, scenario, settings, now) {
        if !verdict.is_seen() || (!held && must_hold(&expect.claim)) {
            return None;
        }
        verdicts.push(verdict);
    }
    if let Some((verdict, settled)) = question_verdict(model, scenario, settings, now) {
        if !verdict.is_seen() || !settled {
            return None;
        }
        verdicts.push(verdict);
    }
    let figures = comparable_figures(model, scenario, settings, now);
    let measured = figures.is_empty() || held && figures.iter().all(ComparableFigure::is_known);
    measured.then_some(verdicts)
}

/// Returns the verdict on the scenario's question, and whether it is final. The question is about the default settings.
fn question_verdict(model: &Model, scenario: &Scenario, settings: &Settings, now: Stamp) -> Option<(Verdict, bool)> {
    let quiz = scenario.quiz.as_ref().filter(|_| settings.numbers == scenario.default_settings().numbers)?;
    let answer = super::answer_question(model, scenario, settings, now)?;
    Some((answer.verdict(quiz), answer.is_measured()))
}

struct TestLimits {
    /// Time for which claims that must hold have to hold.
    hold_time: Span,
    longest: Span,
}

impl TestLimits {
    fn new(scenario: &Scenario, settings: &Settings) -> Self {
        let hold_time = Span(scenario.test.hold_nanos as u64);
        let within = super::expect::applicable_expectations(scenario, settings).filter_map(|expect| {
            match *expect.claim.bare() {
                Claim::Deadlock { within } => within,
                _ => None,
            }
        });
        let within = Span(within.fold(0.0, f64::max) as u64);
        Self { hold_time, longest: within.max(Span(hold_time.0.saturating_mul(MAX_WAIT_FACTOR))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{BANK_SCENARIO, bank_messages, bank_registry};
    use crate::scenario::{Source, check};
    use crate::source::ScriptedSource;

    fn run_bank_test(expectations: &str, stop: bool) -> TestRun {
        let source = Source { name: "bank".to_owned(), path: None, text: format!("{BANK_SCENARIO}{expectations}") };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        let bank = ScriptedSource::new(bank_registry()).with_step(Span::from_millis(100)); // a run that never ends
        bank.send(bank_messages());
        run_test(&bank, None, &FindingOptions::default(), &scenario, &scenario.default_settings(), || stop, |_, _| {})
    }

    #[test]
    fn final_verdicts_end_a_test_at_once() {
        let trial =
            run_bank_test("test for=\"60s\"\nexpect deadlock within=\"1s\"\nexpect done post above=18\n", false);
        assert!(trial.passed(), "{trial:?}");
        assert!(trial.ended_at < Stamp::default() + Span::from_millis(2_000), "{trial:?}");
    }

    #[test]
    fn claims_that_must_hold_are_checked_for_the_test_time() {
        let trial = run_bank_test("test for=\"3s\"\nexpect lost balance equals=0\n", false);
        assert!(trial.passed(), "{trial:?}");
        let longest = Stamp::default() + Span::from_millis(4_000);
        assert!(trial.ended_at >= Stamp::default() + Span::from_millis(3_000) && trial.ended_at < longest, "{trial:?}");
    }

    #[test]
    fn unseen_expectation_extends_the_test_and_then_fails() {
        let trial =
            run_bank_test("test for=\"1s\"\nexpect done post above=1000\nexpect lost balance equals=0\n", false);
        assert!(!trial.passed());
        assert_eq!(trial.verdicts.iter().map(Verdict::is_seen).collect::<Vec<_>>(), [false, true]);
        assert!(trial.ended_at >= Stamp::default() + Span::from_millis(3_000), "{trial:?}");
    }

    #[test]
    fn test_run_can_be_stopped() {
        let trial = run_bank_test("test for=\"600s\"\nexpect done post above=1000\n", true);
        assert!(!trial.passed() && trial.ended_at < Stamp::default() + Span::from_millis(2_000), "{trial:?}");
    }

    #[test]
    fn missed_expectation_is_in_doubt_only_if_others_used_the_cores() {
        let run = |seen, interference| {
            let judgement = Judgement::from_seen(seen);
            let verdict = Verdict { text: String::new(), judgement, evidence: String::new(), bound_check: None };
            let verdicts = vec![verdict];
            TestRun { verdicts, ended: RunEnd::Time, interference, ..TestRun::failed(String::new()) }
        };
        let others = || Some(Interference::example());
        assert!(run(false, others()).is_doubtful());
        assert!(!run(false, None).is_doubtful() && !run(true, others()).is_doubtful());
        let mut not_judged = run(false, None);
        not_judged.verdicts[0].judgement = Judgement::NotJudged(Doubt::Interference(Interference::example()));
        assert!(not_judged.is_doubtful());
    }
}
