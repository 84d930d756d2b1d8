//! Tests of the parser and the printer of conditions over figures.

use proptest::prelude::*;

use super::*;
use crate::mistake::Mistakes;
use crate::source::Source;
use crate::{Scenario, check};

const HEAD: &str = r#"
knob workers 4 min=1 max=64 help="x"
knob hold "5ms" min="1ms" max="50ms" help="x"
knob kind std of="std fair" help="x"
mutex till kind=$kind
counter total
queue jobs capacity=9
pipe p
thread teller count=$workers {
    lock till { compute $hold }
    add total
    put jobs
    take jobs
    send p bytes="1KiB"
}
thread drain { receive p bytes="1KiB" }
pool work of=threads workers=$workers {
    arrive rate="100/s"
    task { sleep $hold }
}
"#;

/// Returns a checker that knows the names of the test's scenario.
fn checker() -> Checker {
    let source = Source { name: "x".to_owned(), path: None, text: HEAD.to_owned() };
    let mut mistakes = Mistakes::of(&source);
    let document = crate::syntax::read(&source.text, &mut mistakes).expect("it is KDL");
    let mut checker = Checker::new(&source, mistakes);
    checker.read(&document.document);
    assert_eq!(checker.mistakes.count_errors(), 0, "{}", checker.mistakes.render(false));
    checker
}

fn parse(text: &str) -> Result<FigureFormula, FormulaError> {
    FormulaReader::read(&checker(), text)
}

fn printed(text: &str) -> String {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}")).to_text()
}

fn place(text: &str) -> &str {
    &text[parse(text).expect_err("it is wrong").at]
}

fn help(text: &str) -> String {
    parse(text).expect_err("it is wrong").help.unwrap_or_default()
}

#[test]
fn formulas_are_written_with_the_fewest_parentheses() {
    for (text, wanted) in [
        ("rate(work)>=0.9*rate(work,workers=2)", "rate(work) >= 0.9 * rate(work, workers=2)"),
        ("elapsed() < 1500ms", "elapsed < 1.5s"),
        ("((contended(till)) > 50%)", "contended(till) > 50%"),
        ("done(work) - (lost(work) - 1) == 3", "done(work) - (lost(work) - 1) == 3"),
        ("(done(work) - lost(work)) - 1 == 3", "done(work) - lost(work) - 1 == 3"),
        ("-(done(work) + 1) < --3", "-(done(work) + 1) < --3"),
        ("not (done(work) > 1 or lost(work) == 0)", "not (done(work) > 1 or lost(work) == 0)"),
        (
            "(lost(work) == 0 and done(work) > 1) or rate(work) < 9/s",
            "lost(work) == 0 and done(work) > 1 or rate(work) < 9/s",
        ),
        (
            "lost(work) == 0 and (done(work) > 1 or rate(work) < 9/s)",
            "lost(work) == 0 and (done(work) > 1 or rate(work) < 9/s)",
        ),
        ("share( lock , teller , kind = fair , workers=2 ) > 1/3", "share(lock, teller, workers=2, kind=fair) > 1 / 3"),
        ("json(pools[work].response_ms.p99) < 5ms", "json(pools[work].response_ms.p99) < 5ms"),
        ("json(deadlocks.length, workers=2) == 0", "json(deadlocks.length, workers=2) == 0"),
        ("json(ended) != crashed", "json(ended) != crashed"),
        ("max(done(work), value(total)) >= $workers", "max(done(work), value(total)) >= $workers"),
    ] {
        assert_eq!(printed(text), wanted);
        assert_eq!(printed(wanted), wanted, "it is stable");
    }
}

#[test]
fn units_of_measures_are_multiplied_and_divided() {
    // Little's law: tasks at once = tasks per second * seconds each.
    assert!(parse("parallel(work) < 1.1 * rate(work) * latency-p50(work)").is_ok());
    assert!(parse("rate(work) * $hold < 1").is_ok());
    assert!(parse("latency-p99(work) / latency-p50(work) < 10").is_ok());
    assert!(parse("depth(p) <= 64KiB and depth(jobs) <= 9").is_ok());
    assert!(parse("contended(till) > 0.5").is_ok());
    assert!(parse("1 / latency-p50(work) > 5/s").is_ok());
    assert!(parse("json(workers[teller-1].share.running) < 80%").is_ok());
    assert!(parse("json(workers[0].alive_s) < 5s and json(events.per_second) > 1/s").is_ok());
}

