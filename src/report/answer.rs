//! The answer to a scenario's question: decides from the measurements which guess is right.

use super::doubt::Doubt;
use super::expect::{ClaimAssessment, ClaimEvaluator, NOISE_SUFFIX};
use super::monotonic::must_hold;
use super::verdict::{Judgement, Verdict};
use crate::model::Model;
use crate::scenario::{CorrectWhen, Expect, Guess, Quiz, Scenario, Settings};
use crate::trace::{Span, Stamp};

/// A run without an answer in its test's time gets up to this many times as long.
const MAX_WAIT_FACTOR: u64 = 3;

/// The answer of a run: the right guesses, and the measurements they rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Positions of the guesses that are right by the current figures. A good question has exactly one.
    pub right_guesses: Vec<usize>,
    /// Positions of the guesses that the figures neither confirm nor rule out.
    pub open_guesses: Vec<usize>,
    /// Why some guesses are open.
    pub doubt: Option<Doubt>,
    /// The measured figures, each once, even if several guesses use it.
    pub evidence: Vec<String>,
    /// No later event can change the answer, or the longest waiting time has passed.
    pub is_settled: bool,
    /// How long the current settings have been in force, if they changed during the run.
    pub settings_age: Option<Span>,
    /// Measured for the test's time, even if guesses are still open.
    has_full_test_time: bool,
}

/// What the figures say about a guess.
#[derive(Debug, Default)]
struct GuessStatus {
    /// All claims of the guess are seen.
    is_seen: bool,
    is_ruled_out: bool,
    /// All claims of the guess could be measured.
    is_measured: bool,
    doubt: Option<Doubt>,
}

/// Returns the answer at `now`, or `None` if the scenario has no guesses to choose from.
pub fn answer_question(model: &Model, scenario: &Scenario, settings: &Settings, now: Stamp) -> Option<Answer> {
    let quiz = scenario.quiz.as_ref().filter(|quiz| !quiz.guesses.is_empty())?;
    let evaluator = ClaimEvaluator::new(model, scenario, settings, now);
    let mut evidence = Vec::new();
    let found: Vec<Option<GuessStatus>> = quiz
        .guesses
        .iter()
        .map(|guess| match &guess.correct_when {
            CorrectWhen::AllHold(claims) => Some(evaluate_guess(&evaluator, claims, &mut evidence)),
            CorrectWhen::NoOtherGuess => None,
        })
        .collect();
    let is = |what: fn(&GuessStatus) -> bool| {
        let chosen = found.iter().enumerate().filter(move |(_, found)| found.as_ref().is_some_and(what));
        chosen.map(|(at, _)| at).collect::<Vec<usize>>()
    };
    let mut right = is(|found| found.is_seen);
    let mut open = is(|found| !found.is_ruled_out && found.doubt.is_some());
    let otherwise = quiz.guesses.iter().position(|guess| guess.correct_when == CorrectWhen::NoOtherGuess);
    if right.is_empty() && found.iter().flatten().all(|found| found.is_measured) {
        right.extend(otherwise);
    }
    if !open.is_empty() {
        open.extend(otherwise);
    }
    let doubts = found.into_iter().flatten().filter(|found| !found.is_ruled_out).filter_map(|found| found.doubt);
    let doubt = doubts.min_by_key(Doubt::severity_rank);
    let hold_time = Span(scenario.test.hold_nanos as u64);
    let since = model.settings_change(now).map(|change| now.span_since(change.at));
    let passed = since.unwrap_or_else(|| now.span_since(Stamp::default()));
    let waited = passed >= Span(hold_time.0.saturating_mul(MAX_WAIT_FACTOR));
    let measured = model.run_end().is_some() || waited || is_settled(quiz, &right, passed, hold_time);
    let settled = measured && (doubt.is_none() || waited || model.run_end().is_some());
    Some(Answer {
        right_guesses: right,
        open_guesses: open,
        doubt,
        evidence,
        is_settled: settled,
        settings_age: since,
        has_full_test_time: measured,
    })
}

