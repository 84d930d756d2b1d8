//! The layout of the question page.

use ratatui::layout::Rect;

use super::{take_bottom, take_top};
use crate::report::text_width::wrap_text;
use crate::trace::format::compact_counted;
use crate::tui::keys::{guess_label, with_keys};
use crate::tui::question_page::QuestionPage;

/// Columns of the text on a screen wide enough.
const WIDTH: u16 = 88;

/// Columns before a guess, with its key, and before a line of the question, with its bar.
pub(in crate::tui) const GUESS_INDENT: u16 = 8;
const ASK_INDENT: u16 = 2;

/// Height from which the page keeps some distance from the top.
const TALL: u16 = 30;

pub(in crate::tui) struct QuestionLayout {
    pub(in crate::tui) head: Rect,
    pub(in crate::tui) foot: Rect,
    /// Every line with its area.
    pub(in crate::tui) lines: Vec<(QuestionPart, String, Rect)>,
}

/// What a line of the page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum QuestionPart {
    Title,
    About,
    /// The knobs that differ from the scenario's defaults.
    Knobs,
    Ask,
    /// How much of the question is not shown.
    More,
    Guess(usize),
    /// What to do next.
    Hint,
    Blank,
}

impl QuestionLayout {
    pub(in crate::tui) fn compute(question: &QuestionPage, area: Rect) -> Self {
        let mut rest = area;
        let head = take_top(&mut rest, 2);
        let foot = take_bottom(&mut rest, 1);
        let width = rest.width.saturating_sub(4).min(WIDTH);
        let body = Rect { x: rest.x + (rest.width - width) / 2, width, ..rest };
        let above = if area.height >= TALL { area.height / 6 } else { 0 };
        let body = Rect { y: body.y + above, height: body.height.saturating_sub(above), ..body };
        let mut lines = question_lines(question, width, area.height >= TALL);
        let room = usize::from(body.height);
        // The question and how to answer it matter more than what the scenario is about.
        drop_parts(
            &mut lines,
            room,
            &[QuestionPart::About, QuestionPart::Blank, QuestionPart::Knobs, QuestionPart::Title],
        );
        truncate_question(&mut lines, room);
        drop_parts(&mut lines, room, &[QuestionPart::Hint, QuestionPart::More]);
        let lines = lines
            .into_iter()
            .zip(body.y..body.bottom())
            .map(|((part, line), y)| (part, line, Rect { y, height: 1, ..body }))
            .collect();
        Self { head, foot, lines }
    }

    /// Returns the guess under a point of the screen.
    pub(in crate::tui) fn guess_at(&self, x: u16, y: u16) -> Option<usize> {
        let under = self.lines.iter().find(|(_, _, at)| at.contains((x, y).into()))?;
        if let QuestionPart::Guess(at) = under.0 { Some(at) } else { None }
    }
}

fn question_lines(question: &QuestionPage, width: u16, is_spacious: bool) -> Vec<(QuestionPart, String)> {
    let (scenario, mut lines) = (&question.scenario, Vec::new());
    let mut put = |part, text: &str| {
        if !text.is_empty() {
            let indent = if part == QuestionPart::Ask { ASK_INDENT } else { 0 };
            lines.extend(wrap_text(text, width.saturating_sub(indent)).into_iter().map(|line| (part, line)));
            lines.push((QuestionPart::Blank, String::new()));
        }
    };
    put(QuestionPart::Title, &scenario.title);
    put(QuestionPart::About, &scenario.about);
    let knobs = scenario.changed_knobs_text(&question.settings);
    if !knobs.is_empty() {
        put(QuestionPart::Knobs, &format!("With {knobs}"));
    }
    put(QuestionPart::Ask, question.ask().map_or("", |ask| &ask.text));
    for (at, guess) in question.guesses().iter().enumerate() {
        for (i, line) in wrap_text(&guess.text, width.saturating_sub(GUESS_INDENT + 1)).into_iter().enumerate() {
            let key = if i == 0 { guess_label(at + 1) } else { "   ".to_owned() };
            lines.push((QuestionPart::Guess(at), format!("    {key} {line}")));
        }
        if is_spacious {
            lines.push((QuestionPart::Blank, String::new()));
        }
    }
    if !question.guesses().is_empty() && !is_spacious {
        lines.push((QuestionPart::Blank, String::new()));
    }
    let hint = match (question.guesses(), question.chosen_guess) {
        ([], _) => "Think of an answer, then press {start-run} to find out.",
        (_, None) => "What do you expect? Choose with a number, or press {start-run} without a guess.",
        (_, Some(_)) => "Press {start-run} to find out.",
    };
    lines.extend(wrap_text(&with_keys(hint), width).into_iter().map(|line| (QuestionPart::Hint, line)));
    lines
}

/// Leaves out one part after the other until the rest fits.
fn drop_parts(lines: &mut Vec<(QuestionPart, String)>, room: usize, parts: &[QuestionPart]) {
    for spare in parts {
        if lines.len() > room {
            lines.retain(|(part, _)| part != spare);
        }
    }
}

/// Shortens the question, but not its first line, until the rest fits, and adds how much is missing.
fn truncate_question(lines: &mut Vec<(QuestionPart, String)>, room: usize) {
    let is_ask = |(part, _): &(QuestionPart, String)| *part == QuestionPart::Ask;
    let (Some(first), over) = (lines.iter().position(is_ask), lines.len().saturating_sub(room)) else { return };
    let asked = lines.iter().filter(|line| is_ask(line)).count();
    let kept = asked.saturating_sub(over + 1).max(1);
    if over > 0 && kept < asked {
        let more = format!("{} on a larger screen", compact_counted((asked - kept) as u64, "more line"));
        lines.splice(first + kept..first + asked, [(QuestionPart::More, more)]);
    }
}
