//! Tests of formulas, with a recorded run and with written figures.

use super::*;
use crate::report::fixture::{BANK_SCENARIO, BankFixture};
use crate::report::measure::Spread;
use crate::report::{answer_question, compare_runs, judge_expectations, run_sets};
use crate::scenario::{Claim, Scenario, Source, check};

fn bank_with(text: &str) -> Scenario {
    let source = Source { name: "bank".to_owned(), path: None, text: format!("{BANK_SCENARIO}\n{text}\n") };
    check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario
}

/// The verdict on a condition in the recorded run.
fn judged(condition: &str) -> (bool, String) {
    let bank = BankFixture::new();
    let scenario = bank_with(&format!("expect \"{condition}\""));
    let verdict = judge_expectations(&bank.model, &scenario, &scenario.default_settings(), bank.at).remove(0);
    (verdict.is_seen(), verdict.evidence)
}

fn formula(condition: &str) -> FigureFormula {
    let scenario = bank_with(&format!("knob many 1 min=1 max=9\nexpect \"{condition}\""));
    let Claim::Formula(formula) = scenario.expectations[0].claim.clone() else { panic!("it is a formula") };
    formula
}

fn number(value: f64) -> TermFigure {
    TermFigure { value: TermValue::Number(value), spread: None }
}

fn noisy(value: f64, by: f64) -> TermFigure {
    let parts = (0..10).map(|i| (if i % 2 == 0 { value + by } else { value - by }, 1.0)).collect();
    TermFigure { value: TermValue::Number(value), spread: Some(Spread::Parts(parts)) }
}

#[test]
fn figures_of_a_run_are_filled_in() {
    for (condition, wanted, evidence) in [
        ("done(post) >= 19", true, "done(post) = 19"),
        ("done(post) > 19", false, "done(post) = 19"),
        (
            "done(post) + failed(post) == 20",
            true,
            "done(post) + failed(post) = 20 with done(post) = 19 and failed(post) = 1",
        ),
        ("failed(post) <= 5% * done(post)", false, "failed(post) = 1, 5% * done(post) = 0.95"),
        ("value(balance) == 2 and lost(balance) == 0", true, "value(balance) = 2; lost(balance) = 0"),
        ("done(post) > 90 or value(balance) == 2", true, "done(post) = 19; value(balance) = 2"),
        ("not (done(post) > 90 or value(balance) == 2)", false, "done(post) = 19; value(balance) = 2"),
        ("$hold < 2ms and done(post) > 1", true, "$hold = 1.0 ms; done(post) = 19"),
        (
            "done(post) / ($hold / 1ms) == 19",
            true,
            "done(post) / ($hold / 1ms) = 19 with done(post) = 19 and $hold = 1.0 ms",
        ),
        ("min(done(post), 5) == 5", true, "min(done(post), 5) = 5"),
        (
            "abs(failed(post) - done(post)) == 18",
            true,
            "abs(failed(post) - done(post)) = 18 with failed(post) = 1 and done(post) = 19",
        ),
    ] {
        let (is_seen, found) = judged(condition);
        assert_eq!((is_seen, found.as_str()), (wanted, evidence), "{condition}");
    }
}

#[test]
fn members_of_the_json_report_are_figures_as_well() {
    for (condition, wanted, evidence) in [
        ("json(pools[post].done) == 19", true, "json(pools[post].done) = 19"),
        ("json(pools[0].done) == done(post)", true, "json(pools[0].done) = 19, done(post) = 19"),
        ("json(elapsed_s) > 400ms", true, "json(elapsed_s) = 500 ms"),
        ("json(deadlocks.length) == 1", true, "json(deadlocks.length) = 1"),
        ("json(deadlocks[0].ring[1].in_line) == false", true, "json(deadlocks[0].ring[1].in_line) = false"),
        ("json(locks[a].kind) == std", true, "json(locks[a].kind) = std"),
        ("json(locks[a].kind) != fair", true, "json(locks[a].kind) = std"),
    ] {
        let (is_seen, found) = judged(condition);
        assert_eq!((is_seen, found.as_str()), (wanted, evidence), "{condition}");
    }
    let (is_seen, evidence) = judged("json(deadlocks[7].at_s) < 1s");
    assert!(!is_seen && evidence.starts_with("cannot be measured: deadlocks[7].at_s"), "{evidence}");
    let (is_seen, evidence) = judged("json(ended) == completed");
    assert!(!is_seen && evidence.contains("has not ended by itself"), "{evidence}");
}

