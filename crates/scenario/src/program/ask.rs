//! The question to think about before a run, and what one may guess.

use serde::{Deserialize, Serialize};

use super::expect::Expect;

/// A question, asked before the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub text: String,
    /// Answers to choose from. None at all: one thinks of an answer and keeps it to oneself.
    pub guesses: Vec<Guess>,
}

/// One answer that can be chosen. Whether it is right is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    pub text: String,
    pub right: Right,
}

/// When a guess is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Right {
    /// All of this is seen.
    When(Vec<Expect>),
    /// None of the other guesses is right.
    Otherwise,
}
