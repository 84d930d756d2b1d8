//! What two runs of a scenario show beside each other: `expect rate till below=0.5 times="kind=std" when="kind=fair"`.

use super::Verdict;
use super::expect::{evaluate_ratio, to_verdict};
use super::interference::Interference;
use super::measure::{MeasuredFigure, Spread, ValueRange, figure_spread, measure_metric};
use super::verdict::{BoundCheck, Judgement};
use crate::model::Model;
use crate::scenario::{Claim, Scenario, Settings, Variant};
use crate::trace::Stamp;

/// What one run came to of one expectation that compares it with another run.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparableFigure {
    /// Position of the expectation.
    expect_index: usize,
    measured: Result<MeasuredFigure, String>,
    /// How far it may be off.
    spread: Option<Spread>,
}

impl ComparableFigure {
    pub(super) fn is_known(&self) -> bool {
        self.measured.is_ok()
    }
}

/// All that is compared of a run with these settings, on either side.
pub(super) fn comparable_figures(
    model: &Model,
    scenario: &Scenario,
    settings: &Settings,
    now: Stamp,
) -> Vec<ComparableFigure> {
    let mut figures = Vec::new();
    for (at, expect) in scenario.expectations.iter().enumerate() {
        let (Some(other), Claim::Measure { metric, subject: of, .. }) = (expect.baseline_knobs(), &expect.claim) else {
            continue;
        };
        if [&expect.when, &other].into_iter().any(|set| scenario.with_knobs(set).numbers == settings.numbers) {
            let found = measure_metric(model, scenario, *metric, of, now);
            figures.push(ComparableFigure {
                expect_index: at,
                measured: found,
                spread: figure_spread(model, scenario, *metric, of, now),
            });
        }
    }
    figures
}

/// What a comparison needs of a run.
#[derive(Debug, Clone, Copy)]
pub struct ComparedRun<'a> {
    pub(super) figures: &'a [ComparableFigure],
    /// Other programs that used the cores the run needed.
    pub(super) interference: Option<Interference>,
}

/// Two runs that an expectation compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunPair {
    /// Position of the expectation.
    expect_index: usize,
    /// Positions of the variants: the one it speaks of, and the one it is compared with.
    pub variant_indices: [usize; 2],
}

/// Every pair of runs that is compared, in the order of the file.
pub fn run_pairs(scenario: &Scenario, variants: &[Variant]) -> Vec<RunPair> {
    let find =
        |set: &[_]| variants.iter().position(|variant| variant.settings.numbers == scenario.with_knobs(set).numbers);
    let pair = |(at, expect): (usize, &crate::scenario::Expect)| {
        let runs = [find(&expect.when)?, find(&expect.baseline_knobs()?)?];
        Some(RunPair { expect_index: at, variant_indices: runs })
    };
    scenario.expectations.iter().enumerate().filter_map(pair).collect()
}

/// What became of an expectation that compares two runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub verdict: Verdict,
    /// How many pairs of runs it took.
    pub tries: u32,
}

impl Comparison {
    /// Adds another pair of runs: what is not seen twice is not seen, unless the tries differ by more than they are off.
    /// The evidence has both.
    pub fn with_second_try(self, then: Verdict) -> Self {
        let tries = self.tries + 1;
        if let (Some(one), Some(other), true) = (self.verdict.bound_check, then.bound_check, then.is_missed()) {
            let (mean, apart) = (f64::midpoint(one.measured, other.measured), (one.measured - other.measured).abs());
            let weight = BoundCheck { measured: mean, ..other };
            if weight.is_met_within((mean - apart, mean + apart)) {
                let evidence = format!(
                    "seen within the noise of two tries: {}; the first: {}",
                    then.evidence, self.verdict.evidence
                );
                let judgement = Judgement::Seen;
                return Self { verdict: Verdict { evidence, judgement, bound_check: Some(weight), ..then }, tries };
            }
        }
        let which = if then.is_seen() { "seen at the second try" } else { "not at the second try either" };
        let evidence = format!("{which}: {}; the first: {}", then.evidence, self.verdict.evidence);
        Self { verdict: Verdict { evidence, ..then }, tries }
    }
}

