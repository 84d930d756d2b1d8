//! The page of a question: what it is about, what is asked, what one may guess.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::app::App;
use super::super::keys::Place;
use super::super::plan::{Part, QuestionPlan};
use super::super::question::Question;
use super::{guard, legend, text};

pub(super) struct Page<'a> {
    pub(super) app: &'a App,
    pub(super) question: &'a Question,
}

impl Widget for Page<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let theme = self.app.theme;
        let plan = QuestionPlan::of(self.question, area);
        let inset = |at: Rect| Rect { x: at.x + at.width.min(1), width: at.width.saturating_sub(1), ..at };
        let head = guard::say(self.app.unguarded, theme, inset(plan.head), buf);
        let rest = text::put(buf, head, "contend  ", theme.faint());
        text::put(buf, rest, &self.question.scenario.name, theme.strong());
        for (part, line, at) in &plan.lines {
            let style = match part {
                Part::Guess(guess) if self.question.chosen == Some(*guess) => theme.chosen(),
                Part::Title | Part::Ask => theme.strong(),
                Part::Knobs | Part::More | Part::Hint => theme.faint(),
                Part::About | Part::Guess(_) | Part::Blank => Style::new(),
            };
            let line = if matches!(part, Part::Guess(_)) { format!("{line}  ") } else { line.clone() };
            text::put(buf, *at, &line, style);
        }
        match legend::said(self.app, "") {
            Some((said, style)) => drop(text::put(buf, inset(plan.foot), &said, style)),
            None => legend::hints(self.app, Place::Question, inset(plan.foot), buf),
        }
    }
}
