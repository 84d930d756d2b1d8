//! Parses the text of a scenario into a KDL document.
//!
//! [`scanner`] checks the text before the `kdl` crate parses it, for two reasons. The crate recurses for each block,
//! comment and error: 1,000 nested blocks overflow its stack and abort the process, and 18 nested `/-` blocks take it
//! longer than 10 s. Its messages do not help a newcomer: it answers `text=true` with "expected identifier string". The
//! scanner is a single loop; it reports each mistake with a fix, and passes on only well-formed text of limited depth.

mod bare_word;
mod scanner;
mod token;

use kdl::KdlDocument;

use super::mistake::Mistakes;
use super::source::MAX_SOURCE_BYTES;
use scanner::{ScannedText, Scanner};

pub(super) use bare_word::{Word, classify_word};
pub(super) use token::{Token, TokenKind};

/// Syntax mistakes reported for one file: later ones mostly follow from the first.
const MAX_REPORTED: usize = 10;

/// A syntax mistake with its fix.
#[derive(Debug)]
struct SyntaxFault {
    span: std::ops::Range<usize>,
    title: String,
    help: String,
}

/// A text without syntax mistakes.
pub(super) struct ParsedText {
    pub(super) document: KdlDocument,
    pub(super) tokens: Vec<Token>,
}

/// Parses the text. Returns `None` after adding at least one mistake.
pub(super) fn read(text: &str, mistakes: &mut Mistakes) -> Option<ParsedText> {
    if text.len() > MAX_SOURCE_BYTES {
        mistakes.error(0..0, "the file is larger than 1 MiB, the limit for a scenario");
        return None;
    }
    let ScannedText { cleaned, tokens, faults } = Scanner::new(text).run();
    for fault in faults.iter().take(MAX_REPORTED) {
        mistakes.error(fault.span.clone(), fault.title.as_str()).help(fault.help.as_str());
    }
    if !faults.is_empty() {
        return None;
    }
    let document = KdlDocument::parse_v2(&cleaned).map_err(|error| report_kdl_error(&error, mistakes)).ok()?;
    Some(ParsedText { document, tokens })
}

/// Reports the KDL parser's errors, for mistakes that the scanner does not know.
fn report_kdl_error(error: &kdl::KdlError, mistakes: &mut Mistakes) {
    for diagnostic in error.diagnostics.iter().take(MAX_REPORTED) {
        let start = diagnostic.span.offset();
        let title = diagnostic.message.as_deref().unwrap_or("this is not KDL").trim_end_matches('.');
        let title: String = title.chars().take(1).flat_map(char::to_lowercase).chain(title.chars().skip(1)).collect();
        let help = diagnostic.help.as_deref().unwrap_or("https://kdl.dev describes the syntax");
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
        "1e9", "5ms", "-", "+", ".", "$gap", "else", " else {", "(", ")", "\t", "\r\n", "λ", "\u{301}", "\u{a0}",
        "\u{2028}",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn scanned_text_parses_as_kdl(parts in prop::collection::vec(prop::sample::select(PARTS), 0..25)) {
            let text = parts.concat();
            let ScannedText { cleaned, faults, .. } = Scanner::new(&text).run();
            if faults.is_empty() {
                prop_assert_eq!(cleaned.len(), text.len());
                let read = KdlDocument::parse_v2(&cleaned);
                prop_assert!(read.is_ok(), "{:?}: {:?}", text, read);
            }
        }
    }
}
