//! One test run: when everything that was expected of it is decided, and what came of it.

use std::cell::Cell;
use std::ops::ControlFlow;

use crossbeam_channel::never;

use super::Verdict;
use super::compare::{ComparableFigure, ComparedRun, comparable_figures};
use super::expect::judge_each;
use super::follow::{FinishedRun, ObservableRun, follow_run};
use super::interference::Interference;
use super::monotonic::must_hold;
use crate::model::Model;
use crate::scenario::{Claim, CorrectWhen, Scenario, Settings};
use crate::trace::{RunEnd, Span, Stamp};

/// What was not seen in a test's time may still come on a busy machine: it is waited for so many times as long.
const MAX_WAIT_FACTOR: u64 = 3;

/// How often it is asked whether all was seen. Asking costs about as much as drawing a frame.
const JUDGE_INTERVAL: Span = Span::from_millis(150);

/// A run that was looked at until it was decided.
#[derive(Debug)]
pub struct TestRun {
    pub verdicts: Vec<Verdict>,
    /// What it came to of all that is compared between runs.
    pub(super) comparable_figures: Vec<ComparableFigure>,
    pub ended: RunEnd,
    pub ended_at: Stamp,
    /// Events that were recorded, but never arrived.
    pub lost: u64,
    /// Other programs that had the cores it needed.
    pub(super) interference: Option<Interference>,
}

impl TestRun {
    /// A run that could not be started.
    pub fn failed(why: String) -> Self {
        let (verdicts, figures) = (Vec::new(), Vec::new());
        let (ended, at) = (RunEnd::Crashed(why), Stamp::default());
        Self { verdicts, comparable_figures: figures, ended, ended_at: at, lost: 0, interference: None }
    }

    /// Returns what a comparison with another run needs.
    pub fn compared(&self) -> ComparedRun<'_> {
        ComparedRun { figures: &self.comparable_figures, interference: self.interference }
    }

    /// Whether the run did its part, and nothing that can be judged is missing.
    pub fn passed(&self) -> bool {
        !matches!(self.ended, RunEnd::Crashed(_)) && !self.verdicts.iter().any(Verdict::is_missed)
    }
}

/// How long a test run with these settings may go on.
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

