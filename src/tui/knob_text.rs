//! The value of a knob as text on the screen.

/// The units that a value ends with when it is written without a blank.
const UNITS: [&str; 14] = ["%", "ns", "us", "µs", "ms", "s", "min", "h", "B", "KiB", "MiB", "GiB", "kB", "MB"];

/// Spells a value with a blank before its unit: `2 ms` for `2ms`. A rate and a word stay as they are.
pub(super) fn spell_value(value: &str) -> String {
    let unit_at = value.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(value.len());
    let (number, unit) = value.split_at(unit_at);
    if number.is_empty() || !UNITS.contains(&unit) {
        return value.to_owned();
    }
    format!("{number} {}", if unit == "us" { "µs" } else { unit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_set_apart_from_numbers() {
        let spelled = ["2ms", "0.5us", "30%", "200/s", "8", "naive", "64KiB", "5x", "s", ""].map(spell_value);
        assert_eq!(spelled, ["2 ms", "0.5 µs", "30 %", "200/s", "8", "naive", "64 KiB", "5x", "s", ""]);
    }
}
