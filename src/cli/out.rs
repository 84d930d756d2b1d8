//! The one place that prints. A reader that has gone away is an error to end on, never a panic.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use super::args::When;
use crate::scenario::clean;

/// Why text could not be written to standard output.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutError {
    /// The reader closed its end, as `head` does: nothing to complain of.
    #[error("the reader of standard output has gone")]
    Closed,
    #[error("cannot write to standard output: {0}")]
    Failed(io::Error),
}

/// Whether standard output and standard error are coloured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colours {
    pub(super) out: bool,
    pub(super) err: bool,
}

impl Colours {
    /// `--color`, then `NO_COLOR`, then `CLICOLOR_FORCE`, then whether it is a terminal that can.
    pub(super) fn decide(when: When) -> Self {
        let on = |terminal: bool| match when {
            When::Always => true,
            When::Never => false,
            When::Auto if anstyle_query::no_color() => false,
            When::Auto => anstyle_query::clicolor_force() || (terminal && anstyle_query::term_supports_color()),
        };
        Self { out: on(io::stdout().is_terminal()), err: on(io::stderr().is_terminal()) }
    }
}

/// Whether the locale's characters are those of Unicode. The first of its variables that is set decides.
pub(super) fn is_unicode() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    set.is_none_or(|value| {
        let value = value.to_string_lossy().to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

/// Writes text to standard output, all of it.
pub(super) fn print(text: &str) -> Result<(), OutError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => OutError::Closed,
        _ => OutError::Failed(error),
    })
}

/// Writes text to standard error. What cannot be said there cannot be said at all, so failure is ignored.
pub(super) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// The text with nothing in it that a terminal obeys but the ends of its lines: it may repeat what was typed.
pub(super) fn harmless(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// `error: ...` on standard error.
pub(super) fn complain(error: impl Display, colours: Colours) {
    let red = if colours.err { Style::new().bold().fg_color(Some(AnsiColor::Red.into())) } else { Style::new() };
    say(&format!("{red}error{red:#}: {}\n", harmless(&error.to_string())));
}