#[test]
fn mistakes_point_at_their_place_in_the_formula() {
    for (text, wanted) in [
        ("rate(wrk) > 5/s", "wrk"),
        ("rtae(work) > 5/s", "rtae"),
        ("rate(work) > 5ms", ">"),
        ("rate(work) > 5", ">"),
        ("elapsed + rate(work) > 5", "+"),
        ("rate(work) = 5/s", "="),
        ("rate(work, wokers=2) > 5/s", "wokers=2"),
        ("rate(work, workers=2, workers=3) > 5/s", "workers=3"),
        ("rate(work, workers=99) > 5/s", "workers=99"),
        ("rate(work", ""),
        ("rate() > 5/s", "rate()"),
        ("rate > 5/s", "rate"),
        ("rate(work, till) > 5/s", "till"),
        ("elapsed(work) > 5s", "work"),
        ("work > 5", "work"),
        ("workers > 5 and done(work) > 1", "workers"),
        ("done(work) > $wrk", "$wrk"),
        ("done(work) > $kind", "$kind"),
        ("done(work)", "done(work)"),
        ("done(work) and lost(work) == 0", "done(work)"),
        ("(done(work) > 1) + 2 > 3", "(done(work) > 1)"),
        ("1 < done(work) < 3", "<"),
        ("done(work) > 1 && lost(work) == 0", "&&"),
        ("done(work) > 1 done(work) > 2", "done"),
        ("done(work) > ", ""),
        ("done(work) > 5parsec", "parsec"),
        ("done(work) > 1.2.3", "1.2.3"),
        ("done(work) ~ 3", "~"),
        ("done(work) == done(work)", "done(work) == done(work)"),
        ("5 > 3", "5 > 3"),
        ("$workers > 3", "$workers > 3"),
        ("share(lok) > 1%", "lok"),
        ("share() > 1%", "share()"),
        ("share(lock, till) > 1%", "till"),
        ("json(pools[wrk].done) > 3", "wrk"),
        ("json(pols[work].done) > 3", "pols"),
        ("json(pools.done) > 3", "done"),
        ("json(pools[work]) > 3", "pools[work]"),
        ("json(pools[work].response_ms) > 3", "pools[work].response_ms"),
        ("json(elapsed_s[0]) > 3s", "0"),
        ("json(deadlocks[till].at_s) > 3s", "till"),
        ("json(findings[lock-bnd].count) > 3", "lock-bnd"),
        ("json(params.workers) > 3", "params"),
        ("json(ended) > 3", ">"),
        ("json(ended) == complete", "complete"),
        ("3 < json(ended)", "json(ended)"),
        ("json(pools[work]done) > 3", "d"),
        ("json(pools[work.done) > 3", ""),
        ("done(work) > 5\u{2265}", "\u{2265}"),
    ] {
        assert_eq!(place(text), wanted, "{text}: {:?}", parse(text));
    }
}

#[test]
fn mistakes_say_what_to_write_instead() {
    for (text, wanted) in [
        ("rate(wrk) > 5/s", "did you mean `work`?"),
        ("rtae(work) > 5/s", "did you mean `rate`?"),
        ("rate(work) > 5", "400/s"),
        ("5 > latency-p50(work)", "5ms"),
        ("rate(work) > elapsed", "left of it is a rate, right of it a time"),
        ("rate(work) = 5/s", "=="),
        ("rate > 5/s", "rate(jobs)"),
        ("work > 5", "rate(work)"),
        ("workers > 5", "$workers"),
        ("done(work)", "done(work) > 8"),
        ("json(ended)", "json(ended) == completed"),
        ("json(pools.done) > 3", "pools[0].done"),
        ("json(pools[work].response_ms) > 3", "`p99`"),
        ("json(ended) == complete", "did you mean `completed`?"),
        ("json(params.workers) > 3", "$workers"),
        ("cores-1 < done(work)", "spaces around a minus"),
    ] {
        assert!(help(text).contains(wanted), "{text}: {:?}", parse(text));
    }
}

