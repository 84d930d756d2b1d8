//! The one place that prints. A reader that has gone away is an error to end on, never a panic.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use super::args::ColourChoice;
use crate::scenario::sanitize;

/// Why text could not be written to standard output.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutputError {
    /// The reader closed its end, as `head` does: nothing to complain of.
    #[error("the reader of standard output has gone")]
    Closed,
    #[error("cannot write to standard output: {0}")]
    Failed(io::Error),
}

/// Whether standard output and standard error are coloured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colours {
    pub(super) stdout: bool,
    pub(super) stderr: bool,
}

impl Colours {
    /// `--color`, then `NO_COLOR`, then `CLICOLOR_FORCE`, then whether it is a terminal that can.
    pub(super) fn detect(when: ColourChoice) -> Self {
        let on = |terminal: bool| match when {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto if anstyle_query::no_color() => false,
            ColourChoice::Auto => anstyle_query::clicolor_force() || (terminal && anstyle_query::term_supports_color()),
        };
        Self { stdout: on(io::stdout().is_terminal()), stderr: on(io::stderr().is_terminal()) }
    }
}

/// Whether the locale's characters are those of Unicode. The first of its variables that is set decides.
pub(super) fn is_unicode_locale() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    set.is_none_or(|value| {
        let value = value.to_string_lossy().to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

/// Writes text to standard output, all of it.
pub(super) fn print_stdout(text: &str) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => OutputError::Closed,
        _ => OutputError::Failed(error),
    })
}

/// Writes text to standard error. What cannot be said there cannot be said at all, so failure is ignored.
pub(super) fn print_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// The text with nothing in it that a terminal obeys but the ends of its lines: it may repeat what was typed.
pub(super) fn sanitize_lines(text: &str) -> String {
    text.split('\n').map(sanitize).collect::<Vec<_>>().join("\n")
}

/// `error: ...` on standard error.
pub(super) fn print_error(error: impl Display, colours: Colours) {
    let red = if colours.stderr { Style::new().bold().fg_color(Some(AnsiColor::Red.into())) } else { Style::new() };
    print_stderr(&format!("{red}error{red:#}: {}\n", sanitize_lines(&error.to_string())));
}
