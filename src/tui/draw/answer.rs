//! What was predicted, what was measured, and what to try next: laid over the lower part of the picture.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::format::{age, shortcut};
use super::super::theme::Theme;
use super::super::watch::Watch;
use super::{overlay, text};
use crate::report::Answer;
use crate::scenario::Ask;
use crate::trace::Stamp;

pub(super) struct Compared<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
    pub(super) scroll: usize,
}

/// Columns of the labels at the left.
const LABEL: usize = 11;

/// Lines of the picture that stay in sight at least, where there are so many.
const PICTURE: u16 = 7;

impl Widget for Compared<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let lines = self.lines(area.width.min(overlay::WIDTH).saturating_sub(4));
        let room = area.height.saturating_sub(PICTURE.max(area.height / 3)).max(area.height.min(8));
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(3).min(room);
        // The last line of the screen stays in sight: what the colours mean.
        let lowest = Rect { height: area.height.saturating_sub(u16::from(area.height > height)), ..area };
        let at = Rect { y: lowest.bottom() - height, height, ..area };
        // An answer is judged by all that was measured, wherever the cursor stands.
        let title = match self.watch.ago() {
            Some(_) => format!("What came of it, up to {}", age(self.watch.now.since(Stamp(0)))),
            None => "What came of it".to_owned(),
        };
        let inner = overlay::frame(&title, self.theme, at, buf);
        overlay::scrolled(&lines, self.scroll, inner, self.theme, buf);
    }
}

impl Compared<'_> {
    fn lines(&self, width: u16) -> Vec<(String, Style)> {
        let (watch, theme) = (self.watch, self.theme);
        let mut lines = Lines { list: Vec::new(), width, faint: theme.faint() };
        if let Some(ask) = &watch.scenario.ask {
            lines.block("Asked", &ask.text, Style::new());
            if let Some(answer) = &watch.answer {
                self.answer(ask, answer, &mut lines);
            }
        }
        if watch.answer.is_none() {
            let findings = watch.findings_now();
            if findings.is_empty() {
                lines.block("Found", "nothing is wrong, as far as can be told", Style::new());
            }
            for (i, finding) in findings.iter().take(3).enumerate() {
                lines.block(if i == 0 { "Found" } else { "" }, &finding.sentence, Style::new());
            }
        }
        for (i, sentence) in watch.scenario.watch.iter().enumerate() {
            lines.block(if i == 0 { "Watch" } else { "" }, sentence, Style::new());
        }
        tries(watch, theme, &mut lines);
        lines.list
    }

    /// What was said and what was measured; right or wrong in plain words.
    fn answer(&self, ask: &Ask, answer: &Answer, lines: &mut Lines) {
        let (watch, strong) = (self.watch, self.theme.strong());
        let guess = |at: usize| ask.guesses.get(at).map_or("", |guess| guess.text.as_str());
        let right: Vec<&str> = answer.right.iter().map(|at| guess(*at)).collect();
        let was = if answer.settled { "It is" } else { "So far" };
        let was_right = watch.lesson.guess.is_some_and(|at| answer.right.contains(&at));
        if let Some(said) = watch.lesson.guess {
            let verdict = match (was_right, right.is_empty(), answer.settled) {
                (true, _, true) => " - right",
                (true, _, false) => " - right, as it looks",
                (false, false, true) => " - not so",
                (false, false, false) => " - not so, as it looks",
                (false, true, _) => "",
            };
            lines.block("You said", &format!("{}{verdict}", guess(said)), strong);
        }
        if right.is_empty() {
            lines.block(was, "none of the guesses; see the figures", strong);
        } else if !was_right {
            let knobs = watch.scenario.turned(&watch.settings);
            let with = if knobs.is_empty() { String::new() } else { format!("with {knobs}: ") };
            lines.block(was, &format!("{with}{}", right.join(", and also: ")), strong);
        }
        for (i, figures) in answer.evidence.iter().enumerate() {
            lines.block(if i == 0 { "Measured" } else { "" }, figures, Style::new());
        }
        if let Some(before) = &watch.lesson.before {
            lines.block("Before", before, Style::new());
        }
    }
}

/// What to try, each with the key that starts it.
fn tries(watch: &Watch, theme: Theme, lines: &mut Lines) {
    for (i, (text, startable)) in numbered(watch).into_iter().enumerate() {
        let label = if i == 0 { "Try" } else { "" };
        lines.block(label, &text, if startable { Style::new() } else { theme.faint() });
    }
}

/// Every suggestion, and whether a number key starts it; then it begins with that.
pub(super) fn numbered(watch: &Watch) -> Vec<(String, bool)> {
    let mut number = 0;
    let line = |suggestion: &crate::scenario::Try| {
        if suggestion.set.is_empty() {
            return (format!("- {}", suggestion.text), false);
        }
        number += 1;
        (format!("{} {}", shortcut(number), suggestion.text), true)
    };
    watch.scenario.tries.iter().map(line).collect()
}

/// Lines with a label at the left.
struct Lines {
    list: Vec<(String, Style)>,
    width: u16,
    faint: Style,
}

impl Lines {
    /// A text beside its label; where there is no room for that, below it.
    fn block(&mut self, label: &str, text: &str, style: Style) {
        let beside = self.width >= 40;
        if !beside && !label.is_empty() {
            self.list.push((label.to_owned(), self.faint));
        }
        let indent = if beside { LABEL } else { 0 };
        let width = self.width.saturating_sub(indent as u16);
        for (i, line) in text::wrap(text, width).into_iter().enumerate() {
            let label = if i == 0 && beside { label } else { "" };
            self.list.push((format!("{label:<indent$}{line}"), style));
        }
    }
}