/// Follows a run until all that is expected with these settings was seen: at once when nothing of it has to hold, else
/// when it has held for the test's time. `stop` ends it before. `keep` is shown the run and the verdicts at its end.
pub fn run_test(
    run: &impl ObservableRun,
    scenario: &Scenario,
    settings: &Settings,
    stop: impl Fn() -> bool,
    keep: impl FnOnce(&FinishedRun, &[Verdict]),
) -> TestRun {
    let limits = TestLimits::new(scenario, settings);
    let mut looked = Stamp::default();
    let settled = Cell::new(None);
    let followed = follow_run(run, Some(limits.longest), &never(), |model, now| {
        if stop() {
            return ControlFlow::Break(());
        }
        if now.span_since(looked) < JUDGE_INTERVAL {
            return ControlFlow::Continue(());
        }
        looked = now;
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
    TestRun {
        verdicts,
        comparable_figures: figures,
        ended: followed.ended,
        ended_at: followed.ended_at,
        lost,
        interference: others,
    }
}

/// The verdicts, if they are final: all seen, what must hold has held until `holds`, and what is compared with another
/// run has been measured for as long.
fn final_verdicts(
    model: &Model,
    scenario: &Scenario,
    settings: &Settings,
    now: Stamp,
    holds: Span,
) -> Option<Vec<Verdict>> {
    let held = now.span_since(Stamp::default()) >= holds;
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

/// The question is asked about the scenario as it is: then one of its guesses is to be right. And whether it stays so.
fn question_verdict(model: &Model, scenario: &Scenario, settings: &Settings, now: Stamp) -> Option<(Verdict, bool)> {
    let ask = scenario.quiz.as_ref().filter(|_| settings.numbers == scenario.default_settings().numbers)?;
    let answer = super::answer_question(model, scenario, now)?;
    Some((answer.verdict(ask), answer.is_measured()))
}

struct TestLimits {
    /// Until when what must hold has to hold.
    hold_time: Span,
    longest: Span,
}

impl TestLimits {
    fn new(scenario: &Scenario, settings: &Settings) -> Self {
        let holds = Span(scenario.test.hold_nanos as u64);
        let within =
            super::expect::applicable_expectations(scenario, settings).filter_map(|expect| match expect.claim {
                Claim::Deadlock { within } => within,
                _ => None,
            });
        let within = Span(within.fold(0.0, f64::max) as u64);
        Self { hold_time: holds, longest: within.max(Span(holds.0.saturating_mul(MAX_WAIT_FACTOR))) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use crossbeam_channel::{Receiver, Sender, unbounded};

    use super::*;
    use crate::report::fixture::{BANK_SCENARIO, bank_messages, bank_registry};
    use crate::scenario::{Source, check};
    use crate::trace::{Message, Registry};

    /// The bank, whose clock goes on by 100 ms whenever it is looked at, and that never ends.
    struct FakeRun {
        messages: Receiver<Message>,
        clock: AtomicU64,
        _open: Sender<Message>,
    }

    impl ObservableRun for FakeRun {
        fn registry(&self) -> Arc<Registry> {
            Arc::new(bank_registry())
        }

        fn messages(&self) -> &Receiver<Message> {
            &self.messages
        }

        fn now(&self) -> Stamp {
            Stamp(self.clock.fetch_add(Span::from_millis(100).0, Ordering::Relaxed)) // Relaxed: one thread
        }
    }

    fn run_bank_test(expectations: &str, stop: bool) -> TestRun {
        let source = Source { name: "bank".to_owned(), path: None, text: format!("{BANK_SCENARIO}{expectations}") };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        let (sender, receiver) = unbounded();
        for message in bank_messages() {
            sender.send(message).expect("the receiver is there");
        }
        let bank = FakeRun { messages: receiver, clock: AtomicU64::new(0), _open: sender };
        run_test(&bank, &scenario, &scenario.default_settings(), || stop, |_, _| {})
    }

    #[test]
    fn what_cannot_change_any_more_is_decided_at_once() {
        let trial =
            run_bank_test("test for=\"60s\"\nexpect deadlock within=\"1s\"\nexpect done post above=18\n", false);
        assert!(trial.passed(), "{trial:?}");
        assert!(trial.ended_at < Stamp::default() + Span::from_millis(2_000), "{trial:?}");
    }

    #[test]
    fn what_must_hold_is_looked_at_for_the_test_s_time() {
        let trial = run_bank_test("test for=\"3s\"\nexpect lost balance equals=0\n", false);
        assert!(trial.passed(), "{trial:?}");
        let longest = Stamp::default() + Span::from_millis(4_000);
        assert!(trial.ended_at >= Stamp::default() + Span::from_millis(3_000) && trial.ended_at < longest, "{trial:?}");
    }

    #[test]
    fn what_is_missing_is_waited_for_and_then_it_is_not_seen() {
        let trial =
            run_bank_test("test for=\"1s\"\nexpect done post above=1000\nexpect lost balance equals=0\n", false);
        assert!(!trial.passed());
        assert_eq!(trial.verdicts.iter().map(Verdict::is_seen).collect::<Vec<_>>(), [false, true]);
        assert!(trial.ended_at >= Stamp::default() + Span::from_millis(3_000), "{trial:?}");
    }

    #[test]
    fn it_can_be_stopped() {
        let trial = run_bank_test("test for=\"600s\"\nexpect done post above=1000\n", true);
        assert!(!trial.passed() && trial.ended_at < Stamp::default() + Span::from_millis(2_000), "{trial:?}");
    }
}
