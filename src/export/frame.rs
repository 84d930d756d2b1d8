//! A frame of the dashboard, and the picture that frames become.

use ratatui::buffer::Buffer;

/// A picture that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenPicture {
    pub frames: usize,
    pub bytes: u64,
}

/// A frame and the time at which it is shown, from the start of the picture.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) at_s: f64,
    pub(super) screen: Buffer,
}
