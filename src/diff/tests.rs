//! Comparisons of reports that were written by hand.

use serde_json::{Value, json};

use super::*;
use crate::report::TextFormat;

/// Returns the report of a run with a pool, a lock and three workers. `rate` is its throughput, `wait` the p99 of its
/// lock in milliseconds.
fn report(rate: f64, wait: f64, findings: &[(&str, &str, &str)]) -> Value {
    let times =
        |p99: f64| json!({"count": 100, "p50": p99 / 4.0, "p90": p99 / 2.0, "p99": p99, "max": p99, "total": 90.0});
    let worker = |name: &str, running: f64| {
        json!({"name": name, "kind": "thread", "alive_s": 2.0,
               "share": {"running": running, "ready": null, "lock": 0.0, "empty": 1.0 - running}})
    };
    let findings: Vec<Value> = findings
        .iter()
        .map(|(id, severity, sentence)| json!({"id": id, "severity": severity, "sentence": sentence, "new": 1}))
        .collect();
    json!({
        "schema": 1, "contend": "1.2.3", "scenario": "shop", "title": "A shop", "params": {"workers": "4"},
        "machine": {"cores": 2, "usable": 2, "quota": null, "os": "Linux 6"},
        "elapsed_s": 2.0, "ended": "time", "events": {"recorded": 10, "lost": 0},
        "workers": [worker("work-1", 0.5), worker("work-2", rate / 1_000.0), worker("boss", 0.01)],
        "locks": [{"name": "till", "acquired": 200, "contended": 50, "wait_ms": times(wait), "held_ms": times(1.0)}],
        "queues": [], "pools": [{"name": "work", "submitted": 100, "failed": 0, "throughput_per_s": rate,
                                 "service_ms": times(5.0), "response_ms": times(8.0)}],
        "cpu": {"others": 0.01}, "findings": findings,
    })
}

fn side(reports: &[Value]) -> Side {
    let runs = reports.iter().enumerate().map(|(at, report)| {
        (format!("run-{at}"), RunReport::from_json(&report.to_string()).unwrap_or_else(|error| panic!("{error}")))
    });
    Side::new(runs.collect()).unwrap_or_else(|error| panic!("{error}"))
}

/// Compares runs with these throughputs.
fn compare_rates(a: &[f64], b: &[f64]) -> Comparison {
    let of = |rates: &[f64]| side(&rates.iter().map(|rate| report(*rate, 3.0, &[])).collect::<Vec<_>>());
    compare(of(a), of(b))
}

fn figure<'a>(comparison: &'a Comparison, name: &str, figure: Figure) -> &'a ComparedFigure {
    let found = comparison.figures.iter().find(|one| one.subject.name == name && one.figure == figure);
    found.unwrap_or_else(|| panic!("no {figure:?} of {name}"))
}

#[test]
fn difference_beyond_chance_has_a_verdict_and_an_interval() {
    let comparison = compare_rates(&[400.0, 404.0, 398.0], &[500.0, 498.0, 505.0]);
    let rate = figure(&comparison, "work", Figure::Throughput);
    assert_eq!(rate.verdict, Verdict::Better);
    let change = rate.change.unwrap();
    let interval = change.interval.unwrap();
    assert!((change.estimate - 0.25).abs() < 0.01 && interval.low > 0.22 && interval.high < 0.28, "{change:?}");
    assert_eq!(
        figure(&compare_rates(&[500.0, 505.0], &[400.0, 401.0]), "work", Figure::Throughput).verdict,
        Verdict::Worse
    );
}

#[test]
fn overlapping_runs_cannot_be_told_apart() {
    let comparison = compare_rates(&[400.0, 480.0, 350.0], &[410.0, 500.0, 390.0]);
    assert_eq!(figure(&comparison, "work", Figure::Throughput).verdict, Verdict::NotToldApart);
    assert!(find_worsenings(&comparison, 0.001).is_empty());
    let text = comparison_text(&comparison, None, TextFormat::default());
    assert!(text.contains("cannot be told apart (≈)"), "{text}");
    assert!(text.lines().any(|line| line.contains("work throughput") && line.ends_with('≈')), "{text}");
}

/// Percentiles have two digits: equal ones may hide a difference, and a small one may be rounding.
#[test]
fn rounding_of_percentiles_is_part_of_the_interval() {
    let of = |wait: f64| side(&[report(400.0, wait, &[]), report(400.0, wait, &[])]);
    let wait = |b: f64| figure(&compare(of(100.0), of(b)), "till", Figure::Wait(99)).verdict;
    assert_eq!(
        [100.0, 101.0, 104.0, 90.0].map(wait),
        [Verdict::NotToldApart, Verdict::NotToldApart, Verdict::Worse, Verdict::Better]
    );
}

#[test]
fn one_run_of_each_has_no_interval_and_no_verdict() {
    let comparison = compare_rates(&[400.0], &[300.0]);
    let rate = figure(&comparison, "work", Figure::Throughput);
    assert_eq!((rate.verdict, rate.change.unwrap().interval), (Verdict::NoInterval, None));
    assert!((rate.change.unwrap().estimate + 0.25).abs() < 1e-9);
    let text = comparison_text(&comparison, None, TextFormat::default());
    assert!(text.contains("One run of a side has no interval") && text.contains("-25 %"), "{text}");
    assert_eq!(find_worsenings(&comparison, 0.05)[0].how, "-25 %");
    assert!(find_worsenings(&comparison, 0.3).is_empty());
}

