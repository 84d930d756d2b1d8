//! The overlay with the prediction, the measurement and the suggestions, over the lower part of the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::run_view::RunView;
use super::super::theme::Theme;
use super::overlay;
use crate::report::text_width::wrap_text;
use crate::report::{Answer, Doubt};
use crate::scenario::Quiz;
use crate::trace::Stamp;
use crate::trace::format::compact_duration;
use crate::tui::keys::key_label;

pub(super) struct AnswerOverlay<'a> {
    pub(super) view: &'a RunView,
    pub(super) theme: Theme,
    pub(super) scroll: usize,
}

/// Columns of the labels at the left.
const LABEL_WIDTH: usize = 11;

/// Rows of the picture that stay visible on a screen that has so many.
const MIN_VISIBLE_ROWS: u16 = 7;

impl Widget for AnswerOverlay<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let lines = self.lines(area.width.min(overlay::OVERLAY_WIDTH).saturating_sub(4));
        let room = area.height.saturating_sub(MIN_VISIBLE_ROWS.max(area.height / 3)).max(area.height.min(8));
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(3).min(room);
        // The legend in the last line of the screen stays visible.
        let lowest = Rect { height: area.height.saturating_sub(u16::from(area.height > height)), ..area };
        let at = Rect { y: lowest.bottom() - height, height, ..area };
        // An answer takes all measurements into account, wherever the cursor is.
        let title = match self.view.time_before_end() {
            Some(_) => format!("Result, up to {}", compact_duration(self.view.now.span_since(Stamp(0)))),
            None => "Result".to_owned(),
        };
        let inner = overlay::draw_frame(&title, self.theme, at, buf);
        overlay::draw_scrolled(&lines, self.scroll, inner, self.theme, buf);
    }
}

impl AnswerOverlay<'_> {
    fn lines(&self, width: u16) -> Vec<(String, Style)> {
        let (view, theme) = (self.view, self.theme);
        let mut lines = LabelledLines { list: Vec::new(), width, faint: theme.faint_style() };
        if let Some(ask) = &view.scenario.quiz {
            lines.push_block("Question", &ask.text, Style::new());
            if let Some(answer) = &view.answer {
                self.answer_lines(ask, answer, &mut lines);
            }
        }
        if view.answer.is_none() {
            let findings = view.current_findings();
            if findings.is_empty() {
                lines.push_block("Found", "no problems so far", Style::new());
            }
            for (i, finding) in findings.iter().take(3).enumerate() {
                lines.push_block(if i == 0 { "Found" } else { "" }, &finding.sentence, Style::new());
            }
        }
        for (i, sentence) in view.scenario.watch.iter().enumerate() {
            lines.push_block(if i == 0 { "Watch" } else { "" }, sentence, Style::new());
        }
        suggestion_lines(view, theme, &mut lines);
        lines.list
    }

    /// Adds the guess and the measurement, with the verdict.
    fn answer_lines(&self, ask: &Quiz, answer: &Answer, lines: &mut LabelledLines) {
        let (view, strong) = (self.view, self.theme.strong_style());
        let guess = |at: usize| ask.guesses.get(at).map_or("", |guess| guess.text.as_str());
        let right_texts: Vec<&str> = answer.right_guesses.iter().map(|at| guess(*at)).collect();
        let was = if answer.is_settled && answer.doubt.is_none() { "Answer" } else { "So far" };
        let was_right = view.prediction.guess.is_some_and(|at| answer.right_guesses.contains(&at));
        if let Some(said) = view.prediction.guess {
            let (right, wrong) = (self.theme.verdict_mark(true), self.theme.verdict_mark(false));
            let verdict = match (was_right, right_texts.is_empty(), answer.is_settled) {
                _ if answer.open_guesses.contains(&said) => " (undecided)".to_owned(),
                (true, _, true) => format!(" {right}"),
                (true, _, false) => format!(" {right} so far"),
                (false, false, true) => format!(" {wrong}"),
                (false, false, false) => format!(" {wrong} so far"),
                (false, true, _) => String::new(),
            };
            lines.push_block("Your guess", &format!("{}{verdict}", guess(said)), strong);
        }
        let with = self.describe_settings(answer);
        if let Some(doubt) = &answer.doubt {
            lines.push_block(was, &format!("{with}{doubt}"), strong);
            if !right_texts.is_empty() && matches!(doubt, Doubt::Noise { .. }) {
                lines.push_block("", &format!("probably: {}", right_texts.join(", and also: ")), Style::new());
            }
        } else if right_texts.is_empty() {
            lines.push_block(was, &format!("{with}none of the guesses; see the measurements"), strong);
        } else if !was_right || answer.settings_age.is_some() {
            lines.push_block(was, &format!("{with}{}", right_texts.join(", and also: ")), strong);
        }
        for (i, figures) in answer.evidence.iter().enumerate() {
            lines.push_block(if i == 0 { "Measured" } else { "" }, figures, Style::new());
        }
        if let Some(before) = &view.prediction.previous_outcome {
            lines.push_block("Before", before, Style::new());
        }
    }
}

impl AnswerOverlay<'_> {
    /// Returns the settings that the answer is about, if they are not those of the scenario, and how long they have
    /// been in effect if they changed during the run: `with workers=5, for 3.2 s: `.
    fn describe_settings(&self, answer: &Answer) -> String {
        let knobs = self.view.scenario.changed_knobs_text(&self.view.settings);
        let with = if knobs.is_empty() { "with default knobs".to_owned() } else { format!("with {knobs}") };
        match answer.settings_age {
            Some(since) => format!("{with}, for {}: ", compact_duration(since)),
            None if knobs.is_empty() => String::new(),
            None => format!("{with}: "),
        }
    }
}

/// Adds the suggestions, each with the key that starts it.
fn suggestion_lines(view: &RunView, theme: Theme, lines: &mut LabelledLines) {
    for (i, (text, startable)) in numbered_suggestions(view).into_iter().enumerate() {
        let label = if i == 0 { "Try" } else { "" };
        lines.push_block(label, &text, if startable { Style::new() } else { theme.faint_style() });
    }
}

/// Returns every suggestion, and whether it can be started: with the number key that it then begins with, unless the run
/// is a recorded one.
pub(super) fn numbered_suggestions(view: &RunView) -> Vec<(String, bool)> {
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
    list: Vec<(String, Style)>,
    width: u16,
    faint: Style,
}

impl LabelledLines {
    /// Adds a text beside its label, or below it on a narrow screen.
    fn push_block(&mut self, label: &str, text: &str, style: Style) {
        let beside = self.width >= 40;
        if !beside && !label.is_empty() {
            self.list.push((label.to_owned(), self.faint));
        }
        let indent = if beside { LABEL_WIDTH } else { 0 };
        let width = self.width.saturating_sub(indent as u16);
        for (i, line) in wrap_text(text, width).into_iter().enumerate() {
            let label = if i == 0 && beside { label } else { "" };
            self.list.push((format!("{label:<indent$}{line}"), style));
        }
    }
}