#[test]
fn member_with_a_bound_is_judged_in_its_unit() {
    let bank = BankFixture::new();
    let text = "expect json \"pools[post].service_ms.p50\" below=\"5ms\"\n\
                expect json \"pools[post].service_ms.p50\" above=\"5ms\"\n\
                expect json \"pools[post].utilization\" below=\"99%\"\n\
                expect json \"pools[post].throughput_per_s\" above=1\nexpect json \"locks[a].kind\" equals=std";
    let scenario = bank_with(text);
    let verdicts = judge_expectations(&bank.model, &scenario, &scenario.default_settings(), bank.at);
    let seen: Vec<bool> = verdicts.iter().map(crate::report::Verdict::is_seen).collect();
    assert_eq!(seen, [true, false, true, true, true], "{verdicts:#?}");
    assert_eq!(verdicts[0].text, "json(pools[post].service_ms.p50) < 5ms");
    let bound = verdicts[0].bound_check.expect("it is one comparison");
    assert!((bound.bound - 5e6).abs() < 1e-6 && bound.measured < 5e6, "nanoseconds, as for measures: {bound:?}");
}

#[test]
fn unmeasured_part_decides_only_if_no_other_part_does() {
    let known = formula("done(post) > 1 or rate(a) > 1/s");
    let unknown = || Err("why".to_owned());
    assert_eq!(evaluate_formula(&known, &vec![Ok(number(2.0)), unknown()]).is_seen, Ok(true));
    assert_eq!(evaluate_formula(&known, &vec![Ok(number(0.0)), unknown()]).is_seen, Err("why".to_owned()));
    let both = formula("done(post) > 1 and rate(a) > 1/s");
    assert_eq!(evaluate_formula(&both, &vec![Ok(number(0.0)), unknown()]).is_seen, Ok(false));
    assert_eq!(evaluate_formula(&both, &vec![Ok(number(2.0)), unknown()]).is_seen, Err("why".to_owned()));
    let by_zero = evaluate_formula(&formula("done(post) / failed(post) > 1"), &vec![Ok(number(1.0)), Ok(number(0.0))]);
    assert_eq!(by_zero.is_seen, Err("done(post) / failed(post) divides by zero".to_owned()));
}

#[test]
fn events_that_were_lost_leave_a_figure_unmeasured() {
    let mut bank = BankFixture::new();
    let lost = crate::trace::Sample::Ring { worker: crate::trace::WorkerId(0), produced: 99, lost: 3 };
    bank.model.apply(&crate::trace::Message::Sample(lost));
    let scenario = bank_with("expect \"lost(balance) == 0\"\nexpect \"json(counters[balance].lost) == 0\"");
    for verdict in judge_expectations(&bank.model, &scenario, &scenario.default_settings(), bank.at) {
        assert!(!verdict.is_seen() && verdict.evidence.starts_with("cannot be measured: "), "{verdict:?}");
    }
}

