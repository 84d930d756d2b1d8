//! What the event loop draws on, and what it listens to. Tests bring their own.

use std::io;
use std::path::Path;

use crossbeam_channel::Receiver;
use ratatui::layout::Rect;

use super::app::App;
use super::input::InputEvent;
use crate::scenario::Source;

/// What the loop draws on.
pub(super) trait ScreenBackend {
    /// Draws a frame; false when there is no room for one now.
    fn draw(&mut self, app: &App) -> io::Result<bool>;
    /// The next frame draws every cell of a screen of this size.
    fn redraw(&mut self, size: Rect) -> io::Result<()>;
    fn size(&self) -> Rect;
    /// Whether somebody gives the terminal back should we be killed.
    fn is_guarded(&self) -> bool;
    /// Leaves the terminal, stops until continued, and takes it again.
    fn suspend(&mut self) -> io::Result<()>;
    fn resume(&mut self) -> io::Result<()>;
    /// Lets the user's editor have the terminal.
    fn open_editor(&mut self, path: &Path) -> Result<(), String>;
}

/// Where events come from, beside the run.
pub(super) struct EventSources {
    pub(super) input_events: Receiver<InputEvent>,
    pub(super) signals: Receiver<i32>,
    /// What panicked in another thread.
    pub(super) panics: Receiver<String>,
    /// New texts of a file that is watched.
    pub(super) file_changes: Receiver<Result<Source, String>>,
}
