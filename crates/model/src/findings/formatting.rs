//! Numbers, percentages and counted nouns in the sentences of findings.

use contend_trace::plural;

/// `0.86` as `86 %`.
pub(super) fn format_percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A count or a rate: at most one decimal, with commas between thousands.
pub(super) fn format_number(n: f64) -> String {
    let tenths = (n * 10.0).round() / 10.0;
    if tenths < 10.0 && tenths.fract() > 0.0 { format!("{tenths:.1}") } else { format_thousands(n.round() as i64) }
}

/// `1 core`, `1.5 cores`.
pub(super) fn format_cores(cores: f64) -> String {
    format_amount(cores, "core")
}

/// `1 task`, `1.5 tasks`, with the number as [`format_number`] writes it.
pub(super) fn format_amount(n: f64, of: &str) -> String {
    let number = format_number(n);
    let of = plural(if number == "1" { 1 } else { 2 }, of);
    format!("{number} {of}")
}

/// `1234567` as `1,234,567`.
pub(super) fn format_thousands(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::from(if n < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `3 workers`, `1 worker`.
pub(super) fn format_count(n: u64, of: &str) -> String {
    format!("{} {}", format_thousands(n as i64), plural(n, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_rates_and_percentages_are_formatted() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(format_thousands), ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!(
            [0.04, 2.5, 3.98, 9.96, 500.4, 12_345.6].map(format_number),
            ["0", "2.5", "4", "10", "500", "12,346"]
        );
        assert_eq!(
            (format_percent(0.857), format_count(1, "worker"), format_count(2, "task")),
            ("86 %".into(), "1 worker".into(), "2 tasks".into())
        );
        assert_eq!([0.96, 1.0, 1.04].map(|n| format_amount(n, "task")), ["1 task", "1 task", "1 task"]);
        assert_eq!(
            [0.0, 0.5, 1.06, 2.0].map(|n| format_amount(n, "task")),
            ["0 tasks", "0.5 tasks", "1.1 tasks", "2 tasks"]
        );
    }
}