#[test]
fn measured_sides_may_miss_by_their_noise_and_constants_may_not() {
    let both = formula("rate(a) >= 0.9 * rate(b)");
    let steady = evaluate_formula(&both, &vec![Ok(noisy(85.0, 1.0)), Ok(noisy(100.0, 1.0))]);
    assert_eq!(steady.is_seen, Ok(false), "{}", steady.evidence);
    let wide = evaluate_formula(&both, &vec![Ok(noisy(85.0, 15.0)), Ok(noisy(100.0, 1.0))]);
    assert_eq!(wide.is_seen, Ok(true), "{}", wide.evidence);
    assert!(
        wide.evidence.contains(": 0.944 times as much, 0.") && wide.evidence.ends_with(WITHIN_NOISE),
        "{}",
        wide.evidence
    );
    assert!(wide.evidence.starts_with("rate(a) = 85.0/s, 0.9 * rate(b) = 90.0/s: "), "{}", wide.evidence);
    let bound = evaluate_formula(&formula("rate(a) >= 90/s"), &vec![Ok(noisy(85.0, 15.0))]);
    assert_eq!(
        (bound.is_seen, bound.evidence.as_str()),
        (Ok(false), "rate(a) = 85.0/s, 73.7/s to 96.3/s at 95 % confidence")
    );
    assert!(bound.checks[0].noise_doubt().is_some(), "but a guess is not decided by it");
    let small = evaluate_formula(&formula("rate(a) >= 90/s"), &vec![Ok(noisy(5.0, 15.0))]);
    assert!(small.evidence.starts_with("rate(a) = 5.00/s, 0/s to "), "{}", small.evidence);
    let far = evaluate_formula(&both, &vec![Ok(noisy(30.0, 29.0)), Ok(noisy(100.0, 1.0))]);
    assert_eq!(far.is_seen, Ok(false), "too far off to be noise");
}

#[test]
fn noise_that_changes_both_sides_alike_cancels_in_one_run_only() {
    let half = |text: &str| {
        let formula = formula(text);
        let FigureCondition::Compare(comparison) = &formula.condition else { panic!("one comparison") };
        noise::half_width_of_difference(comparison, &formula, &vec![Ok(noisy(50.0, 20.0)), Ok(noisy(100.0, 40.0))])
    };
    assert!(half("2 * rate(a) > rate(b)").expect("it is known") < 1e-6);
    assert!(half("2 * rate(a) > rate(b, many=2)").expect("it is known") > 10.0);
    assert_eq!(half("done(post) > failed(post)").map(|half| half > 10.0), Some(true));
}

#[test]
fn runs_of_other_settings_are_compared() {
    let bank = BankFixture::new();
    let scenario = bank_with("knob many 1 min=1 max=9\nexpect \"done(post) > 2 * done(post, many=2) and $many == 1\"");
    let variants = scenario.variants();
    assert_eq!(variants.len(), 2);
    let sets = run_sets(&scenario, &variants);
    assert_eq!(sets[0].variant_indices, [0, 1]);
    let figures: Vec<_> = variants
        .iter()
        .map(|one| crate::report::compare::comparable_figures(&bank.model, &scenario, &one.settings, bank.at))
        .collect();
    assert_eq!(figures.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1], "each run has its figure");
    let runs: Vec<_> =
        figures.iter().map(|figures| crate::report::ComparedRun { figures, interference: None }).collect();
    let verdict = compare_runs(&scenario, &sets[0], &runs).expect("it compares");
    assert_eq!(verdict.text, "done(post) > 2 * done(post, many=2) and $many == 1");
    assert_eq!(verdict.evidence, "done(post) = 19, 2 * done(post, many=2) = 38; $many = 1");
    assert!(!verdict.is_seen());
    let failed = compare_runs(&scenario, &sets[0], &runs[..1]).expect("it compares");
    assert_eq!(failed.evidence, "cannot be measured: done(post, many=2): the run failed");
}

#[test]
fn guesses_are_decided_by_formulas() {
    let bank = BankFixture::new();
    let scenario = bank_with(
        "ask \"How many?\" { guess \"most\" { expect \"done(post) > 0.9 * (done(post) + failed(post))\" }\n\
         guess \"few\" { expect \"done(post) <= 0.9 * (done(post) + failed(post))\" } }",
    );
    let answer = answer_question(&bank.model, &scenario, &scenario.default_settings(), bank.at).expect("guesses");
    assert_eq!(answer.right_guesses, [0]);
    assert_eq!(answer.evidence.len(), 1, "the same figures are listed once: {:?}", answer.evidence);
}
