//! Where everything stands on the page of a question.

use ratatui::layout::Rect;

use super::{take_bottom, take_top};
use crate::tui::format::{counted, shortcut, wrap};
use crate::tui::question::Question;

/// Columns of the text on a screen wide enough.
const WIDTH: u16 = 92;

/// Lines from which on the page keeps some distance from the top.
const TALL: u16 = 30;

pub(in crate::tui) struct QuestionPlan {
    pub(in crate::tui) head: Rect,
    pub(in crate::tui) foot: Rect,
    /// Every line with its place.
    pub(in crate::tui) lines: Vec<(Part, String, Rect)>,
}

/// What a line of the page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Part {
    Title,
    About,
    /// The knobs, where they do not stand as the scenario has them.
    Knobs,
    Ask,
    /// How much of what is asked is not shown.
    More,
    Guess(usize),
    /// What to do now.
    Hint,
    Blank,
}

impl QuestionPlan {
    pub(in crate::tui) fn of(question: &Question, area: Rect) -> Self {
        let mut rest = area;
        let head = take_top(&mut rest, 2);
        let foot = take_bottom(&mut rest, 1);
        let width = rest.width.saturating_sub(4).min(WIDTH);
        let body = Rect { x: rest.x + (rest.width - width) / 2, width, ..rest };
        let above = if area.height >= TALL { area.height / 6 } else { 0 };
        let body = Rect { y: body.y + above, height: body.height.saturating_sub(above), ..body };
        let mut lines = lines(question, width);
        let room = usize::from(body.height);
        // What is asked, and how to answer, matters more than what it is about.
        go_without(&mut lines, room, &[Part::About, Part::Blank, Part::Knobs, Part::Title]);
        cut_ask(&mut lines, room);
        go_without(&mut lines, room, &[Part::Hint, Part::More]);
        let lines = lines
            .into_iter()
            .zip(body.y..body.bottom())
            .map(|((part, line), y)| (part, line, Rect { y, height: 1, ..body }))
            .collect();
        Self { head, foot, lines }
    }

    /// The guess under a point of the screen.
    pub(in crate::tui) fn guess_at(&self, x: u16, y: u16) -> Option<usize> {
        let under = self.lines.iter().find(|(_, _, at)| at.contains((x, y).into()))?;
        if let Part::Guess(at) = under.0 { Some(at) } else { None }
    }
}

fn lines(question: &Question, width: u16) -> Vec<(Part, String)> {
    let (scenario, mut lines) = (&question.scenario, Vec::new());
    let mut put = |part, text: &str| {
        if !text.is_empty() {
            lines.extend(wrap(text, width).into_iter().map(|line| (part, line)));
            lines.push((Part::Blank, String::new()));
        }
    };
    put(Part::Title, &scenario.title);
    put(Part::About, &scenario.about);
    let knobs = scenario.turned(&question.settings);
    if !knobs.is_empty() {
        put(Part::Knobs, &format!("With {knobs}"));
    }
    put(Part::Ask, question.ask().map_or("", |ask| &ask.text));
    for (at, guess) in question.guesses().iter().enumerate() {
        for (i, line) in wrap(&guess.text, width.saturating_sub(6)).into_iter().enumerate() {
            let key = if i == 0 { shortcut(at + 1) } else { "   ".to_owned() };
            lines.push((Part::Guess(at), format!("  {key} {line}")));
        }
    }
    if !question.guesses().is_empty() {
        lines.push((Part::Blank, String::new()));
    }
    let hint = match (question.guesses(), question.chosen) {
        ([], _) => "Think of an answer; then press enter, and see.",
        (_, None) => "What do you expect? Choose with a number, or just press enter and see.",
        (_, Some(_)) => "Press enter, and see.",
    };
    lines.extend(wrap(hint, width).into_iter().map(|line| (Part::Hint, line)));
    lines
}

/// Leaves out one part after the other until the rest fits.
fn go_without(lines: &mut Vec<(Part, String)>, room: usize, parts: &[Part]) {
    for spare in parts {
        if lines.len() > room {
            lines.retain(|(part, _)| part != spare);
        }
    }
}

/// Cuts off what is asked, but never its first line, so that the rest fits; and says so.
fn cut_ask(lines: &mut Vec<(Part, String)>, room: usize) {
    let is_ask = |(part, _): &(Part, String)| *part == Part::Ask;
    let (Some(first), over) = (lines.iter().position(is_ask), lines.len().saturating_sub(room)) else { return };
    let asked = lines.iter().filter(|line| is_ask(line)).count();
    let kept = asked.saturating_sub(over + 1).max(1);
    if over > 0 && kept < asked {
        let more = format!("{}, on a screen with more room", counted((asked - kept) as u64, "more line"));
        lines.splice(first + kept..first + asked, [(Part::More, more)]);
    }
}
