//! `contend tune` on a program of the user's own: the command line, and the varied setting.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use crate::cli::args::TuneArgs;
use crate::cli::exit::CliError;
use crate::cli::program_command::is_script;
use crate::scenario::{Knob, KnobKind, Scenario, Unit, sanitize};
use crate::source::{program_title, program_words};
use crate::tune::{PLACEHOLDER, TunedProgram};

/// Upper limit of a value.
const MAX_VALUE: f64 = 1_000_000.0;

/// Returns the program to tune and the scenario that stands for it, if the arguments name one.
pub(super) fn requested_program(args: &TuneArgs) -> Result<Option<(TunedProgram, Scenario)>, CliError> {
    let usage = |why: String| CliError::Usage(why);
    let words = match &args.scenario {
        Some(script) if is_script(script) => {
            program_words(script, &args.program).map_err(|error| usage(sanitize(&error.to_string())))?
        }
        Some(scenario) if !args.program.is_empty() => {
            let scenario = sanitize(&scenario.to_string_lossy());
            return Err(usage(format!(
                "a scenario takes no arguments; to tune a program: contend tune --env NAME --over 1..8 -- {scenario} ..."
            )));
        }
        _ if !args.program.is_empty() => args.program.clone(),
        _ => {
            let given = [(args.env.is_some(), "--env"), (args.arg.is_some(), "--arg")].into_iter().find(|(is, _)| *is);
            return given.map_or(Ok(None), |(_, option)| {
                Err(usage(format!("{option} is for programs: contend tune SCRIPT.py {option} ... --over 1..8")))
            });
        }
    };
    refuse_options_of_scenarios(args)?;
    let (program, name) = tuned_program(args, words)?;
    if args.over.is_none() {
        return Err(usage(format!("which values is `{name}` to have? For example: --over 1..8")));
    }
    let mut scenario = Scenario::of_program(&program.title);
    // Sentences speak of lower levels only down to the lowest value.
    let low = args.over.as_deref().and_then(|over| over.split_once("..")?.0.trim().parse::<f64>().ok());
    let min = if low.is_some_and(|low| low >= 1.0) { 1.0 } else { 0.0 };
    let kind = KnobKind::Number { unit: Unit::Count, default: min, min, max: MAX_VALUE };
    scenario.knobs = vec![Knob { name, kind, help: "what each run gets".to_owned(), is_live: false }];
    Ok(Some((program, scenario)))
}

fn refuse_options_of_scenarios(args: &TuneArgs) -> Result<(), CliError> {
    let of_scenarios = [
        (args.knob.is_some(), "--knob"),
        (!args.set.is_empty(), "--set"),
        (args.executor.is_some(), "--as"),
        (args.saturate, "--saturate"),
        (args.p99.is_some(), "--p99"),
        (args.allow_exec, "--allow-exec"),
    ];
    match of_scenarios.into_iter().find(|(is_given, _)| *is_given) {
        Some((_, option)) => Err(CliError::Usage(format!("{option} is for scenarios; a program has no knobs"))),
        None => Ok(()),
    }
}

/// Returns the program with its arguments, and the name of the varied setting.
fn tuned_program(args: &TuneArgs, mut words: Vec<OsString>) -> Result<(TunedProgram, String), CliError> {
    let title = |words: &[OsString]| program_title(words);
    if let Some(name) = &args.env {
        if name.is_empty() || name.contains(['=', '\0']) {
            let name = sanitize(name);
            return Err(CliError::Usage(format!("--env: `{name}` is not the name of a variable: --env WORKERS")));
        }
        let title = title(&words);
        return Ok((TunedProgram { words, variable: Some(name.clone()), title }, sanitize(name)));
    }
    if let Some(text) = &args.arg {
        let shown = sanitize(text);
        if !text.contains(PLACEHOLDER) {
            let why = format!("--arg: put {{}} where the value goes, such as --arg '{shown} {{}}'");
            return Err(CliError::Usage(why));
        }
        let added = shell_words::split(text).map_err(|error| CliError::Usage(format!("--arg {shown}: {error}")))?;
        words.extend(added.into_iter().map(OsString::from));
    }
    let Some(at) = words.iter().position(contains_placeholder) else {
        return Err(CliError::Usage(
            "say what gets the values: --env NAME, an environment variable; or --arg '--workers {}', an argument"
                .to_owned(),
        ));
    };
    let name = argument_name(&words, at);
    let title = title(&words);
    Ok((TunedProgram { words, variable: None, title }, name))
}

fn contains_placeholder(word: &OsString) -> bool {
    word.as_bytes().windows(PLACEHOLDER.len()).any(|part| part == PLACEHOLDER.as_bytes())
}

/// Names an argument: `workers` for `--workers {}` and `--workers={}`, `j` for `-j{}`.
fn argument_name(words: &[OsString], at: usize) -> String {
    let own = words[at].to_string_lossy().replace(PLACEHOLDER, "");
    let before = at.checked_sub(1).map(|at| words[at].to_string_lossy().into_owned());
    let option = before.filter(|word| word.starts_with('-') && own.is_empty()).unwrap_or(own);
    match sanitize(option.trim_matches(['-', '=', ':', ' '])) {
        name if name.is_empty() => "value".to_owned(),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argument_is_named_after_its_option() {
        for (words, name) in [
            (&["a.py", "--workers", "{}"][..], "workers"),
            (&["a.py", "--workers={}"], "workers"),
            (&["make", "-j{}"], "j"),
            (&["a.py", "{}"], "value"),
        ] {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            let at = words.iter().position(contains_placeholder).expect("a placeholder");
            assert_eq!(argument_name(&words, at), name);
        }
    }
}
