//! A moment of a run as a user writes it.

use crate::trace::Stamp;

/// Units and their nanoseconds.
const UNITS: [(&str, f64); 8] =
    [("", 1e9), ("s", 1e9), ("ms", 1e6), ("us", 1e3), ("\u{b5}s", 1e3), ("ns", 1.0), ("m", 60e9), ("h", 3_600e9)];

/// Reads a moment such as `2.3s`, `150ms` or `1m 5s`. A number without unit has seconds.
///
/// # Errors
/// If it is none; the text says how to write one.
pub fn parse_moment(text: &str) -> Result<Stamp, String> {
    let wrong = || "not a time; write it as 2.3s, 150ms or 1m 5s".to_owned();
    let (mut rest, mut nanos) = (text.trim(), 0.0);
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == &rest[..letters]).ok_or_else(wrong)?;
        nanos += number * unit;
        rest = rest[letters..].trim_start();
    }
    if nanos < u64::MAX as f64 { Ok(Stamp(nanos.round() as u64)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_and_without_units() {
        for (text, nanos) in [
            ("2.3s", 2_300_000_000),
            ("2.3", 2_300_000_000),
            (" 150ms ", 150_000_000),
            ("1m 5s", 65_000_000_000),
            ("1m5.5s", 65_500_000_000),
            ("12 us", 12_000),
            ("0", 0),
            (".5", 500_000_000),
        ] {
            assert_eq!(parse_moment(text), Ok(Stamp(nanos)), "{text}");
        }
        for wrong in ["", " ", "s", "-1s", "2.3.4s", "5 parsecs", "1e9", "99999999999999999999", "5s!", "\u{e9}"] {
            assert!(parse_moment(wrong).is_err(), "{wrong}");
        }
    }
}
