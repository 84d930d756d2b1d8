//! Runs of which nothing is to be left, even if all of us are killed at once.
//!
//! That takes a guardian where a run has processes that the kernel does not end with their parents: what commands leave
//! behind, and worker processes in their first moments. A worker asks to die with the runner as soon as it can, but it may be
//! stopped before: at its first instruction, or while it is but a copy of the runner. If then the runner alone is killed, the
//! dashboard becomes its parent, and kills all of the runner's group. If the dashboard is killed, with or without the runner,
//! nobody is left to do so but the guardian. It finds such a worker by the mark: that stands in the environment of the
//! runner, so in that of a copy from its first moment on, and in that of what the copy becomes.

use std::path::Path;

use contend_platform::{guard, new_mark};

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
