//! What the key for copying copies: the chosen row in words, or the report of the run on screen.

use std::fmt::Write as _;

use super::app::{App, CurrentView};
use super::draw::selection_details;
use super::explain::explain_selection;
use super::run_view::{Pane, RunView, Selection};
use super::tune_view::TuneView;
use crate::model::SplitFindings;
use crate::platform::detect_machine;
use crate::report::{Report, TextFormat, report_text};
use crate::scenario::sanitize;
use crate::trace::RunEnd;
use crate::trace::format::format_stamp;
use crate::tune::{caveats, headline, summary_sentences};

/// A text with the name of what it tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CopiedText {
    pub(super) what: String,
    pub(super) text: String,
}

/// Returns the text to copy on this screen; `None` if there is none.
pub(super) fn copied_text(app: &App) -> Option<CopiedText> {
    if let Some(question) = &app.question {
        let mut text = format!("{}\n", question.ask()?.text);
        for (at, guess) in question.guesses().iter().enumerate() {
            let _ = writeln!(text, "[{}] {}", at + 1, guess.text); // a string takes all
        }
        return Some(CopiedText { what: "the question".into(), text });
    }
    match &app.current_view {
        CurrentView::Picker => {
            let entry = app.picker.chosen_entry()?;
            let name = entry.path.as_ref().map_or_else(|| entry.name.clone(), |path| path.display().to_string());
            let text = format!("contend run {}", sanitize(&name));
            Some(CopiedText { what: format!("\"{text}\""), text })
        }
        CurrentView::Tune => app.tune_view.as_ref().map(|view| tuning_answer(view)),
        CurrentView::Run(view) => Some(selected_row(view, app).unwrap_or_else(|| run_text(view, app))),
    }
}

fn tuning_answer(view: &TuneView) -> CopiedText {
    let (tuning, subject) = (&view.tuning, view.subject());
    let sentences = [summary_sentences(tuning, &subject), caveats(tuning, &subject)].concat();
    let text = format!("{}\n{}\n", headline(tuning, &subject), sentences.join("\n"));
    CopiedText { what: "the answer".into(), text }
}

/// Returns what the chosen worker, lock or queue does and its figures, or the chosen finding.
fn selected_row(view: &RunView, app: &App) -> Option<CopiedText> {
    let selection = view.selection?;
    let explained = explain_selection(view);
    let details = selection_details(view, app.theme, app.size());
    let what = match (selection, &details, &explained) {
        (Selection::Finding(_), _, Some((title, _))) => title.clone(),
        (_, Some((name, _)), _) => name.clone(),
        _ => return None,
    };
    let mut lines = match explained {
        Some((title, sentences)) => [vec![title], sentences].concat(),
        None => vec![what.clone()],
    };
    if let Some((_, figures)) = details {
        lines.push(String::new());
        lines.extend(figures.iter().map(|line| line.trim_end().to_owned()));
    }
    Some(CopiedText { what, text: lines.join("\n") + "\n" })
}

/// Returns the log if its pane is open, otherwise the report on the run so far.
fn run_text(view: &RunView, app: &App) -> CopiedText {
    let model = view.shown_model();
    if view.pane == Pane::Log {
        let lines = model.log().iter().map(|line| format!("{}  {}\n", format_stamp(line.at), sanitize(&line.text)));
        return CopiedText { what: "the log".into(), text: lines.collect() };
    }
    let (ended_at, ended) = model.run_end().map_or((view.now, RunEnd::Stopped), |(at, how)| (at, how.clone()));
    let SplitFindings { listed, muted } = app.finding_options.split(model.findings(ended_at));
    let machine = view.machine().cloned().unwrap_or_else(detect_machine);
    let report = Report {
        model,
        scenario: &view.scenario,
        settings: &view.settings,
        machine: &machine,
        ended: &ended,
        ended_at,
        time_limit: view.time_limit,
        findings: &listed,
        muted: &muted,
        verdicts: &[],
    };
    let mut text = report_text(&report, TextFormat::default());
    if model.run_end().is_none() {
        text.insert_str(0, "The run had not ended when this was copied.\n");
    }
    CopiedText { what: "the report".into(), text }
}
