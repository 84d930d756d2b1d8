//! Checks of the terminal: whether there is one, its colours, and its characters.

use std::io::{self, IsTerminal};

use super::{Check, Group};
use crate::cli::output::{Colours, is_unicode_locale};
use crate::tui::Depth;

pub(super) fn checks(colours: Colours) -> [Check; 3] {
    [terminal(), colour(colours.depth), characters()]
}

fn terminal() -> Check {
    const NAME: &str = "terminal";
    let kind = std::env::var("TERM").unwrap_or_default();
    if io::stdout().is_terminal() && io::stdin().is_terminal() {
        return Check::present(Group::Terminal, NAME, format!("TERM={kind}"));
    }
    let without = "Reports: `contend run NAME --headless`.";
    Check::absent(Group::Terminal, NAME, "input or output is not a terminal", without, "Start contend in a terminal.")
}

fn colour(depth: Depth) -> Check {
    const NAME: &str = "colours";
    let found = match depth {
        Depth::TrueColor => "16 million",
        Depth::Indexed256 => "256",
        Depth::Ansi16 => "16",
        Depth::None => {
            let without = "Everything; letters and marks say the same as colours.";
            let fix = "A terminal with colours, NO_COLOR unset, or --color always.";
            return Check::absent(Group::Terminal, NAME, "none", without, fix);
        }
    };
    Check::present(Group::Terminal, NAME, found)
}

fn characters() -> Check {
    const NAME: &str = "UTF-8";
    if is_unicode_locale() {
        return Check::present(Group::Terminal, NAME, "lines and blocks are drawn");
    }
    let without = "Everything; lines are drawn with ASCII characters.";
    Check::absent(Group::Terminal, NAME, "the locale has another encoding", without, "export LC_ALL=C.UTF-8")
}
