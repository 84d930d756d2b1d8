//! The question before a run, with guesses to choose from.

use serde::{Deserialize, Serialize};

use super::expect::Expect;

/// A question to answer before the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quiz {
    pub text: String,
    /// Answers to choose from. Empty for a question to think about only.
    pub guesses: Vec<Guess>,
}

/// An answer to choose. The run decides whether it is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    pub text: String,
    pub correct_when: CorrectWhen,
}

/// When a guess is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CorrectWhen {
    /// All of these expectations hold.
    AllHold(Vec<Expect>),
    /// None of the other guesses is right.
    NoOtherGuess,
}
