//! The dashboard: its options that apply to every command, and a run that it shows.

use super::args::Cli;
use super::config::config_error;
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::record;
use super::report_output::{has_named_finding, text_format};
use crate::config::{self, Config};
use crate::model::{FindingOptions, SplitFindings};
use crate::platform::detect_machine;
use crate::report::{self, Report};
use crate::scenario::{sanitize, suggest};
use crate::tui::{self, Ground, Themes, TuiError};

/// The theme that suits the terminal's background.
const BY_BACKGROUND: &str = "auto";

/// What the command line says. The configuration is read when the dashboard is about to be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct DashboardSettings<'a> {
    cli: &'a Cli,
    colours: Colours,
}

impl<'a> DashboardSettings<'a> {
    pub(super) const fn new(cli: &'a Cli, colours: Colours) -> Self {
        Self { cli, colours }
    }
}

/// Returns the options of the dashboard: the command line's, then the configuration's.
///
/// # Errors
/// When the configuration has mistakes, or no theme has that name.
pub(super) fn dashboard_options(dashboard: DashboardSettings<'_>) -> Result<tui::Options, CliError> {
    let DashboardSettings { cli, colours } = dashboard;
    let config = load_config(colours)?;
    let themes = Themes::new(colours.depth, output::is_unicode_locale()).with_own(config.own_themes);
    let hint = std::env::var("COLORFGBG").ok().and_then(|value| background_hint(&value));
    let themes = hint.map_or(themes, |ground| themes.on_ground(ground));
    let themes = match cli.theme.as_deref().or(config.theme.as_deref()) {
        None | Some(BY_BACKGROUND) => themes,
        Some(name) => themes.choose(name).ok_or_else(|| unknown_theme(name, &themes))?,
    };
    Ok(tui::Options {
        themes,
        mouse: config.mouse && !cli.no_mouse,
        ask_questions: config.ask && !cli.no_ask,
        reload_on_save: false,
        time_limit: None,
        record: None,
        findings: FindingOptions::default(),
        keys: config.keys,
        frame_interval: config.frame_interval,
        history: config.history,
    })
}

/// Shows the dashboard until the user quits, then prints a short report of its last run.
pub(super) fn run_dashboard(
    start: tui::InitialScreen,
    options: &tui::Options,
    fail_on: &[String],
    colours: Colours,
    starter: &dyn tui::RunStarter,
) -> Result<ExitOutcome, CliError> {
    let ended = tui::run(start, options, starter).map_err(|error| match error {
        TuiError::NotATerminal | TuiError::DumbTerminal => CliError::Usage(error.to_string()),
        TuiError::EnterFailed(_) | TuiError::Panicked(_) => CliError::Run(error.to_string()),
    })?;
    let mut found = false;
    if let Some(last) = ended.last_run {
        let all = last.model.findings(last.now);
        found = has_named_finding(&last.model, &all, fail_on, last.now);
        let SplitFindings { listed, muted } = options.findings.split(all);
        let report = Report {
            model: &last.model,
            scenario: &last.scenario,
            settings: &last.settings,
            machine: &last.machine.unwrap_or_else(detect_machine),
            ended: &last.ended,
            ended_at: last.now,
            time_limit: last.time_limit,
            findings: &listed,
            muted: &muted,
            verdicts: &[],
        };
        if !ended.is_terminal_stalled {
            // Printing to a terminal that does not read would block.
            output::print_stdout(&report::brief_report_text(&report, text_format(colours)))?;
        }
        if !ended.is_terminal_stalled {
            ended.recordings.iter().for_each(|(path, status)| record::print_status(Some(path), Some(status)));
        }
    }
    if !ended.is_terminal_stalled {
        ended.tour_failures.iter().for_each(|failure| output::print_stderr(&format!("{}\n", sanitize(failure))));
    }
    Ok(match ended.signal {
        Some(signal) => ExitOutcome::Signal(signal),
        None if found => ExitOutcome::FindingMade,
        None if !ended.tour_failures.is_empty() => ExitOutcome::Failed,
        None => ExitOutcome::Done,
    })
}

fn load_config(colours: Colours) -> Result<Config, CliError> {
    let Some(path) = config::path() else { return Ok(Config::default()) };
    config::load(&path).map_err(|error| config_error(&error, colours))
}

fn unknown_theme(name: &str, themes: &Themes) -> CliError {
    let names = themes.names();
    let known = || names.iter().copied().chain([BY_BACKGROUND]);
    let hint = match suggest(name, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
    };
    CliError::Usage(format!("no theme is called `{}`; {hint}", sanitize(name)))
}

/// Returns the background that some terminals name: `15;0`, `0;default;15`.
fn background_hint(value: &str) -> Option<Ground> {
    match value.rsplit(';').next()?.parse().ok()? {
        0..=6 | 8 => Some(Ground::Dark),
        7 | 9..=15 => Some(Ground::Light),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::Depth;

    #[test]
    fn background_is_the_last_number() {
        assert_eq!(background_hint("15;0"), Some(Ground::Dark));
        assert_eq!(background_hint("0;default;15"), Some(Ground::Light));
        assert_eq!(background_hint("0;default"), None);
        assert_eq!(background_hint(""), None);
    }

    #[test]
    fn unknown_theme_names_the_nearest_or_all() {
        let themes = Themes::new(Depth::TrueColor, true);
        let message = |name| unknown_theme(name, &themes).to_string();
        assert_eq!(message("drak"), "no theme is called `drak`; did you mean `dark`?");
        let all = "there are dark, light, colorblind, high-contrast, ansi, mono, auto";
        assert_eq!(message("zzz"), format!("no theme is called `zzz`; {all}"));
    }
}
