//! Whether a run showed what its scenario says it must show.

use crate::model::{Finding, Model, StuckGroup, join_names};
use crate::scenario::{Baseline, Claim, Compare, EvalContext, Expect, Metric, MetricSubject, Scenario, Settings};
use crate::trace::{Span, Stamp};

use super::doubt::Doubt;
use super::formatting::{format_number, format_quantity};
use super::interference::Interference;
use super::measure::{MeasuredFigure, ValueRange, figure_spread, format_value, measure_metric, unmeasurable_reason};
use super::verdict::{BoundCheck, Judgement, Verdict};

/// The end of the range of a ratio.
pub(super) const NOISE_SUFFIX: &str = " within its noise)";

/// So many deadlocks are named in the evidence.
const MAX_NAMED_DEADLOCKS: usize = 4;

/// Judges every expectation that applies to these settings, in the order of the file.
pub fn judge_expectations(model: &Model, scenario: &Scenario, settings: &Settings, now: Stamp) -> Vec<Verdict> {
    judge_each(model, scenario, settings, now).map(|(_, verdict)| verdict).collect()
}

/// The expectations that apply to these settings and speak of one run alone.
pub(super) fn applicable_expectations<'a>(
    scenario: &'a Scenario,
    settings: &'a Settings,
) -> impl Iterator<Item = &'a Expect> {
    let applies = |expect: &&Expect| expect.when.iter().all(|(knob, value)| settings.knob_equals(*knob, *value));
    scenario.expectations.iter().filter(|expect| expect.baseline_knobs().is_none()).filter(applies)
}

/// Each expectation that applies with its verdict, one by one.
pub(super) fn judge_each<'a>(
    model: &'a Model,
    scenario: &'a Scenario,
    settings: &'a Settings,
    now: Stamp,
) -> impl Iterator<Item = (&'a Expect, Verdict)> {
    let scales = ClaimEvaluator::new(model, scenario, now);
    let judge = move |expect: &'a Expect| {
        let others = scales.interference.filter(|_| expect.claim.needs_cores());
        (expect, to_verdict(&expect.text, scales.evaluate(&expect.claim)).with_interference(others))
    };
    applicable_expectations(scenario, settings).map(judge)
}

/// Whether it was seen, and the figures; what was wanted instead when it was not.
pub(super) fn to_verdict(text: &str, weighed: Result<ClaimResult, String>) -> Verdict {
    let (seen, evidence, weight) = match weighed {
        Ok(ClaimResult { is_seen: seen, evidence, expected: due, bound_check: weight }) if seen || due.is_empty() => {
            (seen, evidence, weight)
        }
        Ok(ClaimResult { is_seen: seen, evidence, expected: due, bound_check: weight }) => {
            (seen, format!("{evidence}; {due}"), weight)
        }
        Err(why) => (false, format!("cannot be measured: {why}"), None),
    };
    Verdict { text: text.to_owned(), judgement: Judgement::from_seen(seen), evidence, bound_check: weight }
}

/// What claims are weighed with: a model at a moment.
pub(super) struct ClaimEvaluator<'a> {
    model: &'a Model,
    scenario: &'a Scenario,
    now: Stamp,
    findings: Vec<Finding>,
    /// Programs that took the run's cores.
    pub(super) interference: Option<Interference>,
}

/// What came of a claim.
pub(super) struct ClaimResult {
    pub(super) is_seen: bool,
    /// The figures it rests on.
    pub(super) evidence: String,
    /// What was wanted instead; empty where the evidence says all.
    expected: String,
    pub(super) bound_check: Option<BoundCheck>,
}

/// What the figures say of a claim.
pub(super) struct ClaimAssessment {
    pub(super) is_seen: bool,
    pub(super) is_measured: bool,
    pub(super) evidence: String,
    /// Why they do not decide it.
    pub(super) doubt: Option<Doubt>,
}

impl<'a> ClaimEvaluator<'a> {
    pub(super) fn new(model: &'a Model, scenario: &'a Scenario, now: Stamp) -> Self {
        let others = Interference::during(model, model.settings_start(now), now);
        Self { model, scenario, now, findings: model.findings(now), interference: others }
    }

