//! Comparisons in a formula: `rate(work) > 400/s`, `outcome == done`; both sides of a sign have the same unit.

use std::ops::Range;

use super::super::super::formula::FormulaError;
use super::tokens::{FormulaToken, formula_error};
use super::{FormulaPart, FormulaReader, PartKind};
use crate::program::{FigureComparison, FigureCondition, FigureExpr, FigureUnit, Relation};

impl FormulaReader<'_> {
    pub(super) fn comparison(&mut self) -> Result<FormulaPart, FormulaError> {
        let left = self.sum()?;
        let Some((relation, sign_at)) = self.relation()? else { return Ok(left) };
        let start = left.at.start;
        let condition = if let PartKind::Word { term, words } = left.kind {
            self.word_condition(term, &words, relation, &sign_at)?
        } else {
            let right = self.sum()?;
            self.figure_condition(left, relation, right, sign_at)?
        };
        if let Some((_, at)) = self.relation()? {
            let help = "write two: 1 < depth(work) and depth(work) < 9";
            return Err(formula_error(at, "a condition has one comparison", Some(help)));
        }
        Ok(FormulaPart { kind: PartKind::Condition(condition), at: start..self.at })
    }

    fn relation(&mut self) -> Result<Option<(Relation, Range<usize>)>, FormulaError> {
        match self.peek()? {
            (FormulaToken::Sign("="), at) => {
                let help = "compare with `==`; a single `=` names a knob of another run: rate(work, workers=2)";
                Err(formula_error(at, "`=` does not compare", Some(help)))
            }
            (FormulaToken::Sign(sign), at) => match Relation::ALL.iter().find(|(known, _)| *known == sign) {
                Some((_, relation)) => {
                    self.at = at.end;
                    Ok(Some((*relation, at)))
                }
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn figure_condition(
        &self,
        left: FormulaPart,
        relation: Relation,
        right: FormulaPart,
        sign_at: Range<usize>,
    ) -> Result<FigureCondition, FormulaError> {
        let whole = left.at.start..right.at.end;
        let (left, right) = (self.value(left)?, self.value(right)?);
        self.check_units(&left, &right, sign_at)?;
        if left == right {
            return Err(formula_error(whole, "this is compared with itself", Some("name something else")));
        }
        Ok(FigureCondition::Compare(FigureComparison { left, relation, right }))
    }

    fn word_condition(
        &mut self,
        term: usize,
        words: &[String],
        relation: Relation,
        sign_at: &Range<usize>,
    ) -> Result<FigureCondition, FormulaError> {
        if relation.is_ordering() {
            let title = format!("`{}` is a word: it is not more or less than another", self.terms[term].text);
            return Err(formula_error(sign_at.clone(), title, Some("compare it with `==` or `!=`")));
        }
        let (token, at) = self.peek()?;
        let FormulaToken::Name(word) = token else {
            return Err(formula_error(at, "expected a word", words_help(words).as_deref()));
        };
        self.at = at.end;
        if !words.is_empty() && !words.iter().any(|known| known == word) {
            let near = crate::suggest::suggest(word, words.iter().map(String::as_str));
            let help = near.map(|near| format!("did you mean `{near}`?")).or_else(|| words_help(words));
            let title = format!("`{}` is never `{word}`", self.terms[term].text);
            return Err(formula_error(at, title, help.as_deref()));
        }
        Ok(FigureCondition::Word { term, word: word.to_owned(), is_expected: relation == Relation::Equal })
    }

    /// Requires that both sides of a sign have the same unit.
    pub(super) fn check_units(
        &self,
        left: &FigureExpr,
        right: &FigureExpr,
        at: Range<usize>,
    ) -> Result<(), FormulaError> {
        let (one, other) = (left.unit(&self.terms), right.unit(&self.terms));
        if one.is_compatible_with(other) {
            return Ok(());
        }
        let unitless = |expr: &FigureExpr, unit: FigureUnit| {
            matches!(expr, FigureExpr::Literal(_)) && unit.is_compatible_with(FigureUnit::NUMBER)
        };
        let help = if unitless(right, other) {
            format!("write the number with its unit, such as {}", one.example())
        } else if unitless(left, one) {
            format!("write the number with its unit, such as {}", other.example())
        } else {
            format!("left of it is {}, right of it {}", one.noun(), other.noun())
        };
        Err(formula_error(at, "these two have different units", Some(&help)))
    }
}

/// Lists the words that a term can be.
fn words_help(words: &[String]) -> Option<String> {
    let known = crate::suggest::any_of(words.iter().map(String::as_str));
    (!words.is_empty()).then(|| format!("it is {known}"))
}
