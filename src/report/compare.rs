//! Comparisons of runs of a scenario: `expect rate till below=0.5 times="kind=std" when="kind=fair"`.

use super::Verdict;
use super::bound_check::BoundCheck;
use super::doubt::Doubt;
use super::expect::{ClaimResult, evaluate_ratio, to_verdict};
use super::formula::{TermFigure, evaluate_formula, knob_figure, measure_term};
use super::interference::Interference;
use super::measure::{MeasuredFigure, Spread, ValueRange, figure_spread, measure_metric};
use super::verdict::Judgement;
use crate::model::Model;
use crate::scenario::{Claim, Expect, FigureFormula, FigureSource, Scenario, Settings, Variant};
use crate::trace::Stamp;

/// A figure of one run for an expectation that compares runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparableFigure {
    /// Position of the expectation.
    expect_index: usize,
    figure: RunFigure,
}

#[derive(Debug, Clone, PartialEq)]
enum RunFigure {
    /// The figure of a measure, and its uncertainty.
    Measure { measured: Result<MeasuredFigure, String>, spread: Option<Spread> },
    /// The figure of a formula's term.
    Term { term: usize, measured: Result<TermFigure, String> },
}

impl ComparableFigure {
    pub(super) fn is_known(&self) -> bool {
        match &self.figure {
            RunFigure::Measure { measured, .. } => measured.is_ok(),
            RunFigure::Term { measured, .. } => measured.is_ok(),
        }
    }
}

/// Returns the figures of a run with these settings that expectations compare with those of others.
pub(super) fn comparable_figures(
    model: &Model,
    scenario: &Scenario,
    settings: &Settings,
    now: Stamp,
) -> Vec<ComparableFigure> {
    let is_this = |set: &[_]| scenario.with_knobs(set).numbers == settings.numbers;
    let mut figures = Vec::new();
    for (at, expect) in scenario.expectations.iter().enumerate().filter(|(_, expect)| expect.compares_runs()) {
        let mut add = |figure| figures.push(ComparableFigure { expect_index: at, figure });
        match expect.claim.bare() {
            Claim::Measure { metric, subject: of, .. } if expect.runs().iter().any(|set| is_this(set)) => {
                add(RunFigure::Measure {
                    measured: measure_metric(model, scenario, *metric, of, now),
                    spread: figure_spread(model, scenario, *metric, of, now),
                });
            }
            Claim::Formula(formula) => {
                let terms = formula.terms.iter().enumerate();
                for (at, term) in terms.filter(|(_, term)| !matches!(term.source, FigureSource::Knob(_))) {
                    if is_this(&expect.run_of(term)) {
                        let measured = measure_term(model, scenario, settings, term, now);
                        add(RunFigure::Term { term: at, measured });
                    }
                }
            }
            Claim::Deadlock { .. }
            | Claim::NoDeadlock
            | Claim::Finding { .. }
            | Claim::Measure { .. }
            | Claim::OnCores { .. } => {}
        }
    }
    figures
}

/// The part of a run that a comparison needs.
#[derive(Debug, Clone, Copy)]
pub struct ComparedRun<'a> {
    pub(super) figures: &'a [ComparableFigure],
    /// Other programs that used the cores the run needed.
    pub(super) interference: Option<Interference>,
}

/// The runs that an expectation compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSet {
    /// Position of the expectation.
    expect_index: usize,
    /// Positions of the variants; for a ratio, the subject and its baseline.
    pub variant_indices: Vec<usize>,
}

/// Returns the runs to compare for each expectation that compares some, in the order of the file.
pub fn run_sets(scenario: &Scenario, variants: &[Variant]) -> Vec<RunSet> {
    let find =
        |set: &[_]| variants.iter().position(|variant| variant.settings.numbers == scenario.with_knobs(set).numbers);
    let run_set = |(at, expect): (usize, &Expect)| {
        let runs: Option<Vec<usize>> = expect.runs().iter().map(|set| find(set)).collect();
        Some(RunSet { expect_index: at, variant_indices: runs? })
    };
    let expectations = scenario.expectations.iter().enumerate();
    expectations.filter(|(_, expect)| expect.compares_runs()).filter_map(run_set).collect()
}

