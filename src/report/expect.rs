//! Whether a run showed what its scenario says it must show.

use crate::model::{Finding, Model, Stuck, listed};
use crate::scenario::{Claim, Compare, Expect, Metric, Scenario, Settings, Subject, Times};
use crate::trace::{Span, Stamp};

use super::measure::{Measured, measure, shown};
use super::words::{many, plain};

/// Two values are equal when they differ by no more than this part of the expected one: rounding, not leeway.
const SAME: f64 = 1e-9;

/// So many deadlocks are told in the evidence.
const TOLD: usize = 4;

/// What became of one expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The expectation as written.
    pub text: String,
    pub seen: bool,
    /// The figures it rests on.
    pub evidence: String,
    /// Where it is about a figure and that could be measured.
    pub weight: Option<Weight>,
}

/// A figure and what it was held against, in the same unit: nanoseconds, a part of 1, times as much or a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    pub found: f64,
    pub due: f64,
    compare: Compare,
}

impl Weight {
    fn holds(self) -> bool {
        match self.compare {
            Compare::Above => self.found > self.due,
            Compare::Below => self.found < self.due,
            Compare::Equals => same(self.found, self.due),
        }
    }

    /// How far it was from being judged otherwise, to be compared with that of other runs: the higher, the further.
    pub(super) fn margin(self) -> f64 {
        match self.compare {
            Compare::Above => self.found - self.due,
            Compare::Below => self.due - self.found,
            Compare::Equals => 0.0,
        }
    }
}

/// Judges every expectation that applies to these settings, in the order of the file.
pub fn judge(model: &Model, scenario: &Scenario, settings: &Settings, now: Stamp) -> Vec<Verdict> {
    judge_each(model, scenario, settings, now).map(|(_, verdict)| verdict).collect()
}

/// The expectations that apply to these settings and speak of one run alone.
pub(super) fn applying<'a>(scenario: &'a Scenario, settings: &'a Settings) -> impl Iterator<Item = &'a Expect> {
    let applies = |expect: &&Expect| expect.when.iter().all(|(knob, value)| same(settings.number(*knob), *value));
    scenario.expects.iter().filter(|expect| expect.other().is_none()).filter(applies)
}

/// Each expectation that applies with its verdict, one by one.
pub(super) fn judge_each<'a>(
    model: &'a Model,
    scenario: &'a Scenario,
    settings: &'a Settings,
    now: Stamp,
) -> impl Iterator<Item = (&'a Expect, Verdict)> {
    let scales = Scales::new(model, scenario, now);
    let judge = move |expect: &'a Expect| (expect, told(&expect.text, scales.weigh(&expect.claim)));
    applying(scenario, settings).map(judge)
}

/// Whether it was seen, and the figures; what was wanted instead when it was not.
pub(super) fn told(text: &str, weighed: Result<Weighed, String>) -> Verdict {
    let (seen, evidence, weight) = match weighed {
        Ok(Weighed { seen, evidence, due, weight }) if seen || due.is_empty() => (seen, evidence, weight),
        Ok(Weighed { seen, evidence, due, weight }) => (seen, format!("{evidence}; {due}"), weight),
        Err(why) => (false, format!("cannot be measured: {why}"), None),
    };
    Verdict { text: text.to_owned(), seen, evidence, weight }
}

/// What claims are weighed with: a model at a moment.
pub(super) struct Scales<'a> {
    model: &'a Model,
    scenario: &'a Scenario,
    now: Stamp,
    findings: Vec<Finding>,
}

/// What came of a claim.
pub(super) struct Weighed {
    pub(super) seen: bool,
    /// The figures it rests on.
    pub(super) evidence: String,
    /// What was wanted instead; empty where the evidence says all.
    due: String,
    weight: Option<Weight>,
}

impl<'a> Scales<'a> {
    pub(super) fn new(model: &'a Model, scenario: &'a Scenario, now: Stamp) -> Self {
        Self { model, scenario, now, findings: model.findings(now) }
    }

    /// Whether it is seen; or why it cannot be measured, such as a share of nothing.
    pub(super) fn weigh(&self, claim: &Claim) -> Result<Weighed, String> {
        let (seen, evidence) = match claim {
            Claim::Deadlock { within } => return Ok(deadlock(self.model, within.map(|ns| Span(ns as u64)), self.now)),
            Claim::NoDeadlock => {
                let found = deadlock(self.model, None, self.now);
                (!found.seen, found.evidence)
            }
            Claim::Finding { id, seen } => finding(&self.findings, id, *seen),
            Claim::Measure { metric, of, compare, value, times } => {
                let found = |of: &Subject| measure(self.model, self.scenario, *metric, of, self.now);
                return match times {
                    Some(Times::Of(other)) => ratio((*compare, *value), &found(of)?, &found(other)?),
                    Some(Times::With(_)) => Err("one run alone does not show it".to_owned()),
                    None => Ok(figure(*metric, found(of)?, (*compare, *value))),
                };
            }
        };
        Ok(Weighed { seen, evidence, due: String::new(), weight: None })
    }
}

/// Whether workers wait forever, whatever for: each other, an orphaned lock, something that no remaining worker can give.
fn deadlock(model: &Model, within: Option<Span>, now: Stamp) -> Weighed {
    let stuck = model.stuck(now);
    let Some(first) = stuck.iter().map(|stuck| stuck.at.since(Stamp::default())).min() else {
        let evidence = "no worker is known to wait forever".to_owned();
        return Weighed { seen: false, evidence, due: String::new(), weight: None };
    };
    let told = |stuck: &Stuck| {
        let names: Vec<&str> = stuck.set.iter().map(|worker| model.cast().worker_name(*worker)).collect();
        let wait = if names.len() == 1 { "waits" } else { "wait" };
        format!("{} {wait} forever, {} after the start", listed(&names), stuck.at.since(Stamp::default()))
    };
    let mut all: Vec<String> = stuck.iter().take(TOLD).map(told).collect();
    if stuck.len() > TOLD {
        all.push(many((stuck.len() - TOLD) as u64, "more deadlock"));
    }
    let late = within.filter(|limit| first > *limit);
    let due = late.map(|limit| format!("{limit} was the limit")).unwrap_or_default();
    Weighed { seen: late.is_none(), evidence: all.join("; "), due, weight: None }
}