    /// Whether it is seen; or why it cannot be measured, such as a share of nothing.
    pub(super) fn evaluate(&self, claim: &Claim) -> Result<ClaimResult, String> {
        self.unmeasurable_reason(claim).map_or(Ok(()), Err)?;
        let (seen, evidence) = match claim {
            Claim::Deadlock { within } => {
                return Ok(evaluate_deadlock(self.model, within.map(|ns| Span(ns as u64)), self.now));
            }
            Claim::NoDeadlock => {
                let found = evaluate_deadlock(self.model, None, self.now);
                (!found.is_seen, found.evidence)
            }
            Claim::Finding { id, is_expected: seen } => evaluate_finding(&self.findings, id, *seen),
            Claim::Measure { metric, subject: of, compare, value, baseline: times } => {
                let found = |of: &MetricSubject| measure_metric(self.model, self.scenario, *metric, of, self.now);
                return match times {
                    Some(Baseline::SameRun(other)) => {
                        let noise = || self.range(claim);
                        evaluate_ratio((*compare, *value), &found(of)?, &found(other)?, noise)
                    }
                    Some(Baseline::OtherRun(_)) => Err("one run alone does not show it".to_owned()),
                    None => Ok(evaluate_figure(*metric, found(of)?, (*compare, *value))),
                };
            }
        };
        Ok(ClaimResult { is_seen: seen, evidence, expected: String::new(), bound_check: None })
    }

    /// Why nothing can be said of the settings in force, after they were changed in the run.
    pub(super) fn unmeasurable_reason(&self, claim: &Claim) -> Option<String> {
        let change = self.model.settings_change(self.now)?;
        let former = || Some("it was so before the settings were changed".to_owned());
        match claim {
            Claim::Deadlock { .. } | Claim::NoDeadlock => {
                self.model.first_deadlock().filter(|deadlock| deadlock.closed_at < change.at).and_then(|_| former())
            }
            Claim::Finding { id, .. } => {
                let found = self.findings.iter().find(|finding| finding.id == id);
                let is_former = found.is_some_and(|found| self.model.is_outdated(found, self.now));
                if is_former { former() } else { super::measure::too_early_reason(self.model, self.now) }
            }
            Claim::Measure { metric, subject: of, baseline: times, .. } => {
                let of_other = if let Some(Baseline::SameRun(other)) = times { Some(other) } else { None };
                let mut subjects = [Some(of), of_other].into_iter().flatten();
                subjects.find_map(|of| unmeasurable_reason(self.model, self.scenario, *metric, of, self.now))
            }
        }
    }

    /// What the figures say of a claim, and why they may not decide it.
    pub(super) fn assess(&self, claim: &Claim) -> ClaimAssessment {
        let weighed = self.evaluate(claim);
        let doubt = if let Some(why) = self.unmeasurable_reason(claim) {
            Some(Doubt::FormerSettings(why))
        } else if let Some(others) = self.interference.filter(|_| claim.needs_cores()) {
            Some(Doubt::Interference(others))
        } else {
            weighed.as_ref().ok().and_then(|weighed| self.noise_doubt(claim, weighed.bound_check?))
        };
        match weighed {
            Ok(ClaimResult { is_seen: seen, evidence, .. }) => {
                ClaimAssessment { is_seen: seen, is_measured: true, evidence, doubt }
            }
            Err(why) => ClaimAssessment { is_seen: false, is_measured: false, evidence: why, doubt },
        }
    }

    fn noise_doubt(&self, claim: &Claim, weight: BoundCheck) -> Option<Doubt> {
        let Claim::Measure { metric, baseline: times, .. } = claim else { return None };
        let (low, high) = self.range(claim).filter(|range| weight.is_undecided_within(*range))?;
        let word = |value| if times.is_some() { format_number(value) } else { format_value(*metric, value) };
        let unit = if times.is_some() { " times" } else { "" };
        Some(Doubt::Noise {
            range: format!("{} to {}{unit}", word(low), word(high)),
            bound: format!("{}{unit}", word(weight.bound)),
        })
    }

    /// Where the figure of a claim lies with 95 % confidence, if that is known.
    pub(super) fn range(&self, claim: &Claim) -> Option<ValueRange> {
        let Claim::Measure { metric, subject: of, baseline: times, .. } = claim else { return None };
        let spread = |of: &MetricSubject| figure_spread(self.model, self.scenario, *metric, of, self.now);
        match times {
            None => spread(of)?.interval(),
            Some(Baseline::SameRun(other)) => spread(of)?.interval_of_ratio(&spread(other)?),
            Some(Baseline::OtherRun(_)) => None,
        }
    }
}

