//! The results of `contend test`: as text, and as one JSON object.

mod json;
mod text;

use super::bound_check::BoundCheck;
use super::compare::Comparison;
use super::test_run::TestRun;
use super::verdict::Verdict;
use crate::scenario::{Scenario, Variant};

pub use json::tests_json;
pub use text::tests_text;

/// A scenario and the rounds of its test runs.
#[derive(Debug)]
pub struct TestedScenario<'a> {
    pub scenario: &'a Scenario,
    pub variants: &'a [Variant],
    pub rounds: Vec<TestRound>,
}

/// A scenario that was not tested.
#[derive(Debug, Clone, Copy)]
pub struct SkippedScenario<'a> {
    pub name: &'a str,
    /// The missing part.
    pub why: &'a str,
}

/// One run of each variant, and the comparisons between them.
#[derive(Debug)]
pub struct TestRound {
    /// In the order of the variants.
    pub runs: Vec<TestRun>,
    pub comparisons: Vec<Comparison>,
}

impl TestRound {
    fn passed(&self) -> bool {
        self.runs.iter().all(TestRun::passed) && !self.comparisons.iter().any(|compared| compared.verdict.is_missed())
    }
}

impl TestedScenario<'_> {
    /// Whether every expectation that can be judged was seen.
    pub fn passed(&self) -> bool {
        self.rounds.iter().all(TestRound::passed)
    }

    /// Returns how many expectations could not be judged in at least one round, and were missed in none.
    pub fn not_judged_count(&self) -> usize {
        self.all_tallies().filter(|outcome| outcome.status() == ExpectationStatus::NotJudged).count()
    }

    /// Returns the tally of each expectation of a variant over all rounds.
    fn variant_tallies(&self, at: usize) -> Vec<ExpectationTally<'_>> {
        let trials = self.rounds.iter().filter_map(|round| round.runs.get(at));
        tally_verdicts(trials.flat_map(|trial| &trial.verdicts))
    }

    /// Returns the tally of each comparison over all rounds.
    fn comparison_tallies(&self) -> Vec<ExpectationTally<'_>> {
        tally_verdicts(self.rounds.iter().flat_map(|round| &round.comparisons).map(|compared| &compared.verdict))
    }

    /// Returns the tallies of all variants and comparisons.
    fn all_tallies(&self) -> impl Iterator<Item = ExpectationTally<'_>> {
        (0..self.variants.len()).flat_map(|at| self.variant_tallies(at)).chain(self.comparison_tallies())
    }
}

/// Counts of how often an expectation was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ExpectationTally<'a> {
    text: &'a str,
    seen_count: usize,
    not_judged_count: usize,
    total: usize,
    /// Evidence of the first miss, else of the first round that could not be judged, else of the round that came
    /// closest to a miss.
    evidence: &'a str,
    /// The margin of that round.
    margin: Option<f64>,
    /// The smallest and the largest figure of all rounds.
    figures: Option<(BoundCheck, BoundCheck)>,
}

/// The result of an expectation over all rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ExpectationStatus {
    Seen,
    NotJudged,
    Missed,
}

impl<'a> ExpectationTally<'a> {
    const fn empty(text: &'a str) -> Self {
        Self { text, seen_count: 0, not_judged_count: 0, total: 0, evidence: "", margin: None, figures: None }
    }

    /// Returns the range of the figure over several rounds, in words.
    fn figures_text(&self) -> Option<String> {
        let (least, most) = self.figures.filter(|_| self.total > 1)?;
        let (low, high) = (least.measured_text(), most.measured_text());
        let range = if low == high { low } else { format!("{low} to {high}") };
        Some(format!("{range} in {} runs; ", self.total))
    }

    const fn status(&self) -> ExpectationStatus {
        match self.total - self.seen_count {
            0 => ExpectationStatus::Seen,
            missing if missing == self.not_judged_count => ExpectationStatus::NotJudged,
            _ => ExpectationStatus::Missed,
        }
    }

    fn add_verdict(&mut self, verdict: &'a Verdict) {
        let margin = verdict.bound_check.map(BoundCheck::margin);
        let closer = verdict.is_seen() && margin.zip(self.margin).is_some_and(|(new, old)| new < old);
        let worse = match self.status() {
            ExpectationStatus::Seen => !verdict.is_seen() || closer,
            ExpectationStatus::NotJudged => verdict.is_missed(),
            ExpectationStatus::Missed => false,
        };
        if self.total == 0 || worse {
            (self.evidence, self.margin) = (&verdict.evidence, margin);
        }
        if let Some(new) = verdict.bound_check {
            let (least, most) = self.figures.unwrap_or((new, new));
            let is_less = |a: BoundCheck, b: BoundCheck| a.measured < b.measured;
            self.figures =
                Some((if is_less(new, least) { new } else { least }, if is_less(most, new) { new } else { most }));
        }
        self.seen_count += usize::from(verdict.is_seen());
        self.not_judged_count += usize::from(verdict.not_judged_reason().is_some());
        self.total += 1;
    }
}

