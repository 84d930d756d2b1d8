//! Texts with places that each task fills in: `{}` is its file, `{n}` its number.

use serde::{Deserialize, Serialize};

use contend_trace::KnobId;

/// A text that is written out, or that a knob has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Text {
    Template(Template),
    /// What the knob for free text is set to.
    Knob(KnobId),
}

/// A text with places in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template(pub Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    Literal(String),
    Place(Place),
}

/// What a place stands for. The words are those of GNU parallel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// `{}`: the task's file, or its word.
    Item,
    /// `{/}`: without its directory.
    Base,
    /// `{//}`: its directory.
    Directory,
    /// `{.}`: without its ending.
    Stem,
    /// `{/.}`: without its directory and its ending.
    BaseStem,
    /// `{n}`: the task's number, from 1.
    Number,
}

impl Place {
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
    /// The text with its places found. Braces around anything else stay what they are.
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some((word, place)) = Place::ALL.iter().find(|(word, _)| rest.starts_with(word)) {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(Piece::Place(*place));
                rest = &rest[word.len()..];
            } else {
                literal.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self(pieces)
    }

    /// Whether some place is filled in with the task's file.
    pub fn has_item(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Place(place) if *place != Place::Number))
    }

    /// As it was written.
    pub fn written(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Place(place) => place.word().to_owned(),
        };
        self.0.iter().map(piece).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_are_found_and_other_braces_stay() {
        let literal = |text: &str| Piece::Literal(text.to_owned());
        let found = Template::parse("a{}b{/.}{n}{print $1}{").0;
        let places = [Place::Item, Place::BaseStem, Place::Number].map(Piece::Place);
        let [item, stem, number] = places;
        assert_eq!(found, [literal("a"), item, literal("b"), stem, number, literal("{print $1}{")]);
        assert!(Template::parse("{//}").has_item() && !Template::parse("{n}{x}").has_item());
    }

    proptest! {
        #[test]
        fn a_template_is_what_was_written(text in "[a{}/.n#é]{0,20}") {
            prop_assert_eq!(Template::parse(&text).written(), text);
        }
    }
}
