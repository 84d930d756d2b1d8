//! The options of the dashboard that apply to every command: theme, mouse, questions.

use super::args::Cli;
use super::config::config_error;
use super::exit::CliError;
use super::output::{self, Colours};
use crate::config::{self, Config};
use crate::model::FindingOptions;
use crate::scenario::{sanitize, suggest};
use crate::tui::{self, Ground, Themes};

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