#[test]
fn findings_are_gone_new_or_seen_in_some_runs() {
    let (jam, gap) = (("lock-bound", "warning", "till limits all work"), ("starved", "note", "work-2 starves"));
    let deadlock = ("deadlock", "error", "till and shelf");
    let a = side(&[report(1.0, 1.0, &[jam, gap]), report(1.0, 1.0, &[jam])]);
    let b = side(&[report(1.0, 1.0, &[deadlock, gap]), report(1.0, 1.0, &[gap])]);
    let comparison = compare(a, b);
    let found = |id: &str| comparison.findings.iter().find(|finding| finding.id == id).unwrap();
    assert_eq!(found("lock-bound").change, FindingChange::Gone);
    assert_eq!(
        (found("starved").change, found("starved").a_runs, found("starved").b_runs),
        (FindingChange::Sometimes, 1, 2)
    );
    assert_eq!(found("deadlock").change, FindingChange::Sometimes);
    let worse = find_worsenings(&comparison, 0.05);
    assert_eq!((worse.len(), worse[0].how.as_str()), (1, "new in 1 of 2 runs"), "an error that no run of A has");
}

#[test]
fn setups_that_differ_are_named() {
    let mut b = report(400.0, 3.0, &[]);
    (b["params"]["workers"], b["machine"]["cores"], b["scenario"]) = (json!("8"), json!(64), json!("mall"));
    b["workers"][0]["kind"] = json!("process");
    let comparison = compare(side(&[report(400.0, 3.0, &[])]), side(&[b]));
    let named: Vec<&str> = comparison.setup.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(named, ["scenario", "knob workers", "workers", "machine"]);
    let text = comparison_text(&comparison, None, TextFormat::default());
    assert!(text.contains("different knob workers: 4 in A, 8 in B"), "{text}");
}

/// A finding that is gone may only be judged by another threshold, or muted.
#[test]
fn different_thresholds_and_muted_findings_are_named() {
    let mut b = report(400.0, 3.0, &[]);
    b["thresholds"] = json!([
        {"finding": "starved", "value": 2.0, "default": 0.5, "unit": "seconds", "meaning": "a wait"},
        {"finding": "lock-bound", "value": 0.85, "default": 0.3, "unit": "share", "meaning": "a share"},
    ]);
    b["muted"] = json!(["convoy"]);
    let comparison = compare(side(&[report(400.0, 3.0, &[])]), side(&[b.clone()]));
    let text = comparison_text(&comparison, None, TextFormat::default());
    for line in [
        "different threshold of lock-bound: 30 % (default) in A, 85 % in B",
        "different threshold of starved: 500 ms (default) in A, 2.0 s in B",
        "different muted findings: none in A, convoy in B",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(compare(side(&[b.clone()]), side(&[b])).setup.is_empty(), "the same on both sides");
}

#[test]
fn runs_of_one_side_are_equal() {
    let of = |a: Value, b: Value| {
        let run = |name: &str, report: &Value| (name.to_owned(), RunReport::from_json(&report.to_string()).unwrap());
        Side::new(vec![run("x", &a), run("y", &b)]).unwrap_err().to_string()
    };
    let base = report(1.0, 1.0, &[]);
    let (mut other_knob, mut other_scenario) = (base.clone(), base.clone());
    (other_knob["params"]["workers"], other_scenario["scenario"]) = (json!("8"), json!("mall"));
    assert!(of(base.clone(), other_knob).contains("x has workers=4, but y has workers=8"));
    assert!(of(base, other_scenario).contains("x is a run of shop, but y is one of mall"));
    assert_eq!(Side::new(Vec::new()).unwrap_err(), SideError::Empty);
}

#[test]
fn texts_that_are_no_reports_are_refused_with_the_cure() {
    for (text, says) in [
        ("x", "neither a recording nor JSON"),
        ("{}", "contend run SCENARIO --json"),
        ("[1]", "not the report of a run"),
        (r#"{"schema": 1, "scenarios": []}"#, "contend test --reports DIRECTORY"),
        (r#"{"schema": 7, "elapsed_s": 1}"#, "version 7"),
        (r#"{"schema": 1, "elapsed_s": 1}"#, "missing field"),
    ] {
        let error = RunReport::from_json(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}

/// States are those of groups: their members' shares, weighted by the time that each existed.
#[test]
fn shares_of_a_group_are_weighted_and_unknown_ones_left_out() {
    let comparison = compare_rates(&[400.0], &[300.0]);
    let running = figure(&comparison, "work", Figure::State("running"));
    assert!((running.a[0] - 0.45).abs() < 1e-9 && running.change.unwrap().scale == Scale::Difference, "{running:?}");
    assert!(!comparison.figures.iter().any(|one| one.figure == Figure::State("ready")), "it is unknown");
}

#[test]
fn text_fits_into_its_width_and_lists_few_subjects() {
    let mut many = report(400.0, 3.0, &[("starved", "note", "work-2 starves for a rather long time, which is long")]);
    let lock = many["locks"][0].clone();
    let locks = (0..100).map(|n| {
        let mut lock = lock.clone();
        lock["name"] = json!(format!("a-lock-with-a-rather-long-name-{n}"));
        lock
    });
    many["locks"] = locks.collect();
    let comparison = compare(side(&[many.clone(), many.clone()]), side(&[many.clone(), many]));
    let text = comparison_text(&comparison, Some(&[]), TextFormat::default());
    assert!(text.contains("… and 88 more; --json has all"), "{text}");
    for line in text.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
    }
}
