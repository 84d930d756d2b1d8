//! Numbers, percentages, durations and rates as text, spelled the same everywhere: `1,234`, `12 ms`, `97 %`, `416/s`.
//!
//! The `format_` functions are for sentences and tables. The `compact_` functions are for cells of the dashboard: they
//! keep to a few columns, so that a figure that changes several times a second does not move its neighbours.
//!
//! [`Span`]'s `Display` writes durations. The values of knobs (`5ms`, `64KiB`) are the scenario language's own: they
//! read back to the same number.

use crate::{Span, Stamp, plural};

/// Writes a count in groups of three digits: `8,412`.
pub fn format_count(n: u64) -> String {
    group_digits(&n.to_string())
}

/// Writes a signed count in groups of three digits: `-8,412`.
pub fn format_signed(n: i64) -> String {
    format!("{}{}", if n < 0 { "-" } else { "" }, format_count(n.unsigned_abs()))
}

/// Writes a count with its noun: `1 lock`, `8,412 locks`.
pub fn format_counted(n: u64, noun: &str) -> String {
    format!("{} {}", format_count(n), plural(n, noun))
}

/// Writes a number with at most three digits after the point, without trailing zeros: `0.333`, `2`, `1,234.5`.
pub fn format_number(value: f64) -> String {
    trim_zeros(&format!("{value:.3}"))
}

/// Writes a number with one digit after the point where it is below ten, else without any: `2.5`, `4`, `12,346`.
pub fn format_tenths(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    if tenths.abs() < 10.0 { trim_zeros(&format!("{tenths:.1}")) } else { format_signed(value.round() as i64) }
}

/// Writes an amount that need not be whole with its noun: `1 core`, `1.5 cores`.
pub fn format_amount(value: f64, noun: &str) -> String {
    let number = format_tenths(value);
    let noun = plural(if number == "1" { 1 } else { 2 }, noun);
    format!("{number} {noun}")
}

/// Writes a share as a percentage: `0.998` is `99.8 %`. One digit after the point near both ends, where it makes a
/// difference; never rounded to all or nothing when it is neither.
pub fn format_percent(share: f64) -> String {
    match share * 100.0 {
        v if !v.is_finite() => "-".to_owned(),
        v if v > 0.0 && v < 0.05 => "< 0.1 %".to_owned(),
        v if (99.95..100.0).contains(&v) => "> 99.9 %".to_owned(),
        v if (v > 0.0 && v < 9.95) || (v > 90.0 && v < 100.0) => format!("{v:.1} %"),
        v => format!("{} %", group_digits(&format!("{v:.0}"))),
    }
}

/// Writes a share in whole percent, `7 %`: five columns at most.
pub fn compact_percent(share: f64) -> String {
    if share.is_finite() { format!("{:.0} %", (share * 100.0).clamp(0.0, 999.0)) } else { "-".to_owned() }
}

/// Writes a rate with at most three significant digits: `0.50/s`, `12.3/s`, `1,235/s`.
pub fn format_rate(per_second: f64) -> String {
    format!("{}/s", format_rate_value(per_second))
}

/// Writes a rate without its unit, for a column whose heading has it.
pub fn format_rate_value(per_second: f64) -> String {
    match per_second {
        0.0 => "0".to_owned(),
        r if r >= 99.95 => format_count(r.round() as u64),
        r if r >= 9.995 => format!("{r:.1}"),
        r => format!("{r:.2}"),
    }
}

/// Writes a rate in a few columns: `9.5/s`, `123/s`, `12.3k/s`, `-105/s`.
pub fn compact_rate(per_second: f64) -> String {
    format!("{}/s", compact_rate_value(per_second))
}

/// Writes a compact rate without its unit, for a column whose heading has it.
pub fn compact_rate_value(per_second: f64) -> String {
    let size = per_second.abs();
    let sign = if per_second < 0.0 { "-" } else { "" };
    if size > 0.0 && size < 9.95 {
        format!("{sign}{size:.1}")
    } else {
        format!("{sign}{}", compact_count(size.round() as u64))
    }
}