/// Groups verdicts by their expectation, in the order of first appearance.
fn tally_verdicts<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Vec<ExpectationTally<'a>> {
    let mut found: Vec<ExpectationTally<'a>> = Vec::new();
    for verdict in verdicts {
        let at = found.iter().position(|outcome| outcome.text == verdict.text).unwrap_or(found.len());
        if at == found.len() {
            found.push(ExpectationTally::empty(&verdict.text));
        }
        found[at].add_verdict(verdict);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::verdict::Judgement;

    #[test]
    fn tally_keeps_the_evidence_of_the_first_miss() {
        let verdict = |text: &str, seen, evidence: &str| {
            let (text, evidence) = (text.to_owned(), evidence.to_owned());
            Verdict { text, judgement: Judgement::from_seen(seen), evidence, bound_check: None }
        };
        let verdicts = [
            verdict("a", true, "1"),
            verdict("b", true, "2"),
            verdict("a", false, "3"),
            verdict("b", true, "4"),
            verdict("a", false, "5"),
        ];
        let found = tally_verdicts(verdicts.iter());
        assert_eq!(
            found[0],
            ExpectationTally {
                text: "a",
                seen_count: 1,
                not_judged_count: 0,
                total: 3,
                evidence: "3",
                margin: None,
                figures: None
            }
        );
        assert_eq!(
            found[1],
            ExpectationTally {
                text: "b",
                seen_count: 2,
                not_judged_count: 0,
                total: 2,
                evidence: "2",
                margin: None,
                figures: None
            }
        );
    }

    #[test]
    fn tally_keeps_the_evidence_closest_to_a_miss() {
        let bank = crate::report::fixture::BankFixture::new();
        let judged = |expect: &str| {
            let text = format!("{}\n{expect}", crate::report::fixture::BANK_SCENARIO);
            let source = crate::scenario::Source { name: "bank".to_owned(), path: None, text };
            let scenario = crate::scenario::check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
            crate::report::judge_expectations(&bank.model, &scenario, &scenario.default_settings(), bank.at).remove(0)
        };
        let near = |evidence: &str, bound: u32| Verdict {
            text: "x".to_owned(),
            evidence: evidence.to_owned(),
            ..judged(&format!("expect done post above={bound}"))
        };
        let verdicts = [near("far", 3), near("closest", 18), near("close", 17)];
        let found = tally_verdicts(verdicts.iter());
        assert_eq!((found[0].evidence, found[0].margin), ("closest", Some(1.0)));
        assert_eq!(found[0].figures_text().as_deref(), Some("19 in 3 runs; "), "each found 19");
        assert_eq!(tally_verdicts(verdicts[..1].iter())[0].figures_text(), None, "one run has no range");
    }

    #[test]
    fn not_judged_is_counted_separately_and_does_not_fail_a_test() {
        let verdict = |judgement| Verdict { text: "a".into(), judgement, evidence: "1".into(), bound_check: None };
        let others =
            || Judgement::NotJudged(crate::report::Doubt::Interference(crate::report::Interference::example()));
        let kind = |all: Vec<Judgement>| {
            let verdicts: Vec<Verdict> = all.into_iter().map(verdict).collect();
            tally_verdicts(verdicts.iter())[0].status()
        };
        assert_eq!(kind(vec![Judgement::Seen, others()]), ExpectationStatus::NotJudged);
        assert_eq!(
            kind(vec![others(), Judgement::NotSeen]),
            ExpectationStatus::Missed,
            "a miss in one round is a miss"
        );
        assert_eq!(kind(vec![Judgement::Seen, Judgement::Seen]), ExpectationStatus::Seen);
        let bank = crate::report::fixture::BankFixture::new();
        let round = |judgement| TestRound {
            runs: vec![TestRun { verdicts: vec![verdict(judgement)], ..TestRun::failed(String::new()) }],
            comparisons: Vec::new(),
        };
        let tested = |judgement| {
            let mut round = round(judgement);
            round.runs[0].ended = crate::trace::RunEnd::Time;
            TestedScenario { scenario: &bank.scenario, variants: &[], rounds: vec![round] }
        };
        assert!(tested(others()).passed() && !tested(Judgement::NotSeen).passed());
    }
}
