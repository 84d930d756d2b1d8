//! Printing to standard output and standard error. A closed pipe is an error that ends the program, never a panic.

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::scenario::sanitize;

pub(super) use super::colours::{ColourChoice, Colours};

/// The reason why text could not be written to standard output.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutputError {
    /// The reader closed its end, as `head` does. Not worth a message.
    #[error("standard output is closed")]
    Closed,
    #[error("cannot write to standard output: {0}")]
    Failed(io::Error),
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

/// Writes the output of another program to standard error as it is.
pub(super) fn forward_to_stderr(bytes: &[u8]) {
    let _ = io::stderr().lock().write_all(bytes);
}

/// Sanitizes each line, keeping the line ends: an error may repeat text that was typed.
pub(super) fn sanitize_lines(text: &str) -> String {
    text.split('\n').map(sanitize).collect::<Vec<_>>().join("\n")
}

/// Replaces user and password of each URL by `***`: an error may repeat an address that was typed in a wrong place.
pub(super) fn hide_passwords(text: &str) -> String {
    let mut parts = text.split("://");
    let mut hidden = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(char::is_whitespace).unwrap_or(part.len());
        let shown = part[..end].rfind('@').map_or(part.to_owned(), |at| format!("***{}", &part[at..]));
        hidden.push_str("://");
        hidden.push_str(&shown);
    }
    hidden
}

/// Prints `error: ...` to standard error.
pub(super) fn print_error(error: impl Display, colours: Colours) {
    let red = if colours.stderr { Style::new().bold().fg_color(Some(AnsiColor::Red.into())) } else { Style::new() };
    print_stderr(&format!("{red}error{red:#}: {}\n", sanitize_lines(&error.to_string())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_urls_are_hidden_and_the_rest_is_kept() {
        let text = "invalid value 'redis://:a@b/c@host:1/0' for <URL>\nhttp://host/x a@b tls://u:p@h";
        let hidden = "invalid value 'redis://***@host:1/0' for <URL>\nhttp://host/x a@b tls://***@h";
        assert_eq!(hide_passwords(text), hidden);
    }
}
