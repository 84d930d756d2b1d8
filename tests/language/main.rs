//! Whatever is written down in the language is read back as the same, however it is laid out: random programs, and every
//! scenario of the catalogue.

mod layout;
mod programs;

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
    fn a_program_that_was_written_down_is_read_as_it_was(steps in programs::steps(), seed in any::<u64>()) {
        let text = Layout::new(seed).print(&programs::nodes(&steps));
        prop_assert_eq!(&read("random", &text).workers[0].steps, &steps, "{}", text);
    }

    #[test]
    fn layout_changes_nothing(which in any::<prop::sample::Index>(), seed in any::<u64>()) {
        let entry = which.get(catalogue::all());
        let text = Layout::new(seed).print(&parsed(entry.text));
        prop_assert_eq!(read(entry.name, &text), read(entry.name, entry.text), "{}", text);
    }
}

/// The nodes of a file, read by nothing of ours.
fn parsed(text: &str) -> Vec<Node> {
    let document = kdl::KdlDocument::parse_v2(text).expect("a file of the catalogue");
    document.nodes().iter().map(Node::from).collect()
}

/// Every file once, so that none is left to chance.
#[test]
fn the_whole_catalogue_can_be_written_anew() {
    for (seed, entry) in catalogue::all().iter().enumerate() {
        let text = Layout::new(seed as u64).print(&parsed(entry.text));
        assert_eq!(read(entry.name, &text), read(entry.name, entry.text), "{text}");
    }
}

/// A printer that printed nothing odd would show nothing.
#[test]
fn layouts_are_as_odd_as_kdl_allows() {
    let text: String = (0..100).map(|seed| Layout::new(seed).print(&parsed(catalogue::all()[0].text))).collect();
    for odd in ["\r\n", " // ", "/* ", "\\\n", "#\"", "\\u{", "/-", ";", "0x", "}\n}"] {
        assert!(text.contains(odd), "{odd:?}");
    }
}
