//! The command line: what the program does when a person starts it.

mod args;
mod check;
mod failure;
mod list;
mod man;
mod out;
mod progress;
mod run;
mod scenario;
mod schema;
mod signals;
mod test;
mod tune;
mod version;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};

use args::{Cli, Command, When};
use failure::{Failure, Outcome};
use out::Colours;

/// Reads the command line, does what it says, and returns how the program is to exit.
pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let colours = Colours::decide(cli.color);
    match carry_out(&cli, colours) {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            if !failure.is_quiet() {
                out::complain(&failure, colours);
            }
            failure.exit_code()
        }
    }
}

/// Help, version and mistakes are printed here instead of by clap, which ignores a closed pipe.
fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse().map_err(|error| {
        let colours = Colours::decide(When::Auto);
        let text = error.render();
        if let Some(hint) = run_was_meant(&error) {
            out::complain(hint, colours);
            return ExitCode::from(2);
        }
        if error.use_stderr() {
            let plain = text.to_string();
            let harmless = out::harmless(&plain);
            out::say(&if colours.err && harmless == plain { text.ansi().to_string() } else { harmless });
            return ExitCode::from(2);
        }
        match out::print(&if colours.out { text.ansi().to_string() } else { text.to_string() }) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failed) => Failure::from(failed).exit_code(),
        }
    })
}

/// `contend deadlock` is what one types first.
fn run_was_meant(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let known = crate::catalogue::get(word).is_some() || std::path::Path::new(word).is_file();
    known.then(|| {
        let word = crate::scenario::clean(word);
        format!("there is no command `{word}`; did you mean `contend run {word}`?")
    })
}

fn carry_out(cli: &Cli, colours: Colours) -> Result<Outcome, Failure> {
    match &cli.command {
        None => run::pick(cli.into(), colours),
        Some(Command::Run(args)) => run::run(args, cli.into(), colours),
        Some(Command::List { json }) => list::list(*json, colours),
        Some(Command::Show { name }) => {
            out::print(&scenario::load(name)?.text)?;
            Ok(Outcome::Done)
        }
        Some(Command::Check { files }) => check::check(files, colours),
        Some(Command::Schema { of }) => schema::schema(*of),
        Some(Command::Reference) => {
            out::print(&crate::scenario::reference())?;
            Ok(Outcome::Done)
        }
        Some(Command::Test(args)) => test::test(args, colours),
        Some(Command::Tune(args)) => tune::tune(args, cli.into(), colours),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "contend", &mut script);
            out::print(&String::from_utf8_lossy(&script))?;
            Ok(Outcome::Done)
        }
        Some(Command::Man) => {
            out::print(&man::page(Cli::command()))?;
            Ok(Outcome::Done)
        }
    }
}