fn finding(findings: &[Finding], id: &str, wanted: bool) -> (bool, String) {
    match findings.iter().find(|finding| finding.id == id) {
        Some(found) => (wanted, format!("{id}: {}", found.sentence)),
        None => (!wanted, format!("no finding `{id}` was made")),
    }
}

fn figure(metric: Metric, found: Measured, (compare, due): (Compare, f64)) -> Weighed {
    let due_text = format!("{} {} was expected", word(compare), shown(metric, due));
    let weight = Weight { found: found.value, due, compare };
    Weighed { seen: weight.holds(), evidence: found.evidence, due: due_text, weight: Some(weight) }
}

/// One figure against another, `times` as much.
pub(super) fn ratio((compare, times): (Compare, f64), one: &Measured, other: &Measured) -> Result<Weighed, String> {
    if other.value <= 0.0 {
        return Err(format!("there is nothing to compare with: {}", other.evidence));
    }
    let weight = Weight { found: one.value / other.value, due: times, compare };
    let evidence = format!("{} times as much; {}; {}", plain(weight.found), one.evidence, other.evidence);
    let due = format!("{} {} times was expected", word(compare), plain(times));
    Ok(Weighed { seen: weight.holds(), evidence, due, weight: Some(weight) })
}

const fn word(compare: Compare) -> &'static str {
    match compare {
        Compare::Above => "more than",
        Compare::Below => "less than",
        Compare::Equals => "exactly",
    }
}

pub(super) fn same(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() <= SAME * wanted.abs().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Bank;
    use crate::scenario::{Source, check};

    /// What becomes of expectations added to the bank.
    fn judged(expectations: &str) -> Vec<(bool, String)> {
        let bank = Bank::new();
        let text = format!("{}\n{expectations}", crate::report::fixture::QUIET);
        let source = Source { name: "bank".to_owned(), path: None, text };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        let verdicts = judge(&bank.model, &scenario, &scenario.defaults(), bank.at);
        verdicts.into_iter().map(|verdict| (verdict.seen, verdict.evidence)).collect()
    }

    #[test]
    fn deadlocks_are_judged_by_when_they_closed() {
        let verdicts = judged("expect deadlock within=\"1s\"\nexpect deadlock within=\"40ms\"\nexpect no-deadlock");
        assert_eq!(verdicts.iter().map(|(seen, _)| *seen).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(verdicts[0].1, "left, right and late wait forever, 42 ms after the start");
        assert!(verdicts[1].1.ends_with("; 40 ms was the limit"), "{}", verdicts[1].1);
    }

    #[test]
    fn figures_are_compared_and_shown() {
        let verdicts = judged(
            r#"
            expect lost balance equals=0
            expect value balance above=2
            expect done post above=18
            expect failed post equals=1
            expect share empty of=post above="30%"
            expect depth post below=2
        "#,
        );
        let seen: Vec<bool> = verdicts.iter().map(|(seen, _)| *seen).collect();
        assert_eq!(seen, [true, false, true, true, true, true], "{verdicts:#?}");
        assert_eq!(verdicts[1].1, "counter balance: 2 where 2 was due, 0 lost; more than 2 was expected");
        assert_eq!(verdicts[2].1, "pool post: 19 done, 1 failed, 0 retried, 0 rejected of 20 tasks");
    }

    #[test]
    fn ratios_are_measured_of_locks_and_pools() {
        let verdicts = judged(
            r#"
            expect held a above="50%"
            expect gave-up a equals=0
            expect parallel post above=0
            expect slowdown post above=0.99
            expect parallel post above=2
        "#,
        );
        let seen: Vec<bool> = verdicts.iter().map(|(seen, _)| *seen).collect();
        assert_eq!(seen, [true, true, true, true, false], "{verdicts:#?}");
        assert!(verdicts[0].1.starts_with("lock a: held "), "{}", verdicts[0].1);
        assert!(verdicts[1].1.contains("attempts ended without it (0 %)"), "{}", verdicts[1].1);
        assert!(verdicts[3].1.ends_with("times that"), "{}", verdicts[3].1);
    }

    #[test]
    fn findings_are_judged_by_their_id() {
        let findings = [Finding {
            id: "lock-bound",
            severity: crate::model::Severity::Warning,
            sentence: "all wait for a".to_owned(),
            evidence: String::new(),
            cure: String::new(),
            about: None,
            at: None,
        }];
        assert_eq!(finding(&findings, "lock-bound", true), (true, "lock-bound: all wait for a".to_owned()));
        assert_eq!(finding(&findings, "lock-bound", false), (false, "lock-bound: all wait for a".to_owned()));
        assert_eq!(finding(&findings, "crashed", false), (true, "no finding `crashed` was made".to_owned()));
        assert_eq!(finding(&findings, "crashed", true), (false, "no finding `crashed` was made".to_owned()));
    }

    #[test]
    fn expectations_for_other_settings_are_left_out() {
        let verdicts = judged("expect deadlock when=\"hold=1ms\"\nexpect no-deadlock when=\"hold=2ms\"");
        assert_eq!(verdicts.len(), 1);
    }
}
