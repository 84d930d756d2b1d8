//! What was predicted, what was measured, and what to try next: laid over the lower part of the picture.

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

/// Lines of the picture that stay in sight at least, where there are so many.
const MIN_VISIBLE_ROWS: u16 = 7;

impl Widget for AnswerOverlay<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let lines = self.lines(area.width.min(overlay::OVERLAY_WIDTH).saturating_sub(4));
        let room = area.height.saturating_sub(MIN_VISIBLE_ROWS.max(area.height / 3)).max(area.height.min(8));
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(3).min(room);
        // The last line of the screen stays in sight: what the colours mean.
        let lowest = Rect { height: area.height.saturating_sub(u16::from(area.height > height)), ..area };
        let at = Rect { y: lowest.bottom() - height, height, ..area };
        // An answer is judged by all that was measured, wherever the cursor stands.
        let title = match self.view.time_before_end() {
            Some(_) => format!("What came of it, up to {}", compact_duration(self.view.now.span_since(Stamp(0)))),
            None => "What came of it".to_owned(),
        };
        let inner = overlay::draw_frame(&title, self.theme, at, buf);
        overlay::draw_scrolled(&lines, self.scroll, inner, self.theme, buf);
    }
}

impl AnswerOverlay<'_> {
    fn lines(&self, width: u16) -> Vec<(String, Style)> {
        let (watch, theme) = (self.view, self.theme);
        let mut lines = LabelledLines { list: Vec::new(), width, faint: theme.faint_style() };
        if let Some(ask) = &watch.scenario.quiz {
            lines.push_block("Asked", &ask.text, Style::new());
            if let Some(answer) = &watch.answer {
                self.answer_lines(ask, answer, &mut lines);
            }
        }
        if watch.answer.is_none() {
            let findings = watch.current_findings();
            if findings.is_empty() {
                lines.push_block("Found", "nothing is wrong, as far as can be told", Style::new());
            }
            for (i, finding) in findings.iter().take(3).enumerate() {
                lines.push_block(if i == 0 { "Found" } else { "" }, &finding.sentence, Style::new());
            }
        }
        for (i, sentence) in watch.scenario.watch.iter().enumerate() {
            lines.push_block(if i == 0 { "Watch" } else { "" }, sentence, Style::new());
        }
        suggestion_lines(watch, theme, &mut lines);
        lines.list
    }

    /// What was said and what was measured; right or wrong in plain words.
    fn answer_lines(&self, ask: &Quiz, answer: &Answer, lines: &mut LabelledLines) {
        let (watch, strong) = (self.view, self.theme.strong_style());
        let guess = |at: usize| ask.guesses.get(at).map_or("", |guess| guess.text.as_str());
        let right: Vec<&str> = answer.right_guesses.iter().map(|at| guess(*at)).collect();
        let was = if answer.is_settled && answer.doubt.is_none() { "It is" } else { "So far" };
        let was_right = watch.prediction.guess.is_some_and(|at| answer.right_guesses.contains(&at));
        if let Some(said) = watch.prediction.guess {
            let verdict = match (was_right, right.is_empty(), answer.is_settled) {
                _ if answer.open_guesses.contains(&said) => " - perhaps",
                (true, _, true) => " - right",
                (true, _, false) => " - right, as it looks",
                (false, false, true) => " - not so",
                (false, false, false) => " - not so, as it looks",
                (false, true, _) => "",
            };
            lines.push_block("You said", &format!("{}{verdict}", guess(said)), strong);
        }
        let with = self.describe_settings(answer);
        if let Some(doubt) = &answer.doubt {
            lines.push_block(was, &format!("{with}{doubt}"), strong);
            if !right.is_empty() && matches!(doubt, Doubt::Noise { .. }) {
                lines.push_block("", &format!("it looks like: {}", right.join(", and also: ")), Style::new());
            }
        } else if right.is_empty() {
            lines.push_block(was, &format!("{with}none of the guesses; see the figures"), strong);
        } else if !was_right || answer.settings_age.is_some() {
            lines.push_block(was, &format!("{with}{}", right.join(", and also: ")), strong);
        }
        for (i, figures) in answer.evidence.iter().enumerate() {
            lines.push_block(if i == 0 { "Measured" } else { "" }, figures, Style::new());
        }
        if let Some(before) = &watch.prediction.previous_outcome {
            lines.push_block("Before", before, Style::new());
        }
    }
}

impl AnswerOverlay<'_> {
    /// Which settings the answer speaks of, if not those of the scenario, and for how long they have held, if they were
    /// changed in the run: `with workers=5, for 3.2 s: `.
    fn describe_settings(&self, answer: &Answer) -> String {
        let knobs = self.view.scenario.changed_knobs_text(&self.view.settings);
        let with = if knobs.is_empty() { "as the scenario has it".to_owned() } else { format!("with {knobs}") };
        match answer.settings_age {
            Some(since) => format!("{with}, for {}: ", compact_duration(since)),
            None if knobs.is_empty() => String::new(),
            None => format!("{with}: "),
        }
    }
}

/// What to try, each with the key that starts it.
fn suggestion_lines(view: &RunView, theme: Theme, lines: &mut LabelledLines) {
    for (i, (text, startable)) in numbered_suggestions(view).into_iter().enumerate() {
        let label = if i == 0 { "Try" } else { "" };
        lines.push_block(label, &text, if startable { Style::new() } else { theme.faint_style() });
    }
}

/// Every suggestion, and whether a number key starts it; then it begins with that.
pub(super) fn numbered_suggestions(view: &RunView) -> Vec<(String, bool)> {
    let mut number = 0;
    let line = |suggestion: &crate::scenario::Suggestion| {
        if suggestion.set.is_empty() {
            return (format!("- {}", suggestion.text), false);
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
    /// A text beside its label; where there is no room for that, below it.
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
