//! Runs of which nothing is to be left, even if all of us are killed at once.

use std::path::Path;

use crate::platform::{guard, new_mark};

/// What all that belongs to a run has in its environment, and the guardian knows as long as this exists.
#[derive(Debug)]
pub struct Mark(String);

impl Mark {
    /// A new mark, and a guardian that knows it. `image` is the program to start that from, by default the one that runs
    /// now. Refused, we go on without.
    pub fn guarded(image: Option<&Path>) -> Self {
        let mark = new_mark();
        let _ = guard(image, |all| all.runs.push(mark.clone()));
        Self(mark)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let _ = guard(None, |all| all.runs.retain(|run| *run != self.0));
    }
}
