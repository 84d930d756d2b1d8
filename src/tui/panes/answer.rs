//! The prediction beside the measurement, and the suggestions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::super::answer_text::{AnswerText, GuessOutcome};
use super::super::run_view::{Pane, RunView};
use super::super::theme::Theme;
use super::{WrappedPane, text};
use crate::report::text_width::wrap_text;
use crate::trace::Stamp;
use crate::trace::format::{compact_counted, compact_duration};
use crate::tui::keys::{Action, key_label, key_name};

/// Columns of the labels at the left.
const LABEL_WIDTH: usize = 11;

/// Most findings that are listed if the question has no guesses.
const MAX_FINDINGS: usize = 3;

pub(super) const PANE: WrappedPane = WrappedPane {
    // An answer takes all measurements into account, wherever the cursor is.
    title: |view| match view.time_before_end() {
        Some(_) => format!("RESULT  up to {}", compact_duration(view.now.span_since(Stamp(0)))).into(),
        None => "RESULT".into(),
    },
    lines: |view, width| answer_lines(view, width).len() + 1,
    draw: draw_answer,
};

fn draw_answer(view: &RunView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let lines = answer_lines(view, area.width);
    let height = usize::from(area.height);
    let is_cut = lines.len() > height;
    let room = if is_cut { height.saturating_sub(1) } else { height };
    let scroll = if view.pane == Pane::Answer { view.scroll } else { 0 };
    let first = scroll.min(lines.len().saturating_sub(room));
    for (i, line) in lines.iter().skip(first).take(room).enumerate() {
        let at = text::nth_line(area, i);
        let label = Rect { width: at.width.min(line.label.len() as u16 + 1), ..at };
        text::put_line(buf, label, &line.label, theme.faint_style());
        let beside = at.width.min(line.indent);
        let at = Rect { x: at.x + beside, width: at.width - beside, ..at };
        let style = match line.weight {
            Weight::Strong => theme.strong_style(),
            Weight::Plain => Style::new(),
            Weight::Faint => theme.faint_style(),
        };
        let rest = text::put_line(buf, at, &line.text, style);
        if let Some(is_right) = line.mark {
            text::put_line(buf, rest, &format!(" {}", theme.verdict_mark(is_right)), style);
        }
    }
    let below = lines.len().saturating_sub(first + room);
    if is_cut && below > 0 {
        let words =
            format!("{} {}: {}", theme.ellipsis(), key_name(Action::Down), compact_counted(below as u64, "more line"));
        text::put_line(buf, text::nth_line(area, room), &words, theme.faint_style());
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Strong,
    Plain,
    Faint,
}

/// A line of text, with a label at its left.
struct AnswerLine {
    label: String,
    text: String,
    indent: u16,
    weight: Weight,
    /// Whether the guess in this line is right.
    mark: Option<bool>,
}

fn answer_lines(view: &RunView, width: u16) -> Vec<AnswerLine> {
    let mut lines = LabelledLines { list: Vec::new(), width };
    if let Some(quiz) = &view.scenario.quiz {
        lines.push_block("Question", &quiz.text, Weight::Plain);
        if let Some(answer) = view.answer_text() {
            push_answer(view, &answer, &mut lines);
        }
    }
    if view.answer.is_none() {
        let findings = view.current_findings();
        if findings.is_empty() {
            lines.push_block("Found", "no problems so far", Weight::Plain);
        }
        for (i, finding) in findings.iter().take(MAX_FINDINGS).enumerate() {
            lines.push_block(if i == 0 { "Found" } else { "" }, &finding.sentence, Weight::Plain);
        }
    }
    for (i, sentence) in view.scenario.watch.iter().enumerate() {
        lines.push_block(if i == 0 { "Watch" } else { "" }, sentence, Weight::Plain);
    }
    for (i, (text, startable)) in numbered_suggestions(view).into_iter().enumerate() {
        let weight = if startable { Weight::Plain } else { Weight::Faint };
        lines.push_item(if i == 0 { "Try" } else { "" }, &text, weight);
    }
    lines.list
}

/// Adds the guess and the measurement, with the verdict.
fn push_answer(view: &RunView, answer: &AnswerText, lines: &mut LabelledLines) {
    let so_far = if answer.is_final { "" } else { " so far:" };
    match answer.outcome {
        GuessOutcome::NoGuess => {}
        GuessOutcome::Undecided => {
            lines.push_block("Your guess", &format!("{} (undecided)", answer.guess), Weight::Strong);
        }
        GuessOutcome::Right | GuessOutcome::Wrong => {
            lines.push_block("Your guess", &format!("{}{so_far}", answer.guess), Weight::Strong);
            if let Some(last) = lines.list.last_mut() {
                last.mark = Some(answer.outcome == GuessOutcome::Right);
            }
        }
    }
    let repeats_guess = answer.outcome == GuessOutcome::Right && answer.settings.is_empty();
    if !repeats_guess || answer.probable.is_some() {
        lines.push_block(answer.label, &format!("{}{}", answer.settings, answer.answer), Weight::Strong);
    }
    if let Some(probable) = &answer.probable {
        lines.push_block("", &format!("probably: {probable}"), Weight::Plain);
    }
    for (i, figures) in view.answer.iter().flat_map(|answer| &answer.evidence).enumerate() {
        lines.push_block(if i == 0 { "Measured" } else { "" }, figures, Weight::Plain);
    }
    if let Some(before) = &view.prediction.previous_outcome {
        lines.push_block("Before", before, Weight::Plain);
    }
}

/// Returns every suggestion, and whether it can be started: with the number key that it then begins with, unless the
/// run is a recorded one.
pub(in crate::tui) fn numbered_suggestions(view: &RunView) -> Vec<(String, bool)> {
    let mut number = 0;
    let line = |suggestion: &crate::scenario::Suggestion| {
        if suggestion.set.is_empty() || view.is_recorded() {
            return (format!("- {}", suggestion.text), view.is_recorded());
        }
        number += 1;
        (format!("{} {}", key_label(number), suggestion.text), true)
    };
    view.scenario.suggestions.iter().map(line).collect()
}

/// Lines with a label at the left.
struct LabelledLines {
    list: Vec<AnswerLine>,
    width: u16,
}

impl LabelledLines {
    /// Adds a text beside its label, or below it on a narrow pane.
    fn push_block(&mut self, label: &str, text: &str, weight: Weight) {
        self.push_hanging(label, text, 0, weight);
    }

    /// Adds a text that begins with a mark, which its further lines leave free.
    fn push_item(&mut self, label: &str, text: &str, weight: Weight) {
        let mark = text.split_once(' ').map_or(0, |(mark, _)| mark.width() as u16 + 1);
        self.push_hanging(label, text, mark, weight);
    }

    /// Adds a text of which all lines but the first are indented by some columns.
    fn push_hanging(&mut self, label: &str, text: &str, hanging: u16, weight: Weight) {
        let beside = self.width >= 40;
        let line = |label: &str, text: String, indent, weight| AnswerLine {
            label: label.to_owned(),
            text,
            indent,
            weight,
            mark: None,
        };
        if !beside && !label.is_empty() {
            self.list.push(line(label, String::new(), 0, Weight::Faint));
        }
        let indent = if beside { LABEL_WIDTH as u16 } else { 0 };
        let mut label = if beside { label } else { "" };
        for (i, text) in wrap_text(text, self.width.saturating_sub(indent + hanging)).into_iter().enumerate() {
            let hanging = if i == 0 { 0 } else { hanging };
            self.list.push(line(std::mem::take(&mut label), text, indent + hanging, weight));
        }
    }
}
