//! Judges formulas of figures: `rate(work) >= 0.9 * rate(work, workers=2)`.

mod noise;
mod terms;

use super::doubt::Doubt;
use super::expect::NOISE_SUFFIX;
use super::measure::ValueRange;
use super::verdict::{BoundCheck, is_approx_equal};
use crate::scenario::{
    Compare, FigureComparison, FigureCondition, FigureExpr, FigureFormula, FigureTerm, FigureUnit, Relation,
};
use crate::trace::Span;
use crate::trace::format::{format_number, format_percent, format_rate};

pub(super) use terms::{TermFigure, TermValue, knob_figure, measure_term, measure_terms, unmeasurable_reason};

/// The figure of each term, or why it has none.
pub(super) type TermFigures = Vec<Result<TermFigure, String>>;

/// The result of evaluating a formula.
pub(super) struct FormulaResult {
    /// Whether the condition holds, or why that cannot be measured.
    pub(super) is_seen: Result<bool, String>,
    /// Both sides of every comparison with their values.
    pub(super) evidence: String,
    /// The comparisons that could be measured.
    pub(super) checks: Vec<ComparisonCheck>,
}

/// A measured comparison.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ComparisonCheck {
    /// Ratio and 1 if both sides are measured, else the figure and its bound.
    pub(super) bound_check: BoundCheck,
    /// 95 % confidence interval of the ratio or figure.
    range: Option<ValueRange>,
    /// Unit of the figure; `None` for a ratio.
    unit: Option<FigureUnit>,
}

/// Evaluates a formula.
pub(super) fn evaluate_formula(formula: &FigureFormula, figures: &TermFigures) -> FormulaResult {
    let mut evaluation = Evaluation { formula, figures, evidence: Vec::new(), checks: Vec::new() };
    let is_seen = evaluation.holds(&formula.condition);
    FormulaResult { is_seen, evidence: evaluation.evidence.join("; "), checks: evaluation.checks }
}

struct Evaluation<'a> {
    formula: &'a FigureFormula,
    figures: &'a TermFigures,
    evidence: Vec<String>,
    checks: Vec<ComparisonCheck>,
}

