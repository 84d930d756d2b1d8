//! A terminal in memory, which counts what the event loop asks of it.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::backend::ScreenBackend;
use crate::tui::draw;

/// A terminal in memory.
pub(super) struct MemoryBackend {
    pub(super) screen: Terminal<TestBackend>,
    pub(super) size: Rect,
    pub(super) frames: Rc<RefCell<usize>>,
    pub(super) suspended: Rc<RefCell<usize>>,
    /// Escape sequences that are no part of a frame.
    pub(super) sent: Rc<RefCell<Vec<u8>>>,
    pub(super) is_guarded: Rc<RefCell<bool>>,
}

impl ScreenBackend for MemoryBackend {
    fn draw(&mut self, app: &App) -> io::Result<bool> {
        *self.frames.borrow_mut() += 1;
        let drawn = self.screen.draw(|frame| draw::draw_screen(app, frame.area(), frame.buffer_mut()));
        drawn.map(|_| true).map_err(|never| match never {})
    }

    fn redraw(&mut self, size: Rect) -> io::Result<()> {
        self.screen.resize(size).map_err(|never| match never {})
    }

    fn size(&self) -> Rect {
        self.size
    }

    fn is_guarded(&self) -> bool {
        *self.is_guarded.borrow()
    }

    fn send_to_terminal(&mut self, sequence: &[u8]) {
        self.sent.borrow_mut().extend_from_slice(sequence);
    }

    fn suspend(&mut self) -> io::Result<()> {
        *self.suspended.borrow_mut() += 1;
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn open_editor(&mut self, _: &Path) -> Result<(), String> {
        Ok(())
    }
}
