//! The sentences of a tuning report: each appears where it is true, and only there.

use std::time::Duration;

use contend::tune::{
    Drift, Tuning, TuningAnswer, TuningRequest, caveats, detect_drift, headline, summary_sentences, tune,
};

use crate::laws::{CPU, FLAT, LOCK, Law, QUESTION, Simulated, WAITING, simulate};
use crate::output::with_subject;

/// Relative speed of the work at each second of a run.
type SpeedOverTime = fn(f64) -> f64;

fn headline_of(tuning: &Tuning) -> String {
    with_subject(tuning, headline)
}

fn full_report(tuning: &Tuning) -> String {
    with_subject(tuning, |tuning, subject| {
        [vec![headline(tuning, subject)], summary_sentences(tuning, subject), caveats(tuning, subject)].concat()
    })
    .join("\n")
}

#[test]
fn pure_waiting_rises_beyond_the_highest_level() {
    for seed in 0..20 {
        let tuning = simulate(&WAITING, 0.01, seed, TuningRequest { range: (1.0, 32.0), ..QUESTION });
        assert_eq!(tuning.decision.as_ref().map(|verdict| verdict.answer.clone()), Some(TuningAnswer::Rising(32.0)));
        let said = headline_of(&tuning);
        assert!(said.starts_with("Throughput still rises at 32 workers, the highest level measured"), "{said}");
        assert!(said.contains("`--over 1..64`") && !said.contains("enough"), "{said}");
    }
    // The range covers all values of the knob.
    let said = headline_of(&simulate(&WAITING, 0.01, 1, QUESTION));
    assert!(said.contains("at 64 workers") && !said.contains("--over"), "{said}");
}

#[test]
fn saturated_cores_at_the_highest_level_are_not_a_rise() {
    let tuning = simulate(&CPU, 0.005, 1, TuningRequest { range: (1.0, 2.0), ..QUESTION });
    let said = headline_of(&tuning);
    assert!(said.starts_with("2 workers are enough: the most measured") && said.contains("; 1 does 50 %"), "{said}");
}

#[test]
fn knee_is_reported_with_its_share_of_the_best_and_the_cost_beyond() {
    let tuning = simulate(&LOCK, 0.005, 7, QUESTION);
    let text = full_report(&tuning);
    let head = text.lines().next().expect("a headline");
    assert!(head.contains(" workers are enough: ") && head.contains(" of the most measured (1,0"), "{head}");
    assert!(head.contains(" do 9") || head.contains(" do 8"), "no throughput of the level below: {head}");
    // p99 is 1.5 * n / throughput: 96 ms at 64 workers.
    let price = text.lines().find(|line| line.starts_with("64 workers do")).expect("the price");
    assert!(price.contains("at a p99 of 9") && price.contains(" instead of 1"), "{price}");
}

#[test]
fn open_range_reports_the_knee() {
    let ranges = (0..40).map(|seed| simulate(&LOCK, 0.04, seed, QUESTION));
    let ranges: Vec<Tuning> = ranges
        .filter(|tuning| matches!(tuning.decision.as_ref().map(|verdict| &verdict.answer), Some(TuningAnswer::Range { knee, to, .. }) if knee < to))
        .collect();
    assert!(!ranges.is_empty());
    for tuning in &ranges {
        let Some(TuningAnswer::Range { from, knee, to }) =
            tuning.decision.as_ref().map(|verdict| verdict.answer.clone())
        else {
            continue;
        };
        assert_eq!(tuning.decision.as_ref().and_then(|verdict| verdict.answer.recommended_level()), Some(knee));
        assert!(from <= knee && knee < to);
        let said = headline_of(tuning);
        assert!(said.contains(&format!("bout {knee} workers: ")) && said.contains("90 % interval"), "{said}");
        assert!(said.contains(&format!("lies between {from} and {to}")), "{said}");
    }
}

