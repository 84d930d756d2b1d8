//! Texts with placeholders for each task: `{}` is its file, `{n}` its number.

use serde::{Deserialize, Serialize};

use contend_trace::KnobId;

/// The most characters of a mark's text: its label stands on the time axis.
pub const MAX_MARK_CHARACTERS: usize = 40;

/// A literal text, or the text of a knob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TextExpr {
    Template(Template),
    /// The text of a knob.
    Knob(KnobId),
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template(pub Vec<TemplatePiece>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TemplatePiece {
    Literal(String),
    Placeholder(Placeholder),
}

/// A placeholder. The words are those of GNU parallel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Placeholder {
    /// `{}`: the task's file, or its word.
    Item,
    /// `{/}`: without its directory.
    Base,
    /// `{//}`: its directory.
    Directory,
    /// `{.}`: without its extension.
    Stem,
    /// `{/.}`: without its directory and extension.
    BaseStem,
    /// `{n}`: the task's number, from 1.
    Number,
}

impl Placeholder {
    const ALL: [(&'static str, Self); 6] = [
        ("{}", Self::Item),
        ("{/}", Self::Base),
        ("{//}", Self::Directory),
        ("{.}", Self::Stem),
        ("{/.}", Self::BaseStem),
        ("{n}", Self::Number),
    ];

    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, place)| *place == self).map_or("{}", |(word, _)| word)
    }
}

impl Template {
    /// Parses the placeholders of a text. Other braces are plain text.
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some((word, place)) = Placeholder::ALL.iter().find(|(word, _)| rest.starts_with(word)) {
                if !literal.is_empty() {
                    pieces.push(TemplatePiece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(TemplatePiece::Placeholder(*place));
                rest = &rest[word.len()..];
            } else {
                literal.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        if !literal.is_empty() {
            pieces.push(TemplatePiece::Literal(literal));
        }
        Self(pieces)
    }

    /// Whether a placeholder needs the task's file.
    pub fn has_item(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, TemplatePiece::Placeholder(place) if *place != Placeholder::Number))
    }

    /// Returns the text as it was written.
    pub fn to_source(&self) -> String {
        let piece = |piece: &TemplatePiece| match piece {
            TemplatePiece::Literal(text) => text.clone(),
            TemplatePiece::Placeholder(place) => place.word().to_owned(),
        };
        self.0.iter().map(piece).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn placeholders_are_found_and_other_braces_are_plain_text() {
        let literal = |text: &str| TemplatePiece::Literal(text.to_owned());
        let found = Template::parse("a{}b{/.}{n}{print $1}{").0;
        let places = [Placeholder::Item, Placeholder::BaseStem, Placeholder::Number].map(TemplatePiece::Placeholder);
        let [item, stem, number] = places;
        assert_eq!(found, [literal("a"), item, literal("b"), stem, number, literal("{print $1}{")]);
        assert!(Template::parse("{//}").has_item() && !Template::parse("{n}{x}").has_item());
    }

    proptest! {
        #[test]
        fn a_parsed_template_formats_as_it_was_written(text in "[a{}/.n#é]{0,20}") {
            prop_assert_eq!(Template::parse(&text).to_source(), text);
        }
    }
}
