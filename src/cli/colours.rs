//! Whether to use colour, and how many colours the terminal has.

use std::ffi::OsStr;
use std::io::{self, IsTerminal};

use clap::ValueEnum;

use super::terminfo;
use crate::tui::Depth;

/// When to use colour, the value of `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColourChoice {
    /// On a terminal that supports it, unless `NO_COLOR` is set
    Auto,
    Always,
    Never,
    /// Always, with all 16 million colours
    Truecolor,
    /// Always, with the 256 of xterm
    #[value(name = "256")]
    Indexed256,
    /// Always, with the terminal's own sixteen
    #[value(name = "16")]
    Ansi16,
}

/// Whether standard output and standard error are coloured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colours {
    pub(super) stdout: bool,
    pub(super) stderr: bool,
    /// The colours of the terminal that the dashboard is shown on.
    pub(super) depth: Depth,
}

impl Colours {
    /// Decides by `--color`, then `NO_COLOR`, then `CLICOLOR_FORCE`, then whether it is a terminal with colours.
    pub(super) fn detect(when: ColourChoice) -> Self {
        let on = |terminal: bool| match when {
            ColourChoice::Never => false,
            ColourChoice::Auto if anstyle_query::no_color() => false,
            ColourChoice::Auto => anstyle_query::clicolor_force() || (terminal && anstyle_query::term_supports_color()),
            _ => true,
        };
        let stdout = on(io::stdout().is_terminal());
        let depth = match when {
            _ if !stdout => Depth::None,
            ColourChoice::Truecolor => Depth::TrueColor,
            ColourChoice::Indexed256 => Depth::Indexed256,
            ColourChoice::Ansi16 => Depth::Ansi16,
            _ => terminal_depth(|name| std::env::var(name).ok(), |term| terminfo::colours_of(OsStr::new(term))),
        };
        Self { stdout, stderr: on(io::stderr().is_terminal()), depth }
    }
}

/// Terminals with true colour that do not always say so.
const TRUE_COLOUR_TERMS: [&str; 7] = ["kitty", "alacritty", "wezterm", "foot", "ghostty", "contour", "rio"];
const TRUE_COLOUR_PROGRAMS: [&str; 5] = ["iTerm.app", "WezTerm", "vscode", "ghostty", "rio"];

/// Returns how many colours the terminal has, by the environment and its entry in terminfo.
fn terminal_depth(variable: impl Fn(&str) -> Option<String>, entry_colours: impl Fn(&str) -> Option<u32>) -> Depth {
    let value = |name| variable(name).unwrap_or_default();
    let (kind, term, program) = (value("COLORTERM"), value("TERM"), value("TERM_PROGRAM"));
    // Inside another terminal's window, its programs' names say nothing.
    let is_nested = term.starts_with("screen") || term.starts_with("tmux");
    let names_true_colour = matches!(kind.as_str(), "truecolor" | "24bit")
        || term.ends_with("-direct")
        || TRUE_COLOUR_TERMS.iter().any(|name| term.split('-').any(|part| part == *name))
        || (!is_nested && TRUE_COLOUR_PROGRAMS.contains(&program.as_str()))
        || (!is_nested && !value("WT_SESSION").is_empty());
    if names_true_colour {
        return Depth::TrueColor;
    }
    match entry_colours(&term) {
        Some(0x0100_0000..) => Depth::TrueColor,
        Some(256..) => Depth::Indexed256,
        _ if term.contains("256color") => Depth::Indexed256,
        _ => Depth::Ansi16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(variables: &[(&str, &str)], entry: Option<u32>) -> Depth {
        let value = |name: &str| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned());
        terminal_depth(value, |_| entry)
    }

    #[test]
    fn depth_follows_the_environment_and_then_terminfo() {
        use Depth::{Ansi16, Indexed256, TrueColor};
        type Case<'a> = (&'a [(&'a str, &'a str)], Option<u32>, Depth);
        let cases: [Case<'_>; 12] = [
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Some(256), TrueColor),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "24bit")], None, TrueColor),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "yes")], Some(256), Indexed256),
            (&[("TERM", "xterm-256color")], None, Indexed256),
            (&[("TERM", "xterm-direct")], None, TrueColor),
            (&[("TERM", "xterm-kitty")], Some(256), TrueColor),
            (&[("TERM", "odd")], Some(1 << 24), TrueColor),
            (&[("TERM", "odd")], Some(256), Indexed256),
            (&[("TERM", "linux")], Some(8), Ansi16),
            (&[("TERM", "screen"), ("TERM_PROGRAM", "vscode")], Some(8), Ansi16),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")], Some(256), Indexed256),
            (&[], None, Ansi16),
        ];
        for (variables, entry, expected) in cases {
            assert_eq!(depth(variables, entry), expected, "{variables:?}");
        }
    }
}