/// Writes a count in five columns at most: `412`, `9,999`, `12.3k`, `999k`, `1.2M`.
pub fn compact_count(n: u64) -> String {
    const UNITS: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
    if n < 10_000 {
        return format_count(n);
    }
    let mut value = n as f64 / 1e3;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1e3;
        unit += 1;
    }
    let digits = usize::from(value < 99.95);
    format!("{value:.digits$}{}", UNITS[unit])
}

/// Writes a compact count with its noun: `1 task`, `12.3k tasks`.
pub fn compact_counted(n: u64, noun: &str) -> String {
    format!("{} {}", compact_count(n), plural(n, noun))
}

/// Writes a duration in seven columns at most: `250 ns`, `1.5 µs`, `12.4 s`, `2m05s`, `3h07m`, `12d`.
pub fn compact_duration(span: Span) -> String {
    let secs = span.0 / 1_000_000_000;
    match secs {
        0..=99 => span.to_string(),
        100..=5_999 => format!("{}m{:02}s", secs / 60, secs % 60),
        6_000..=359_999 => format!("{}h{:02}m", secs / 3_600, secs / 60 % 60),
        _ => format!("{}d", secs / 86_400),
    }
}

/// Writes a duration in nanoseconds, or a dash when nothing was measured.
pub fn format_span_or_dash(ns: u64, measured: u64) -> String {
    if measured == 0 { "-".to_owned() } else { Span(ns).to_string() }
}

/// Writes a number of bytes in the largest binary unit, with one decimal: `12.3 MiB`, `812 B`.
pub fn format_bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, larger);
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

/// Writes a point on the run's clock to the millisecond: `4.900 s`.
pub fn format_stamp(at: Stamp) -> String {
    format!("{:.3} s", at.as_secs_f64())
}

