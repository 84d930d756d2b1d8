//! Judges a scenario's expectations of a single run.

use crate::model::{Finding, Model, StuckGroup, join_names};
use crate::scenario::{
    Baseline, Claim, Compare, EvalContext, Expect, FigureFormula, Metric, MetricSubject, Scenario, Settings,
};
use crate::trace::{Span, Stamp};

use super::bound_check::{BoundCheck, FigureForm, WITHIN_NOISE};
use super::cores_used;
use super::doubt::Doubt;
use super::formula::{self, FormulaResult};
use super::interference::Interference;
use super::measure::{MeasuredFigure, ValueRange, figure_spread, format_value, measure_metric, unmeasurable_reason};
use super::verdict::{Judgement, Verdict};
use crate::trace::format::{format_counted, format_number};

/// Most deadlocks named in the evidence.
const MAX_NAMED_DEADLOCKS: usize = 4;

/// Judges every expectation that applies to these settings, in the order of the file.
pub fn judge_expectations(model: &Model, scenario: &Scenario, settings: &Settings, now: Stamp) -> Vec<Verdict> {
    judge_each(model, scenario, settings, now).map(|(_, verdict)| verdict).collect()
}

/// The expectations that apply to these settings and need no other run.
pub(super) fn applicable_expectations<'a>(
    scenario: &'a Scenario,
    settings: &'a Settings,
) -> impl Iterator<Item = &'a Expect> {
    let applies = |expect: &&Expect| expect.when.iter().all(|(knob, value)| settings.knob_equals(*knob, *value));
    scenario.expectations.iter().filter(|expect| !expect.compares_runs()).filter(applies)
}

/// Judges each expectation that applies to these settings, lazily.
pub(super) fn judge_each<'a>(
    model: &'a Model,
    scenario: &'a Scenario,
    settings: &'a Settings,
    now: Stamp,
) -> impl Iterator<Item = (&'a Expect, Verdict)> {
    let evaluator = ClaimEvaluator::new(model, scenario, settings, now);
    let judge = move |expect: &'a Expect| {
        let doubt = evaluator.machine_doubt(&expect.claim);
        (expect, to_verdict(&expect.text, evaluator.evaluate(&expect.claim)).with_doubt(doubt))
    };
    applicable_expectations(scenario, settings).map(judge)
}

/// Makes a verdict of an evaluated claim. Its evidence names the expectation where it was not met.
pub(super) fn to_verdict(text: &str, evaluated: Result<ClaimResult, String>) -> Verdict {
    let (seen, evidence, bound_check) = match evaluated {
        Ok(ClaimResult { is_seen: seen, evidence, expected, bound_check }) if seen || expected.is_empty() => {
            (seen, evidence, bound_check)
        }
        Ok(ClaimResult { is_seen: seen, evidence, expected, bound_check }) => {
            (seen, format!("{evidence}; {expected}"), bound_check)
        }
        Err(why) => (false, format!("cannot be measured: {why}"), None),
    };
    Verdict { text: text.to_owned(), judgement: Judgement::from_seen(seen), evidence, bound_check }
}

/// Evaluates claims against a model at a moment.
pub(super) struct ClaimEvaluator<'a> {
    model: &'a Model,
    scenario: &'a Scenario,
    settings: &'a Settings,
    now: Stamp,
    findings: Vec<Finding>,
    /// Other programs that used the run's cores.
    pub(super) interference: Option<Interference>,
}

/// The result of evaluating a claim.
pub(super) struct ClaimResult {
    pub(super) is_seen: bool,
    /// The figures it rests on.
    pub(super) evidence: String,
    /// The expected value; empty where the evidence has it.
    expected: String,
    pub(super) bound_check: Option<BoundCheck>,
}

