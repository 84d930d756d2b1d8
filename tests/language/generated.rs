//! Round trips: random programs and every catalogue scenario, printed in a random layout, read back equal.

pub(crate) mod layout;
pub(crate) mod programs;

use contend::catalogue;
use contend::scenario::{self, Scenario, Source};
use proptest::prelude::*;

use layout::{Layout, Node};

fn read(name: &str, text: &str) -> Scenario {
    let source = Source { name: name.to_owned(), path: None, text: text.to_owned() };
    match scenario::check(&source) {
        Ok(checked) => checked.scenario,
        Err(mistakes) => panic!("{}\n{text}", mistakes.render(false)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printed_random_program_reads_back_equal(steps in programs::steps(), seed in any::<u64>()) {
        let text = Layout::new(seed).print(&programs::nodes(&steps));
        prop_assert_eq!(&read("random", &text).groups[0].steps, &steps, "{}", text);
    }

    #[test]
    fn catalogue_scenario_in_random_layout_reads_back_equal(
        which in any::<prop::sample::Index>(),
        seed in any::<u64>(),
    ) {
        let entry = which.get(catalogue::all());
        let text = Layout::new(seed).print(&parsed(entry.text));
        prop_assert_eq!(read(entry.name, &text), read(entry.name, entry.text), "{}", text);
    }
}

/// Returns the nodes of a file, read by the `kdl` crate alone.
pub(crate) fn parsed(text: &str) -> Vec<Node> {
    let document = kdl::KdlDocument::parse_v2(text).expect("a file of the catalogue");
    document.nodes().iter().map(Node::from).collect()
}

/// The property test above draws files at random; this test covers each.
#[test]
fn every_catalogue_scenario_reads_back_equal_after_printing() {
    for (seed, entry) in catalogue::all().iter().enumerate() {
        let text = Layout::new(seed as u64).print(&parsed(entry.text));
        assert_eq!(read(entry.name, &text), read(entry.name, entry.text), "{text}");
    }
}

/// Guards the tests above: a printer without unusual layouts would test nothing.
#[test]
fn random_layouts_use_every_kdl_form() {
    let text: String = (0..100).map(|seed| Layout::new(seed).print(&parsed(catalogue::all()[0].text))).collect();
    for form in ["\r\n", " // ", "/* ", "\\\n", "#\"", "\\u{", "/-", ";", "0x", "}\n}"] {
        assert!(text.contains(form), "{form:?}");
    }
}
