//! What came of testing scenarios: as a text, and as one JSON object.

mod json;
mod text;

use super::Verdict;
use super::compare::Compared;
use super::trial::Trial;
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
        self.trials.iter().all(Trial::passed) && self.compared.iter().all(|compared| compared.verdict.seen)
    }
}

impl Tested<'_> {
    pub fn passed(&self) -> bool {
        self.rounds.iter().all(Round::passed)
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outcome<'a> {
    text: &'a str,
    seen: usize,
    of: usize,
    /// Of the first time that it was not seen, or else of the first time.
    evidence: &'a str,
}

/// Gathers verdicts by what they are about, in the order in which they first come.
fn outcomes<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Vec<Outcome<'a>> {
    let mut found: Vec<Outcome<'a>> = Vec::new();
    for Verdict { text, seen, evidence } in verdicts {
        let at = found.iter().position(|outcome| outcome.text == text).unwrap_or(found.len());
        if at == found.len() {
            found.push(Outcome { text, seen: 0, of: 0, evidence });
        }
        let known = &mut found[at];
        if !seen && known.seen == known.of {
            known.evidence = evidence;
        }
        known.seen += usize::from(*seen);
        known.of += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_rounds_the_first_that_failed_is_told() {
        let verdict =
            |text: &str, seen, evidence: &str| Verdict { text: text.to_owned(), seen, evidence: evidence.to_owned() };
        let verdicts = [
            verdict("a", true, "1"),
            verdict("b", true, "2"),
            verdict("a", false, "3"),
            verdict("b", true, "4"),
            verdict("a", false, "5"),
        ];
        let found = outcomes(verdicts.iter());
        assert_eq!(found[0], Outcome { text: "a", seen: 1, of: 3, evidence: "3" });
        assert_eq!(found[1], Outcome { text: "b", seen: 2, of: 2, evidence: "2" });
    }
}