impl ClaimResult {
    /// Returns the result of a formula, or why it cannot be measured.
    pub(super) fn of_formula(result: FormulaResult) -> Result<Self, String> {
        let only_check = result.checks.first().filter(|_| result.checks.len() == 1);
        let bound_check = only_check.copied();
        Ok(Self { is_seen: result.is_seen?, evidence: result.evidence, expected: String::new(), bound_check })
    }
}

/// A claim's result, with the reason if the figures do not decide it.
pub(super) struct ClaimAssessment {
    pub(super) is_seen: bool,
    pub(super) is_measured: bool,
    pub(super) evidence: String,
    /// Why the figures do not decide it.
    pub(super) doubt: Option<Doubt>,
}

impl<'a> ClaimEvaluator<'a> {
    pub(super) fn new(model: &'a Model, scenario: &'a Scenario, settings: &'a Settings, now: Stamp) -> Self {
        let others = Interference::during(model, model.settings_start(now), now);
        Self { model, scenario, settings, now, findings: model.findings(now), interference: others }
    }

    /// Evaluates a claim.
    ///
    /// # Errors
    /// Says why the claim cannot be measured, such as a share of nothing.
    pub(super) fn evaluate(&self, claim: &Claim) -> Result<ClaimResult, String> {
        self.unmeasurable_reason(claim).map_or(Ok(()), Err)?;
        let (seen, evidence) = match claim.bare() {
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
                        evaluate_ratio((*compare, *value), &found(of)?, &found(other)?, self.range(claim))
                    }
                    Some(Baseline::OtherRun(_)) => Err("it needs a second run to compare with".to_owned()),
                    None => Ok(evaluate_figure(*metric, found(of)?, (*compare, *value), self.range(claim))),
                };
            }
            Claim::OnCores { claim, .. } => return self.evaluate(claim),
            Claim::Formula(formula) => {
                if formula.terms.iter().any(|term| !term.settings.is_empty()) {
                    return Err("it needs another run to compare with".to_owned());
                }
                return ClaimResult::of_formula(self.formula_result(formula));
            }
        };
        Ok(ClaimResult { is_seen: seen, evidence, expected: String::new(), bound_check: None })
    }

    /// Why a claim says nothing about the settings in force, if they changed during the run.
    pub(super) fn unmeasurable_reason(&self, claim: &Claim) -> Option<String> {
        let change = self.model.settings_change(self.now)?;
        let former = || Some("that was before the settings changed".to_owned());
        match claim.bare() {
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
            Claim::Formula(formula) => formula::unmeasurable_reason(self.model, self.scenario, formula, self.now),
            Claim::OnCores { claim, .. } => self.unmeasurable_reason(claim),
        }
    }

    /// Returns why a run that does not show a claim may be unable to: other programs used the cores that it needs, or
    /// the workers did not run on as many physical cores as it takes.
    pub(super) fn machine_doubt(&self, claim: &Claim) -> Option<Doubt> {
        if let Some(others) = self.interference.filter(|_| claim.needs_cores()) {
            return Some(Doubt::Interference(others));
        }
        let needs = claim.needed_cores()?;
        let since = self.model.settings_start(self.now);
        let is_meant = |worker| cores_used::is_worker_of(self.model, self.scenario, claim, worker);
        cores_used::too_few_cores_reason(self.model, is_meant, needs, (since, self.now)).map(Doubt::CannotShow)
    }

    /// Evaluates a claim and finds out whether the figures decide it.
    pub(super) fn assess(&self, claim: &Claim) -> ClaimAssessment {
        let evaluated = self.evaluate(claim);
        let is_seen = evaluated.as_ref().is_ok_and(|result| result.is_seen);
        let doubt = if let Some(why) = self.unmeasurable_reason(claim) {
            Some(Doubt::FormerSettings(why))
        } else {
            // What a machine can hardly show, and shows all the same, is certain.
            let of_machine = self.machine_doubt(claim);
            let of_machine = of_machine.filter(|doubt| !is_seen || !matches!(doubt, Doubt::CannotShow(_)));
            of_machine.or_else(|| evaluated.as_ref().ok().and_then(|result| self.noise_doubt(claim, result)))
        };
        match evaluated {
            Ok(ClaimResult { is_seen: seen, evidence, .. }) => {
                ClaimAssessment { is_seen: seen, is_measured: true, evidence, doubt }
            }
            Err(why) => ClaimAssessment { is_seen: false, is_measured: false, evidence: why, doubt },
        }
    }

    /// Returns on which cores the workers of a claim ran that depends on physical cores, if this is known.
    pub(super) fn cores_text(&self, claim: &Claim) -> Option<String> {
        claim.needed_cores()?;
        let since = self.model.settings_start(self.now);
        let is_meant = |worker| cores_used::is_worker_of(self.model, self.scenario, claim, worker);
        cores_used::describe_cores(self.model, is_meant, (since, self.now))
    }

    /// Evaluates a formula of figures of this run.
    fn formula_result(&self, formula: &FigureFormula) -> FormulaResult {
        let figures = formula::measure_terms(self.model, self.scenario, self.settings, formula, self.now);
        formula::evaluate_formula(formula, &figures)
    }

    /// The doubt that a figure is too close to its bound for the run's noise.
    fn noise_doubt(&self, claim: &Claim, result: &ClaimResult) -> Option<Doubt> {
        if let Claim::Formula(formula) = claim.bare() {
            return self.formula_result(formula).checks.iter().find_map(BoundCheck::noise_doubt);
        }
        result.bound_check.and_then(|check| check.noise_doubt())
    }

    /// The 95 % confidence interval of a claim's figure, if known.
    pub(super) fn range(&self, claim: &Claim) -> Option<ValueRange> {
        let Claim::Measure { metric, subject: of, baseline: times, .. } = claim.bare() else { return None };
        let spread = |of: &MetricSubject| figure_spread(self.model, self.scenario, *metric, of, self.now);
        match times {
            None => spread(of)?.interval(),
            Some(Baseline::SameRun(other)) => spread(of)?.interval_of_ratio(&spread(other)?),
            Some(Baseline::OtherRun(_)) => None,
        }
    }
}

