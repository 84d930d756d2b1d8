//! Compares runs with runs: what has changed, and what chance alone may explain.
//!
//! Everything rests on the JSON reports of the runs, so that recordings and reports can be compared with each other.

mod change_text;
mod comparison;
mod figures;
mod findings;
mod json;
mod limit;
mod run_report;
mod setup;
mod side;
mod text;

pub use change_text::format_change;
pub use comparison::{Change, ComparedFigure, Comparison, Scale, Verdict, compare, compare_figure};
pub use figures::{Better, Figure, Section, Subject};
pub use findings::{ComparedFinding, FindingChange};
pub use json::comparison_json;
pub use limit::{Worsening, find_worsenings};
pub use run_report::{ReportError, RunReport};
pub use setup::SetupDifference;
pub use side::{Side, SideError};
pub use text::comparison_text;

#[cfg(test)]
mod tests;
