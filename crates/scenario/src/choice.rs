//! A word of a scenario that a knob may choose.

use serde::{Deserialize, Serialize};

use contend_trace::KnobId;

/// A word that is fixed, or chosen by a knob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Choice<T> {
    Fixed(T),
    /// `of[position of the knob]`.
    Knob(KnobId, Vec<T>),
}

impl<T: Copy> Choice<T> {
    /// Whether the word is a wanted one, or a knob may choose such a word.
    pub fn may_be(&self, wanted: impl Fn(T) -> bool) -> bool {
        match self {
            Self::Fixed(word) => wanted(*word),
            Self::Knob(_, of) => of.iter().any(|word| wanted(*word)),
        }
    }

    /// Returns the fixed word, or the one that the knob selects.
    pub fn pick(&self, knob: impl FnOnce(KnobId) -> f64) -> Option<T> {
        match self {
            Self::Fixed(word) => Some(*word),
            Self::Knob(id, of) => of.get(knob(*id) as usize).copied(),
        }
    }
}
