//! Writes formulas so that they are read back as the same.

use super::{FigureComparison, FigureCondition, FigureExpr, FigureFormula, FigureFunction, FigureTerm, Relation};

/// How strongly the parts of a formula bind, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Any,
    All,
    Not,
    Comparison,
    Sum,
    Product,
    Sign,
    Atom,
}

impl FigureFormula {
    /// Returns the formula as it is written, with the fewest parentheses.
    pub fn to_text(&self) -> String {
        self.condition_text(&self.condition)
    }

    fn condition_text(&self, condition: &FigureCondition) -> String {
        match condition {
            FigureCondition::Compare(FigureComparison { left, relation, right }) => {
                format!("{} {} {}", left.to_text(&self.terms), relation.sign(), right.to_text(&self.terms))
            }
            FigureCondition::Word { term, word, is_expected } => {
                let relation = if *is_expected { Relation::Equal } else { Relation::NotEqual };
                format!("{} {} {word}", term_text(&self.terms, *term), relation.sign())
            }
            FigureCondition::All(parts) => self.joined(parts, " and ", Strength::All),
            FigureCondition::Any(parts) => self.joined(parts, " or ", Strength::Any),
            FigureCondition::Not(inner) => {
                let text = self.condition_text(inner);
                format!("not {}", in_parentheses_if(text, condition_strength(inner) < Strength::Not))
            }
        }
    }

    fn joined(&self, parts: &[FigureCondition], word: &str, strength: Strength) -> String {
        let part = |part| in_parentheses_if(self.condition_text(part), condition_strength(part) <= strength);
        parts.iter().map(part).collect::<Vec<_>>().join(word)
    }
}

impl FigureExpr {
    /// Returns the expression as it is written, with the fewest parentheses.
    pub fn to_text(&self, terms: &[FigureTerm]) -> String {
        match self {
            Self::Literal(literal) => literal.to_text(),
            Self::Term(at) => term_text(terms, *at),
            Self::Negative(inner) => format!("-{}", inner.text_within(terms, Strength::Sign)),
            Self::Op(left, op, right) => {
                let strength = self.strength();
                // On the right, an operator of the same strength needs parentheses: a - (b - c).
                let stronger = if strength == Strength::Sum { Strength::Product } else { Strength::Sign };
                format!("{} {op} {}", left.text_within(terms, strength), right.text_within(terms, stronger))
            }
            Self::Function(function, of) => {
                let args: Vec<String> = of.iter().map(|one| one.to_text(terms)).collect();
                format!("{}({})", function.word(), args.join(", "))
            }
        }
    }

    fn text_within(&self, terms: &[FigureTerm], least: Strength) -> String {
        in_parentheses_if(self.to_text(terms), self.strength() < least)
    }

    const fn strength(&self) -> Strength {
        match self {
            Self::Op(_, '+' | '-', _) => Strength::Sum,
            Self::Op(..) => Strength::Product,
            Self::Negative(_) => Strength::Sign,
            Self::Literal(_) | Self::Term(_) | Self::Function(..) => Strength::Atom,
        }
    }
}

impl Relation {
    pub fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(_, relation)| *relation == self).map_or("", |(sign, _)| sign)
    }
}

impl FigureFunction {
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, function)| *function == self).map_or("", |(word, _)| word)
    }
}

const fn condition_strength(condition: &FigureCondition) -> Strength {
    match condition {
        FigureCondition::Any(_) => Strength::Any,
        FigureCondition::All(_) => Strength::All,
        FigureCondition::Not(_) => Strength::Not,
        FigureCondition::Compare(_) | FigureCondition::Word { .. } => Strength::Comparison,
    }
}

fn term_text(terms: &[FigureTerm], at: usize) -> String {
    terms.get(at).map(|term| term.text.clone()).unwrap_or_default()
}

fn in_parentheses_if(text: String, wanted: bool) -> String {
    if wanted { format!("({text})") } else { text }
}
