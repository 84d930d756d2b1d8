//! `contend tune --exec`: makes a scenario whose pool runs the user's command.

use crate::cli::args::TuneArgs;
use crate::cli::exit::CliError;
use crate::scenario::Source;

/// Upper limit of the `workers` knob.
const MAX_WORKERS: u32 = 1_000;

/// Writes the scenario in the scenario language, so that it is checked like any other and can be shown.
///
/// # Errors
/// If the command cannot be split into words.
pub(super) fn exec_source(args: &TuneArgs, command: &str) -> Result<Source, CliError> {
    let usage = |why: String| CliError::Usage(format!("--exec: {why}"));
    let words = shell_words::split(command).map_err(|error| usage(error.to_string()))?;
    let Some(program) = words.first() else { return Err(usage("the command is empty".to_owned())) };
    if let Some(variable) = words.iter().find(|word| word.starts_with('$')) {
        return Err(usage(format!(
            "no shell runs the command, so `{variable}` is not replaced; to use a shell: sh -c '...'"
        )));
    }
    if !args.allow_exec {
        let why = format!("this runs `{program}` many times, also concurrently; if you want that, add --allow-exec");
        return Err(usage(why));
    }
    let command: Vec<String> = words.iter().map(|word| quote(word)).collect();
    let (knob, feed) = match &args.files {
        Some(patterns) => {
            let dir = format!("knob dir {} text=#true help=\"directory of the files\"\n", quote(&args.dir));
            (dir, format!("files={} dir=$dir", quote(patterns)))
        }
        None => (String::new(), "count=1000000000".to_owned()),
    };
    let text = format!(
        "title {}\n\
         about \"A pool whose task is this command.\"\n\
         knob workers 1 min=1 max={MAX_WORKERS} help=\"commands that run at once\"\n\
         {knob}\
         pool work of=threads workers=$workers {{\n    batch {feed}\n    task {{ exec {} }}\n}}\n",
        quote(&short_title(&words)),
        command.join(" ")
    );
    Ok(Source { name: "exec".to_owned(), path: None, text })
}

/// Returns the command as a title of at most 60 characters.
fn short_title(words: &[String]) -> String {
    const LONGEST: usize = 60;
    let whole = words.join(" ");
    if whole.chars().count() <= LONGEST {
        return whole;
    }
    whole.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Quotes a text for the scenario language, with escapes such as `\u{1b}`.
pub(super) fn quote(text: &str) -> String {
    let written = |letter: char| match letter {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        ' '..='~' => letter.to_string(),
        letter if letter.is_alphanumeric() => letter.to_string(),
        letter => format!("\\u{{{:x}}}", u32::from(letter)),
    };
    format!("\"{}\"", text.chars().map(written).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::check;

    fn args(words: &[&str]) -> TuneArgs {
        use clap::Parser as _;
        #[derive(Debug, clap::Parser)]
        struct TestCommandLine {
            #[command(flatten)]
            args: TuneArgs,
        }
        TestCommandLine::try_parse_from([&["tune"], words].concat()).expect("the arguments are valid").args
    }

    #[test]
    fn any_command_becomes_a_valid_scenario() {
        for command in [
            "true",
            "convert {} out/{/}.png",
            r#"sh -c 'echo "$1" \ ; exit 0' x"#,
            "printf '\u{1b}[31m%s\n' a$dir",
            "true null -1 '' 'a\tb'",
        ] {
            let source = exec_source(&args(&["--exec", command, "--allow-exec"]), command).expect("it is a command");
            let checked = check(&source).unwrap_or_else(|mistakes| panic!("{command}: {mistakes}"));
            assert!(checked.scenario.first_command(&checked.scenario.default_settings()).is_some(), "{command}");
        }
    }

    #[test]
    fn invalid_or_forbidden_command_is_refused_with_a_reason() {
        for (command, said) in [("", "is empty"), ("'a", "quote"), ("ls $HOME", "no shell")] {
            let failure = exec_source(&args(&["--exec", command, "--allow-exec"]), command).expect_err("it is none");
            assert!(matches!(&failure, CliError::Usage(why) if why.contains(said)), "{failure:?}");
        }
        let failure = exec_source(&args(&["--exec", "true"]), "true").expect_err("it is not allowed");
        assert!(matches!(&failure, CliError::Usage(why) if why.contains("--allow-exec")), "{failure:?}");
    }
}
