//! Steps that end a worker, or its process.

use super::ValueKind::{Integer, Text};
use super::{NodeFamily, node_rule, required};

pub(super) const ENDS: NodeFamily = NodeFamily {
    title: "Ends",
    rules: &[
        node_rule("panic", "panic \"why\"", "The worker panics; the others go on.").args(&[required(
            "why",
            Text,
            "what it says",
        )]),
        node_rule("abort", "abort", "Ends the whole process at once, by a signal, with all that is in it."),
        node_rule("exit", "exit 3", "Ends the whole process at once.").args(&[required(
            "code",
            Integer(0, 255),
            "its exit code",
        )]),
    ],
};
