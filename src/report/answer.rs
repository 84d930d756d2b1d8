//! The answer to a scenario's question: decides from the measurements which guess is right.

use super::doubt::Doubt;
use super::expect::{ClaimAssessment, ClaimEvaluator};
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

/// What a run says about a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuessState {
    Confirmed,
    Refuted,
    /// The figures neither confirm it nor rule it out.
    Open,
}

impl GuessState {
    /// Returns the word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refuted => "refuted",
            Self::Open => "open",
        }
    }
}

/// What a run says about the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerState {
    /// At least one guess is right, beyond the noise.
    Answered,
    /// All guesses are refuted.
    NoneRight,
    /// The settings have not been in force for long enough, or the run's beginning is unknown.
    TooEarly,
    /// The noise leaves open which guess is right.
    TooNoisy,
    /// This machine, or what else runs on it, keeps the run from showing what decides.
    CannotShow,
    /// What decides was not measured.
    NotMeasured,
}

impl AnswerState {
    /// Returns the word in JSON reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoneRight => "none-right",
            Self::TooEarly => "too-early",
            Self::TooNoisy => "too-noisy",
            Self::CannotShow => "cannot-show",
            Self::NotMeasured => "not-measured",
        }
    }
}

/// What the figures say about the claims of a guess.
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
    let doubts = found.into_iter().flatten().filter(|found| !found.is_ruled_out).filter_map(|found| found.doubt);
    let mut doubt = doubts.min_by_key(Doubt::severity_rank);
    // Guesses exclude each other: one that is certain refutes those that cannot be measured.
    if matches!(doubt, Some(Doubt::Unmeasured(_))) && !right.is_empty() {
        (doubt, open) = (None, Vec::new());
    }
    if !open.is_empty() {
        open.extend(otherwise);
    }
    // A guess that seems right is open as well if an effect that would refute it may only be invisible here.
    if matches!(doubt, Some(Doubt::CannotShow(_))) {
        open.extend(right.iter().copied().filter(|at| !open.contains(at)).collect::<Vec<_>>());
        open.sort_unstable();
        open.dedup();
    }
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
        // What cannot be measured does not refute a guess.
        let doubt = doubt.or_else(|| (!measured).then(|| Doubt::Unmeasured(figures.clone())));
        found.is_seen &= seen;
        found.is_measured &= measured;
        found.is_ruled_out |= !seen && doubt.is_none();
        found.doubt = found.doubt.into_iter().chain(doubt).min_by_key(Doubt::severity_rank);
        let is_known = measured || !matches!(found.doubt, Some(Doubt::FormerSettings(_)));
        for text in Some(figures).filter(|_| is_known).into_iter().chain(evaluator.cores_text(&expect.claim)) {
            if !evidence.contains(&text) {
                evidence.push(text);
            }
        }
    }
    found
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

    /// Returns what the run says about a guess.
    pub fn guess_state(&self, at: usize) -> GuessState {
        match self.state() {
            _ if self.open_guesses.contains(&at) => GuessState::Open,
            AnswerState::Answered if self.right_guesses.contains(&at) => GuessState::Confirmed,
            AnswerState::TooEarly | AnswerState::NotMeasured => GuessState::Open,
            _ => GuessState::Refuted,
        }
    }

    /// Returns what the run says about the question.
    pub fn state(&self) -> AnswerState {
        match &self.doubt {
            None if self.right_guesses.is_empty() => AnswerState::NoneRight,
            None => AnswerState::Answered,
            Some(Doubt::FormerSettings(_) | Doubt::NoBeginning(_)) => AnswerState::TooEarly,
            Some(Doubt::Unmeasured(_)) => AnswerState::NotMeasured,
            Some(Doubt::Interference(_) | Doubt::CannotShow(_)) => AnswerState::CannotShow,
            Some(Doubt::Noise { .. }) => AnswerState::TooNoisy,
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
        let of_machine = self.doubt.clone().filter(|_| self.state() == AnswerState::CannotShow);
        let is_invisible = matches!(of_machine, Some(Doubt::CannotShow(_)));
        let others = if let Some(Doubt::Interference(others)) = self.doubt { Some(others) } else { None };
        let though = others.map(|others| format!(", though {others}")).unwrap_or_default();
        let evidence = format!("{which}{though}: {}", self.evidence.join("; "));
        let judgement = Judgement::from_seen(self.right_guesses.len() == 1 && !is_invisible);
        Verdict { text: "one guess is right".to_owned(), judgement, evidence, bound_check: None }.with_doubt(of_machine)
    }
}

#[cfg(test)]
mod tests;
