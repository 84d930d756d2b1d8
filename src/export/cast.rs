//! Sessions for asciinema, version 2 of its format: a line of JSON for the terminal, then one for each piece of output.
//!
//! Format: <https://docs.asciinema.org/manual/asciicast/v2/>. A frame is what the dashboard would write to a terminal:
//! the cells that changed.

use std::io::{self, Write};

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::{Value, json};

use super::frame::{Frame, WrittenPicture};

/// Clears the screen and hides the cursor.
const BEGIN: &str = "\u{1b}[2J\u{1b}[?25l";

/// A session that is written frame by frame.
pub(super) struct CastSession<W> {
    out: W,
    before: Buffer,
    written: WrittenPicture,
}

impl<W: Write> CastSession<W> {
    /// Writes the description of the terminal.
    pub(super) fn begin(out: W, (columns, rows): (u16, u16), title: &str) -> io::Result<Self> {
        crossterm::style::force_color_output(true); // the session has colours wherever it is made
        let before = Buffer::empty(Rect::new(0, 0, columns, rows));
        let mut session = Self { out, before, written: WrittenPicture { frames: 0, bytes: 0 } };
        let env = json!({"TERM": "xterm-256color"});
        session.write_line(&json!({"version": 2, "width": columns, "height": rows, "title": title, "env": env}))?;
        Ok(session)
    }

    /// Writes what a frame changes.
    pub(super) fn add(&mut self, frame: Frame) -> io::Result<()> {
        let mut bytes = if self.written.frames == 0 { BEGIN.as_bytes().to_vec() } else { Vec::new() };
        self.written.frames += 1;
        let cells = self.before.diff(&frame.screen);
        if !cells.is_empty() {
            CrosstermBackend::new(&mut bytes).draw(cells.into_iter())?;
        }
        if !bytes.is_empty() {
            let seconds = (frame.at_s * 1e6).round() / 1e6;
            self.write_line(&json!([seconds, "o", String::from_utf8_lossy(&bytes)]))?;
        }
        self.before = frame.screen;
        Ok(())
    }

    /// Writes the buffered bytes, and returns the size of the picture.
    pub(super) fn finish(mut self) -> io::Result<WrittenPicture> {
        self.out.flush()?;
        Ok(self.written)
    }

    fn write_line(&mut self, line: &Value) -> io::Result<()> {
        let line = format!("{line}\n");
        self.written.bytes += line.len() as u64;
        self.out.write_all(line.as_bytes())
    }
}
