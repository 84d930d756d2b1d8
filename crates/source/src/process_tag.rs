//! Tags the processes of a run, so that the guardian can kill them even if all of contend is killed at once.
//!
//! The guardian is needed where a run has processes that the kernel does not kill with their parents: what commands
//! leave behind, and worker processes in their first moments. A worker asks to die with the runner as soon as it can,
//! but it may be stopped before: at its first instruction, or while it is still a forked copy of the runner. If then
//! only the runner is killed, the dashboard becomes the worker's parent and kills the runner's process group. If the
//! dashboard is killed, with or without the runner, only the guardian is left to do so. It finds such a worker by its
//! tag, which is in the environment of the runner, and thus of the forked copy and of the worker that the copy becomes.

use std::path::Path;

use contend_platform::{new_process_tag, update_cleanup};

/// The tag in the environment of all processes of a run. The guardian knows it while this value exists.
#[derive(Debug)]
pub struct ProcessTag(String);

impl ProcessTag {
    /// Creates a tag and a guardian that knows it. `image` is the program to start the guardian from, by default the
    /// running one. If the guardian cannot be started, the run continues without.
    pub fn with_guardian(image: Option<&Path>) -> Self {
        let tag = new_process_tag();
        let _ = update_cleanup(image, |cleanup| cleanup.runs.push(tag.clone()));
        Self(tag)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for ProcessTag {
    fn drop(&mut self) {
        let _ = update_cleanup(None, |cleanup| cleanup.runs.retain(|run| *run != self.0));
    }
}
