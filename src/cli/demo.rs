//! `contend demo`: shows a tour in the dashboard, lists the tours, checks a file.

use std::ffi::OsString;
use std::fmt::Write;
use std::sync::Arc;

use anstyle::Style;

use super::args::DemoArgs;
use super::dashboard::run_dashboard;
use super::dashboard::{DashboardSettings, dashboard_options};
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use crate::demo;
use crate::scenario::{Tour, sanitize};
use crate::source::{MissingCluster, find_dask};
use crate::tui;

/// Shows, lists or checks a tour.
pub(super) fn run_demo(
    args: &DemoArgs,
    dashboard: DashboardSettings<'_>,
    colours: Colours,
) -> Result<ExitOutcome, CliError> {
    if args.list {
        return list_tours(colours);
    }
    let name = args.tour.clone().unwrap_or_else(|| OsString::from(demo::all()[0].name));
    let source = demo::find(&name).map_err(|error| CliError::Usage(error.to_string()))?;
    let tour = match demo::check(&source) {
        Ok(tour) => tour,
        Err(mistakes) => {
            output::print_stderr(&mistakes.render(colours.stderr));
            return Ok(ExitOutcome::Mistakes);
        }
    };
    if args.check {
        output::print_stdout(&format!("{}: ok\n", sanitize(&name.to_string_lossy())))?;
        return Ok(ExitOutcome::Done);
    }
    if let Some(missing) = missing_cluster(&tour) {
        return Err(CliError::Usage(format!("this tour needs Dask: {missing}")));
    }
    let auto_pace = args.auto.then_some(args.pace);
    let start = tui::InitialScreen::Tour(tui::TourSetup { tour: Arc::new(tour), auto_pace });
    let options = tui::Options { record: args.recording.dashboard_options(), ..dashboard_options(dashboard)? };
    run_dashboard(start, &options, &[], colours, &tui::LiveStarter)
}

/// Returns why a tour cannot be shown whose scenarios run on a cluster.
fn missing_cluster(tour: &Tour) -> Option<MissingCluster> {
    let needs_dask = tour.scenes.iter().any(|scene| scene.scenario.runs_on_dask(&scene.settings));
    needs_dask.then(find_dask)?.err()
}

fn list_tours(colours: Colours) -> Result<ExitOutcome, CliError> {
    let checked = |entry: &demo::TourEntry| demo::check(&entry.source());
    let tours: Result<Vec<Tour>, _> = demo::all().iter().map(checked).collect();
    let tours = tours.map_err(|mistakes| CliError::Run(format!("a built-in tour has a mistake\n{mistakes}")))?;
    output::print_stdout(&list_text(&tours, colours.stdout))?;
    Ok(ExitOutcome::Done)
}

fn list_text(tours: &[Tour], has_colour: bool) -> String {
    let bold = if has_colour { Style::new().bold() } else { Style::new() };
    let width = tours.iter().map(|tour| tour.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for tour in tours {
        let _ = writeln!(text, "{bold}{:<width$}{bold:#}  {}", tour.name, tour.title);
        let _ = writeln!(text, "{:<width$}  {}", "", tour.about);
    }
    text.push_str("\nStart one with: contend demo NAME\n");
    text
}
