//! The sentences of a tuning: each appears where it is true, and only there.

use std::time::Duration;

use contend::tune::{
    Drift, Tuning, TuningAnswer, TuningRequest, caveats, detect_drift, headline, summary_sentences, tune,
};

use crate::laws::{CPU, FLAT, LOCK, Law, REQUEST, Simulated, WAITING, simulate};
use crate::output::with_subject;

/// Throughput at a time of a run, as a share of its initial throughput.
type Fades = fn(f64) -> f64;

fn said(tuning: &Tuning) -> String {
    with_subject(tuning, headline)
}

fn all(tuning: &Tuning) -> String {
    with_subject(tuning, |tuning, subject| {
        [vec![headline(tuning, subject)], summary_sentences(tuning, subject), caveats(tuning, subject)].concat()
    })
    .join("\n")
}

#[test]
fn throughput_that_still_rises_is_reported_with_a_wider_sweep() {
    for seed in 0..20 {
        let tuning = simulate(&WAITING, 0.01, seed, TuningRequest { range: (1.0, 32.0), ..REQUEST });
        assert_eq!(tuning.decision.as_ref().map(|verdict| verdict.answer.clone()), Some(TuningAnswer::Rising(32.0)));
        let said = said(&tuning);
        assert!(said.starts_with("Throughput still rises at 32 workers, the highest level measured"), "{said}");
        assert!(said.contains("`--over 1..64`") && !said.contains("enough"), "{said}");
    }
    // All that the knob allows.
    let said = said(&simulate(&WAITING, 0.01, 1, REQUEST));
    assert!(said.contains("at 64 workers") && !said.contains("--over"), "{said}");
}

#[test]
fn used_up_cores_at_the_highest_level_are_not_reported_as_rising() {
    let tuning = simulate(&CPU, 0.005, 1, TuningRequest { range: (1.0, 2.0), ..REQUEST });
    let said = said(&tuning);
    assert!(
        said.starts_with("2 workers are enough: the best throughput measured") && said.contains("; 1 does 50 %"),
        "{said}"
    );
}

#[test]
fn knee_is_reported_with_its_share_of_the_best_and_the_cost_beyond() {
    let tuning = simulate(&LOCK, 0.005, 7, REQUEST);
    let text = all(&tuning);
    let head = text.lines().next().expect("a headline");
    assert!(head.contains(" workers are enough: ") && head.contains(" of the best throughput measured (1,0"), "{head}");
    assert!(head.contains(" do 9") || head.contains(" do 8"), "the level below: {head}");
    // 1.5 * n / X(n): at 64 workers 96 ms.
    let cost = text.lines().find(|line| line.starts_with("64 workers do")).expect("a sentence about the cost");
    assert!(cost.contains("at a p99 of 9") && cost.contains(" instead of 1"), "{cost}");
}

#[test]
fn range_recommends_the_knee_and_names_both_ends() {
    let ranges = (0..40).map(|seed| simulate(&LOCK, 0.04, seed, REQUEST));
    let ranges: Vec<Tuning> = ranges
        .filter(|tuning| match tuning.decision.as_ref().map(|verdict| &verdict.answer) {
            Some(TuningAnswer::Range { knee, to, .. }) => knee < to,
            _ => false,
        })
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
        let said = said(tuning);
        assert!(said.contains(&format!("bout {knee} workers: ")) && said.contains("90 % interval"), "{said}");
        assert!(said.contains(&format!("lies between {from} and {to}")), "{said}");
    }
}

#[test]
fn border_between_stalling_and_working_levels_is_found() {
    for (below, seed) in [(10.0, 1), (9.0, 2), (16.0, 3), (3.0, 4)] {
        let mut runner = Simulated { fails_below: below, ..Simulated::new(&LOCK, 0.01, seed) };
        let tuning = tune(&mut runner, &REQUEST, |_| {});
        let text = all(&tuning);
        assert!(text.contains(&format!("the lowest working level above is {below} (worked in ")), "{text}");
        let failing = tuning.curve.levels().iter().filter(|level| !level.failures.is_empty());
        assert!(failing.clone().any(|level| (level.value - (below - 1.0)).abs() < 0.1), "{text}");
    }
    let mut runner = Simulated { fails_below: 10.0, ..Simulated::new(&LOCK, 0.01, 1) };
    let said = said(&tune(&mut runner, &REQUEST, |_| {}));
    assert!(said.starts_with("10 workers are enough: ") && said.ends_with("; 9 fail (stall)."), "{said}");
    let mut runner = Simulated { fails_from: Some(12.0), ..Simulated::new(&LOCK, 0.01, 1) };
    let text = all(&tune(&mut runner, &REQUEST, |_| {}));
    assert!(text.contains("the highest working level below is 11 (worked in "), "{text}");
}

#[test]
fn changing_throughput_is_reported() {
    // Throughput over the time of a run.
    let fading: [(&str, Fades); 3] = [
        ("at once", |at| if at < 0.55 { 1.0 } else { 0.6 }),
        ("slowly", |at| 1.0 - 0.05 * at.min(10.0)),
        ("after a while", |at| if at < 5.0 { 1.0 } else { 1.6 }),
    ];
    for (name, fades) in fading {
        let mut runner = Simulated { fades, ..Simulated::new(&LOCK, 0.01, 3) };
        let tuning = tune(&mut runner, &REQUEST, |_| {});
        let text = all(&tuning);
        assert!(
            text.lines()
                .next()
                .is_some_and(|head| head.contains("Throughput changes during the run: this holds only for its first")),
            "{name}: {text}"
        );
        assert!(text.contains("Make the scenario do only the part that you want to measure."), "{name}: {text}");
    }
    // Alternating throughput: both halves of a long run are alike, and different from a short run.
    let fades = |at: f64| if at < 1.0 || ((at * 2.0) as u32).is_multiple_of(2) { 1.0 } else { 0.3 };
    let mut runner = Simulated { fades, ..Simulated::new(&LOCK, 0.01, 3) };
    let tuning = tune(&mut runner, &REQUEST, |_| {});
    assert!(
        matches!(detect_drift(&tuning, 0.05), Some(Drift::LongVersusShort { change, .. }) if change < 0.9),
        "{:?}",
        detect_drift(&tuning, 0.05)
    );
}

#[test]
fn noise_is_not_reported_as_changing_throughput() {
    let changes = |law: &Law, noise| {
        (0..100).filter(|seed| detect_drift(&simulate(law, noise, *seed, REQUEST), 0.05).is_some()).count()
    };
    for (law, noise) in [(&LOCK, 0.01), (&LOCK, 0.05), (&CPU, 0.03)] {
        let found = changes(law, noise);
        assert!(found <= 3, "{} at ±{noise}: {found} of 100", law.name);
    }
}

#[test]
fn flat_curve_makes_no_claim_about_fewer_workers() {
    let tuning = simulate(&CPU, 0.005, 1, TuningRequest { range: (4.0, 5.0), ..REQUEST });
    let text = all(&tuning);
    assert!(!text.contains("fewer do less"), "{text}");
    let flat = simulate(&FLAT, 0.005, 1, REQUEST);
    assert!(
        said(&flat).starts_with("No measured level does clearly more or less: 1 worker reaches "),
        "{}",
        said(&flat)
    );
}

#[test]
fn answer_without_time_for_a_confirmation_says_so() {
    let hasty = TuningRequest { budget: Duration::from_secs(20), ..REQUEST };
    let text = all(&simulate(&LOCK, 0.005, 1, hasty));
    assert!(text.contains("Time ran out") && text.contains("`--for 2m`"), "{text}");
}
