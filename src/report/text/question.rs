//! The scenario's question in the text report: what the run says about each guess, and the figures.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::report::answer::{Answer, GuessState};
use crate::report::table::TextFormat;
use crate::report::{Report, answer_question};

/// Width of the words before the guesses, and of the labels below.
const WORD_WIDTH: usize = "confirmed".len();

pub(super) fn write(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let answer = answer_question(report.model, report.scenario, report.settings, report.ended_at);
    let Some((quiz, answer)) = report.scenario.quiz.as_ref().zip(answer) else { return };
    text_format.write_heading(out, "Question");
    out.push_str("  ");
    text_format.write_wrapped(out, &quiz.text, 2, 2, Style::new());
    for (at, guess) in quiz.guesses.iter().enumerate() {
        let colour = match answer.guess_state(at) {
            GuessState::Confirmed => AnsiColor::Green,
            GuessState::Refuted => AnsiColor::BrightBlack,
            GuessState::Open => AnsiColor::Yellow,
        };
        let style = Style::new().bold().fg_color(Some(colour.into()));
        write_row(out, text_format, (answer.guess_state(at).word(), style), &guess.text, Style::new());
    }
    write_basis(&answer, text_format, out);
}

/// Writes why guesses are open, and the figures that decide.
fn write_basis(answer: &Answer, text_format: TextFormat, out: &mut String) {
    let label = |label| (label, Style::new().dimmed());
    if let Some(doubt) = &answer.doubt {
        write_row(out, text_format, label("why open"), &doubt.to_string(), Style::new());
    }
    for (at, figures) in answer.evidence.iter().enumerate() {
        write_row(out, text_format, label(if at == 0 { "measured" } else { "" }), figures, Style::new().dimmed());
    }
}

fn write_row(out: &mut String, text_format: TextFormat, (word, of_word): (&str, Style), text: &str, style: Style) {
    let word = format!("{word:WORD_WIDTH$}");
    let indent = 2 + WORD_WIDTH + 2;
    let _ = write!(out, "  {}  ", text_format.paint(&word, of_word));
    text_format.write_wrapped(out, text, indent, indent, style);
}