/// The verdict on an expectation that compares runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub verdict: Verdict,
    /// How often the runs were made.
    pub tries: u32,
}

impl Comparison {
    /// Adds the verdict on a second pair of runs. Two misses are a miss, unless the tries differ by more than they miss
    /// the bound by. The evidence names both tries.
    pub fn with_second_try(self, then: Verdict) -> Self {
        let tries = self.tries + 1;
        if let (Some(one), Some(other), true) = (self.verdict.bound_check, then.bound_check, then.is_missed()) {
            let (mean, apart) = (f64::midpoint(one.measured, other.measured), (one.measured - other.measured).abs());
            let weight = BoundCheck { measured: mean, ..other };
            if weight.is_met_within((mean - apart, mean + apart)) {
                let evidence = format!(
                    "seen within the noise of two tries: {}; first try: {}",
                    then.evidence, self.verdict.evidence
                );
                let judgement = Judgement::Seen;
                return Self { verdict: Verdict { evidence, judgement, bound_check: Some(weight), ..then }, tries };
            }
        }
        let which = if then.is_seen() { "seen on the second try" } else { "not seen on either try" };
        let evidence = format!("{which}: {}; first try: {}", then.evidence, self.verdict.evidence);
        Self { verdict: Verdict { evidence, ..then }, tries }
    }
}