#[test]
fn border_of_stalling_levels_is_searched() {
    for (below, seed) in [(10.0, 1), (9.0, 2), (16.0, 3), (3.0, 4)] {
        let mut lab = Simulated { fails_below: below, ..Simulated::new(&LOCK, 0.01, seed) };
        let tuning = tune(&mut lab, &QUESTION, |_| {});
        let text = full_report(&tuning);
        assert!(text.contains(&format!("the lowest that works above them is {below}, in all of ")), "{text}");
        let failing = tuning.curve.levels().iter().filter(|level| !level.failures.is_empty());
        assert!(failing.clone().any(|level| (level.value - (below - 1.0)).abs() < 0.1), "{text}");
    }
    let mut lab = Simulated { fails_below: 10.0, ..Simulated::new(&LOCK, 0.01, 1) };
    let said = headline_of(&tune(&mut lab, &QUESTION, |_| {}));
    assert!(said.starts_with("10 workers are enough: ") && said.ends_with("; 9 do not work (stall)."), "{said}");
    let mut lab = Simulated { fails_from: Some(12.0), ..Simulated::new(&LOCK, 0.01, 1) };
    let text = full_report(&tune(&mut lab, &QUESTION, |_| {}));
    assert!(text.contains("the highest that works below them is 11, in all of "), "{text}");
}

#[test]
fn work_that_slows_during_the_run_is_reported_as_changing() {
    // The relative speed at each second of a run.
    let fading: [(&str, SpeedOverTime); 3] = [
        ("at once", |at| if at < 0.55 { 1.0 } else { 0.6 }),
        ("slowly", |at| 1.0 - 0.05 * at.min(10.0)),
        ("after a while", |at| if at < 5.0 { 1.0 } else { 1.6 }),
    ];
    for (name, fades) in fading {
        let mut lab = Simulated { fades, ..Simulated::new(&LOCK, 0.01, 3) };
        let tuning = tune(&mut lab, &QUESTION, |_| {});
        let text = full_report(&tuning);
        assert!(text.lines().next().is_some_and(|head| head.contains("It changes while it runs")), "{name}: {text}");
        assert!(text.contains("The work changes while it runs: "), "{name}: {text}");
    }
    // Speed that alternates: both halves of a long run are alike, but differ from a short run.
    let fades = |at: f64| if at < 1.0 || ((at * 2.0) as u32).is_multiple_of(2) { 1.0 } else { 0.3 };
    let mut lab = Simulated { fades, ..Simulated::new(&LOCK, 0.01, 3) };
    let tuning = tune(&mut lab, &QUESTION, |_| {});
    assert!(
        matches!(detect_drift(&tuning, 0.05), Some(Drift::LongVersusShort { change, .. }) if change < 0.9),
        "{:?}",
        detect_drift(&tuning, 0.05)
    );
}

#[test]
fn noisy_but_steady_work_is_not_reported_as_changing() {
    let changes = |law: &Law, noise| {
        (0..100).filter(|seed| detect_drift(&simulate(law, noise, *seed, QUESTION), 0.05).is_some()).count()
    };
    for (law, noise) in [(&LOCK, 0.01), (&LOCK, 0.05), (&CPU, 0.03)] {
        let found = changes(law, noise);
        assert!(found <= 3, "{} at ±{noise}: {found} of 100", law.name);
    }
}

#[test]
fn report_makes_no_claim_about_levels_below_the_range() {
    let tuning = simulate(&CPU, 0.005, 1, TuningRequest { range: (4.0, 5.0), ..QUESTION });
    let text = full_report(&tuning);
    assert!(!text.contains("fewer do less"), "{text}");
    let flat = simulate(&FLAT, 0.005, 1, QUESTION);
    assert!(
        headline_of(&flat).starts_with("No level measured does clearly more or less: 1 worker does "),
        "{}",
        headline_of(&flat)
    );
}

#[test]
fn unconfirmed_answer_says_that_time_ran_out() {
    let hasty = TuningRequest { budget: Duration::from_secs(20), ..QUESTION };
    let text = full_report(&simulate(&LOCK, 0.005, 1, hasty));
    assert!(text.contains("Time ran out") && text.contains("`--for 2m`"), "{text}");
}
