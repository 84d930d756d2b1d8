//! One test run: when everything that was expected of it is decided, and what came of it.

use std::cell::Cell;
use std::ops::ControlFlow;

use crossbeam_channel::never;

use super::Verdict;
use super::compare::{self, Figure};
use super::expect::judge_each;
use super::follow::{Followed, Run, follow};
use super::others::Others;
use crate::model::Model;
use crate::scenario::{Claim, Compare, Metric, Part, Scenario, Settings};
use crate::trace::{RunEnd, Span, Stamp};

/// What was not seen in a test's time may still come on a busy machine: it is waited for so many times as long.
const PATIENCE: u64 = 3;

/// How often it is asked whether all was seen. Asking costs about as much as drawing a frame.
const PACE: Span = Span::millis(150);

/// A run that was looked at until it was decided.
#[derive(Debug)]
pub struct Trial {
    pub verdicts: Vec<Verdict>,
    /// What it came to of all that is compared between runs.
    pub(super) figures: Vec<Figure>,
    pub ended: RunEnd,
    pub at: Stamp,
    /// Events that were recorded, but never arrived.
    pub lost: u64,
    /// Other programs that had the cores it needed.
    pub(super) others: Option<Others>,
}

impl Trial {
    /// A run that could not be started.
    pub fn failed(why: String) -> Self {
        let (verdicts, figures) = (Vec::new(), Vec::new());
        let (ended, at) = (RunEnd::Crashed(why), Stamp::default());
        Self { verdicts, figures, ended, at, lost: 0, others: None }
    }

    /// Whether the run did its part, and nothing that can be judged is missing.
    pub fn passed(&self) -> bool {
        !matches!(self.ended, RunEnd::Crashed(_)) && !self.verdicts.iter().any(Verdict::is_missed)
    }
}

/// How long a test run with these settings may go on.
pub fn longest(scenario: &Scenario, settings: &Settings) -> Span {
    Limits::new(scenario, settings).longest
}

