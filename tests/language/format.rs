//! The formatter: every scenario of the catalogue is formatted, and formatting changes no program.

use contend::catalogue;
use contend::scenario::{self, Scenario, Source};
use proptest::prelude::*;

use crate::generated::{layout::Layout, programs};

fn source(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), path: None, text: text.to_owned() }
}

fn formatted(name: &str, text: &str) -> String {
    scenario::format(&source(name, text)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn read(name: &str, text: &str) -> Scenario {
    scenario::check(&source(name, text)).unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}")).scenario
}

#[test]
fn every_catalogue_scenario_is_formatted() {
    for entry in catalogue::all() {
        let wanted = formatted(entry.name, entry.text);
        let stale = wanted.lines().zip(entry.text.lines()).find(|(wanted, found)| wanted != found);
        assert!(wanted == entry.text, "run `contend fmt scenarios/{}.kdl`: {stale:?}", entry.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn formatted_random_program_reads_back_equal(steps in programs::steps(), seed in any::<u64>()) {
        let text = Layout::new(seed).print(&programs::nodes(&steps));
        let once = formatted("random", &text);
        prop_assert_eq!(&read("random", &once).groups[0].steps, &steps, "{}", text);
        prop_assert_eq!(&formatted("random", &once), &once, "{}", text);
    }

    #[test]
    fn catalogue_scenario_in_random_layout_formats_to_the_same_program(
        which in any::<prop::sample::Index>(),
        seed in any::<u64>(),
    ) {
        let entry = which.get(catalogue::all());
        let once = formatted(entry.name, &Layout::new(seed).print(&crate::generated::parsed(entry.text)));
        prop_assert_eq!(&read(entry.name, &once), &read(entry.name, entry.text), "{}", once);
        prop_assert_eq!(&formatted(entry.name, &once), &once);
    }
}
