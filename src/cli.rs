//! The command line interface: parses the arguments and runs the command.

mod args;
mod attach;
mod check;
mod cluster;
mod colours;
mod completions;
mod config;
mod dashboard;
mod demo;
mod diff;
mod doctor;
mod exit;
mod export;
mod fmt;
mod list;
mod man;
mod output;
mod program;
mod program_command;
mod progress;
mod record;
mod replay;
mod report_output;
mod run;
mod scenario;
mod schema;
mod signals;
mod terminfo;
mod test;
mod tune;
mod version;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};

use args::{Cli, CliCommand};
use dashboard::DashboardSettings;
use exit::{CliError, ExitOutcome};
use output::{ColourChoice, Colours};

/// Parses the command line, runs the command and returns the program's exit code.
pub fn main() -> ExitCode {
    if let Some(code) = completions::answer_request() {
        return code;
    }
    let cli = match parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let colours = Colours::detect(cli.color);
    match run_command(&cli, colours) {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            match &failure {
                CliError::Mistakes(text) => output::print_stderr(text),
                _ if failure.is_quiet() => {}
                _ => output::print_error(&failure, colours),
            }
            failure.exit_code()
        }
    }
}

/// Parses the command line. Prints help, version and usage errors itself: clap would ignore a closed pipe.
fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse_from(program_command::separate_script(std::env::args_os())).map_err(|error| {
        let colours = Colours::detect(ColourChoice::Auto);
        let text = error.render();
        if let Some(hint) = suggest_run(&error) {
            output::print_error(hint, colours);
            return ExitCode::from(2);
        }
        if error.use_stderr() {
            let plain = text.to_string();
            let harmless = output::hide_passwords(&output::sanitize_lines(&plain));
            output::print_stderr(&if colours.stderr && harmless == plain { text.ansi().to_string() } else { harmless });
            return ExitCode::from(2);
        }
        match output::print_stdout(&if colours.stdout { text.ansi().to_string() } else { text.to_string() }) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failed) => CliError::from(failed).exit_code(),
        }
    })
}

/// Suggests `contend run NAME` for `contend NAME`, a common first attempt.
fn suggest_run(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let known = crate::catalogue::get(word).is_some() || std::path::Path::new(word).is_file();
    known.then(|| {
        let word = crate::scenario::sanitize(word);
        format!("unknown command `{word}`; did you mean `contend run {word}`?")
    })
}

fn run_command(cli: &Cli, colours: Colours) -> Result<ExitOutcome, CliError> {
    match &cli.command {
        None => run::run_picker(DashboardSettings::new(cli, colours), colours),
        Some(CliCommand::Run(args)) => run::run_scenario(args, DashboardSettings::new(cli, colours), colours),
        Some(CliCommand::Attach(args)) => attach::attach(args, DashboardSettings::new(cli, colours), colours),
        Some(CliCommand::Demo(args)) => demo::run_demo(args, DashboardSettings::new(cli, colours), colours),
        Some(CliCommand::Replay(args)) => replay::replay(args, DashboardSettings::new(cli, colours), colours),
        Some(CliCommand::Diff(args)) => diff::compare_runs(args, colours),
        Some(CliCommand::Export(args)) => export::export_recording(args),
        Some(CliCommand::List { json }) => list::list_scenarios(*json, colours),
        Some(CliCommand::Show { name }) => {
            output::print_stdout(&scenario::load_scenario(name)?.text)?;
            Ok(ExitOutcome::Done)
        }
        Some(CliCommand::Check { files, json: false }) => check::check_files(files, colours),
        Some(CliCommand::Check { files, json: true }) => check::print_json(files),
        Some(CliCommand::Fmt { files, check }) => fmt::format_files(files, *check, colours),
        Some(CliCommand::Schema { output }) => schema::print_schema(*output),
        Some(CliCommand::Reference) => {
            output::print_stdout(&crate::scenario::language_reference())?;
            Ok(ExitOutcome::Done)
        }
        Some(CliCommand::Test(args)) => test::run_tests(args, colours),
        Some(CliCommand::Tune(args)) => tune::run_tune(args, DashboardSettings::new(cli, colours), colours),
        Some(CliCommand::Doctor { json }) => doctor::examine(*json, colours),
        Some(CliCommand::Config { print_default, path }) => config::configure(*print_default, *path, colours),
        Some(CliCommand::Completions { shell }) => {
            completions::print_script(*shell)?;
            Ok(ExitOutcome::Done)
        }
        Some(CliCommand::Man) => {
            output::print_stdout(&man::man_page(Cli::command()))?;
            Ok(ExitOutcome::Done)
        }
    }
}
