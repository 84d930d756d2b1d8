//! Numbers with units, as one writes them: `5ms`, `8`, `200/s`, `64KiB`.

use super::knob::Unit;

const TIMES: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("min", 60e9), ("h", 3_600e9)];

/// Largest first, so that the first that divides a number is the shortest way to write it.
const BYTES: [(&str, f64); 8] = [
    ("GiB", 1_073_741_824.0),
    ("GB", 1e9),
    ("MiB", 1_048_576.0),
    ("MB", 1e6),
    ("KiB", 1_024.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("B", 1.0),
];

impl Unit {
    /// What a number of this unit is, with an example, for messages.
    pub(super) const fn wanted(self) -> &'static str {
        match self {
            Self::Time => "a time such as 5ms",
            Self::Count => "a whole number such as 8",
            Self::Rate => "a rate such as 200/s",
            Self::Bytes => "a size such as 64KiB",
        }
    }
}

/// Why a text is no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotANumber {
    /// It does not begin with digits.
    Digits,
    /// What follows the digits is no unit.
    Unit(String),
}

/// A number with its unit. Times are rounded to whole nanoseconds, sizes to whole bytes; a bare number is a count.
pub(super) fn parse(text: &str) -> Result<(f64, Unit), NotANumber> {
    let text = text.trim();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = unsigned.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (number, suffix) = text.split_at(text.len() - unsigned.len() + digits);
    if !number.bytes().any(|b| b.is_ascii_digit()) {
        return Err(NotANumber::Digits);
    }
    let number: f64 = number.parse().map_err(|_| NotANumber::Digits)?;
    let suffix = suffix.trim();
    let find = |units: &[(&str, f64)]| units.iter().find(|(name, _)| *name == suffix).map(|(_, factor)| *factor);
    match suffix {
        "" => Ok((number, Unit::Count)),
        "/s" => Ok((number, Unit::Rate)),
        _ => match (find(&TIMES), find(&BYTES)) {
            (Some(factor), _) => Ok(((number * factor).round(), Unit::Time)),
            (_, Some(factor)) => Ok(((number * factor).round(), Unit::Bytes)),
            _ => Err(NotANumber::Unit(suffix.to_owned())),
        },
    }
}

/// The number as one writes it; [`parse`] reads it back to the same number.
pub(super) fn show(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => format!("{value}"),
        Unit::Rate => format!("{value}/s"),
        Unit::Bytes => {
            let value = value.round();
            let (name, factor) = BYTES.into_iter().find(|(_, f)| value != 0.0 && value % f == 0.0).unwrap_or(BYTES[7]);
            format!("{}{name}", value / factor)
        }
        Unit::Time => {
            let ns = value.round();
            let (name, factor) = match ns.abs() {
                0.0 => ("us", 1e3),
                x if x < 1e3 => ("ns", 1.0),
                x if x < 1e6 => ("us", 1e3),
                x if x < 1e9 => ("ms", 1e6),
                x if x % 3_600e9 == 0.0 => ("h", 3_600e9),
                _ => ("s", 1e9),
            };
            format!("{}{name}", ns / factor)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_read() {
        assert_eq!(parse("5ms"), Ok((5e6, Unit::Time)));
        assert_eq!(parse("1.5s"), Ok((1.5e9, Unit::Time)));
        assert_eq!(parse("20µs"), Ok((20e3, Unit::Time)));
        assert_eq!(parse("8"), Ok((8.0, Unit::Count)));
        assert_eq!(parse("200/s"), Ok((200.0, Unit::Rate)));
        assert_eq!(parse("64KiB"), Ok((65_536.0, Unit::Bytes)));
        assert_eq!(parse("1MB"), Ok((1e6, Unit::Bytes)));
        assert_eq!(parse("-1ms"), Ok((-1e6, Unit::Time)));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert_eq!(parse("5 parsecs"), Err(NotANumber::Unit("parsecs".into())));
        assert_eq!(parse("1e300"), Err(NotANumber::Unit("e300".into())));
        for text in ["", "ms", "-", "nan", "inf", "1.2.3", ".", "--5"] {
            assert_eq!(parse(text), Err(NotANumber::Digits), "{text}");
        }
    }

    #[test]
    fn numbers_are_shown_as_one_writes_them() {
        assert_eq!(show(5e6, Unit::Time), "5ms");
        assert_eq!(show(50e3, Unit::Time), "50us");
        assert_eq!(show(0.0, Unit::Time), "0us");
        assert_eq!(show(1.5e9, Unit::Time), "1.5s");
        assert_eq!(show(65_536.0, Unit::Bytes), "64KiB");
        assert_eq!(show(0.0, Unit::Bytes), "0B");
        assert_eq!(show(200.0, Unit::Rate), "200/s");
        assert_eq!(show(8.0, Unit::Count), "8");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(ns in 0_u64..3_600_000_000_000, bytes in 0_u64..1 << 40, rate in 0.0..1e6) {
            prop_assert_eq!(parse(&show(ns as f64, Unit::Time)), Ok((ns as f64, Unit::Time)));
            prop_assert_eq!(parse(&show(bytes as f64, Unit::Bytes)), Ok((bytes as f64, Unit::Bytes)));
            prop_assert_eq!(parse(&show(rate, Unit::Rate)), Ok((rate, Unit::Rate)));
        }

        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