/// Judges what two runs came to.
pub fn compare_runs(scenario: &Scenario, pair: &RunPair, runs: [ComparedRun<'_>; 2]) -> Option<Verdict> {
    let expect = scenario.expectations.get(pair.expect_index)?;
    let Claim::Measure { compare, value, .. } = &expect.claim else { return None };
    let found = runs.map(|run| find_figure(run.figures, pair.expect_index));
    let judged = match &found {
        [Ok(one), Ok(other)] => evaluate_ratio((*compare, *value), one, other, || ratio_range(runs, pair.expect_index)),
        [Err(why), _] => Err(why.clone()),
        [_, Err(why)] => Err(format!("{why}, of the run it is compared with")),
    };
    let others = runs.iter().find_map(|run| run.interference).filter(|_| expect.claim.needs_cores());
    Some(to_verdict(&expect.text, judged).with_interference(others))
}

/// Where the quotient of both runs' figures lies.
fn ratio_range(runs: [ComparedRun<'_>; 2], expect: usize) -> Option<ValueRange> {
    let spread = |run: ComparedRun<'_>| run.figures.iter().find(|figure| figure.expect_index == expect)?.spread.clone();
    let [one, other] = runs.map(spread);
    one?.interval_of_ratio_between_runs(&other?)
}

fn find_figure(figures: &[ComparableFigure], expect: usize) -> Result<&MeasuredFigure, String> {
    let found = figures.iter().find(|figure| figure.expect_index == expect);
    found.map_or_else(|| Err("the run failed".to_owned()), |figure| figure.measured.as_ref().map_err(Clone::clone))
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

    /// A run that no other program disturbed.
    const fn calm(figures: &[ComparableFigure]) -> ComparedRun<'_> {
        ComparedRun { figures, interference: None }
    }

    fn figures(expect: usize, found: Result<f64, &str>) -> Vec<ComparableFigure> {
        let found =
            found.map(|value| MeasuredFigure { value, evidence: format!("it is {value}") }).map_err(str::to_owned);
        vec![ComparableFigure { expect_index: expect, measured: found, spread: None }]
    }

    #[test]
    fn a_run_that_only_a_comparison_names_is_run_as_well() {
        let scenario = parse_scenario("expect rate m below=2 times=\"n=3\" when=\"n=1|2\"\nexpect no-deadlock\n");
        let variants = scenario.variants();
        let labels: Vec<String> = variants.iter().map(|variant| scenario.variant_label(variant)).collect();
        assert_eq!(labels, ["n=1", "n=3", "n=2"]);
        let pairs = run_pairs(&scenario, &variants);
        assert_eq!(pairs.iter().map(|pair| pair.variant_indices).collect::<Vec<_>>(), [[0, 1], [2, 1]]);
    }

    #[test]
    fn knobs_that_are_not_named_stand_as_they_do_on_the_other_side() {
        let scenario = parse_scenario("knob k 1 min=1 max=9\nexpect rate m above=2 times=\"n=3\" when=\"n=2 k=5\"\n");
        let variants = scenario.variants();
        let labels: Vec<String> = variants.iter().map(|variant| scenario.variant_label(variant)).collect();
        assert_eq!(labels, ["n=2 k=5", "k=5 n=3"]);
    }

    #[test]
    fn two_runs_are_compared_by_how_many_times_as_much() {
        let scenario = parse_scenario("expect rate m below=0.5 times=\"n=3\"\n");
        let pair = run_pairs(&scenario, &scenario.variants())[0];
        let judge = |one, other| {
            let runs = [figures(0, one), figures(0, other)];
            compare_runs(&scenario, &pair, runs.each_ref().map(|figures| calm(figures))).expect("it compares")
        };
        let seen = judge(Ok(10.0), Ok(40.0));
        assert!(seen.is_seen());
        assert_eq!(seen.evidence, "0.25 times as much; it is 10; it is 40");
        assert_eq!(seen.text, "rate m below 0.5 times n=3");
        let missed = judge(Ok(30.0), Ok(40.0));
        assert_eq!(missed.evidence, "0.75 times as much; it is 30; it is 40; expected less than 0.5 times");
        assert!(!missed.is_seen());
        assert!(!judge(Ok(1.0), Ok(0.0)).is_seen(), "nothing is no measure");
        assert_eq!(judge(Err("why"), Ok(1.0)).evidence, "cannot be measured: why");
        assert_eq!(judge(Ok(1.0), Err("why")).evidence, "cannot be measured: why, of the run it is compared with");
    }

    #[test]
    fn a_second_try_tells_of_both() {
        let verdict = |seen, evidence: &str| {
            let (text, evidence) = ("x".to_owned(), evidence.to_owned());
            Verdict { text, judgement: Judgement::from_seen(seen), evidence, bound_check: None }
        };
        let first = || Comparison { verdict: verdict(false, "a"), tries: 1 };
        let seen = first().with_second_try(verdict(true, "b"));
        assert_eq!((seen.verdict.is_seen(), seen.tries), (true, 2));
        assert_eq!(seen.verdict.evidence, "seen at the second try: b; the first: a");
        let missed = first().with_second_try(verdict(false, "b"));
        assert_eq!(missed.verdict.evidence, "not at the second try either: b; the first: a");
    }

    #[test]
    fn two_tries_that_differ_by_more_than_they_are_off_are_noise() {
        let scenario = parse_scenario("expect rate m above=0.9 times=\"n=3\"\n");
        let pair = run_pairs(&scenario, &scenario.variants())[0];
        let judge = |one| {
            compare_runs(&scenario, &pair, [calm(&figures(0, Ok(one))), calm(&figures(0, Ok(100.0)))])
                .expect("it compares")
        };
        let twice = |one, other| Comparison { verdict: judge(one), tries: 1 }.with_second_try(judge(other)).verdict;
        let noisy = twice(80.3, 88.0);
        assert!(noisy.is_seen() && noisy.evidence.starts_with("seen within the noise of two tries"), "{noisy:?}");
        assert!(!twice(80.3, 81.0).is_seen(), "both say the same");
        assert!(!twice(30.0, 80.0).is_seen(), "that far off is no noise");
    }

    #[test]
    fn noise_within_the_runs_leaves_their_ratio_room() {
        let scenario = parse_scenario("expect rate m above=0.9 times=\"n=3\"\n");
        let pair = run_pairs(&scenario, &scenario.variants())[0];
        let noisy = |value: f64, by: f64| {
            let parts = (0..10).map(|i| (if i % 2 == 0 { value + by } else { value - by }, 1.0)).collect();
            let mut figures = figures(0, Ok(value));
            figures[0].spread = Some(Spread::Parts(parts));
            figures
        };
        let judge = |by| {
            compare_runs(&scenario, &pair, [calm(&noisy(85.0, by)), calm(&noisy(100.0, 1.0))]).expect("it compares")
        };
        assert!(!judge(1.0).is_seen() && judge(15.0).is_seen(), "{:?}", judge(15.0));
        assert!(judge(15.0).evidence.starts_with("0.85 times as much (0.7"), "{:?}", judge(15.0));
    }

    #[test]
    fn a_comparison_of_runs_that_others_disturbed_is_not_judged() {
        let scenario = parse_scenario("expect rate m above=0.9 times=\"n=3\"\n");
        let pair = run_pairs(&scenario, &scenario.variants())[0];
        let (one, other) = (figures(0, Ok(1.0)), figures(0, Ok(10.0)));
        let disturbed = ComparedRun { interference: Some(Interference::example()), ..calm(&other) };
        let verdict = compare_runs(&scenario, &pair, [calm(&one), disturbed]).expect("it compares");
        assert!(verdict.not_judged_reason().is_some() && !verdict.is_missed(), "{verdict:?}");
    }
}
