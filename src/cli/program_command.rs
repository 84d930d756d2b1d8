//! The command line of a program that `contend run` names: a script of Python, or any program; with its process pools
//! on a cluster if asked for.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::args::{OnCluster, RunArgs};
use super::exit::CliError;
use crate::scenario::sanitize;
use crate::source::{program_title, program_words};

/// The ending of a script of Python.
const SCRIPT: &str = "py";

/// Puts a `--` behind the first script of `contend run`, so that everything after it is for the script.
pub(super) fn separate_script(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.collect();
    if words.get(1).is_some_and(|command| command == "run") {
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        if let Some(script) = (2..end).find(|at| is_script(&words[*at]))
            && end != script + 1
        {
            words.insert(script + 1, "--".into());
        }
    }
    words
}

pub(super) fn is_script(word: &OsStr) -> bool {
    Path::new(word).extension().is_some_and(|extension| extension == SCRIPT) && !word.to_string_lossy().starts_with('-')
}

/// Starts the launcher, which lies beside the tracer. `-E`: it is not traced itself.
const START_LAUNCHER: &str = "import os, sys; sys.path[0] = os.environ['PYTHONPATH'].split(os.pathsep)[0]; \
     from contend_cluster.launch import main; sys.exit(main())";
/// A program to run, and what people call it.
#[derive(Debug)]
pub(super) struct ProgramCommand {
    pub words: Vec<OsString>,
    pub title: String,
}

/// Returns the command line of a program, if the arguments name one.
pub(super) fn requested_program(args: &RunArgs) -> Result<Option<ProgramCommand>, CliError> {
    let words = match &args.scenario {
        None => args.program.clone(),
        Some(script) if is_script(script) => {
            program_words(script, &args.program).map_err(|error| CliError::Usage(sanitize(&error.to_string())))?
        }
        Some(_) if args.program.is_empty() && args.on.is_none() => return Ok(None),
        Some(_) if args.program.is_empty() => {
            return Err(CliError::Usage("--on is for scripts of Python: contend run --on dask SCRIPT.py".to_owned()));
        }
        Some(scenario) => {
            let scenario = sanitize(&scenario.to_string_lossy());
            let usage = format!("a scenario takes no arguments; to run a program: contend run -- {scenario} ...");
            return Err(CliError::Usage(usage));
        }
    };
    let of_scenarios = [
        (!args.set.is_empty(), "--set"),
        (args.workers.is_some() && args.on.is_none(), "--workers"),
        (args.executor.is_some(), "--as"),
        (args.watch, "--watch"),
        (args.strict, "--strict"),
    ];
    if let Some((_, option)) = of_scenarios.into_iter().find(|(is_given, _)| *is_given) {
        return Err(CliError::Usage(format!("{option} is for scenarios; a program has no knobs")));
    }
    let title = program_title(&words);
    Ok(Some(match &args.on {
        Some(cluster) => command_on(cluster, words, &title, args.workers)?,
        None => ProgramCommand { words, title },
    }))
}

/// Returns the command that runs a script, `words`, with its process pools on a cluster.
///
/// # Errors
/// If `words` start no Python.
fn command_on(
    cluster: &OnCluster,
    words: Vec<OsString>,
    title: &str,
    workers: Option<u32>,
) -> Result<ProgramCommand, CliError> {
    let mut words = words.into_iter();
    let python = words.next().unwrap_or_default();
    if !python.to_string_lossy().contains("python") {
        let usage = "--on is for scripts of Python: contend run --on dask SCRIPT.py";
        return Err(CliError::Usage(usage.to_owned()));
    }
    let place: [OsString; 2] = match (cluster, workers) {
        (OnCluster::Local, workers) => {
            let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
            let workers = workers.map_or_else(cores, |workers| workers as usize);
            ["--local".into(), workers.to_string().into()]
        }
        (OnCluster::At(address), None) => ["--address".into(), address.into()],
        (OnCluster::At(_), Some(_)) => {
            return Err(CliError::Usage("--workers is for --on dask alone; a cluster has its own workers".to_owned()));
        }
    };
    let launcher = [python, "-E".into(), "-c".into(), START_LAUNCHER.into()];
    let words = launcher.into_iter().chain(place).chain(["--".into()]).chain(words).collect();
    Ok(ProgramCommand { words, title: format!("{title} on dask") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_after_a_script_are_its_own() {
        let separated = |words: &str| {
            let words = separate_script(words.split(' ').map(OsString::from));
            words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(separated("contend run --json a.py --json b.py"), "contend run --json a.py -- --json b.py");
        assert_eq!(separated("contend run a.py"), "contend run a.py");
        assert_eq!(separated("contend run a.py -- x"), "contend run a.py -- x");
        assert_eq!(separated("contend run -- python a.py x"), "contend run -- python a.py x");
        assert_eq!(separated("contend run deadlock --set x=1"), "contend run deadlock --set x=1");
        assert_eq!(separated("contend show a.py"), "contend show a.py");
    }
}
