//! Guesses about a run.

use super::ValueKind::Text;
use super::expect::CLAIM;
use super::{BlockRule, NodeFamily, node_rule, required};

pub(super) const GUESSES: NodeFamily = NodeFamily {
    title: "Guesses",
    rules: &[node_rule(
        "guess",
        "guess \"about half\" { expect value balance below=60 }",
        "An answer to choose. The run decides which answer is right.",
    )
    .args(&[required("text", Text, "the answer")])
    .block(BlockRule::Required)],
};

pub(super) const GUESS: NodeFamily = NodeFamily {
    title: "What makes a guess right",
    rules: &[
        CLAIM,
        node_rule("otherwise", "otherwise", "The guess is right if no other guess is. It must be alone in its block."),
    ],
};
