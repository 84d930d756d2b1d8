//! Whether a knob has a certain value: the one test behind `when` steps, `when=` and `times=`.

/// Largest absolute difference of two equal values: values near 0 are written with far fewer digits.
const ABSOLUTE: f64 = 1e-9;

/// Largest relative difference of two equal values. Rounding a decimal number or stepping a knob through 1, 2, 5, 10 is
/// off by a few times 2e-16. On the other hand, times (up to 3.6e12 ns), sizes (up to 1.1e12 bytes) and counts are
/// whole numbers, and 1e-13 of the largest is less than the 1 by which two of them differ.
const RELATIVE: f64 = 1e-13;

/// Whether two values of a knob count as the same.
pub fn is_same_knob_value(one: f64, other: f64) -> bool {
    (one - other).abs() <= ABSOLUTE.max(RELATIVE * one.abs().max(other.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_differ_by_rounding_are_the_same() {
        assert!(is_same_knob_value(0.1 + 0.2, 0.3));
        assert!(is_same_knob_value(0.1 * 3.0 * 1e6, 0.3 * 1e6));
        assert!(is_same_knob_value(1e-17, 0.0));
    }

    #[test]
    fn values_that_can_be_written_differently_are_not_the_same() {
        assert!(!is_same_knob_value(0.0, 1.0), "two words of a choice");
        assert!(!is_same_knob_value(2.4, 2.0), "two rates");
        assert!(!is_same_knob_value(3_600e9, 3_600e9 - 1.0), "an hour, and a nanosecond less");
        assert!(!is_same_knob_value(1_099_511_627_776.0, 1_099_511_627_775.0), "a terabyte, and a byte less");
    }
}
