//! The runs needed to check every expectation of a scenario, one per distinct knob setting.

use super::choice::Choice;
use super::expr::{EvalContext, Expr};
use super::knob::Settings;
use super::program::{Expect, ResourceSpec, Scenario, Step};
use contend_trace::{KnobId, LockKind};

/// A knob setting that an expectation needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    pub settings: Settings,
    /// The knobs that the expectation names, with their values.
    pub set: Vec<(KnobId, f64)>,
}

impl Scenario {
    /// Returns one variant for each distinct `when` of the expectations and of their baselines, in the order of the
    /// file. Equal settings count once, even if they name different knobs. A scenario with guesses begins with a
    /// variant of the defaults.
    pub fn variants(&self) -> Vec<Variant> {
        let mut variants: Vec<Variant> = Vec::new();
        if self.quiz.as_ref().is_some_and(|ask| !ask.guesses.is_empty()) {
            variants.push(Variant { settings: self.default_settings(), set: Vec::new() });
        }
        for when in self.expectations.iter().flat_map(Expect::runs) {
            let settings = self.with_knobs(&when);
            match variants.iter_mut().find(|known| known.settings == settings) {
                Some(known) if known.set.len() < when.len() => known.set = when,
                Some(_) => {}
                None => variants.push(Variant { settings, set: when }),
            }
        }
        variants
    }

    /// Returns the default settings with these knobs changed.
    pub fn with_knobs(&self, set: &[(KnobId, f64)]) -> Settings {
        let mut settings = self.default_settings();
        for (knob, value) in set {
            if let Some(number) = settings.numbers.get_mut(knob.index()) {
                *number = *value;
            }
        }
        settings
    }

    /// Formats a variant's knobs as `--set` takes them; empty for the defaults.
    pub fn variant_label(&self, variant: &Variant) -> String {
        let shown = variant.set.iter().filter_map(|(id, value)| {
            let knob = self.knobs.get(id.index())?;
            Some(format!("{}={}", knob.name, knob.format_value(*value)))
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    /// Returns whether a run with these settings keeps cores busy, so that parallel runs would disturb each other. The
    /// scenario's `test alone=` takes precedence.
    pub fn is_cpu_bound(&self, settings: &Settings) -> bool {
        self.test.runs_alone.unwrap_or_else(|| self.computes(settings))
    }

    /// Returns whether workers compute or spin in a run with these settings.
    pub fn computes(&self, settings: &Settings) -> bool {
        let spins = |kind: &Choice<LockKind>| {
            let kind = match kind {
                Choice::Fixed(kind) => Some(*kind),
                Choice::Knob(knob, of) => of.get(settings.number(*knob) as usize).copied(),
            };
            matches!(kind, Some(LockKind::Spin | LockKind::Ticket))
        };
        let copies = |payload: &Expr| payload.eval(settings) > 0.0;
        let groups = self.groups.iter().map(|group| &group.steps);
        groups.chain(self.pools.iter().map(|pool| &pool.task)).any(|steps| any_cpu_step(steps, settings))
            || self.resources.iter().any(|r| matches!(&r.spec, ResourceSpec::Mutex { kind } if spins(kind)))
            || self.pools.iter().any(|pool| copies(&pool.payload))
    }
}

fn any_cpu_step(steps: &[Step], settings: &Settings) -> bool {
    steps.iter().any(|step| match step {
        Step::Compute(time) => time.eval(settings) > 0.0,
        Step::AddMany { .. } | Step::Thumbnail { .. } | Step::RealWork(_) => true,
        Step::When { knob, value, body, otherwise } => {
            any_cpu_step(if settings.knob_equals(*knob, *value) { body } else { otherwise }, settings)
        }
        step => step.bodies().any(|body| any_cpu_step(body, settings)),
    })
}

#[cfg(test)]
mod tests {
    use crate::{Scenario, Source, check};

    fn read(text: &str) -> Scenario {
        let source = Source { name: "x".to_owned(), path: None, text: text.to_owned() };
        check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario
    }

    fn labels(scenario: &Scenario) -> Vec<String> {
        scenario.variants().iter().map(|variant| scenario.variant_label(variant)).collect()
    }

    const HEAD: &str = "knob n 1 min=1 max=9 help=\"x\"\nknob how a of=\"a b c\" help=\"x\"\n";

    #[test]
    fn each_distinct_condition_is_one_variant() {
        let scenario = read(&format!(
            "{HEAD}thread t count=$n {{ when how=a {{ sleep \"1ms\" }} }}\nexpect no-deadlock when=\"how=b|c\"\n\
             expect share sleep above=0 when=\"how=b\"\nexpect no-deadlock when=\"n=3 how=b\"\n"
        ));
        assert_eq!(labels(&scenario), ["how=b", "how=c", "n=3 how=b"]);
    }

    #[test]
    fn a_condition_with_default_values_shares_the_default_variant() {
        let scenario = read(&format!(
            "{HEAD}thread t count=$n {{ when how=a {{ sleep \"1ms\" }} }}\nexpect no-deadlock\n\
             expect share sleep above=0 when=\"how=a\"\n"
        ));
        assert_eq!(labels(&scenario), ["how=a"]);
        assert_eq!(scenario.variants()[0].settings, scenario.default_settings());
    }

    #[test]
    fn computing_scenarios_are_cpu_bound_unless_test_alone_overrides() {
        let computes = |text: &str| {
            let scenario = read(text);
            scenario.is_cpu_bound(&scenario.default_settings())
        };
        assert!(computes("thread t { compute \"1ms\" }"));
        assert!(!computes("thread t { sleep \"1ms\" }"));
        assert!(!computes("thread t { compute \"0us\" }"));
        assert!(!computes("test alone=#false\nthread t { compute \"1ms\" }"));
        assert!(computes("test alone=#true\nthread t { sleep \"1ms\" }"));
        let sleeper = read("test alone=#true\nthread t { sleep \"1ms\" }");
        assert!(!sleeper.computes(&sleeper.default_settings()));
        assert!(computes("mutex m kind=spin\nthread t { lock m { sleep \"1ms\" } }"));
        let choice = "knob busy \"no\" of=\"yes no\" help=\"x\"\nthread t { when busy=yes { compute \"1ms\" }\n";
        assert!(!computes(&format!("{choice} else {{ sleep \"1ms\" }} }}")));
        assert!(computes(&format!("{choice} else {{ compute \"2ms\" }} }}")));
    }
}