/// Follows a run until all that is expected with these settings was seen: at once when nothing of it has to hold, else
/// when it has held for the test's time. `stop` ends it before. `keep` is shown the run and the verdicts at its end.
pub fn try_out(
    run: &impl Run,
    scenario: &Scenario,
    settings: &Settings,
    stop: impl Fn() -> bool,
    keep: impl FnOnce(&Followed, &[Verdict]),
) -> Trial {
    let limits = Limits::new(scenario, settings);
    let mut looked = Stamp::default();
    let settled = Cell::new(None);
    let followed = follow(run, Some(limits.longest), &never(), |model, now| {
        if stop() {
            return ControlFlow::Break(());
        }
        if now.since(looked) < PACE {
            return ControlFlow::Continue(());
        }
        looked = now;
        let verdicts = settle(model, scenario, settings, now, limits.holds);
        let over = verdicts.is_some();
        settled.set(verdicts);
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let verdicts = settled.take().unwrap_or_else(|| {
        let mut verdicts = super::judge(&followed.model, scenario, settings, followed.at);
        verdicts.extend(one_guess(&followed.model, scenario, settings, followed.at).map(|(verdict, _)| verdict));
        verdicts
    });
    keep(&followed, &verdicts);
    let figures = compare::figures(&followed.model, scenario, settings, followed.at);
    let others = Others::during(&followed.model, Stamp::default(), followed.at);
    let lost = followed.model.health().lost;
    Trial { verdicts, figures, ended: followed.ended, at: followed.at, lost, others }
}

/// The verdicts, if they are final: all seen, what must hold has held until `holds`, and what is compared with another
/// run has been measured for as long.
fn settle(model: &Model, scenario: &Scenario, settings: &Settings, now: Stamp, holds: Span) -> Option<Vec<Verdict>> {
    let held = now.since(Stamp::default()) >= holds;
    let mut verdicts = Vec::new();
    for (expect, verdict) in judge_each(model, scenario, settings, now) {
        if !verdict.is_seen() || (!held && must_hold(&expect.claim)) {
            return None;
        }
        verdicts.push(verdict);
    }
    if let Some((verdict, settled)) = one_guess(model, scenario, settings, now) {
        if !verdict.is_seen() || !settled {
            return None;
        }
        verdicts.push(verdict);
    }
    let figures = compare::figures(model, scenario, settings, now);
    let measured = figures.is_empty() || held && figures.iter().all(Figure::is_known);
    measured.then_some(verdicts)
}

/// The question is asked about the scenario as it is: then one of its guesses is to be right. And whether it stays so.
fn one_guess(model: &Model, scenario: &Scenario, settings: &Settings, now: Stamp) -> Option<(Verdict, bool)> {
    let ask = scenario.ask.as_ref().filter(|_| settings.numbers == scenario.defaults().numbers)?;
    let answer = super::answer(model, scenario, now)?;
    Some((answer.verdict(ask), answer.is_measured()))
}

struct Limits {
    /// Until when what must hold has to hold.
    holds: Span,
    longest: Span,
}

impl Limits {
    fn new(scenario: &Scenario, settings: &Settings) -> Self {
        let holds = Span(scenario.test.lasts as u64);
        let within = super::expect::applying(scenario, settings).filter_map(|expect| match expect.claim {
            Claim::Deadlock { within } => within,
            _ => None,
        });
        let within = Span(within.fold(0.0, f64::max) as u64);
        Self { holds, longest: within.max(Span(holds.0.saturating_mul(PATIENCE))) }
    }
}

/// Whether what is seen now could be gone later. What only grows cannot, nor can a deadlock.
pub(super) fn must_hold(claim: &Claim) -> bool {
    match claim {
        Claim::Deadlock { .. } | Claim::Finding { seen: true, .. } => false,
        Claim::NoDeadlock | Claim::Finding { seen: false, .. } | Claim::Measure { times: Some(_), .. } => true,
        Claim::Measure { metric, compare, .. } => {
            let grows = matches!(
                metric,
                Metric::Lost
                    | Metric::Done
                    | Metric::Failed
                    | Metric::Retried
                    | Metric::Rejected
                    | Metric::Cancelled
                    | Metric::Stolen
                    | Metric::Unseen
                    | Metric::HeldBack
                    | Metric::Depth
                    | Metric::Lives
                    | Metric::Lanes
                    | Metric::CutOff
                    | Metric::Processes
                    | Metric::Threads
                    | Metric::Acquired
                    | Metric::Wait(Part::Longest)
                    | Metric::Latency(Part::Longest)
            );
            *compare != Compare::Above || !grows
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use crossbeam_channel::{Receiver, Sender, unbounded};

    use super::*;
    use crate::report::fixture::{QUIET, cast, messages};
    use crate::scenario::{Source, check};
    use crate::trace::{Cast, Message};

    /// The bank, whose clock goes on by 100 ms whenever it is looked at, and that never ends.
    struct Bank {
        messages: Receiver<Message>,
        clock: AtomicU64,
        _open: Sender<Message>,
    }

    impl Run for Bank {
        fn cast(&self) -> Arc<Cast> {
            Arc::new(cast())
        }

        fn messages(&self) -> &Receiver<Message> {
            &self.messages
        }

        fn now(&self) -> Stamp {
            Stamp(self.clock.fetch_add(Span::millis(100).0, Ordering::Relaxed)) // Relaxed: one thread
        }
    }

    fn tried(expectations: &str, stop: bool) -> Trial {
        let source = Source { name: "bank".to_owned(), path: None, text: format!("{QUIET}{expectations}") };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        let (sender, receiver) = unbounded();
        for message in messages() {
            sender.send(message).expect("the receiver is there");
        }
        let bank = Bank { messages: receiver, clock: AtomicU64::new(0), _open: sender };
        try_out(&bank, &scenario, &scenario.defaults(), || stop, |_, _| {})
    }

    #[test]
    fn what_cannot_change_any_more_is_decided_at_once() {
        let trial = tried("test for=\"60s\"\nexpect deadlock within=\"1s\"\nexpect done post above=18\n", false);
        assert!(trial.passed(), "{trial:?}");
        assert!(trial.at < Stamp::default() + Span::millis(2_000), "{trial:?}");
    }

    #[test]
    fn what_must_hold_is_looked_at_for_the_test_s_time() {
        let trial = tried("test for=\"3s\"\nexpect lost balance equals=0\n", false);
        assert!(trial.passed(), "{trial:?}");
        let longest = Stamp::default() + Span::millis(4_000);
        assert!(trial.at >= Stamp::default() + Span::millis(3_000) && trial.at < longest, "{trial:?}");
    }

    #[test]
    fn what_is_missing_is_waited_for_and_then_it_is_not_seen() {
        let trial = tried("test for=\"1s\"\nexpect done post above=1000\nexpect lost balance equals=0\n", false);
        assert!(!trial.passed());
        assert_eq!(trial.verdicts.iter().map(Verdict::is_seen).collect::<Vec<_>>(), [false, true]);
        assert!(trial.at >= Stamp::default() + Span::millis(3_000), "{trial:?}");
    }

    #[test]
    fn it_can_be_stopped() {
        let trial = tried("test for=\"600s\"\nexpect done post above=1000\n", true);
        assert!(!trial.passed() && trial.at < Stamp::default() + Span::millis(2_000), "{trial:?}");
    }
}
