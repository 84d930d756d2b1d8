//! Numbers, percentages and counted nouns in the sentences of findings.

pub(super) use contend_trace::format::{
    compact_percent as format_percent, format_amount, format_counted as format_count,
    format_signed as format_thousands, format_tenths as format_number,
};

/// Writes a number of cores: `1 core`, `1.5 cores`.
pub(super) fn format_cores(cores: f64) -> String {
    format_amount(cores, "core")
}
