//! What can be guessed about a run before it is seen.

use super::Value::Text;
use super::expect::CLAIM;
use super::{Block, Family, must, shape};

pub(super) const GUESSES: Family = Family {
    title: "Guesses",
    shapes: &[shape(
        "guess",
        "guess \"about half\" { expect value balance below=60 }",
        "An answer to choose. Which of them is right is measured in the run.",
    )
    .args(&[must("text", Text, "the answer")])
    .block(Block::Must)],
};

pub(super) const GUESS: Family = Family {
    title: "What makes a guess right",
    shapes: &[
        CLAIM,
        shape("otherwise", "otherwise", "The guess is right when none of the others is. Stands alone in its block."),
    ],
};
