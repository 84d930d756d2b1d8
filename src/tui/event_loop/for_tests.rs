//! What tests of the dashboard see of the event loop, and do to it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::EventLoop;
use crate::tui::TuiError;
use crate::tui::app::App;
use crate::tui::backend::ScreenBackend;

impl<S: ScreenBackend> EventLoop<'_, S> {
    pub(in crate::tui) const fn app(&mut self) -> &mut App {
        &mut self.app
    }

    pub(in crate::tui) fn set_recording_directory(&mut self, directory: PathBuf) {
        self.directory = directory;
    }

    pub(in crate::tui) const fn limit_memory(&mut self, bytes: usize) {
        self.recording.limit_memory(bytes);
    }

    /// Handles one event before any frame is due by the wall clock.
    pub(in crate::tui) fn step_without_frame(&mut self) {
        self.frame_timer.restart_at(Instant::now() + Duration::from_hours(1));
        self.step();
        self.restart_frame_timer();
    }

    pub(in crate::tui) const fn backend(&self) -> &S {
        &self.backend
    }

    pub(in crate::tui) const fn exit(&self) -> Option<&Result<Option<i32>, TuiError>> {
        self.exit.as_ref()
    }
}
