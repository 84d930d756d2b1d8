//! The question page: what the scenario is about, the question, the guesses.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::app::App;
use super::super::keys::KeyContext;
use super::super::layout::{QuestionLayout, QuestionPart};
use super::super::question_page::QuestionPage;
use super::{legend, text, unguarded_notice};

pub(super) struct QuestionScreen<'a> {
    pub(super) app: &'a App,
    pub(super) question: &'a QuestionPage,
}

impl Widget for QuestionScreen<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let theme = self.app.theme;
        let layout = QuestionLayout::compute(self.question, area);
        let inset = |at: Rect| Rect { x: at.x + at.width.min(1), width: at.width.saturating_sub(1), ..at };
        let head = unguarded_notice::draw_notice(self.app.is_unguarded, theme, inset(layout.head), buf);
        let rest = text::put_line(buf, head, "contend  ", theme.faint_style());
        text::put_line(buf, rest, &self.question.scenario.name, theme.strong_style());
        for (part, line, at) in &layout.lines {
            let style = match part {
                QuestionPart::Guess(guess) if self.question.chosen_guess == Some(*guess) => theme.selection_style(),
                QuestionPart::Title | QuestionPart::Ask => theme.strong_style(),
                QuestionPart::Knobs | QuestionPart::More | QuestionPart::Hint => theme.faint_style(),
                QuestionPart::About | QuestionPart::Guess(_) | QuestionPart::Blank => Style::new(),
            };
            let line = if matches!(part, QuestionPart::Guess(_)) { format!("{line}  ") } else { line.clone() };
            text::put_line(buf, *at, &line, style);
        }
        match legend::status_line(self.app, "") {
            Some((said, style)) => drop(text::put_line(buf, inset(layout.foot), &said, style)),
            None => legend::draw_hints(self.app, KeyContext::Question, inset(layout.foot), buf),
        }
    }
}