/// Judges an expectation from the figures of its runs.
pub fn compare_runs(scenario: &Scenario, set: &RunSet, runs: &[ComparedRun<'_>]) -> Option<Verdict> {
    let expect = scenario.expectations.get(set.expect_index)?;
    let judged = match (expect.claim.bare(), runs) {
        (Claim::Measure { compare, value, .. }, [one, other]) => {
            let interval = ratio_range([*one, *other], set.expect_index);
            match [one, other].map(|run| find_measured(run.figures, set.expect_index)) {
                [Ok(one), Ok(other)] => evaluate_ratio((*compare, *value), one, other, interval),
                [Err(why), _] => Err(why),
                [_, Err(why)] => Err(format!("{why} (in the baseline run)")),
            }
        }
        (Claim::Formula(formula), _) => compare_figures(scenario, expect, formula, set, runs),
        _ => return None,
    };
    let others = runs.iter().find_map(|run| run.interference).filter(|_| expect.claim.needs_cores());
    Some(to_verdict(&expect.text, judged).with_doubt(others.map(Doubt::Interference)))
}

/// Evaluates a formula whose figures come from several runs.
fn compare_figures(
    scenario: &Scenario,
    expect: &Expect,
    formula: &FigureFormula,
    set: &RunSet,
    runs: &[ComparedRun<'_>],
) -> Result<ClaimResult, String> {
    let find = |wanted: usize| {
        runs.iter().flat_map(|run| run.figures).find_map(|one| match &one.figure {
            RunFigure::Term { term, measured } if one.expect_index == set.expect_index && *term == wanted => {
                Some(measured.clone())
            }
            _ => None,
        })
    };
    let own_settings = scenario.with_knobs(&expect.when);
    let figure = |(at, term): (usize, &crate::scenario::FigureTerm)| match &term.source {
        FigureSource::Knob(_) => Ok(knob_figure(term, &own_settings)),
        _ => {
            find(at).unwrap_or_else(|| Err("the run failed".to_owned())).map_err(|why| format!("{}: {why}", term.text))
        }
    };
    ClaimResult::of_formula(evaluate_formula(formula, &formula.terms.iter().enumerate().map(figure).collect()))
}

/// Returns the range of the ratio of both runs' figures.
fn ratio_range(runs: [ComparedRun<'_>; 2], expect: usize) -> Option<ValueRange> {
    let spread = |run: ComparedRun<'_>| match find_measure(run.figures, expect)? {
        RunFigure::Measure { spread, .. } => spread.clone(),
        RunFigure::Term { .. } => None,
    };
    let [one, other] = runs.map(spread);
    one?.interval_of_ratio_between_runs(&other?)
}

fn find_measure(figures: &[ComparableFigure], expect: usize) -> Option<&RunFigure> {
    figures.iter().find(|figure| figure.expect_index == expect).map(|figure| &figure.figure)
}

fn find_measured(figures: &[ComparableFigure], expect: usize) -> Result<&MeasuredFigure, String> {
    match find_measure(figures, expect) {
        Some(RunFigure::Measure { measured, .. }) => measured.as_ref().map_err(Clone::clone),
        Some(RunFigure::Term { .. }) | None => Err("the run failed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Source, check};

    const TEXT: &str = "knob n 1 min=1 max=9\nmutex m\nthread w count=$n { lock m { sleep \"1ms\" } }\n";

    fn parse_scenario(expectations: &str) -> Scenario {
        let source = Source { name: "x".to_owned(), path: None, text: format!("{TEXT}{expectations}") };
        check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario
    }

    /// Returns a run that no other program disturbed.
    const fn undisturbed(figures: &[ComparableFigure]) -> ComparedRun<'_> {
        ComparedRun { figures, interference: None }
    }

    fn figures(expect: usize, found: Result<f64, &str>) -> Vec<ComparableFigure> {
        let found =
            found.map(|value| MeasuredFigure { value, evidence: format!("it is {value}") }).map_err(str::to_owned);
        vec![ComparableFigure { expect_index: expect, figure: RunFigure::Measure { measured: found, spread: None } }]
    }

    #[test]
    fn baseline_variant_is_run_even_if_only_a_comparison_names_it() {
        let scenario = parse_scenario("expect rate m below=2 times=\"n=3\" when=\"n=1|2\"\nexpect no-deadlock\n");
        let variants = scenario.variants();
        let labels: Vec<String> = variants.iter().map(|variant| scenario.variant_label(variant)).collect();
        assert_eq!(labels, ["n=1", "n=3", "n=2"]);
        let pairs = run_sets(&scenario, &variants);
        assert_eq!(pairs.iter().map(|pair| pair.variant_indices.clone()).collect::<Vec<_>>(), [[0, 1], [2, 1]]);
    }

    #[test]
    fn unnamed_knobs_have_the_same_value_on_both_sides() {
        let scenario = parse_scenario("knob k 1 min=1 max=9\nexpect rate m above=2 times=\"n=3\" when=\"n=2 k=5\"\n");
        let variants = scenario.variants();
        let labels: Vec<String> = variants.iter().map(|variant| scenario.variant_label(variant)).collect();
        assert_eq!(labels, ["n=2 k=5", "k=5 n=3"]);
    }

    #[test]
    fn two_runs_are_compared_by_their_ratio() {
        let scenario = parse_scenario("expect rate m below=0.5 times=\"n=3\"\n");
        let pair = run_sets(&scenario, &scenario.variants())[0].clone();
        let judge = |one, other| {
            let runs = [figures(0, one), figures(0, other)];
            compare_runs(&scenario, &pair, &runs.each_ref().map(|figures| undisturbed(figures))).expect("it compares")
        };
        let seen = judge(Ok(10.0), Ok(40.0));
        assert!(seen.is_seen());
        assert_eq!(seen.evidence, "0.25 times as much; it is 10; it is 40");
        assert_eq!(seen.text, "rate m below 0.5 times n=3");
        let missed = judge(Ok(30.0), Ok(40.0));
        assert_eq!(missed.evidence, "0.75 times as much; it is 30; it is 40; required: less than 0.5 times");
        assert!(!missed.is_seen());
        assert!(!judge(Ok(1.0), Ok(0.0)).is_seen(), "a ratio to zero is not measured");
        assert_eq!(judge(Err("why"), Ok(1.0)).evidence, "cannot be measured: why");
        assert_eq!(judge(Ok(1.0), Err("why")).evidence, "cannot be measured: why (in the baseline run)");
    }

    #[test]
    fn evidence_of_a_second_try_names_both_tries() {
        let verdict = |seen, evidence: &str| {
            let (text, evidence) = ("x".to_owned(), evidence.to_owned());
            Verdict { text, judgement: Judgement::from_seen(seen), evidence, bound_check: None }
        };
        let first = || Comparison { verdict: verdict(false, "a"), tries: 1 };
        let seen = first().with_second_try(verdict(true, "b"));
        assert_eq!((seen.verdict.is_seen(), seen.tries), (true, 2));
        assert_eq!(seen.verdict.evidence, "seen on the second try: b; first try: a");
        let missed = first().with_second_try(verdict(false, "b"));
        assert_eq!(missed.verdict.evidence, "not seen on either try: b; first try: a");
    }

    #[test]
    fn tries_that_differ_by_more_than_their_miss_count_as_seen() {
        let scenario = parse_scenario("expect rate m above=0.9 times=\"n=3\"\n");
        let pair = run_sets(&scenario, &scenario.variants())[0].clone();
        let judge = |one| {
            compare_runs(&scenario, &pair, &[undisturbed(&figures(0, Ok(one))), undisturbed(&figures(0, Ok(100.0)))])
                .expect("it compares")
        };
        let twice = |one, other| Comparison { verdict: judge(one), tries: 1 }.with_second_try(judge(other)).verdict;
        let noisy = twice(80.3, 88.0);
        assert!(noisy.is_seen() && noisy.evidence.starts_with("seen within the noise of two tries"), "{noisy:?}");
        assert!(!twice(80.3, 81.0).is_seen(), "both tries agree");
        assert!(!twice(30.0, 80.0).is_seen(), "too far off to be noise");
    }

    #[test]
    fn ratio_counts_as_seen_within_the_noise_of_both_runs() {
        let scenario = parse_scenario("expect rate m above=0.9 times=\"n=3\"\n");
        let pair = run_sets(&scenario, &scenario.variants())[0].clone();
        let noisy = |value: f64, by: f64| {
            let parts = (0..10).map(|i| (if i % 2 == 0 { value + by } else { value - by }, 1.0)).collect();
            let mut figures = figures(0, Ok(value));
            if let RunFigure::Measure { spread, .. } = &mut figures[0].figure {
                *spread = Some(Spread::Parts(parts));
            }
            figures
        };
        let judge = |by| {
            compare_runs(&scenario, &pair, &[undisturbed(&noisy(85.0, by)), undisturbed(&noisy(100.0, 1.0))])
                .expect("it compares")
        };
        assert!(!judge(1.0).is_seen() && judge(15.0).is_seen(), "{:?}", judge(15.0));
        assert!(judge(15.0).evidence.starts_with("0.85 times as much, 0.7"), "{:?}", judge(15.0));
    }

    #[test]
    fn comparison_with_a_disturbed_run_is_not_judged() {
        let scenario = parse_scenario("expect rate m above=0.9 times=\"n=3\"\n");
        let pair = run_sets(&scenario, &scenario.variants())[0].clone();
        let (one, other) = (figures(0, Ok(1.0)), figures(0, Ok(10.0)));
        let disturbed = ComparedRun { interference: Some(Interference::example()), ..undisturbed(&other) };
        let verdict = compare_runs(&scenario, &pair, &[undisturbed(&one), disturbed]).expect("it compares");
        assert!(verdict.not_judged_reason().is_some() && !verdict.is_missed(), "{verdict:?}");
    }
}
