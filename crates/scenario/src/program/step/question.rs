//! Questions of `if` and `while`.

use serde::{Deserialize, Serialize};

use super::{Expr, Target};

/// A question about a counter's value, a queue's depth, or a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub operand: Operand,
    pub compare: Compare,
    pub value: Expr,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Operand {
    Resource(Target),
    Number(Expr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compare {
    Above,
    Below,
    Equals,
}

impl Compare {
    /// Whether the comparison of `value` with `with` is true.
    pub fn holds(self, value: f64, with: f64) -> bool {
        match self {
            Self::Above => value > with,
            Self::Below => value < with,
            Self::Equals => (value - with).abs() < 0.5, // both are whole numbers
        }
    }
}
