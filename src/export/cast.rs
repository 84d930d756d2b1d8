//! Sessions for asciinema, version 2 of its format: a line of JSON for the terminal, then one for each piece of output.
//!
//! Format: <https://docs.asciinema.org/manual/asciicast/v2/>. A frame is what the dashboard would write to a terminal:
//! the cells that changed.

use std::io::{self, Write};

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::json;

use super::screen::Frame;

/// Clears the screen and hides the cursor.
const BEGIN: &str = "\u{1b}[2J\u{1b}[?25l";

/// Returns the session of these frames.
pub(super) fn session(frames: &[Frame], (columns, rows): (u16, u16), title: &str) -> io::Result<Vec<u8>> {
    crossterm::style::force_color_output(true); // the session has colours wherever it is made
    let mut out = Vec::new();
    let terminal = json!({
        "version": 2, "width": columns, "height": rows, "title": title, "env": {"TERM": "xterm-256color"},
    });
    writeln!(out, "{terminal}")?;
    let mut before = Buffer::empty(Rect::new(0, 0, columns, rows));
    for (at, frame) in frames.iter().enumerate() {
        let mut bytes = if at == 0 { BEGIN.as_bytes().to_vec() } else { Vec::new() };
        let cells = before.diff(&frame.screen);
        if !cells.is_empty() {
            CrosstermBackend::new(&mut bytes).draw(cells.into_iter())?;
        }
        if !bytes.is_empty() {
            let seconds = (frame.at_s * 1e6).round() / 1e6;
            writeln!(out, "{}", json!([seconds, "o", String::from_utf8_lossy(&bytes)]))?;
        }
        before = frame.screen.clone();
    }
    Ok(out)
}
