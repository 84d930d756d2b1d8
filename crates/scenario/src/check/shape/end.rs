//! Steps that end a worker, or its process.

use super::Value::{Text, Whole};
use super::{Family, must, shape};

pub(super) const ENDS: Family = Family {
    title: "Ends",
    shapes: &[
        shape("panic", "panic \"why\"", "The worker panics; the others go on.").args(&[must(
            "why",
            Text,
            "what it says",
        )]),
        shape("abort", "abort", "Ends the whole process at once, by a signal, with all that is in it."),
        shape("exit", "exit 3", "Ends the whole process at once.").args(&[must(
            "code",
            Whole(0, 255),
            "its exit code",
        )]),
    ],
};