/// Writes the leading digits of a number in groups of three: `1,000,000/s`.
pub fn group_digits(number: &str) -> String {
    let start = usize::from(number.starts_with('-'));
    let digits = number[start..].bytes().take_while(u8::is_ascii_digit).count();
    let mut out = String::with_capacity(number.len() * 4 / 3 + 1);
    out.push_str(&number[..start]);
    for (at, digit) in number[start..start + digits].chars().enumerate() {
        if at > 0 && (digits - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(&number[start + digits..]);
    out
}

/// Drops zeros after the point, and the sign of a zero.
fn trim_zeros(number: &str) -> String {
    let trimmed = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    if trimmed == "-0" { "0".to_owned() } else { group_digits(trimmed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_thousands() {
        assert_eq!(group_digits("999"), "999");
        assert_eq!(group_digits("1000"), "1,000");
        assert_eq!(group_digits("-1000000000000"), "-1,000,000,000,000");
        assert_eq!(group_digits("1000000/s"), "1,000,000/s");
        assert_eq!(group_digits("0.1/s"), "0.1/s");
        assert_eq!(group_digits("64KiB"), "64KiB");
    }

    #[test]
    fn counts_are_grouped_in_threes() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(format_count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(format_count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!([12, -1_234_567].map(format_signed), ["12", "-1,234,567"]);
        assert_eq!(format_signed(i64::MIN), "-9,223,372,036,854,775,808");
        assert_eq!([1, 2, 8_412].map(|n| format_counted(n, "lock")), ["1 lock", "2 locks", "8,412 locks"]);
    }

    #[test]
    fn compact_counts_and_durations_keep_to_their_columns() {
        for exponent in 0..64 {
            for n in [(1_u64 << exponent) - 1, 1 << exponent, (1 << exponent) + (1 << exponent) / 3] {
                let (duration, count) = (compact_duration(Span(n)), compact_count(n));
                assert!(duration.chars().count() <= 7, "{n} ns: {duration}");
                assert!(count.len() <= 5, "{n}: {count}");
            }
        }
    }

    #[test]
    fn compact_counts_change_their_unit_at_a_thousand() {
        assert_eq!(
            [0, 9_999, 10_000, 99_949, 99_950, 999_499, 999_500, u64::MAX].map(compact_count),
            ["0", "9,999", "10.0k", "99.9k", "100k", "999k", "1.0M", "18.4E"]
        );
        assert_eq!([1, 12_345].map(|n| compact_counted(n, "task")), ["1 task", "12.3k tasks"]);
    }

    #[test]
    fn numbers_have_no_trailing_zeros() {
        assert_eq!(
            [2.0, 0.25, 1.0 / 3.0, 999.5, 0.0004, 0.0005, -0.0001, 1_234.5, -12_345.678].map(format_number),
            ["2", "0.25", "0.333", "999.5", "0", "0.001", "0", "1,234.5", "-12,345.678"]
        );
        assert_eq!([f64::INFINITY, f64::NAN].map(format_number), ["inf", "NaN"]);
        assert_eq!(
            [0.0004, 0.04, 2.5, 3.98, 9.94, 9.96, 500.4, 999.5, 12_345.6].map(format_tenths),
            ["0", "0", "2.5", "4", "9.9", "10", "500", "1,000", "12,346"]
        );
        assert_eq!(
            [0.0, 0.5, 0.96, 1.04, 1.06, 2.0].map(|n| format_amount(n, "core")),
            ["0 cores", "0.5 cores", "1 core", "1 core", "1.1 cores", "2 cores"]
        );
    }

    #[test]
    fn percentages_are_never_all_or_nothing_when_they_are_neither() {
        assert_eq!(
            [0.0, 0.000_4, 0.0005, 0.034, 0.0994, 0.0996, 0.5, 0.9, 0.998, 0.9995, 0.9996, 1.0, f64::NAN]
                .map(format_percent),
            [
                "0 %", "< 0.1 %", "0.1 %", "3.4 %", "9.9 %", "10 %", "50 %", "90 %", "99.8 %", "> 99.9 %", "> 99.9 %",
                "100 %", "-"
            ]
        );
        assert_eq!(format_percent(12.5), "1,250 %");
        assert_eq!(
            [0.0, 0.0004, 0.07, 0.857, 0.9995, 1.0, 99.0, -0.5, f64::NAN].map(compact_percent),
            ["0 %", "0 %", "7 %", "86 %", "100 %", "100 %", "999 %", "0 %", "-"]
        );
    }

    #[test]
    fn rates_have_three_significant_digits() {
        assert_eq!(
            [0.0, 0.0004, 0.5, 9.994, 9.995, 12.34, 99.94, 99.95, 999.5, 1_234.5].map(format_rate),
            ["0/s", "0.00/s", "0.50/s", "9.99/s", "10.0/s", "12.3/s", "99.9/s", "100/s", "1,000/s", "1,235/s"]
        );
        assert_eq!(
            [0.0, 9.5, 9.96, 416.4, 999.5, 12_345.0, -105.2].map(compact_rate),
            ["0/s", "9.5/s", "10/s", "416/s", "1,000/s", "12.3k/s", "-105/s"]
        );
        assert_eq!((format_rate_value(416.0), compact_rate_value(416.0)), ("416".into(), "416".into()));
    }

    #[test]
    fn durations_change_their_unit_where_they_read_better() {
        assert_eq!(
            [0, 999_500, 12_400_000_000, 59_900_000_000, 99_900_000_000, 125_000_000_000, u64::MAX]
                .map(|ns| compact_duration(Span(ns))),
            ["0 ns", "1.0 ms", "12.4 s", "59.9 s", "99.9 s", "2m05s", "213503d"]
        );
        assert_eq!([59_900_000_000, 119_960_000_000].map(|ns| Span(ns).to_string()), ["59.9 s", "120 s"]);
        assert_eq!([(0, 0), (12_000_000, 3)].map(|(ns, n)| format_span_or_dash(ns, n)), ["-", "12 ms"]);
        assert_eq!(format_stamp(Stamp(4_900_000_000)), "4.900 s");
    }
}
