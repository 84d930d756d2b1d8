//! Functions of formulas, with the unit and the range of what they return.

use std::ops::Range;

use super::{Formula, FormulaError, Parser, formula_error, mixed_units_error};
use crate::distribution::{MAX_EXPONENTIAL, MAX_NORMAL, lognormal_sigma};
use crate::expr::Expr;
use crate::knob::Unit;

impl Parser<'_> {
    /// Parses the arguments of a function whose name was read at `at`.
    pub(super) fn function(&mut self, name: &str, at: Range<usize>) -> Result<Formula, FormulaError> {
        self.expect('(')?;
        let first = self.sum()?;
        if name == "exponential" {
            self.expect(')')?;
            return Ok(exponential(first));
        }
        self.expect(',')?;
        let second = self.sum()?;
        let share = match name {
            "bimodal" => {
                self.expect(',')?;
                Some(self.sum()?)
            }
            _ => None,
        };
        self.expect(')')?;
        if first.unit != second.unit {
            return Err(mixed_units_error(at));
        }
        match (name, share) {
            ("lognormal", _) => lognormal(first, second, at),
            (_, Some(share)) => bimodal(first, second, share, at),
            _ => Ok(choice_of_two(name, first, second)),
        }
    }
}

fn exponential(mean: Formula) -> Formula {
    let (low, high) = (mean.low.min(0.0) * MAX_EXPONENTIAL, mean.high.max(0.0) * MAX_EXPONENTIAL);
    Formula { expr: Expr::Exponential(Box::new(mean.expr)), unit: mean.unit, low, high }
}

fn lognormal(median: Formula, p99: Formula, at: Range<usize>) -> Result<Formula, FormulaError> {
    if p99.high < median.low {
        let help = Some("write the median first: lognormal(5ms, 40ms)");
        return Err(formula_error(at, "the 99th percentile is less than the median", help));
    }
    // The smaller the median, the farther away the farthest value; a median near zero has no bound.
    let farthest = median.low * (lognormal_sigma(median.low, p99.high) * MAX_NORMAL).exp();
    let is_bounded = median.low > 0.0 || p99.high <= 0.0;
    let high = if is_bounded { farthest.max(median.high).min(f64::MAX) } else { f64::MAX };
    let (low, unit) = (median.low.min(0.0), median.unit);
    Ok(Formula { expr: Expr::Lognormal(Box::new(median.expr), Box::new(p99.expr)), unit, low, high })
}

fn bimodal(usual: Formula, rare: Formula, share: Formula, at: Range<usize>) -> Result<Formula, FormulaError> {
    if share.unit != Unit::Count || share.low > 1.0 || share.high < 0.0 {
        let help = Some("such as 1/20: bimodal(2ms, 80ms, 1/20)");
        return Err(formula_error(at, "the share of the second value goes from 0 to 1", help));
    }
    let (low, high, unit) = (usual.low.min(rare.low), usual.high.max(rare.high), usual.unit);
    let [usual, rare, share] = [usual.expr, rare.expr, share.expr].map(Box::new);
    Ok(Formula { expr: Expr::Bimodal { usual, rare, share }, unit, low, high })
}

/// Combines two formulas of one unit by `min`, `max` or `random`.
fn choice_of_two(name: &str, left: Formula, right: Formula) -> Formula {
    let (least, most) = (left.low.min(right.low), left.high.max(right.high));
    let (low, high) = match name {
        "min" => (least, left.high.min(right.high)),
        "max" => (left.low.max(right.low), most),
        _ => (least, most),
    };
    let (unit, left, right) = (left.unit, Box::new(left.expr), Box::new(right.expr));
    let expr = match name {
        "min" => Expr::Min(left, right),
        "max" => Expr::Max(left, right),
        _ => Expr::Random(left, right),
    };
    Formula { expr, unit, low, high }
}
