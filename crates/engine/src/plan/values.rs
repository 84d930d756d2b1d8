//! Expressions evaluated with the settings of a run, and the names and limits of what they count.

use super::{MAX_WORKERS, PlanError};
use contend_scenario::{Expr, Settings};

pub(super) fn eval_count(count: &Expr, settings: &Settings) -> u64 {
    count.eval(settings).max(0.0) as u64
}

pub(super) fn eval_at_least_one(number: &Expr, settings: &Settings) -> u32 {
    number.eval(settings).clamp(1.0, f64::from(u32::MAX)) as u32
}

/// Returns an error if a run would have more than [`MAX_WORKERS`] of `what`.
pub(super) fn check_limit(what: &'static str, count: u64) -> Result<(), PlanError> {
    if count > MAX_WORKERS as u64 { Err(PlanError::TooMany { what, count }) } else { Ok(()) }
}

/// Returns `name` if the scenario gives no count, else `name-1`, `name-2` and so on.
pub(super) fn numbered_name(name: &str, i: u64, count: &Expr) -> String {
    if *count == Expr::Number(1.0) { name.to_owned() } else { format!("{name}-{}", i + 1) }
}
