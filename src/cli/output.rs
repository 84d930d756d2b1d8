//! Printing to standard output and standard error. A closed pipe is an error that ends the program, never a panic.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use crate::scenario::sanitize;
use crate::tui::Depth;

/// When to use colour, the value of `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColourChoice {
    /// On a terminal that supports it, unless `NO_COLOR` is set
    Auto,
    Always,
    Never,
}

/// The reason why text could not be written to standard output.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutputError {
    /// The reader closed its end, as `head` does. Not worth a message.
    #[error("standard output is closed")]
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
    /// Decides by `--color`, then `NO_COLOR`, then `CLICOLOR_FORCE`, then whether it is a terminal with colours.
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

/// Returns how many colours the terminal has, if colour is on.
pub(super) fn detect_depth(has_colour: bool) -> Depth {
    let variable = |name| std::env::var(name).unwrap_or_default();
    if !has_colour {
        return Depth::None;
    }
    let (kind, term) = (variable("COLORTERM"), variable("TERM"));
    if matches!(kind.as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
        Depth::TrueColor
    } else if term.contains("256color") {
        Depth::Indexed256
    } else {
        Depth::Ansi16
    }
}

/// Returns whether the locale uses UTF-8. The first variable that is set decides.
pub(super) fn is_unicode_locale() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    set.is_none_or(|value| {
        let value = value.to_string_lossy().to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

/// Writes the whole text to standard output and flushes it.
pub(super) fn print_stdout(text: &str) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => OutputError::Closed,
        _ => OutputError::Failed(error),
    })
}

/// Writes text to standard error. Ignores failure: there is no other place to report it.
pub(super) fn print_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Sanitizes each line, keeping the line ends: an error may repeat text that was typed.
pub(super) fn sanitize_lines(text: &str) -> String {
    text.split('\n').map(sanitize).collect::<Vec<_>>().join("\n")
}

/// Prints `error: ...` to standard error.
pub(super) fn print_error(error: impl Display, colours: Colours) {
    let red = if colours.stderr { Style::new().bold().fg_color(Some(AnsiColor::Red.into())) } else { Style::new() };
    print_stderr(&format!("{red}error{red:#}: {}\n", sanitize_lines(&error.to_string())));
}
