//! The uncertainty of a comparison of figures.

use super::{TermFigure, TermFigures, TermValue};
use crate::report::measure::{Spread, half_width};
use crate::scenario::{FigureComparison, FigureFormula};

/// Returns half the width of the 95 % confidence interval of left side minus right side, in base units; `None` if no
/// figure has a known uncertainty.
///
/// Figures of one run are left out part by part together: noise that changes both sides alike cancels. Different runs,
/// and figures of which only the interval is known, are independent.
pub(super) fn half_width_of_difference(
    comparison: &FigureComparison,
    formula: &FigureFormula,
    figures: &TermFigures,
) -> Option<f64> {
    let mut terms = comparison.left.term_indices();
    terms.extend(comparison.right.term_indices().into_iter().filter(|at| !terms.contains(at)).collect::<Vec<_>>());
    let known: Vec<(usize, &TermFigure)> =
        terms.iter().filter_map(|at| Some((*at, figures.get(*at)?.as_ref().ok()?))).collect();
    let difference = |replaced: &[(usize, f64)]| {
        let value = |at: usize| {
            let new = replaced.iter().find(|(term, _)| *term == at).map(|(_, value)| *value);
            let measured = || match known.iter().find(|(term, _)| *term == at).map(|(_, figure)| &figure.value) {
                Some(TermValue::Number(value)) => *value,
                _ => f64::NAN,
            };
            new.unwrap_or_else(measured)
        };
        comparison.left.eval(&value) - comparison.right.eval(&value)
    };
    let mut squares: Vec<f64> = Vec::new();
    for (at, figure) in &known {
        if let Some(Spread::KnownInterval((low, high))) = &figure.spread {
            let scale = formula.terms[*at].scale();
            let change = difference(&[(*at, high * scale)]) - difference(&[(*at, low * scale)]);
            squares.push((change / 2.0).powi(2));
        }
    }
    for (nth, (first, figure)) in known.iter().enumerate() {
        let settings = &formula.terms[*first].settings;
        let is_same_run = |at: usize| formula.terms[at].settings == *settings;
        let parts = figure.spread.as_ref().map_or(0, Spread::part_count);
        if parts == 0 || known[..nth].iter().any(|(at, one)| is_same_run(*at) && has_parts(one)) {
            continue;
        }
        let run: Vec<&(usize, &TermFigure)> =
            known.iter().filter(|(at, figure)| is_same_run(*at) && has_parts(figure)).collect();
        let without = |part: usize| -> Option<f64> {
            let replaced: Option<Vec<(usize, f64)>> = run
                .iter()
                .map(|(at, figure)| {
                    Some((*at, figure.spread.as_ref()?.without_part(part)? * formula.terms[*at].scale()))
                })
                .collect();
            Some(difference(&replaced?))
        };
        let values: Vec<f64> = (0..parts).map(without).collect::<Option<_>>()?;
        squares.push(half_width(&values).powi(2));
    }
    let half = squares.iter().sum::<f64>().sqrt();
    (!squares.is_empty() && half.is_finite()).then_some(half)
}

fn has_parts(figure: &TermFigure) -> bool {
    figure.spread.as_ref().is_some_and(|spread| spread.part_count() > 0)
}