fn evaluate_guess(evaluator: &ClaimEvaluator<'_>, claims: &[Expect], evidence: &mut Vec<String>) -> GuessStatus {
    let mut found = GuessStatus { is_seen: true, is_measured: true, ..GuessStatus::default() };
    for expect in claims {
        let ClaimAssessment { is_seen: seen, is_measured: measured, evidence: figures, doubt } =
            evaluator.assess(&expect.claim);
        found.is_seen &= seen;
        found.is_measured &= measured;
        found.is_ruled_out |= !seen && doubt.is_none();
        found.doubt = found.doubt.into_iter().chain(doubt).min_by_key(Doubt::severity_rank);
        let is_known = measured || !matches!(found.doubt, Some(Doubt::FormerSettings(_)));
        if is_known && !evidence.iter().any(|known| without_noise(known) == without_noise(&figures)) {
            evidence.push(figures);
        }
    }
    found
}

/// Returns figures without the range of their noise, which is given only where it may decide.
fn without_noise(figures: &str) -> String {
    match (figures.find(" ("), figures.find(NOISE_SUFFIX)) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &figures[..from], &figures[to + NOISE_SUFFIX.len()..]),
        _ => figures.to_owned(),
    }
}

fn is_settled(quiz: &Quiz, right: &[usize], passed: Span, hold_time: Span) -> bool {
    let [right] = right else { return false };
    let stays = |guess: &Guess| match &guess.correct_when {
        CorrectWhen::AllHold(claims) => !claims.iter().any(|expect| must_hold(&expect.claim)),
        CorrectWhen::NoOtherGuess => false,
    };
    passed >= hold_time || quiz.guesses.get(*right).is_some_and(stays)
}

impl Answer {
    /// Returns the answer for settings that were just requested: everything is open.
    pub fn unknown(quiz: &Quiz, why: String) -> Self {
        Self { settings_age: Some(Span::ZERO), ..Self::doubted(quiz, Doubt::FormerSettings(why)) }
    }

    /// Returns the answer of a recording that begins at this moment of its run: everything is open.
    pub fn without_beginning(quiz: &Quiz, begins_at: Stamp) -> Self {
        Self::doubted(quiz, Doubt::NoBeginning(begins_at))
    }

    fn doubted(quiz: &Quiz, doubt: Doubt) -> Self {
        Self {
            right_guesses: Vec::new(),
            open_guesses: (0..quiz.guesses.len()).collect(),
            doubt: Some(doubt),
            evidence: Vec::new(),
            is_settled: false,
            settings_age: None,
            has_full_test_time: false,
        }
    }

    /// Whether the figures suffice for an expectation: noise that leaves the answer open does not delay a test.
    pub(super) const fn is_measured(&self) -> bool {
        self.has_full_test_time
    }

    /// Returns the verdict on the expectation that exactly one guess is right.
    pub(super) fn verdict(&self, quiz: &Quiz) -> Verdict {
        let words = |at: &usize| quiz.guesses.get(*at).map(|guess| format!("\u{201c}{}\u{201d}", guess.text));
        let right: Vec<String> = self.right_guesses.iter().filter_map(words).collect();
        let which = match right.as_slice() {
            [] => "no guess is right".to_owned(),
            [one] => one.clone(),
            more => format!("{} are right", more.join(" and ")),
        };
        let others = if let Some(Doubt::Interference(others)) = self.doubt { Some(others) } else { None };
        let though = others.map(|others| format!(", though {others}")).unwrap_or_default();
        let evidence = format!("{which}{though}: {}", self.evidence.join("; "));
        let judgement = Judgement::from_seen(self.right_guesses.len() == 1);
        Verdict { text: "one guess is right".to_owned(), judgement, evidence, bound_check: None }
            .with_interference(others)
    }
}

#[cfg(test)]
mod tests;