impl Evaluation<'_> {
    fn holds(&mut self, condition: &FigureCondition) -> Result<bool, String> {
        match condition {
            FigureCondition::Compare(comparison) => self.compare(comparison),
            FigureCondition::Word { term, word, is_expected } => self.is_word(*term, word).map(|is| is == *is_expected),
            FigureCondition::All(parts) => self.decided_by(parts, false),
            FigureCondition::Any(parts) => self.decided_by(parts, true),
            FigureCondition::Not(inner) => self.holds(inner).map(|holds| !holds),
        }
    }

    /// Evaluates all parts: one with the value `decisive` decides, even if others cannot be measured.
    fn decided_by(&mut self, parts: &[FigureCondition], decisive: bool) -> Result<bool, String> {
        let found: Vec<Result<bool, String>> = parts.iter().map(|part| self.holds(part)).collect();
        if found.contains(&Ok(decisive)) {
            return Ok(decisive);
        }
        found.into_iter().find(Result::is_err).unwrap_or(Ok(!decisive))
    }

    fn is_word(&mut self, term: usize, word: &str) -> Result<bool, String> {
        let (name, figure) = (&self.formula.terms[term].text, self.figures[term].as_ref().map_err(Clone::clone)?);
        match &figure.value {
            TermValue::Word(found) => {
                self.add_evidence(format!("{name} = {found}"));
                Ok(found == word)
            }
            TermValue::Number(_) => Err(format!("{name} is a number")),
        }
    }

    fn compare(&mut self, comparison: &FigureComparison) -> Result<bool, String> {
        let FigureComparison { left, relation, right } = comparison;
        let (one, other) = (self.value(left)?, self.value(right)?);
        let is_met = match relation {
            Relation::Less => one < other,
            Relation::Greater => one > other,
            Relation::LessOrEqual => one < other || is_approx_equal(one, other),
            Relation::GreaterOrEqual => one > other || is_approx_equal(one, other),
            Relation::Equal => is_approx_equal(one, other),
            Relation::NotEqual => !is_approx_equal(one, other),
        };
        let half = noise::half_width_of_difference(comparison, self.formula, self.figures);
        let check = self.check(comparison, (one, other), half);
        // A comparison of two measured figures that misses by no more than the noise counts as seen.
        let is_within_noise = !is_met
            && self.both_are_measured(comparison)
            && check
                .as_ref()
                .is_some_and(|check| check.range.is_some_and(|range| check.bound_check.is_met_within(range)));
        let noise = match half.filter(|_| !is_met && self.both_are_measured(comparison)) {
            Some(half) => {
                let (low, high) = (self.word(left, one - half), self.word(left, one + half));
                format!(" ({low} to {high}{NOISE_SUFFIX}")
            }
            None => String::new(),
        };
        let sides = [(left, one, noise.as_str()), (right, other, "")];
        let measured = sides.into_iter().filter(|(side, ..)| !side.is_constant()).map(|(side, value, noise)| {
            format!("{} = {}{noise}{}", self.text(side), self.word(side, value), self.parts_text(side))
        });
        let text = measured.collect::<Vec<_>>().join(", ");
        self.add_evidence(text);
        self.checks.extend(check);
        Ok(is_met || is_within_noise)
    }

    fn both_are_measured(&self, comparison: &FigureComparison) -> bool {
        [&comparison.left, &comparison.right].into_iter().all(|side| !self.measured_terms(side).is_empty())
    }

    /// Returns the terms that are measured; the others are knobs.
    fn measured_terms(&self, side: &FigureExpr) -> Vec<usize> {
        side.term_indices().into_iter().filter(|at| !self.formula.terms[*at].text.starts_with('$')).collect()
    }

    fn value(&self, expr: &FigureExpr) -> Result<f64, String> {
        if let Some(why) = expr.term_indices().into_iter().find_map(|at| self.figures.get(at)?.as_ref().err()) {
            return Err(why.clone());
        }
        let value = expr.eval(&|at| number_of(self.figures, at));
        if value.is_finite() { Ok(value) } else { Err(format!("{} divides by zero", self.text(expr))) }
    }

    fn check(
        &self,
        comparison: &FigureComparison,
        (one, other): (f64, f64),
        half: Option<f64>,
    ) -> Option<ComparisonCheck> {
        let compare = match comparison.relation {
            Relation::Less | Relation::LessOrEqual => Compare::Below,
            Relation::Greater | Relation::GreaterOrEqual => Compare::Above,
            Relation::Equal => Compare::Equals,
            Relation::NotEqual => return None,
        };
        let unit = comparison.left.unit(&self.formula.terms);
        let (scale, bound, unit) = if self.both_are_measured(comparison) && other > 0.0 {
            (1.0 / other, 1.0, None)
        } else {
            let scale = if unit.is_compatible_with(FigureUnit::TIME) { 1e9 } else { 1.0 };
            (scale, other * scale, Some(unit))
        };
        let range = half.map(|half| ((one - half) * scale, (one + half) * scale));
        Some(ComparisonCheck { bound_check: BoundCheck { measured: one * scale, bound, compare }, range, unit })
    }

    fn add_evidence(&mut self, text: String) {
        if !self.evidence.contains(&text) {
            self.evidence.push(text);
        }
    }

    fn text(&self, expr: &FigureExpr) -> String {
        expr.to_text(&self.formula.terms)
    }

    fn word(&self, expr: &FigureExpr, value: f64) -> String {
        format_figure(expr.unit(&self.formula.terms), value)
    }

    /// Returns the values of the terms of a side that computes with several of them.
    fn parts_text(&self, side: &FigureExpr) -> String {
        let terms = side.term_indices();
        if terms.len() < 2 {
            return String::new();
        }
        let part = |at: &usize| {
            let FigureTerm { text, unit, .. } = &self.formula.terms[*at];
            format!("{text} = {}", format_figure(*unit, number_of(self.figures, *at)))
        };
        format!(" with {}", terms.iter().map(part).collect::<Vec<_>>().join(" and "))
    }
}

/// Returns the value of a term in base units.
fn number_of(figures: &TermFigures, at: usize) -> f64 {
    match figures.get(at) {
        Some(Ok(TermFigure { value: TermValue::Number(value), .. })) => *value,
        _ => f64::NAN,
    }
}

impl ComparisonCheck {
    /// The doubt that the figure is too close to its bound for the noise.
    pub(super) fn noise_doubt(&self) -> Option<Doubt> {
        let (low, high) = self.range.filter(|range| self.bound_check.is_undecided_within(*range))?;
        let word = |value: f64| match self.unit {
            None => format_number(value),
            Some(unit) if unit.is_compatible_with(FigureUnit::TIME) => format_figure(unit, value * 1e-9),
            Some(unit) => format_figure(unit, value),
        };
        let times = if self.unit.is_none() { " times" } else { "" };
        Some(Doubt::Noise {
            range: format!("{} to {}{times}", word(low), word(high)),
            bound: format!("{}{times}", word(self.bound_check.bound)),
        })
    }
}

/// Formats a figure in base units with its unit.
fn format_figure(unit: FigureUnit, value: f64) -> String {
    match (unit.seconds, unit.bytes) {
        (0, 0) if unit.is_share => format_percent(value),
        (0, 0) => format_number(value),
        (1, 0) if value < 0.0 => format!("-{}", Span((-value * 1e9) as u64)),
        (1, 0) => Span((value * 1e9).round() as u64).to_string(),
        (-1, 0) => format_rate(value),
        (0, 1) => format!("{} bytes", format_number(value)),
        (seconds, bytes) => {
            let power = |name: &str, power: i16| match power {
                0 => String::new(),
                1 => format!(" {name}"),
                _ => format!(" {name}^{power}"),
            };
            format!("{}{}{}", format_number(value), power("s", seconds), power("bytes", bytes))
        }
    }
}

#[cfg(test)]
mod tests;
