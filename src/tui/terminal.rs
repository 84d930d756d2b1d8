//! Entering and leaving the terminal.
//!
//! [`leave_terminal`] may be called any number of times from anywhere: when the guard is dropped, in the panic hook, on
//! a signal. If this process dies without running any of its code, a guardian process does the same from outside.

mod background;
mod encoder;
mod frame_writer;
mod painter;

use std::io;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::layout::Rect;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{isatty, tcgetwinsize};

pub(super) use background::Reply as BackgroundReply;
pub(super) use frame_writer::FrameBuffer;
pub(super) use painter::{Painter, Scroll};

use super::TuiError;
use crate::platform::{TerminalModes, TerminalRestore, update_cleanup};

/// Alternate screen, mouse clicks, drags and wheel in the SGR form, bracketed paste, no cursor. Written by hand because
/// crossterm's mouse capture also asks for a report of every cell crossed (mode 1003).
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[?25l";
const ENTER_WITHOUT_MOUSE: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?25l";
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?25h\x1b[?1049l";

/// Most cells of a screen. Two buffers of them are kept; a window of 65,535 x 65,535 would need 200 GB.
const MAX_CELLS: u32 = 500_000;

static ENTERED: AtomicBool = AtomicBool::new(false);

type PanicHook = dyn Fn(&panic::PanicHookInfo<'_>) + Sync + Send;

/// The terminal while this program uses it.
pub(super) struct TerminalGuard {
    previous: Arc<Box<PanicHook>>,
    mouse: bool,
}

impl TerminalGuard {
    /// Enters the terminal. Panics of other threads arrive at the receiver and leave the screen alone.
    ///
    /// # Errors
    /// When standard input or output is not a terminal, or one that cannot draw.
    pub(super) fn enter(mouse: bool) -> Result<(Self, Painter, FrameBuffer, Receiver<String>), TuiError> {
        if !isatty(stdout()) || !isatty(stdin()) {
            return Err(TuiError::NotATerminal);
        }
        if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
            return Err(TuiError::DumbTerminal);
        }
        let buffer = frame_writer::start_writer().map_err(TuiError::EnterFailed)?;
        let (panics, panicked) = unbounded();
        let guard = Self { previous: Arc::new(panic::take_hook()), mouse };
        guard.install_panic_hook(panics);
        guard.resume().map_err(TuiError::EnterFailed)?;
        Ok((guard, Painter::new(screen_size()), buffer, panicked))
    }

    /// Installs a panic hook that leaves the terminal only when the drawing thread panics, which will not draw again.
    /// Another thread's panic becomes a message, which ends the event loop.
    fn install_panic_hook(&self, panics: Sender<String>) {
        let (ui, previous) = (thread::current().id(), Arc::clone(&self.previous));
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == ui {
                leave_terminal();
                previous(info);
            } else if panics.send(info.to_string()).is_err() {
                previous(info);
            }
        }));
    }

    /// Enters the terminal again after [`leave_terminal`], or after another program changed its modes.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn resume(&self) -> io::Result<()> {
        let _ = disable_raw_mode(); // crossterm does nothing when it believes the mode is still on
        ENTERED.store(true, Ordering::SeqCst);
        let duty = TerminalRestore { modes: TerminalModes::read_from(stdin())?, exit_sequence: LEAVE.to_vec() };
        let _ = update_cleanup(None, |all| all.terminal = Some(duty)); // if that fails, there is no guardian
        enable_raw_mode()?;
        frame_writer::write_now(if self.mouse { ENTER } else { ENTER_WITHOUT_MOUSE })
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        leave_terminal();
        frame_writer::stop_writer();
        if !thread::panicking() {
            let previous = Arc::clone(&self.previous);
            panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}

/// Leaves the terminal and restores its modes. Does nothing if it was not entered. Returns false if the terminal took
/// no more bytes: it is gone, or has stopped reading.
pub(super) fn leave_terminal() -> bool {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return true;
    }
    let written = frame_writer::write_now(LEAVE);
    let _ = disable_raw_mode(); // fails if the terminal is gone: nothing to restore
    if written.is_ok() {
        let _ = update_cleanup(None, |all| all.terminal = None);
    } // else the guardian tries once more after the end of this process
    written.is_ok()
}

/// Asks the terminal, which was entered, for its background. Nobody else may read from it meanwhile.
///
/// # Errors
/// When the terminal is gone.
pub(super) fn ask_background() -> io::Result<BackgroundReply> {
    frame_writer::write_now(background::QUESTION)?;
    background::read_reply(stdin())
}

/// Returns the size of the window, within the limit of cells.
pub(super) fn screen_size() -> Rect {
    match tcgetwinsize(stdout()) {
        Ok(window) => limit_cells(window.ws_col, window.ws_row),
        Err(_) => Rect::new(0, 0, 80, 24),
    }
}

/// Returns as many rows of that width as the limit allows.
pub(super) fn limit_cells(width: u16, height: u16) -> Rect {
    let rows = MAX_CELLS / u32::from(width).max(1);
    Rect::new(0, 0, width, height.min(u16::try_from(rows).unwrap_or(u16::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screen_of_any_window_is_within_the_cell_limit() {
        assert_eq!(limit_cells(200, 60), Rect::new(0, 0, 200, 60));
        assert_eq!(limit_cells(0, 0), Rect::new(0, 0, 0, 0));
        assert_eq!(limit_cells(1, u16::MAX).height, u16::MAX);
        assert_eq!(limit_cells(u16::MAX, 1).width, u16::MAX);
        let huge = limit_cells(u16::MAX, u16::MAX);
        assert!(u32::from(huge.width) * u32::from(huge.height) <= MAX_CELLS);
    }
}
