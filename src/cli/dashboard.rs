//! `contend` and `contend run` in a terminal: the dashboard.

use std::env;
use std::io::{self, IsTerminal};

use super::failure::{Failure, Outcome};
use super::out::Colours;
use crate::scenario::{Scenario, Settings, Source};
use crate::tui::{self, Options, Really, Start, Theme};

/// Whether there is a terminal to show it on.
pub(super) fn possible() -> bool {
    io::stdout().is_terminal()
}

/// Shows the picker.
pub(super) fn pick(no_mouse: bool, colours: Colours) -> Result<Outcome, Failure> {
    if !possible() {
        return Err(Failure::Usage(
            "the picker needs a terminal; `contend list` prints the scenarios and `contend run \
                                   NAME --headless` runs one"
                .to_owned(),
        ));
    }
    show(Start::Picker, no_mouse, colours, &[])
}

/// Shows a run.
pub(super) fn run(
    source: Source,
    scenario: Scenario,
    settings: Settings,
    no_mouse: bool,
    colours: Colours,
    fail_on: &[String],
) -> Result<Outcome, Failure> {
    show(Start::Run { source, scenario: Box::new(scenario), settings }, no_mouse, colours, fail_on)
}

fn show(start: Start, no_mouse: bool, colours: Colours, fail_on: &[String]) -> Result<Outcome, Failure> {
    let theme = Theme { colour: colours.out, unicode: unicode() };
    let outcome = tui::run(start, Options { theme, mouse: !no_mouse }, &Really)
        .map_err(|error| Failure::Run(error.to_string()))?;
    if let Some(signal) = outcome.signal {
        return Ok(Outcome::Signal(signal));
    }
    let found = outcome.last.is_some_and(|last| {
        last.model.findings(last.now).iter().any(|finding| fail_on.iter().any(|id| id == finding.id))
    });
    Ok(if found { Outcome::Found } else { Outcome::Done })
}

/// Whether the locale says that the terminal shows more than ASCII: the first of these that is set counts.
fn unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_some_and(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