#[test]
fn long_and_deep_formulas_are_refused() {
    let not = "not ".repeat(200) + "done(work) > 1";
    for text in ["(".repeat(900), "-".repeat(900) + "1 > 2", not, "1+".repeat(900) + "1 > 2"] {
        assert!(parse(&text).is_err(), "{text}");
    }
}

#[test]
fn other_runs_are_variants_of_the_test() {
    let labels = |expect: &str| {
        let source = Source { name: "x".to_owned(), path: None, text: format!("{HEAD}{expect}\n") };
        let scenario: Scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        scenario.variants().iter().map(|variant| scenario.variant_label(variant)).collect::<Vec<_>>()
    };
    let text = "expect \"rate(work) > 2 * rate(work, workers=1) and rate(work, workers=1) > $workers * 1/s\"";
    assert_eq!(labels(text), ["", "workers=1"]);
    assert_eq!(
        labels("expect \"rate(work, workers=2) < rate(work, workers=8)\" when=\"kind=fair\""),
        ["kind=fair workers=2", "kind=fair workers=8"]
    );
    assert_eq!(labels("expect json \"elapsed_s\" below=\"5s\" when=\"workers=2|3\""), ["workers=2", "workers=3"]);
}

#[test]
fn counts_need_no_cores_and_speeds_do() {
    let needs = |text: &str| Claim::Formula(parse(text).expect("it is right")).needs_cores();
    assert!(needs("rate(work) > 1/s") && needs("lost(total) == 0 or elapsed < 5s"));
    assert!(!needs("lost(total) == 0") && !needs("json(counters[total].lost) > 2") && !needs("done(work) == 8"));
    assert!(needs("json(pools[work].response_ms.p99) < 5ms") && !needs("json(ended) == completed"));
}

/// Generates arithmetic of one unit, as a text and as what it is.
fn figure() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "done(work)",
        "value(total)",
        "depth(jobs, workers=2)",
        "json(pools[work].done)",
        "contended(till, kind=fair)",
        "$workers",
        "7",
        "0.25",
        "50%",
        "gave-up(till)",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 2, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", " - ", " + "]);
        prop_oneof![
            (inner.clone(), operator.clone(), inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("min({a}, {b})")),
            inner.clone().prop_map(|a| format!("abs({a})")),
            inner.prop_map(|a| format!("-({a})")),
        ]
    })
}

/// Generates conditions with every operator.
fn condition() -> impl Strategy<Value = String> {
    let relation = prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
    let comparison = (figure(), relation).prop_map(|(a, relation)| format!("lost(total) {relation} {a}"));
    let word = Just("json(ended) != crashed".to_owned());
    prop_oneof![5 => comparison, 1 => word].prop_recursive(3, 8, 3, |inner| {
        let joined = (prop::collection::vec(inner.clone(), 2..4), prop::sample::select(vec![" and ", " or "]));
        prop_oneof![
            joined.clone().prop_map(|(parts, word)| parts.join(word)),
            joined.prop_map(|(parts, word)| format!("({})", parts.join(word))),
            inner.prop_map(|inner| format!("not ({inner})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn printed_formula_reads_back_as_the_same(text in condition()) {
        if text.len() <= MAX_LENGTH {
            let checker = checker();
            let formula = FormulaReader::read(&checker, &text);
            prop_assert!(formula.is_ok(), "{}: {:?}", text, formula);
            let formula = formula.expect("it was checked");
            let again = FormulaReader::read(&checker, &formula.to_text());
            prop_assert_eq!(again.as_ref(), Ok(&formula), "{} was printed as {}", text, formula.to_text());
        }
    }

    #[test]
    fn errors_of_any_text_point_into_the_text(
        text in prop_oneof![any::<String>(), "[a-z0-9$().,=<>+*/%! \\[\\]-]{0,24}", damaged()],
    ) {
        let checker = checker();
        if let Err(error) = FormulaReader::read(&checker, &text) {
            prop_assert!(text.get(error.at.clone()).is_some(), "{:?} of {:?}", error.at, text);
            prop_assert!(!error.title.is_empty());
        }
    }
}

/// Generates conditions with one piece cut out.
fn damaged() -> impl Strategy<Value = String> {
    (condition(), any::<prop::sample::Index>(), 0..6_usize).prop_map(|(text, at, length)| {
        let from = at.index(text.len());
        let to = (from + length).min(text.len());
        format!("{}{}", &text[..from], &text[to..])
    })
}
