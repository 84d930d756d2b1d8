//! The outputs of a tuning: caveats, JSON and its schema, and the SVG picture.

use contend::scenario::{Knob, Source, check};
use contend::trace::PoolId;
use contend::tune::{Preflight, Tuning, TuningSubject, WorkUnit, caveats, tune, tuning_json, tuning_svg};
use serde_json::Value;

use crate::laws::{CPU, DEMANDS, LOCK, REQUEST, Simulated, simulate};
use crate::schema;

/// Returns the caveats of a tuning after this preflight.
fn caveats_after(preflight: Preflight, sags_to: f64) -> String {
    let tuning = tune(&mut Simulated { sags_to, ..Simulated::new(&CPU, 0.01, 5) }, &REQUEST, |_| {});
    with_subject(&tuning, |tuning, subject| caveats(tuning, &TuningSubject { preflight, ..*subject }).join("\n"))
}

#[test]
fn changing_core_clock_and_busy_cores_give_caveats() {
    let quiet = Preflight { others_cores: Some(0.0), clock_range: None };
    assert_eq!(caveats_after(quiet, 0.97), "");
    assert!(caveats_after(quiet, 0.8).contains("20 % slower in some repetitions"));
    let governed = Preflight { clock_range: Some((8e8, 3.4e9)), ..quiet };
    assert!(caveats_after(governed, 1.0).contains("from 0.8 to 3.4 GHz"));
    assert!(
        caveats_after(Preflight { others_cores: Some(0.2), ..quiet }, 1.0)
            .contains("0.2 cores busy before the tuning began")
    );
}

fn knob() -> Knob {
    let text = "knob workers 2 min=1 max=64\npool p workers=$workers { batch count=9; task { sleep \"1ms\" } }";
    let source = Source { name: "laws".into(), path: None, text: text.into() };
    check(&source).expect("it is right").scenario.knobs.remove(0)
}

pub fn with_subject<T>(tuning: &Tuning, render: impl Fn(&Tuning, &TuningSubject<'_>) -> T) -> T {
    let (knob, work) = (knob(), WorkUnit::Tasks(PoolId(0)));
    let subject = TuningSubject {
        scenario: "laws",
        knob: &knob,
        work: &work,
        demands: DEMANDS,
        range: REQUEST.range,
        usable_cores: REQUEST.usable_cores,
        preflight: Preflight { others_cores: Some(0.0), clock_range: Some((8e8, 3.4e9)) },
        replay: None,
    };
    render(tuning, &subject)
}

fn as_json(tuning: &Tuning) -> Value {
    let text = with_subject(tuning, |tuning, subject| {
        tuning_json(tuning, subject, "contend tune laws").expect("it is written")
    });
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn json_matches_its_schema() {
    let published = schema::load_schema("tune");
    let mut stalls = Simulated { fails_below: 4.0, ..Simulated::new(&LOCK, 0.01, 1) };
    let mut broken = Simulated { fails_from: Some(1.0), ..Simulated::new(&LOCK, 0.01, 1) };
    let mut fades = Simulated { fades: |at| 1.0 - 0.05 * at.min(10.0), ..Simulated::new(&LOCK, 0.01, 1) };
    let runners = [&mut stalls, &mut broken, &mut fades].map(|runner| tune(runner, &REQUEST, |_| {}));
    let laws = [&LOCK, &CPU].map(|law| simulate(law, 0.01, 1, REQUEST));
    for tuning in runners.iter().chain(&laws).chain([&Tuning::default()]) {
        let found = schema::validation_errors(&published, &as_json(tuning));
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn json_contains_every_repetition() {
    let tuning = simulate(&LOCK, 0.01, 7, REQUEST);
    let value = as_json(&tuning);
    assert_eq!(
        value["answer"]["level"].as_f64(),
        tuning.decision.as_ref().and_then(|verdict| verdict.answer.recommended_level())
    );
    assert_eq!(value["bottleneck"]["of"], "lock `ledger`");
    let levels = value["levels"].as_array().expect("a list");
    assert_eq!(levels.len(), tuning.curve.levels().len());
    for (written, level) in levels.iter().zip(tuning.curve.levels()) {
        let of = |value: &Value| value["per_second"].as_f64().expect("a number");
        let rates: Vec<f64> = written["repetitions"].as_array().expect("a list").iter().map(of).collect();
        let same = |(a, b): (&f64, &f64)| (a / b - 1.0).abs() < 1e-12; // as text and back
        assert_eq!(rates.len(), level.throughputs().len());
        assert!(rates.iter().zip(&level.throughputs()).all(same));
    }
}

fn picture(tuning: &Tuning) -> Option<String> {
    with_subject(tuning, |tuning, subject| tuning_svg(tuning, subject).expect("it is drawn"))
}

#[test]
fn svg_shows_every_level_and_the_answer() {
    let tuning = simulate(&LOCK, 0.01, 7, REQUEST);
    let text = picture(&tuning).expect("something was measured");
    assert!(text.starts_with("<svg ") && text.trim_end().ends_with("</svg>"));
    for said in ["lock `ledger`: at most ", "workers are enough", "p99 service time"] {
        assert!(text.contains(said), "no {said}");
    }
    for level in tuning.curve.working_levels() {
        assert!(text.contains(&format!("\n{}\n", level.value)), "no mark of {}", level.value);
    }
    assert!(!text.contains("NaN") && !text.contains("inf"));
}

#[test]
fn no_measurement_gives_no_svg() {
    assert_eq!(picture(&Tuning::default()), None);
    let mut runner = Simulated { fails_from: Some(1.0), ..Simulated::new(&LOCK, 0.01, 1) };
    let tuning = tune(&mut runner, &REQUEST, |_| {});
    assert_eq!(picture(&tuning), None);
    assert_eq!(as_json(&tuning)["answer"]["kind"], "broken");
}