/// Evaluates whether workers wait forever: for each other, for an orphaned lock, or for something that no remaining
/// worker can provide.
fn evaluate_deadlock(model: &Model, within: Option<Span>, now: Stamp) -> ClaimResult {
    let stuck = model.stuck_groups(now);
    let Some(first) = stuck.iter().map(|stuck| stuck.since.span_since(Stamp::default())).min() else {
        let evidence = "no worker is known to wait forever".to_owned();
        return ClaimResult { is_seen: false, evidence, expected: String::new(), bound_check: None };
    };
    let describe = |stuck: &StuckGroup| {
        let names: Vec<&str> = stuck.workers.iter().map(|worker| model.registry().worker_name(*worker)).collect();
        let wait = if names.len() == 1 { "waits" } else { "wait" };
        format!(
            "{} {wait} forever, from {} after the start",
            join_names(&names),
            stuck.since.span_since(Stamp::default())
        )
    };
    let mut all: Vec<String> = stuck.iter().take(MAX_NAMED_DEADLOCKS).map(describe).collect();
    if stuck.len() > MAX_NAMED_DEADLOCKS {
        all.push(format_counted((stuck.len() - MAX_NAMED_DEADLOCKS) as u64, "more deadlock"));
    }
    let late = within.filter(|limit| first > *limit);
    let expected = late.map(|limit| format!("the limit was {limit}")).unwrap_or_default();
    ClaimResult { is_seen: late.is_none(), evidence: all.join("; "), expected, bound_check: None }
}

fn evaluate_finding(findings: &[Finding], id: &str, wanted: bool) -> (bool, String) {
    match findings.iter().find(|finding| finding.id == id) {
        Some(found) => (wanted, format!("{id}: {}", found.sentence)),
        None => (!wanted, format!("no finding `{id}`")),
    }
}

