//! The scenario's question in the JSON report.

use serde::Serialize;

use crate::report::{Report, answer_question};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct AnswerJson<'a> {
    question: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = ["answered", "none-right", "too-early", "too-noisy", "cannot-show", "not-measured"])))]
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_open: Option<String>,
    guesses: Vec<GuessJson<'a>>,
    measured: Vec<String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct GuessJson<'a> {
    text: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = ["confirmed", "refuted", "open"])))]
    state: &'static str,
}

/// Returns the question with what the run says about each guess; `None` if there are no guesses.
pub(super) fn answer<'a>(report: &Report<'a>) -> Option<AnswerJson<'a>> {
    let quiz = report.scenario.quiz.as_ref()?;
    let answer = answer_question(report.model, report.scenario, report.settings, report.ended_at)?;
    let guess = |(at, guess): (usize, &'a crate::scenario::Guess)| GuessJson {
        text: &guess.text,
        state: answer.guess_state(at).word(),
    };
    Some(AnswerJson {
        question: &quiz.text,
        state: answer.state().word(),
        why_open: answer.doubt.as_ref().map(ToString::to_string),
        guesses: quiz.guesses.iter().enumerate().map(guess).collect(),
        measured: answer.evidence.clone(),
    })
}
