//! The candidates that only the program knows: scenarios, and the knobs of the scenario on the command line.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};

use super::super::args::Cli;
use crate::catalogue::{self, CatalogueEntry};
use crate::config;
use crate::demo;
use crate::model::Threshold;
use crate::scenario::{Knob, KnobKind, Scenario, check, sanitize};
use crate::tui::{Depth, Themes};

/// Returns the command line with candidates attached to its arguments.
pub(super) fn command_with_candidates(words: &[OsString]) -> Command {
    let knobs = named_scenario(words).map(|scenario| scenario.knobs).unwrap_or_default();
    let (set_knobs, swept_knobs) = (knobs.clone(), knobs);
    let scenarios = || ArgValueCompleter::new(scenario_names);
    let scenarios_and_files = || ArgValueCompleter::new(scenario_names_and_files);
    let thresholds = || ArgValueCompleter::new(threshold_candidates);
    let settings = ArgValueCompleter::new(move |current: &OsStr| setting_candidates(&set_knobs, current));
    let swept = ArgValueCompleter::new(move |current: &OsStr| swept_knob_candidates(&swept_knobs, current));
    [
        ("run", "scenario", scenarios_and_files()),
        ("run", "set", settings.clone()),
        ("run", "threshold", thresholds()),
        ("replay", "threshold", thresholds()),
        ("test", "threshold", thresholds()),
        ("tune", "threshold", thresholds()),
        ("demo", "tour", ArgValueCompleter::new(tours_and_files)),
        ("show", "name", scenarios()),
        ("check", "files", scenarios_and_files()),
        ("fmt", "files", ArgValueCompleter::new(scenario_files)),
        ("test", "scenarios", scenarios_and_files()),
        ("tune", "scenario", scenarios_and_files()),
        ("tune", "check", scenarios()),
        ("tune", "set", settings),
        ("tune", "knob", swept),
    ]
    .into_iter()
    .fold(
        Cli::command().mut_arg("theme", |arg| arg.add(ArgValueCompleter::new(theme_names))),
        |command, (subcommand, arg, completer)| {
            command.mut_subcommand(subcommand, |sub| sub.mut_arg(arg, |arg| arg.add(completer)))
        },
    )
}

/// Returns the scenario that the words name, unless it has mistakes. Reads regular files only: a pipe would be used up.
fn named_scenario(words: &[OsString]) -> Option<Scenario> {
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(words).ok()?;
    let (_, args) = matches.subcommand()?;
    let spec = args.try_get_one::<OsString>("scenario").ok()??;
    let is_readable = spec.to_str().and_then(catalogue::get).is_some() || Path::new(spec).is_file();
    let source = catalogue::find(spec).ok().filter(|_| is_readable)?;
    check(&source).ok().map(|checked| checked.scenario)
}

/// Returns the built-in themes and, if the configuration has no mistakes, the user's own.
fn theme_names(current: &OsStr) -> Vec<CompletionCandidate> {
    let own = config::path().and_then(|path| config::load(&path).ok()).map(|config| config.own_themes);
    let themes = Themes::new(Depth::None, true).with_own(own.unwrap_or_default());
    let current = current.to_string_lossy();
    let names = themes.names().into_iter().chain(["auto"]).filter(|name| name.starts_with(&*current));
    names.map(CompletionCandidate::new).collect()
}

fn scenario_names(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let is_candidate = |entry: &&CatalogueEntry| entry.name.starts_with(&*current);
    catalogue::all().iter().filter(is_candidate).map(scenario_candidate).collect()
}

fn scenario_names_and_files(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut all = scenario_names(current);
    all.extend(scenario_files(current));
    all
}

fn tours_and_files(current: &OsStr) -> Vec<CompletionCandidate> {
    let current_name = current.to_string_lossy();
    let tours = demo::all().iter().filter(|tour| tour.name.starts_with(&*current_name));
    let title =
        |text: &str| text.lines().find_map(|line| line.strip_prefix("tour \"")?.split('"').next().map(str::to_owned));
    let candidate = |tour: &demo::TourEntry| CompletionCandidate::new(tour.name).help(title(tour.text).map(Into::into));
    tours.map(candidate).chain(scenario_files(current)).collect()
}

fn scenario_files(current: &OsStr) -> Vec<CompletionCandidate> {
    let is_scenario_file = |path: &Path| path.extension() == Some(OsStr::new("kdl"));
    PathCompleter::file().filter(is_scenario_file).complete(current)
}

/// Takes the title from the text: checking a hundred scenarios would make the shell wait.
fn scenario_candidate(entry: &CatalogueEntry) -> CompletionCandidate {
    let title = entry.text.lines().find_map(|line| line.strip_prefix("title \"")?.strip_suffix('"'));
    CompletionCandidate::new(entry.name).help(title.map(|title| title.to_owned().into()))
}

/// Completes `KNOB=VALUE`: first the name, then a choice's words or another knob's default.
fn setting_candidates(knobs: &[Knob], current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let Some((name, _)) = current.split_once('=') else { return knob_candidates(knobs, &current, "=") };
    let values = knobs.iter().filter(|knob| knob.name == name).flat_map(suggested_values);
    let settings = values.map(|value| format!("{name}={value}"));
    settings.filter(|setting| setting.starts_with(&*current)).map(CompletionCandidate::new).collect()
}

/// Completes `FINDING=VALUE`: each finding with its default.
fn threshold_candidates(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let setting = |one: &Threshold| format!("{}={}", one.id(), one.format_argument(one.default));
    let all = Threshold::ALL.iter().map(|one| (setting(one), one.meaning));
    let fitting = all.filter(|(setting, _)| setting.starts_with(&*current));
    fitting.map(|(setting, meaning)| CompletionCandidate::new(setting).help(Some(meaning.into()))).collect()
}

fn swept_knob_candidates(knobs: &[Knob], current: &OsStr) -> Vec<CompletionCandidate> {
    let numbers: Vec<Knob> =
        knobs.iter().filter(|knob| matches!(knob.kind, KnobKind::Number { .. })).cloned().collect();
    knob_candidates(&numbers, &current.to_string_lossy(), "")
}

fn knob_candidates(knobs: &[Knob], current: &str, suffix: &str) -> Vec<CompletionCandidate> {
    let candidate = |knob: &Knob| {
        CompletionCandidate::new(format!("{}{suffix}", knob.name)).help(Some(sanitize(&knob.help).into()))
    };
    knobs.iter().filter(|knob| knob.name.starts_with(current)).map(candidate).collect()
}

fn suggested_values(knob: &Knob) -> Vec<String> {
    let values = match &knob.kind {
        KnobKind::Number { default, .. } => vec![knob.format_value(*default)],
        KnobKind::Choice { words, .. } => words.clone(),
        KnobKind::Text { default } => default.iter().cloned().collect(),
    };
    values.into_iter().filter(|value| sanitize(value) == *value).collect()
}
