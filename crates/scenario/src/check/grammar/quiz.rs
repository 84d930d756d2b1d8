//! What can be guessed about a run before it is seen.

use super::ValueKind::Text;
use super::expect::CLAIM;
use super::{BlockRule, NodeFamily, node_rule, required};

pub(super) const GUESSES: NodeFamily = NodeFamily {
    title: "Guesses",
    rules: &[node_rule(
        "guess",
        "guess \"about half\" { expect value balance below=60 }",
        "An answer to choose. Which of them is right is measured in the run.",
    )
    .args(&[required("text", Text, "the answer")])
    .block(BlockRule::Required)],
};

pub(super) const GUESS: NodeFamily = NodeFamily {
    title: "What makes a guess right",
    rules: &[
        CLAIM,
        node_rule(
            "otherwise",
            "otherwise",
            "The guess is right when none of the others is. Stands alone in its block.",
        ),
    ],
};
