//! What a run answers to its scenario's question: which of the guesses is right, by what was measured.

use std::fmt;

use super::expect::{Claimed, NOISE, Scales};
use super::others::Others;
use super::trial::must_hold;
use super::verdict::{Judgement, Verdict};
use crate::model::Model;
use crate::scenario::{Ask, Expect, Guess, Right, Scenario};
use crate::trace::{Span, Stamp};

/// A run that gives no answer in its test's time may still give one in so many times as long.
const PATIENCE: u64 = 3;

/// What was measured, and what it says about each guess.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The guesses that are right by the figures as they are, by their places. A good question has exactly one.
    pub right: Vec<usize>,
    /// The guesses that the figures neither bear out nor rule out.
    pub open: Vec<usize>,
    /// Why some are open.
    pub doubt: Option<Doubt>,
    /// The figures it rests on, each once, whichever guess they speak of.
    pub evidence: Vec<String>,
    /// Nothing that may still come would change it; or it was waited for long enough.
    pub settled: bool,
    /// For how long the settings it speaks of have held, if they were changed in the run.
    pub since: Option<Span>,
    /// It was measured for the test's time, however sure it is.
    measured: bool,
}

/// Why what was measured does not decide between guesses, the gravest first.
#[derive(Debug, Clone, PartialEq)]
pub enum Doubt {
    /// The figures are still those of former settings, in part or altogether: why.
    Former(String),
    /// Other programs had the cores that the run needs.
    Others(Others),
    /// The interval of a figure holds the value that decides: both in words.
    Noise { range: String, due: String },
}

impl Doubt {
    const fn rank(&self) -> u8 {
        match self {
            Self::Former(_) => 0,
            Self::Others(_) => 1,
            Self::Noise { .. } => 2,
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Former(why) => write!(f, "too early to tell: {why}"),
            Self::Others(others) => write!(f, "cannot be judged: {others}"),
            Self::Noise { range, due } => write!(f, "too noisy to tell: {range}, and {due} decides"),
        }
    }
}

/// What the figures say of a guess.
#[derive(Debug, Default)]
struct Found {
    /// All its claims are seen.
    seen: bool,
    ruled_out: bool,
    /// All its claims could be measured.
    measured: bool,
    doubt: Option<Doubt>,
}

/// The answer as the run stands; `None` when there are no guesses to choose from.
pub fn answer(model: &Model, scenario: &Scenario, now: Stamp) -> Option<Answer> {
    let ask = scenario.ask.as_ref().filter(|ask| !ask.guesses.is_empty())?;
    let scales = Scales::new(model, scenario, now);
    let mut evidence = Vec::new();
    let found: Vec<Option<Found>> = ask
        .guesses
        .iter()
        .map(|guess| match &guess.right {
            Right::When(claims) => Some(weigh(&scales, claims, &mut evidence)),
            Right::Otherwise => None,
        })
        .collect();
    let is = |what: fn(&Found) -> bool| {
        let chosen = found.iter().enumerate().filter(move |(_, found)| found.as_ref().is_some_and(what));
        chosen.map(|(at, _)| at).collect::<Vec<usize>>()
    };
    let mut right = is(|found| found.seen);
    let mut open = is(|found| !found.ruled_out && found.doubt.is_some());
    let otherwise = ask.guesses.iter().position(|guess| guess.right == Right::Otherwise);
    if right.is_empty() && found.iter().flatten().all(|found| found.measured) {
        right.extend(otherwise);
    }
    if !open.is_empty() {
        open.extend(otherwise);
    }
    let doubts = found.into_iter().flatten().filter(|found| !found.ruled_out).filter_map(|found| found.doubt);
    let doubt = doubts.min_by_key(Doubt::rank);
    let holds = Span(scenario.test.lasts as u64);
    let since = model.change(now).map(|change| now.since(change.at));
    let passed = since.unwrap_or_else(|| now.since(Stamp::default()));
    let waited = passed >= Span(holds.0.saturating_mul(PATIENCE));
    let measured = model.ended().is_some() || waited || is_settled(ask, &right, passed, holds);
    let settled = measured && (doubt.is_none() || waited || model.ended().is_some());
    Some(Answer { right, open, doubt, evidence, settled, since, measured })
}

fn weigh(scales: &Scales<'_>, claims: &[Expect], evidence: &mut Vec<String>) -> Found {
    let mut found = Found { seen: true, measured: true, ..Found::default() };
    for expect in claims {
        let Claimed { seen, measured, figures, doubt } = scales.doubt(&expect.claim);
        found.seen &= seen;
        found.measured &= measured;
        found.ruled_out |= !seen && doubt.is_none();
        found.doubt = found.doubt.into_iter().chain(doubt).min_by_key(Doubt::rank);
        let is_known = measured || !matches!(found.doubt, Some(Doubt::Former(_)));
        if is_known && !evidence.iter().any(|known| without_noise(known) == without_noise(&figures)) {
            evidence.push(figures);
        }
    }
    found
}

/// Figures without the range of their noise, which is given only where it may decide.
fn without_noise(figures: &str) -> String {
    match (figures.find(" ("), figures.find(NOISE)) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &figures[..from], &figures[to + NOISE.len()..]),
        _ => figures.to_owned(),
    }
}

fn is_settled(ask: &Ask, right: &[usize], passed: Span, holds: Span) -> bool {
    let [right] = right else { return false };
    let stays = |guess: &Guess| match &guess.right {
        Right::When(claims) => !claims.iter().any(|expect| must_hold(&expect.claim)),
        Right::Otherwise => false,
    };
    passed >= holds || ask.guesses.get(*right).is_some_and(stays)
}

impl Answer {
    /// The answer to settings that have only just been asked for: nothing is known of them yet.
    pub fn unknown(ask: &Ask, why: String) -> Self {
        let open = (0..ask.guesses.len()).collect();
        let (right, evidence, doubt) = (Vec::new(), Vec::new(), Some(Doubt::Former(why)));
        Self { right, open, doubt, evidence, settled: false, since: Some(Span::ZERO), measured: false }
    }

    /// Whether the figures are good enough for an expectation: noise that leaves the answer open does not delay a test.
    pub(super) const fn is_measured(&self) -> bool {
        self.measured
    }

    /// As an expectation: exactly one guess is right.
    pub(super) fn verdict(&self, ask: &Ask) -> Verdict {
        let words = |at: &usize| ask.guesses.get(*at).map(|guess| format!("\u{201c}{}\u{201d}", guess.text));
        let right: Vec<String> = self.right.iter().filter_map(words).collect();
        let which = match right.as_slice() {
            [] => "none is".to_owned(),
            [one] => one.clone(),
            more => format!("{} are", more.join(" and ")),
        };
        let others = if let Some(Doubt::Others(others)) = self.doubt { Some(others) } else { None };
        let though = others.map(|others| format!(", though {others}")).unwrap_or_default();
        let evidence = format!("{which}{though}: {}", self.evidence.join("; "));
        let judgement = Judgement::of(self.right.len() == 1);
        Verdict { text: "one guess is right".to_owned(), judgement, evidence, weight: None }.beside(others)
    }
}

#[cfg(test)]
mod tests;
