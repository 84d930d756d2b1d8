//! What came of testing scenarios: as a text, and as one JSON object.

mod json;
mod text;

use super::compare::Compared;
use super::trial::Trial;
use super::verdict::{Verdict, Weight};
use crate::scenario::{Scenario, Variant};

pub use json::tests_json;
pub use text::tests_text;

/// A scenario and its runs, once or several times over.
#[derive(Debug)]
pub struct Tested<'a> {
    pub scenario: &'a Scenario,
    pub variants: &'a [Variant],
    pub rounds: Vec<Round>,
}

/// One run of each variant, and what was compared between them.
#[derive(Debug)]
pub struct Round {
    /// In the order of the variants.
    pub trials: Vec<Trial>,
    pub compared: Vec<Compared>,
}

impl Round {
    fn passed(&self) -> bool {
        self.trials.iter().all(Trial::passed) && !self.compared.iter().any(|compared| compared.verdict.is_missed())
    }
}

impl Tested<'_> {
    /// Whether nothing that can be judged is missing.
    pub fn passed(&self) -> bool {
        self.rounds.iter().all(Round::passed)
    }

    /// How many expectations could not be judged, in one round at least, and are not missing in any.
    pub fn not_judged(&self) -> usize {
        self.outcomes().filter(|outcome| outcome.kind() == Kind::NotJudged).count()
    }

    /// What became of each expectation of a variant over all rounds.
    fn of_variant(&self, at: usize) -> Vec<Outcome<'_>> {
        let trials = self.rounds.iter().filter_map(|round| round.trials.get(at));
        outcomes(trials.flat_map(|trial| &trial.verdicts))
    }

    /// What became of each comparison over all rounds.
    fn of_comparisons(&self) -> Vec<Outcome<'_>> {
        outcomes(self.rounds.iter().flat_map(|round| &round.compared).map(|compared| &compared.verdict))
    }

    /// Everything that was expected.
    fn outcomes(&self) -> impl Iterator<Item = Outcome<'_>> {
        (0..self.variants.len()).flat_map(|at| self.of_variant(at)).chain(self.of_comparisons())
    }
}

/// How often an expectation was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Outcome<'a> {
    text: &'a str,
    seen: usize,
    not_judged: usize,
    of: usize,
    /// Of the first time that it was missing, else of the first time that it could not be judged, else of the time that
    /// came closest to missing it.
    evidence: &'a str,
    /// How close that time came.
    margin: Option<f64>,
}

/// What an expectation comes to over all rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Seen,
    NotJudged,
    Missed,
}

impl<'a> Outcome<'a> {
    const fn none(text: &'a str) -> Self {
        Self { text, seen: 0, not_judged: 0, of: 0, evidence: "", margin: None }
    }

    const fn kind(&self) -> Kind {
        match self.of - self.seen {
            0 => Kind::Seen,
            missing if missing == self.not_judged => Kind::NotJudged,
            _ => Kind::Missed,
        }
    }

    fn add(&mut self, verdict: &'a Verdict) {
        let margin = verdict.weight.map(Weight::margin);
        let closer = verdict.is_seen() && margin.zip(self.margin).is_some_and(|(new, old)| new < old);
        let worse = match self.kind() {
            Kind::Seen => !verdict.is_seen() || closer,
            Kind::NotJudged => verdict.is_missed(),
            Kind::Missed => false,
        };
        if self.of == 0 || worse {
            (self.evidence, self.margin) = (&verdict.evidence, margin);
        }
        self.seen += usize::from(verdict.is_seen());
        self.not_judged += usize::from(verdict.not_judged().is_some());
        self.of += 1;
    }
}

/// Gathers verdicts by what they are about, in the order in which they first come.
fn outcomes<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Vec<Outcome<'a>> {
    let mut found: Vec<Outcome<'a>> = Vec::new();
    for verdict in verdicts {
        let at = found.iter().position(|outcome| outcome.text == verdict.text).unwrap_or(found.len());
        if at == found.len() {
            found.push(Outcome::none(&verdict.text));
        }
        found[at].add(verdict);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::verdict::Judgement;

    #[test]
    fn of_several_rounds_the_first_that_failed_is_told() {
        let verdict = |text: &str, seen, evidence: &str| {
            let (text, evidence) = (text.to_owned(), evidence.to_owned());
            Verdict { text, judgement: Judgement::of(seen), evidence, weight: None }
        };
        let verdicts = [
            verdict("a", true, "1"),
            verdict("b", true, "2"),
            verdict("a", false, "3"),
            verdict("b", true, "4"),
            verdict("a", false, "5"),
        ];
        let found = outcomes(verdicts.iter());
        assert_eq!(found[0], Outcome { text: "a", seen: 1, not_judged: 0, of: 3, evidence: "3", margin: None });
        assert_eq!(found[1], Outcome { text: "b", seen: 2, not_judged: 0, of: 2, evidence: "2", margin: None });
    }

    #[test]
    fn of_several_rounds_that_passed_the_closest_is_told() {
        let bank = crate::report::fixture::Bank::new();
        let judged = |expect: &str| {
            let text = format!("{}\n{expect}", crate::report::fixture::QUIET);
            let source = crate::scenario::Source { name: "bank".to_owned(), path: None, text };
            let scenario = crate::scenario::check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
            crate::report::judge(&bank.model, &scenario, &scenario.defaults(), bank.at).remove(0)
        };
        let near = |evidence: &str, bound: u32| Verdict {
            text: "x".to_owned(),
            evidence: evidence.to_owned(),
            ..judged(&format!("expect done post above={bound}"))
        };
        let verdicts = [near("far", 3), near("closest", 18), near("close", 17)];
        let found = outcomes(verdicts.iter());
        assert_eq!((found[0].evidence, found[0].margin), ("closest", Some(1.0)));
    }

    #[test]
    fn what_cannot_be_judged_is_counted_apart_and_fails_nothing() {
        let verdict = |judgement| Verdict { text: "a".into(), judgement, evidence: "1".into(), weight: None };
        let others = || Judgement::NotJudged(crate::report::Others::some());
        let kind = |all: Vec<Judgement>| {
            let verdicts: Vec<Verdict> = all.into_iter().map(verdict).collect();
            outcomes(verdicts.iter())[0].kind()
        };
        assert_eq!(kind(vec![Judgement::Seen, others()]), Kind::NotJudged);
        assert_eq!(kind(vec![others(), Judgement::NotSeen]), Kind::Missed, "missing in one round is missing");
        assert_eq!(kind(vec![Judgement::Seen, Judgement::Seen]), Kind::Seen);
        let bank = crate::report::fixture::Bank::new();
        let round = |judgement| Round {
            trials: vec![Trial { verdicts: vec![verdict(judgement)], ..Trial::failed(String::new()) }],
            compared: Vec::new(),
        };
        let tested = |judgement| {
            let mut round = round(judgement);
            round.trials[0].ended = crate::trace::RunEnd::Time;
            Tested { scenario: &bank.scenario, variants: &[], rounds: vec![round] }
        };
        assert!(tested(others()).passed() && !tested(Judgement::NotSeen).passed());
    }
}
