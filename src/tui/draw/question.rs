//! The question page: what the scenario is about, the question, the guesses.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::app::App;
use super::super::keys::KeyContext;
use super::super::layout::{GUESS_INDENT, QuestionLayout, QuestionPart};
use super::super::question_page::QuestionPage;
use super::super::theme::Role;
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
        let rest = if area.width >= 60 { text::put_line(buf, head, "contend ", theme.faint_style()) } else { head };
        let rest = text::put_line(buf, rest, &self.question.scenario.name, theme.strong_style());
        let rest = text::put_line(buf, rest, "  ", Style::new());
        if usize::from(rest.width) >= PILL.len() {
            text::put_line(buf, rest, PILL, theme.pill_style(Role::Note));
        }
        for (part, line, at) in &layout.lines {
            self.draw_line(*part, line, *at, buf);
        }
        match legend::status_line(self.app, "") {
            Some((said, style)) => drop(text::put_line(buf, inset(layout.foot), &said, style)),
            None => legend::draw_hints(self.app, KeyContext::Question, inset(layout.foot), buf),
        }
    }
}

/// Says in the first line what this page is for.
const PILL: &str = " ? PREDICT ";

impl QuestionScreen<'_> {
    fn draw_line(&self, part: QuestionPart, line: &str, at: Rect, buf: &mut Buffer) {
        let theme = self.app.theme;
        match part {
            QuestionPart::Guess(guess) => self.draw_guess(guess, line, at, buf),
            QuestionPart::Ask => {
                let rest = text::put_line(buf, at, theme.band_bar(), theme.fg(Role::Note));
                let rest = text::put_line(buf, rest, " ", Style::new());
                text::put_line(buf, rest, line, theme.strong_style());
            }
            QuestionPart::Title => drop(text::put_line(buf, at, line, theme.strong_style())),
            QuestionPart::Knobs | QuestionPart::More | QuestionPart::Hint => {
                text::put_line(buf, at, line, theme.faint_style());
            }
            QuestionPart::About | QuestionPart::Blank => drop(text::put_line(buf, at, line, theme.fg(Role::Text))),
        }
    }

    /// Draws a line of a guess: its key, and its text, as one bar if it is the chosen one.
    fn draw_guess(&self, guess: usize, line: &str, at: Rect, buf: &mut Buffer) {
        let theme = self.app.theme;
        let is_chosen = self.question.chosen_guess == Some(guess);
        let key_end = line.char_indices().nth(GUESS_INDENT.into()).map_or(line.len(), |(end, _)| end);
        let (key, words) = line.split_at(key_end);
        let bar = Rect { x: at.x + 2.min(at.width), width: at.width.saturating_sub(2), ..at };
        let (key_style, style) = if is_chosen {
            buf.set_style(bar, theme.selection_style());
            (theme.selection_style(), theme.selection_style())
        } else {
            (theme.fg(Role::Note), theme.fg(Role::Text))
        };
        let mark = if is_chosen && key.contains('[') { theme.glyph("▸", ">") } else { " " };
        let rest = text::put_line(buf, bar, &format!("{mark}{}", key.get(3..).unwrap_or_default()), key_style);
        text::put_line(buf, rest, words, style);
    }
}
