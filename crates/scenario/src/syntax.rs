//! From text to a KDL document.
//!
//! The KDL parser calls itself for each block, comment and mistake, so that a text made for it can overflow its stack.
//! Therefore [`scan`] goes over the text first, in one loop: it tells the mistakes, and what is left for the parser is
//! well formed and of limited depth.

mod scan;
mod word;

use kdl::KdlDocument;

use super::mistake::Mistakes;
use super::source::LARGEST;
use scan::Scan;

/// Syntax mistakes shown for one file: later ones mostly follow from the first.
const SHOWN: usize = 10;

/// What is wrong at a place of the text.
#[derive(Debug)]
struct Fault {
    span: std::ops::Range<usize>,
    title: String,
    help: String,
}

/// Reads the text; `None` when the mistakes say why not.
pub(super) fn read(text: &str, mistakes: &mut Mistakes) -> Option<KdlDocument> {
    if text.len() > LARGEST {
        mistakes.error(0..0, "the file is larger than 1 MiB; no scenario is");
        return None;
    }
    let (text, faults) = Scan::new(text).run();
    for fault in faults.iter().take(SHOWN) {
        mistakes.error(fault.span.clone(), fault.title.as_str()).help(fault.help.as_str());
    }
    if !faults.is_empty() {
        return None;
    }
    KdlDocument::parse_v2(&text).map_err(|error| explain(&error, mistakes)).ok()
}

/// The KDL parser's own messages.
fn explain(error: &kdl::KdlError, mistakes: &mut Mistakes) {
    for diagnostic in error.diagnostics.iter().take(SHOWN) {
        let start = diagnostic.span.offset();
        let title = diagnostic.message.as_deref().unwrap_or("this is not KDL").trim_end_matches('.');
        let title: String = title.chars().take(1).flat_map(char::to_lowercase).chain(title.chars().skip(1)).collect();
        let help = diagnostic.help.as_deref().unwrap_or("see https://kdl.dev for how KDL is written");
        mistakes.error(start..start + diagnostic.span.len(), title).help(help);
    }
    if mistakes.is_empty() {
        mistakes.error(0..0, "this is not KDL");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARTS: &[&str] = &[
        "a", "b ", " c", "a=", "=", " ", " ", " ", "\n", "\n", ";", "{", "}", "{", "}", " { ", " }\n", "\"", "\"x\"",
        "\"\\\"\"", "\\", "\\\n", "#", "#true", "#\"", "\"#", "#\"y\"#", "/", "/-", "//", "/*", "*/", "5", "-5", "1.5",
        "1e9", "5ms", "-", "+", ".", "$gap", "(", ")", "\t", "\r\n", "λ", "\u{301}", "\u{a0}", "\u{2028}",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn what_the_scan_passes_the_parser_reads(parts in prop::collection::vec(prop::sample::select(PARTS), 0..25)) {
            let text = parts.concat();
            let (kept, faults) = Scan::new(&text).run();
            if faults.is_empty() {
                prop_assert_eq!(kept.len(), text.len());
                let read = KdlDocument::parse_v2(&kept);
                prop_assert!(read.is_ok(), "{:?}: {:?}", text, read);
            }
        }
    }
}
