//! Parses and formats numbers with units: `5ms`, `8`, `200/s`, `64KiB`.

use super::knob::Unit;

const TIMES: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("min", 60e9), ("h", 3_600e9)];

/// Largest first: the first unit that divides a size gives its shortest form.
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
    /// Describes a number of this unit with an example, for messages.
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Time => "a time such as 5ms",
            Self::Count => "a whole number such as 8",
            Self::Rate => "a rate such as 200/s",
            Self::Bytes => "a size such as 64KiB",
        }
    }
}

/// Why a text is not a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QuantityError {
    /// The text does not begin with a number.
    Digits,
    /// The text after the number is not a unit.
    Unit(String),
}

/// Parses a number with its unit. Rounds times to whole nanoseconds and sizes to whole bytes; a bare number is a count.
pub(super) fn parse(text: &str) -> Result<(f64, Unit), QuantityError> {
    let text = text.trim();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = unsigned.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (number, suffix) = text.split_at(text.len() - unsigned.len() + digits);
    if !number.bytes().any(|b| b.is_ascii_digit()) {
        return Err(QuantityError::Digits);
    }
    let number: f64 = number.parse().map_err(|_| QuantityError::Digits)?;
    let suffix = suffix.trim();
    let find = |units: &[(&str, f64)]| units.iter().find(|(name, _)| *name == suffix).map(|(_, factor)| *factor);
    match suffix {
        "" => Ok((number, Unit::Count)),
        "/s" => Ok((number, Unit::Rate)),
        _ => match (find(&TIMES), find(&BYTES)) {
            (Some(factor), _) => Ok(((number * factor).round(), Unit::Time)),
            (_, Some(factor)) => Ok(((number * factor).round(), Unit::Bytes)),
            _ => Err(QuantityError::Unit(suffix.to_owned())),
        },
    }
}

/// Parses a size such as `64KiB` into bytes. Returns `None` for anything else.
pub fn parse_bytes(text: &str) -> Option<u64> {
    match parse(text) {
        Ok((bytes, Unit::Bytes)) if bytes >= 0.0 => Some(bytes as u64),
        _ => None,
    }
}

/// Formats a number so that [`parse`] returns the same number.
pub(super) fn format_quantity(value: f64, unit: Unit) -> String {
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
    fn numbers_with_each_unit_are_parsed() {
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
    fn text_without_a_number_or_with_an_unknown_unit_is_refused() {
        assert_eq!(parse("5 parsecs"), Err(QuantityError::Unit("parsecs".into())));
        assert_eq!(parse("1e300"), Err(QuantityError::Unit("e300".into())));
        for text in ["", "ms", "-", "nan", "inf", "1.2.3", ".", "--5"] {
            assert_eq!(parse(text), Err(QuantityError::Digits), "{text}");
        }
    }

    #[test]
    fn numbers_are_formatted_with_the_largest_fitting_unit() {
        assert_eq!(format_quantity(5e6, Unit::Time), "5ms");
        assert_eq!(format_quantity(50e3, Unit::Time), "50us");
        assert_eq!(format_quantity(0.0, Unit::Time), "0us");
        assert_eq!(format_quantity(1.5e9, Unit::Time), "1.5s");
        assert_eq!(format_quantity(65_536.0, Unit::Bytes), "64KiB");
        assert_eq!(format_quantity(0.0, Unit::Bytes), "0B");
        assert_eq!(format_quantity(200.0, Unit::Rate), "200/s");
        assert_eq!(format_quantity(8.0, Unit::Count), "8");
    }

    proptest! {
        #[test]
        fn formatted_numbers_parse_to_the_same_number(
            ns in 0_u64..3_600_000_000_000,
            bytes in 0_u64..1 << 40,
            rate in 0.0..1e6,
        ) {
            prop_assert_eq!(parse(&format_quantity(ns as f64, Unit::Time)), Ok((ns as f64, Unit::Time)));
            prop_assert_eq!(parse(&format_quantity(bytes as f64, Unit::Bytes)), Ok((bytes as f64, Unit::Bytes)));
            prop_assert_eq!(parse(&format_quantity(rate, Unit::Rate)), Ok((rate, Unit::Rate)));
        }

        #[test]
        fn parsing_any_text_does_not_panic(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
