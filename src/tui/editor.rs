//! Opening a scenario file in the user's own editor.

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
    let (program, args) = editor_command(&editor)?;
    match Command::new(&program).args(args).arg(path).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} ended with {status}")),
        Err(error) => Err(format!("{program} could not be started: {error}")),
    }
}

/// Splits an editor command such as `code --wait` as a shell does: a path with spaces can be quoted.
fn editor_command(editor: &str) -> Result<(String, Vec<String>), String> {
    let words = shell_words::split(editor).map_err(|error| format!("cannot read the editor command: {error}"))?;
    let mut words = words.into_iter();
    let program = words.next().ok_or("the editor command is empty")?;
    Ok((program, words.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editor_command_is_split_as_a_shell_does() {
        for (editor, words) in [
            ("vi", &["vi"][..]),
            ("code --wait", &["code", "--wait"]),
            ("'/opt/my editor/bin/ed' -n \"a b\"", &["/opt/my editor/bin/ed", "-n", "a b"]),
            ("/opt/my\\ editor", &["/opt/my editor"]),
        ] {
            let (program, args) = editor_command(editor).expect("it is valid");
            assert_eq!([vec![program], args].concat(), words, "{editor}");
        }
        assert!(editor_command("'unclosed").is_err_and(|why| why.contains("quote")));
        assert!(editor_command("''").is_ok_and(|(program, _)| program.is_empty()));
        assert!(editor_command("# no command").is_err());
    }
}