fn evaluate_figure(
    metric: Metric,
    found: MeasuredFigure,
    (compare, bound): (Compare, f64),
    interval: Option<ValueRange>,
) -> ClaimResult {
    let expected = format!("required: {} {}", comparison_phrase(compare), format_value(metric, bound));
    let check = BoundCheck { measured: found.value, interval, bound, compare, form: FigureForm::Metric(metric) };
    let evidence = found.evidence + &check.interval_text();
    ClaimResult { is_seen: check.is_met(), evidence, expected, bound_check: Some(check) }
}

/// Compares one figure with `times` another. A ratio that misses its bound by no more than the measured noise counts as
/// seen.
pub(super) fn evaluate_ratio(
    (compare, times): (Compare, f64),
    one: &MeasuredFigure,
    other: &MeasuredFigure,
    interval: Option<ValueRange>,
) -> Result<ClaimResult, String> {
    if other.value <= 0.0 {
        return Err(format!("nothing to compare with: {}", other.evidence));
    }
    let check =
        BoundCheck { measured: one.value / other.value, interval, bound: times, compare, form: FigureForm::Ratio };
    let is_within_noise = !check.is_met() && interval.is_some_and(|range| check.is_met_within(range));
    let evidence = format!(
        "{} times as much{}{}; {}; {}",
        format_number(check.measured),
        check.interval_text(),
        if is_within_noise { WITHIN_NOISE } else { "" },
        one.evidence,
        other.evidence
    );
    let expected = format!("required: {} {} times", comparison_phrase(compare), format_number(times));
    Ok(ClaimResult { is_seen: check.is_met() || is_within_noise, evidence, expected, bound_check: Some(check) })
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

    /// The verdicts on expectations added to the bank.
    fn judged(expectations: &str) -> Vec<(bool, String)> {
        let bank = BankFixture::new();
        let text = format!("{}\n{expectations}", crate::report::fixture::BANK_SCENARIO);
        let source = Source { name: "bank".to_owned(), path: None, text };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        let verdicts = judge_expectations(&bank.model, &scenario, &scenario.default_settings(), bank.at);
        verdicts.into_iter().map(|verdict| (verdict.is_seen(), verdict.evidence)).collect()
    }

    #[test]
    fn deadlock_is_judged_by_when_it_closed() {
        let verdicts = judged("expect deadlock within=\"1s\"\nexpect deadlock within=\"40ms\"\nexpect no-deadlock");
        assert_eq!(verdicts.iter().map(|(seen, _)| *seen).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(verdicts[0].1, "left, right and late wait forever, from 42 ms after the start");
        assert!(verdicts[1].1.ends_with("; the limit was 40 ms"), "{}", verdicts[1].1);
    }

    #[test]
    fn figures_are_compared_with_their_bounds() {
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
        assert_eq!(verdicts[1].1, "counter balance: 2, expected 2: 0 lost; required: more than 2");
        assert_eq!(verdicts[2].1, "pool post: 19 done, 1 failed, 0 retried, 0 rejected of 20 tasks");
    }

    #[test]
    fn shares_and_ratios_of_locks_and_pools_are_measured() {
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
        assert!(verdicts[1].1.contains("attempts gave up (0 %)"), "{}", verdicts[1].1);
        assert!(verdicts[3].1.contains("times as long, "), "{}", verdicts[3].1);
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
        assert_eq!(evaluate_finding(&findings, "crashed", false), (true, "no finding `crashed`".to_owned()));
        assert_eq!(evaluate_finding(&findings, "crashed", true), (false, "no finding `crashed`".to_owned()));
    }

    #[test]
    fn expectations_for_other_settings_are_skipped() {
        let verdicts = judged("expect deadlock when=\"hold=1ms\"\nexpect no-deadlock when=\"hold=2ms\"");
        assert_eq!(verdicts.len(), 1);
    }
}
