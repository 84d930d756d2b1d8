//! The screen that the event loop draws on, and the channels it listens to. Tests have their own.

use std::io;
use std::path::Path;

use crossbeam_channel::Receiver;
use ratatui::layout::Rect;

use super::app::App;
use super::input::InputEvent;
use crate::scenario::Source;

/// A screen for the event loop.
pub(super) trait ScreenBackend {
    /// Draws a frame; returns false if the terminal has not taken the previous one yet.
    fn draw(&mut self, app: &App) -> io::Result<bool>;
    /// Makes the next frame draw every cell of a screen of this size.
    fn redraw(&mut self, size: Rect) -> io::Result<()>;
    fn size(&self) -> Rect;
    /// Whether a guardian would restore the terminal if this process were killed.
    fn is_guarded(&self) -> bool;
    /// Sends an escape sequence that changes nothing on the screen, before the next frame.
    fn send_to_terminal(&mut self, sequence: &[u8]);
    /// Leaves the terminal, stops until SIGCONT, and enters it again.
    fn suspend(&mut self) -> io::Result<()>;
    fn resume(&mut self) -> io::Result<()>;
    /// Gives the terminal to the user's editor until it closes.
    fn open_editor(&mut self, path: &Path) -> Result<(), String>;
}

/// Sources of events other than the run.
pub(super) struct EventSources {
    pub(super) input_events: Receiver<InputEvent>,
    pub(super) signals: Receiver<i32>,
    /// Messages of panics in other threads.
    pub(super) panics: Receiver<String>,
    /// New texts of the watched file.
    pub(super) file_changes: Receiver<Result<Source, String>>,
}
