//! Shell completion: the script that `contend completions` prints, and the candidates for the word at the cursor.
//!
//! The script runs `contend` with `CONTEND_COMPLETE` set to the shell's name and the words typed so far as arguments.
//! So the candidates always fit the installed program, and knobs are those of the scenario on the command line.

mod bash;
mod candidates;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap_complete::env::{Elvish, Fish, Powershell, Shells, Zsh};
use clap_complete::{CompleteEnv, Shell};

use super::exit::CliError;
use super::output::ColourChoice;
use super::output::{self, Colours};
use bash::Bash;

/// The environment variable by which a completion script asks for candidates.
const REQUEST_VAR: &str = "CONTEND_COMPLETE";

const PROGRAM: &str = "contend";

/// Follows the script for zsh, which may also be installed as `_contend` in a directory of `$fpath`. Zsh then runs it
/// as that function at the first completion, and only this line answers that one.
const ZSH_AUTOLOAD: &str = r#"
if [[ ${funcstack[1]} == _contend ]]; then
    _clap_dynamic_completer_contend "$@"
fi
"#;

const SHELLS: Shells<'static> = Shells(&[&Bash, &Elvish, &Fish, &Powershell, &Zsh]);

/// Prints candidates if a completion script asks for them. `None` in an ordinary call of the program.
pub(super) fn answer_request() -> Option<ExitCode> {
    let shell = std::env::var_os(REQUEST_VAR)?;
    let args: Vec<OsString> = std::env::args_os().collect();
    let words = typed_words(&shell, &args);
    let answer = CompleteEnv::with_factory(|| candidates::command_with_candidates(&words))
        .var(REQUEST_VAR)
        .bin(PROGRAM)
        .completer(PROGRAM)
        .shells(SHELLS)
        .try_complete(args, std::env::current_dir().ok().as_deref());
    match answer {
        Ok(true) => Some(ExitCode::SUCCESS),
        Ok(false) => None,
        Err(error) => {
            output::print_error(format!("{REQUEST_VAR}: {error}"), Colours::detect(ColourChoice::Auto));
            Some(ExitCode::FAILURE)
        }
    }
}

/// Returns the words typed so far, the program's name first.
fn typed_words(shell: &OsStr, args: &[OsString]) -> Vec<OsString> {
    let words = args.iter().position(|arg| arg == "--").map_or(&[][..], |at| &args[at + 1..]);
    match words {
        [line, ..] if shell == "bash" => bash::split_line(&line.to_string_lossy()),
        words => words.to_vec(),
    }
}

/// Prints the script that connects a shell to [`answer_request`].
pub(super) fn print_script(shell: Shell) -> Result<(), CliError> {
    let name = shell.to_string();
    let mut script = Vec::new();
    SHELLS
        .completer(&name)
        .ok_or_else(|| CliError::Usage(format!("no completions for {name}")))?
        .write_registration(REQUEST_VAR, PROGRAM, PROGRAM, PROGRAM, &mut script)
        .map_err(|error| CliError::Run(error.to_string()))?;
    if shell == Shell::Zsh {
        script.extend_from_slice(ZSH_AUTOLOAD.as_bytes());
    }
    output::print_stdout(&String::from_utf8_lossy(&script))?;
    Ok(())
}
