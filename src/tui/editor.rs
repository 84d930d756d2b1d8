//! The user's own editor, for a scenario file.

use std::path::Path;
use std::process::Command;

/// Opens `path` in `$VISUAL` or `$EDITOR` and waits until it is closed. The caller must have left the terminal.
///
/// # Errors
/// A sentence: no editor is set, it could not be started, or it failed.
pub(super) fn open_editor(path: &Path) -> Result<(), String> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let Some(editor) = set("VISUAL").or_else(|| set("EDITOR")) else {
        return Err("Set $VISUAL or $EDITOR to edit a file here".into());
    };
    let mut words = editor.split_whitespace(); // `code --wait`
    let program = words.next().unwrap_or("vi");
    match Command::new(program).args(words).arg(path).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} ended with {status}")),
        Err(error) => Err(format!("{program} could not be started: {error}")),
    }
}
