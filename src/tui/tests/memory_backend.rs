//! A terminal in memory, which counts what the event loop asks of it.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;

use ratatui::layout::Rect;

use crate::tui::app::{App, Timeline};
use crate::tui::backend::ScreenBackend;
use crate::tui::draw;
use crate::tui::terminal::Painter;

/// A terminal in memory.
pub(super) struct MemoryBackend {
    pub(super) painter: Painter,
    pub(super) timeline: Option<Timeline>,
    pub(super) size: Rect,
    pub(super) frames: Rc<RefCell<usize>>,
    /// Bytes of all frames.
    pub(super) bytes: Rc<RefCell<Vec<u8>>>,
    pub(super) suspended: Rc<RefCell<usize>>,
    /// Escape sequences that are no part of a frame.
    pub(super) sent: Rc<RefCell<Vec<u8>>>,
    pub(super) is_guarded: Rc<RefCell<bool>>,
}

impl ScreenBackend for MemoryBackend {
    fn draw(&mut self, app: &App) -> io::Result<bool> {
        *self.frames.borrow_mut() += 1;
        let timeline = app.timeline();
        let scroll = Timeline::scroll_between(std::mem::replace(&mut self.timeline, timeline), timeline);
        let mut bytes = self.bytes.borrow_mut();
        self.painter.paint(scroll, &mut bytes, |area, buf| draw::draw_screen(app, area, buf));
        Ok(true)
    }

    fn redraw(&mut self, size: Rect) -> io::Result<()> {
        self.painter.redraw(size);
        Ok(())
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
