//! The file that `contend config --print-default` prints: every option with its default, as a comment.

use std::fmt::Write;

use super::options::OPTIONS;
use crate::report::text_width::wrap_text;
use crate::tui::{KeyMap, OwnTheme};

const HEAD: &str = "\
# Configuration of contend. Save it where `contend config --path` says.
#
# Every option is shown with its default, as a comment: remove the `#` before a name to change it.
# The command line overrides this file. See docs/configuration.md.
";

/// Columns of a description.
const LINE_WIDTH: usize = 96;

const KEYS_HEAD: &str = "\
# The keys of each action. One key: \"q\"; several: [\"Up\", \"k\"]; none: []. A key is a character, or
# Space, Enter, Esc, Tab, Shift-Tab, Backspace, Delete, Insert, Home, End, PgUp, PgDn, Up, Down, Left,
# Right, F1 to F12, or Ctrl- and a letter. A key with two actions in one place is a mistake.
#[keys]
";

/// Returns the file.
pub fn default_file() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for option in &OPTIONS {
        text.push('\n');
        for line in option.about.lines() {
            let _ = writeln!(text, "# {line}");
        }
        if option.section != section {
            section = option.section;
            let _ = writeln!(text, "#[{section}]");
        }
        let _ = writeln!(text, "#{} = {}", option.name, option.default);
    }
    text.push('\n');
    text.push_str(KEYS_HEAD);
    for action in KeyMap::standard().actions() {
        let keys: Vec<String> = action.keys.iter().map(|key| format!("{:?}", key.name())).collect();
        let keys = if let [key] = keys.as_slice() { key.clone() } else { format!("[{}]", keys.join(", ")) };
        for line in wrap_text(&format!("{} ({})", action.help, action.place), LINE_WIDTH) {
            let _ = writeln!(text, "# {line}");
        }
        let _ = writeln!(text, "#{} = {keys}", action.name);
    }
    text.push_str("\n# A theme of your own: another theme with some colours changed. It is chosen by its name.\n");
    text.push_str(
        "# Colours: \"#5fb877\", names of the terminal's own (\"green\", \"light-blue\"), numbers from 0 to 255.\n",
    );
    let mut line = "# There are".to_owned();
    for name in OwnTheme::colour_names().into_iter().chain(["workers"]) {
        if line.len() + name.len() > LINE_WIDTH {
            let _ = writeln!(text, "{line}");
            "#".clone_into(&mut line);
        }
        let _ = write!(line, " {name},");
    }
    let _ = writeln!(text, "{}.", line.trim_end_matches(','));
    text.push_str(
        "#[themes.mine]\n#base = \"dark\"\n#lock = \"#e05b4b\"\n#workers = [\"#e5c07b\", \"#61afef\", \"#98c379\"]\n",
    );
    text
}
