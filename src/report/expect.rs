//! Whether a run showed what its scenario says it must show.

use crate::model::{Finding, Model, Stuck, listed};
use crate::scenario::{Claim, Compare, Expect, Metric, Scenario, Settings, Subject, Times};
use crate::trace::{Span, Stamp};

use super::answer::Doubt;
use super::measure::{Measured, Range, hindrance, measure, shown, spread};
use super::others::Others;
use super::verdict::{Judgement, Verdict, Weight, same};
use super::words::{many, plain};

/// The end of the range of a ratio.
pub(super) const NOISE: &str = " within its noise)";

/// So many deadlocks are named in the evidence.
const TOLD: usize = 4;

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
    let judge = move |expect: &'a Expect| {
        let others = scales.others.filter(|_| expect.claim.needs_cores());
        (expect, told(&expect.text, scales.weigh(&expect.claim)).beside(others))
    };
    applying(scenario, settings).map(judge)
}

/// Whether it was seen, and the figures; what was wanted instead when it was not.
pub(super) fn told(text: &str, weighed: Result<Weighed, String>) -> Verdict {
    let (seen, evidence, weight) = match weighed {
        Ok(Weighed { seen, evidence, due, weight }) if seen || due.is_empty() => (seen, evidence, weight),
        Ok(Weighed { seen, evidence, due, weight }) => (seen, format!("{evidence}; {due}"), weight),
        Err(why) => (false, format!("cannot be measured: {why}"), None),
    };
    Verdict { text: text.to_owned(), judgement: Judgement::of(seen), evidence, weight }
}

/// What claims are weighed with: a model at a moment.
pub(super) struct Scales<'a> {
    model: &'a Model,
    scenario: &'a Scenario,
    now: Stamp,
    findings: Vec<Finding>,
    /// Programs that took the run's cores.
    pub(super) others: Option<Others>,
}

/// What came of a claim.
pub(super) struct Weighed {
    pub(super) seen: bool,
    /// The figures it rests on.
    pub(super) evidence: String,
    /// What was wanted instead; empty where the evidence says all.
    due: String,
    pub(super) weight: Option<Weight>,
}

/// What the figures say of a claim.
pub(super) struct Claimed {
    pub(super) seen: bool,
    pub(super) measured: bool,
    pub(super) figures: String,
    /// Why they do not decide it.
    pub(super) doubt: Option<Doubt>,
}

impl<'a> Scales<'a> {
    pub(super) fn new(model: &'a Model, scenario: &'a Scenario, now: Stamp) -> Self {
        let others = Others::during(model, model.settings_from(now), now);
        Self { model, scenario, now, findings: model.findings(now), others }
    }

    /// Whether it is seen; or why it cannot be measured, such as a share of nothing.
    pub(super) fn weigh(&self, claim: &Claim) -> Result<Weighed, String> {
        self.hindrance(claim).map_or(Ok(()), Err)?;
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
                    Some(Times::Of(other)) => {
                        let noise = || self.range(claim);
                        ratio((*compare, *value), &found(of)?, &found(other)?, noise)
                    }
                    Some(Times::With(_)) => Err("one run alone does not show it".to_owned()),
                    None => Ok(figure(*metric, found(of)?, (*compare, *value))),
                };
            }
        };
        Ok(Weighed { seen, evidence, due: String::new(), weight: None })
    }

    /// Why nothing can be said of the settings in force, after they were changed in the run.
    pub(super) fn hindrance(&self, claim: &Claim) -> Option<String> {
        let change = self.model.change(self.now)?;
        let former = || Some("it was so before the settings were changed".to_owned());
        match claim {
            Claim::Deadlock { .. } | Claim::NoDeadlock => {
                self.model.deadlock().filter(|deadlock| deadlock.at < change.at).and_then(|_| former())
            }
            Claim::Finding { id, .. } => {
                let found = self.findings.iter().find(|finding| finding.id == id);
                let is_former = found.is_some_and(|found| self.model.is_of_former_settings(found, self.now));
                if is_former { former() } else { super::measure::too_early(self.model, self.now) }
            }
            Claim::Measure { metric, of, times, .. } => {
                let of_other = if let Some(Times::Of(other)) = times { Some(other) } else { None };
                let mut subjects = [Some(of), of_other].into_iter().flatten();
                subjects.find_map(|of| hindrance(self.model, self.scenario, *metric, of, self.now))
            }
        }
    }

    /// What the figures say of a claim, and why they may not decide it.
    pub(super) fn doubt(&self, claim: &Claim) -> Claimed {
        let weighed = self.weigh(claim);
        let doubt = if let Some(why) = self.hindrance(claim) {
            Some(Doubt::Former(why))
        } else if let Some(others) = self.others.filter(|_| claim.needs_cores()) {
            Some(Doubt::Others(others))
        } else {
            weighed.as_ref().ok().and_then(|weighed| self.noise(claim, weighed.weight?))
        };
        match weighed {
            Ok(Weighed { seen, evidence, .. }) => Claimed { seen, measured: true, figures: evidence, doubt },
            Err(why) => Claimed { seen: false, measured: false, figures: why, doubt },
        }
    }

    fn noise(&self, claim: &Claim, weight: Weight) -> Option<Doubt> {
        let Claim::Measure { metric, times, .. } = claim else { return None };
        let (low, high) = self.range(claim).filter(|range| weight.is_open_within(*range))?;
        let word = |value| if times.is_some() { plain(value) } else { shown(*metric, value) };
        let unit = if times.is_some() { " times" } else { "" };
        Some(Doubt::Noise {
            range: format!("{} to {}{unit}", word(low), word(high)),
            due: format!("{}{unit}", word(weight.due)),
        })
    }

    /// Where the figure of a claim lies with 95 % confidence, if that is known.
    pub(super) fn range(&self, claim: &Claim) -> Option<Range> {
        let Claim::Measure { metric, of, times, .. } = claim else { return None };
        let spread = |of: &Subject| spread(self.model, self.scenario, *metric, of, self.now);
        match times {
            None => spread(of)?.range(),
            Some(Times::Of(other)) => spread(of)?.range_over(&spread(other)?),
            Some(Times::With(_)) => None,
        }
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
/// What misses it by no more than was measured of noise is seen as well.
pub(super) fn ratio(
    (compare, times): (Compare, f64),
    one: &Measured,
    other: &Measured,
    noise: impl FnOnce() -> Option<Range>,
) -> Result<Weighed, String> {
    if other.value <= 0.0 {
        return Err(format!("there is nothing to compare with: {}", other.evidence));
    }
    let weight = Weight { found: one.value / other.value, due: times, compare };
    let noise = if weight.holds() { None } else { noise() };
    let range = noise.map(|(low, high)| format!(" ({} to {}{NOISE}", plain(low), plain(high)));
    let range = range.unwrap_or_default();
    let evidence = format!("{} times as much{range}; {}; {}", plain(weight.found), one.evidence, other.evidence);
    let due = format!("{} {} times was expected", word(compare), plain(times));
    let seen = weight.holds() || noise.is_some_and(|range| weight.holds_within(range));
    Ok(Weighed { seen, evidence, due, weight: Some(weight) })
}

const fn word(compare: Compare) -> &'static str {
    match compare {
        Compare::Above => "more than",
        Compare::Below => "less than",
        Compare::Equals => "exactly",
    }
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
        verdicts.into_iter().map(|verdict| (verdict.is_seen(), verdict.evidence)).collect()
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
