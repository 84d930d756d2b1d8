//! Which runs of `contend test` can take place at the same time.

use crate::platform::detect_machine;
use crate::report;
use crate::scenario::{Scenario, Settings, Variant};

/// Number of runs at once for each core, for scenarios that only wait.
const WAITING_RUNS_PER_CORE: usize = 6;

/// Number of runs at once, however many cores there are.
const MAX_CONCURRENT_RUNS: usize = 12;

/// Number of runs at once that only wait and are judged by their speed.
const MAX_UNDISTURBED_RUNS: usize = 3;

/// The runs that can take place at the same time as a run without changing its verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Company {
    /// It only waits: many others.
    Many,
    /// It computes, but nothing judged of it depends on how many cores it gets: as many as there are cores.
    Few,
    /// It only waits, but its verdicts depend on the cores: a few others of this kind, which leave cores free.
    /// If they did not, it is repeated alone.
    Waiting,
    /// None: its verdicts depend on the cores.
    None,
}

impl Company {
    pub(super) const ALL: [Self; 4] = [Self::Many, Self::Few, Self::Waiting, Self::None];

    /// Returns the number of such runs at once.
    pub(super) fn concurrent_runs(self) -> usize {
        let cores = detect_machine().usable.max(1);
        match self {
            Self::Many => (cores * WAITING_RUNS_PER_CORE).min(MAX_CONCURRENT_RUNS),
            Self::Few => cores.min(MAX_CONCURRENT_RUNS),
            Self::Waiting => MAX_UNDISTURBED_RUNS,
            Self::None => 1,
        }
    }
}

/// A scenario with the settings of one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct TestCase<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) variant: &'a Variant,
    /// The runs that may take place at the same time.
    pub(super) company: Company,
}

impl<'a> TestCase<'a> {
    /// A case runs alone if it computes and is judged by its speed, or if it is compared with a run that computes: both
    /// need equal conditions.
    pub(super) fn new(scenario: &'a Scenario, variant: &'a Variant) -> Self {
        let is_bound = |settings: &Settings| scenario.is_cpu_bound(settings);
        let computes = |settings: &Settings| scenario.computes(settings);
        let beside = scenario.expectations.iter().filter(|expect| expect.compares_runs()).filter_map(|expect| {
            let runs: Vec<Settings> = expect.runs().iter().map(|set| scenario.with_knobs(set)).collect();
            runs.iter().any(|one| one.numbers == variant.settings.numbers).then_some(runs)
        });
        let compared: Vec<Settings> = beside.flatten().filter(is_bound).collect();
        let company = if compared.iter().any(computes) {
            Company::None
        } else if compared.is_empty() && !is_bound(&variant.settings) {
            Company::Many
        } else if compared.is_empty() && !report::depends_on_cores(scenario, &variant.settings) {
            Company::Few
        } else if !computes(&variant.settings) {
            Company::Waiting
        } else {
            Company::None
        };
        Self { scenario, variant, company }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Source, check};

    /// Returns with what company a scenario's runs go on.
    fn companies(text: &str) -> Vec<Company> {
        let source = Source { name: "x".to_owned(), path: None, text: text.to_owned() };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        scenario.variants().iter().map(|variant| TestCase::new(&scenario, variant).company).collect()
    }

    #[test]
    fn only_runs_that_compute_and_are_judged_by_their_speed_run_alone() {
        let computes = "thread t { forever { compute \"1ms\" } }\n";
        let sleeps = "thread t { forever { sleep \"1ms\" } }\n";
        let shares = "expect share sleep above=\"50%\"\n";
        assert_eq!(companies(&format!("{sleeps}{shares}")), [Company::Many]);
        assert_eq!(companies(&format!("{computes}expect no-deadlock\n")), [Company::Few]);
        assert_eq!(companies(&format!("test for=\"1s\" alone=#true\n{sleeps}{shares}")), [Company::Waiting]);
        assert_eq!(companies(&format!("{computes}expect share running above=\"50%\"\n")), [Company::None]);
    }

    #[test]
    fn runs_that_are_compared_have_equal_company() {
        let text = |test: &str, work: &str| {
            let knob = "knob n 1 min=1 max=9 help=\"x\"\ncounter done\n";
            let work = format!("thread t count=$n {{ forever {{ {work}; add done }} }}\n");
            format!("{test}{knob}{work}expect rate done above=1.2 times=\"n=1\" when=\"n=2\"\n")
        };
        assert_eq!(companies(&text("", "compute \"1ms\"")), [Company::None; 2]);
        let alone = "test for=\"1s\" alone=#true\n";
        assert_eq!(companies(&text(alone, "sleep \"1ms\"")), [Company::Waiting; 2]);
    }
}