/// Whether workers wait forever, whatever for: each other, an orphaned lock, something that no remaining worker can give.
fn evaluate_deadlock(model: &Model, within: Option<Span>, now: Stamp) -> ClaimResult {
    let stuck = model.stuck_groups(now);
    let Some(first) = stuck.iter().map(|stuck| stuck.since.span_since(Stamp::default())).min() else {
        let evidence = "no worker is known to wait forever".to_owned();
        return ClaimResult { is_seen: false, evidence, expected: String::new(), bound_check: None };
    };
    let told = |stuck: &StuckGroup| {
        let names: Vec<&str> = stuck.workers.iter().map(|worker| model.registry().worker_name(*worker)).collect();
        let wait = if names.len() == 1 { "waits" } else { "wait" };
        format!("{} {wait} forever, {} after the start", join_names(&names), stuck.since.span_since(Stamp::default()))
    };
    let mut all: Vec<String> = stuck.iter().take(MAX_NAMED_DEADLOCKS).map(told).collect();
    if stuck.len() > MAX_NAMED_DEADLOCKS {
        all.push(format_quantity((stuck.len() - MAX_NAMED_DEADLOCKS) as u64, "more deadlock"));
    }
    let late = within.filter(|limit| first > *limit);
    let due = late.map(|limit| format!("{limit} was the limit")).unwrap_or_default();
    ClaimResult { is_seen: late.is_none(), evidence: all.join("; "), expected: due, bound_check: None }
}

fn evaluate_finding(findings: &[Finding], id: &str, wanted: bool) -> (bool, String) {
    match findings.iter().find(|finding| finding.id == id) {
        Some(found) => (wanted, format!("{id}: {}", found.sentence)),
        None => (!wanted, format!("no finding `{id}` was made")),
    }
}

fn evaluate_figure(metric: Metric, found: MeasuredFigure, (compare, due): (Compare, f64)) -> ClaimResult {
    let due_text = format!("{} {} was expected", comparison_phrase(compare), format_value(metric, due));
    let weight = BoundCheck { measured: found.value, bound: due, compare };
    ClaimResult { is_seen: weight.is_met(), evidence: found.evidence, expected: due_text, bound_check: Some(weight) }
}

/// One figure against another, `times` as much.
/// What misses it by no more than was measured of noise is seen as well.
pub(super) fn evaluate_ratio(
    (compare, times): (Compare, f64),
    one: &MeasuredFigure,
    other: &MeasuredFigure,
    noise: impl FnOnce() -> Option<ValueRange>,
) -> Result<ClaimResult, String> {
    if other.value <= 0.0 {
        return Err(format!("there is nothing to compare with: {}", other.evidence));
    }
    let weight = BoundCheck { measured: one.value / other.value, bound: times, compare };
    let noise = if weight.is_met() { None } else { noise() };
    let range = noise.map(|(low, high)| format!(" ({} to {}{NOISE_SUFFIX}", format_number(low), format_number(high)));
    let range = range.unwrap_or_default();
    let evidence =
        format!("{} times as much{range}; {}; {}", format_number(weight.measured), one.evidence, other.evidence);
    let due = format!("{} {} times was expected", comparison_phrase(compare), format_number(times));
    let seen = weight.is_met() || noise.is_some_and(|range| weight.is_met_within(range));
    Ok(ClaimResult { is_seen: seen, evidence, expected: due, bound_check: Some(weight) })
}

const fn comparison_phrase(compare: Compare) -> &'static str {
    match compare {
        Compare::Above => "more than",
        Compare::Below => "less than",
        Compare::Equals => "exactly",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::BankFixture;
    use crate::scenario::{Source, check};

    /// What becomes of expectations added to the bank.
    fn judged(expectations: &str) -> Vec<(bool, String)> {
        let bank = BankFixture::new();
        let text = format!("{}\n{expectations}", crate::report::fixture::BANK_SCENARIO);
        let source = Source { name: "bank".to_owned(), path: None, text };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        let verdicts = judge_expectations(&bank.model, &scenario, &scenario.default_settings(), bank.at);
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
            fix: String::new(),
            subject: None,
            at: None,
        }];
        assert_eq!(evaluate_finding(&findings, "lock-bound", true), (true, "lock-bound: all wait for a".to_owned()));
        assert_eq!(evaluate_finding(&findings, "lock-bound", false), (false, "lock-bound: all wait for a".to_owned()));
        assert_eq!(evaluate_finding(&findings, "crashed", false), (true, "no finding `crashed` was made".to_owned()));
        assert_eq!(evaluate_finding(&findings, "crashed", true), (false, "no finding `crashed` was made".to_owned()));
    }

    #[test]
    fn expectations_for_other_settings_are_left_out() {
        let verdicts = judged("expect deadlock when=\"hold=1ms\"\nexpect no-deadlock when=\"hold=2ms\"");
        assert_eq!(verdicts.len(), 1);
    }
}
