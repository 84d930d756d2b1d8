//! Judges formulas of figures: `rate(work) >= 0.9 * rate(work, workers=2)`.

mod noise;
mod terms;

use super::bound_check::{BoundCheck, FigureForm, WITHIN_NOISE, format_figure, interval_text, is_approx_equal};
use crate::model::Model;
use crate::scenario::{
    Compare, FigureComparison, FigureCondition, FigureExpr, FigureFormula, FigureTerm, FigureUnit, Relation, Scenario,
    Settings,
};
use crate::trace::Stamp;

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
    pub(super) checks: Vec<BoundCheck>,
}

/// Whether a condition over figures of one run holds at a moment, for the settings in force. A condition that cannot be
/// measured yet does not hold.
pub fn condition_holds(
    model: &Model,
    scenario: &Scenario,
    settings: &Settings,
    formula: &FigureFormula,
    now: Stamp,
) -> bool {
    unmeasurable_reason(model, scenario, formula, now).is_none()
        && evaluate_formula(formula, &measure_terms(model, scenario, settings, formula, now)).is_seen == Ok(true)
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
    checks: Vec<BoundCheck>,
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
            && check.is_some_and(|check| check.interval.is_some_and(|range| check.is_met_within(range)));
        let text = self.comparison_text(comparison, (one, other), half, check.as_ref());
        self.add_evidence(if is_within_noise { text + WITHIN_NOISE } else { text });
        self.checks.extend(check);
        Ok(is_met || is_within_noise)
    }

    /// Returns the measured sides with their values, and the interval: of the figure, or of the ratio of both sides.
    fn comparison_text(
        &self,
        comparison: &FigureComparison,
        (one, other): (f64, f64),
        half: Option<f64>,
        check: Option<&BoundCheck>,
    ) -> String {
        let FigureComparison { left, right, .. } = comparison;
        let is_ratio = self.both_are_measured(comparison);
        let side = |(expr, value): (&FigureExpr, f64)| {
            let interval = half.filter(|_| !is_ratio && !self.measured_terms(expr).is_empty());
            // No measure is negative, whatever its noise.
            let least = if matches!(expr, FigureExpr::Term(_)) { value.min(0.0) } else { f64::NEG_INFINITY };
            let interval = interval
                .map(|half| interval_text(&self.word(expr, least.max(value - half)), &self.word(expr, value + half)));
            let interval = interval.unwrap_or_default();
            format!("{} = {}{interval}{}", self.text(expr), self.word(expr, value), self.parts_text(expr))
        };
        let sides = [(left, one), (right, other)];
        let measured: Vec<String> = sides.into_iter().filter(|(expr, _)| !expr.is_constant()).map(side).collect();
        let ratio = check.filter(|check| is_ratio && check.form == FigureForm::Ratio && check.interval.is_some());
        let ratio = ratio
            .map(|check| format!(": {} times as much{}", check.form.format(check.measured), check.interval_text()));
        measured.join(", ") + &ratio.unwrap_or_default()
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

    fn check(&self, comparison: &FigureComparison, (one, other): (f64, f64), half: Option<f64>) -> Option<BoundCheck> {
        let compare = match comparison.relation {
            Relation::Less | Relation::LessOrEqual => Compare::Below,
            Relation::Greater | Relation::GreaterOrEqual => Compare::Above,
            Relation::Equal => Compare::Equals,
            Relation::NotEqual => return None,
        };
        let unit = comparison.left.unit(&self.formula.terms);
        let (scale, bound, form) = if self.both_are_measured(comparison) && other > 0.0 {
            (1.0 / other, 1.0, FigureForm::Ratio)
        } else {
            let scale = if unit.is_compatible_with(FigureUnit::TIME) { 1e9 } else { 1.0 };
            (scale, other * scale, FigureForm::Unit(unit))
        };
        let interval = half.map(|half| ((one - half) * scale, (one + half) * scale));
        Some(BoundCheck { measured: one * scale, interval, bound, compare, form })
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

#[cfg(test)]
mod tests;
