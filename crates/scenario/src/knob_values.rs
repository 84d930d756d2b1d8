//! Parses, formats and steps the values of a knob.

use super::knob::{Knob, KnobKind, Unit};
use super::quantity::{self, QuantityError};
use super::sanitize::sanitize;
use super::suggest::{all_of, any_of, suggest};

/// An error in a knob setting. Every field is safe to print.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingError {
    #[error("`{text}` is not a setting; write KNOB=VALUE, such as {example}")]
    NotASetting { text: String, example: String },
    #[error("there is no knob `{name}`{}", list_known(suggestion.as_deref(), all))]
    UnknownKnob { name: String, suggestion: Option<String>, all: Vec<String> },
    #[error("`{text}` is not a value for `{knob}`: write {wanted}, between {min} and {max}")]
    NotANumber { knob: String, text: String, wanted: &'static str, min: String, max: String },
    #[error("`{knob}` cannot be {value}: it goes from {min} to {max}")]
    OutOfRange { knob: String, value: String, min: String, max: String },
    #[error("`{knob}` cannot be `{text}`{}", list_words(text, words))]
    NotAWord { knob: String, text: String, words: Vec<String> },
    #[error("the workers cannot be tasks of an event loop: `{name}` {what}")]
    TasksImpossible { name: String, what: String },
    #[error("this scenario cannot run on Dask: {what}")]
    DaskImpossible { what: String },
    #[error("`{knob}` is free text, which only --set can set; name a knob with numbers or words here")]
    FreeText { knob: String },
    #[error("this scenario has no knob for the number of workers")]
    NoWorkers,
}

fn list_known(suggestion: Option<&str>, all: &[String]) -> String {
    match (suggestion, all) {
        (Some(name), _) => format!("; did you mean `{name}`?"),
        (None, []) => "; this scenario has none".to_owned(),
        (None, all) => format!("; its knobs are {}", all_of(all.iter().map(String::as_str))),
    }
}

fn list_words(text: &str, words: &[String]) -> String {
    let words = words.iter().map(String::as_str);
    let nearest = suggest(text, words.clone()).map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
    format!(": write {}{nearest}", any_of(words))
}

impl Knob {
    /// Parses a value into the knob's own unit. Returns 0 for free text.
    pub fn parse(&self, text: &str) -> Result<f64, SettingError> {
        match &self.kind {
            KnobKind::Text { .. } => Ok(0.0),
            KnobKind::Choice { words, .. } => {
                let found = words.iter().position(|word| word == text.trim()).map(|at| at as f64);
                found.ok_or_else(|| SettingError::NotAWord {
                    knob: self.name.clone(),
                    text: sanitize(text),
                    words: words.clone(),
                })
            }
            KnobKind::Number { unit, min, max, .. } => self.parse_number(text, *unit, *min, *max),
        }
    }

    fn parse_number(&self, text: &str, unit: Unit, min: f64, max: f64) -> Result<f64, SettingError> {
        let knob = self.name.clone();
        let (min_shown, max_shown) = (self.format_value(min), self.format_value(max));
        match quantity::parse(text) {
            Ok((value, found)) if found == unit && !(unit == Unit::Count && value.fract() != 0.0) => {
                if (min..=max).contains(&value) {
                    return Ok(value);
                }
                let value = sanitize(text.trim());
                Err(SettingError::OutOfRange { knob, value, min: min_shown, max: max_shown })
            }
            Ok(_) | Err(QuantityError::Digits | QuantityError::Unit(_)) => Err(SettingError::NotANumber {
                knob,
                text: sanitize(text),
                wanted: unit.describe(),
                min: min_shown,
                max: max_shown,
            }),
        }
    }

    /// Formats a value as [`parse`](Self::parse) takes it: `5ms`, `8`, `200/s`, `std`. A choice's value is rounded to
    /// the nearest word.
    pub fn format_value(&self, value: f64) -> String {
        match &self.kind {
            KnobKind::Number { unit, .. } => quantity::format_quantity(value, *unit),
            KnobKind::Choice { words, .. } => {
                let at = (value.round().max(0.0) as usize).min(words.len().saturating_sub(1));
                words.get(at).cloned().unwrap_or_default()
            }
            KnobKind::Text { default } => default.as_deref().map(sanitize).unwrap_or_default(),
        }
    }

    /// Returns the next value up or down: 1, 2, 5, 10 ... for times and rates, doubling for sizes, steps of 1 or about
    /// a tenth for counts, the next word for choices. Numbers stay within the range; words wrap around.
    pub fn step_value(&self, value: f64, up: bool) -> f64 {
        match &self.kind {
            KnobKind::Text { .. } => value,
            KnobKind::Choice { words, .. } => {
                let (count, at) = (words.len().max(1), value.round().max(0.0) as usize);
                ((at + if up { 1 } else { count - 1 }) % count) as f64
            }
            KnobKind::Number { unit, min, max, .. } => {
                let next = match unit {
                    Unit::Count => step_count(value, up),
                    Unit::Time => step_series(value, up, 1_000.0, &[1.0, 2.0, 5.0]),
                    Unit::Rate => step_series(value, up, 1.0, &[1.0, 2.0, 5.0]),
                    Unit::Bytes => step_doubling(value, up),
                };
                next.max(*min).min(*max)
            }
        }
    }

    /// Returns the default as a number: a choice's index, 0 for free text.
    pub fn default_value(&self) -> f64 {
        match &self.kind {
            KnobKind::Number { default, .. } => *default,
            KnobKind::Choice { default, .. } => *default as f64,
            KnobKind::Text { .. } => 0.0,
        }
    }

    /// Returns whether the knob has more than one value to step through.
    pub fn is_turnable(&self) -> bool {
        match &self.kind {
            KnobKind::Number { min, max, .. } => min < max,
            KnobKind::Choice { words, .. } => words.len() > 1,
            KnobKind::Text { .. } => false,
        }
    }
}

fn step_count(value: f64, up: bool) -> f64 {
    let step = (value.abs() / 10.0).floor().max(1.0);
    (if up { value + step } else { value - step }).round()
}

fn step_doubling(value: f64, up: bool) -> f64 {
    match up {
        true if value < 64.0 => 64.0,
        true => value * 2.0,
        false if value <= 64.0 => 0.0,
        false => (value / 2.0).round(),
    }
}

/// Returns the next of `digits` times a power of ten; `least` is the smallest value above zero.
fn step_series(value: f64, up: bool, least: f64, digits: &[f64]) -> f64 {
    if value < least {
        return if up { least } else { 0.0 };
    }
    let decade = 10_f64.powi(value.log10().floor() as i32);
    let near = [0.1, 1.0, 10.0].iter().flat_map(|scale| digits.iter().map(move |digit| digit * scale * decade));
    // The tolerance keeps a value such as 0.5000000001 from stepping to 0.5.
    let next = if up {
        near.filter(|x| *x > value * 1.000_001).min_by(f64::total_cmp)
    } else {
        near.filter(|x| *x < value * 0.999_999).max_by(f64::total_cmp)
    };
    next.filter(|x| *x >= least * 0.999_999).unwrap_or(0.0)
}

pub(super) fn not_a_setting(text: &str, example: Option<&Knob>) -> SettingError {
    let example =
        example.map_or_else(|| "workers=8".to_owned(), |k| format!("{}={}", k.name, k.format_value(k.default_value())));
    SettingError::NotASetting { text: sanitize(text), example }
}

pub(super) fn unknown_knob<'a>(name: &str, knobs: impl Iterator<Item = &'a Knob>) -> SettingError {
    let all: Vec<String> = knobs.map(|knob| knob.name.clone()).collect();
    let suggestion = suggest(name, all.iter().map(String::as_str)).map(str::to_owned);
    SettingError::UnknownKnob { name: sanitize(name), suggestion, all }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(unit: Unit, min: f64, max: f64) -> Knob {
        let kind = KnobKind::Number { unit, default: min, min, max };
        Knob { name: "knob".into(), kind, help: String::new(), is_live: true }
    }

    fn choice() -> Knob {
        let kind = KnobKind::Choice { words: vec!["std".into(), "fair".into(), "spin".into()], default: 0 };
        Knob { name: "kind".into(), kind, help: String::new(), is_live: true }
    }

    /// Returns the values that repeated steps up reach, starting with `from`.
    fn climb(knob: &Knob, from: f64, steps: usize) -> Vec<String> {
        let values = std::iter::successors(Some(from), |value| Some(knob.step_value(*value, true)));
        values.take(steps).map(|value| knob.format_value(value)).collect()
    }

    #[test]
    fn steps_follow_round_numbers_doublings_and_words() {
        let time = number(Unit::Time, 0.0, 1e8);
        assert_eq!(climb(&time, 0.0, 5), ["0us", "1us", "2us", "5us", "10us"]);
        assert_eq!(climb(&time, 3e6, 3), ["3ms", "5ms", "10ms"]);
        assert_eq!(climb(&time, 5e7, 3), ["50ms", "100ms", "100ms"]);
        assert_eq!(climb(&number(Unit::Rate, 1.0, 2_000.0), 100.0, 4), ["100/s", "200/s", "500/s", "1000/s"]);
        assert_eq!(climb(&number(Unit::Bytes, 0.0, 1e9), 0.0, 3), ["0B", "64B", "128B"]);
        assert_eq!(climb(&number(Unit::Count, 1.0, 64.0), 7.0, 3), ["7", "8", "9"]);
        assert_eq!(climb(&choice(), 1.0, 3), ["fair", "spin", "std"]);
        let down = |knob: &Knob, value: f64| knob.format_value(knob.step_value(value, false));
        assert_eq!(down(&time, 1e6), "500us");
        assert_eq!(down(&time, 1e3), "0us");
        assert_eq!(down(&number(Unit::Rate, 0.1, 9.0), 0.5), "0.1/s");
        assert_eq!(down(&choice(), 0.0), "spin");
    }

    #[test]
    fn wrong_values_report_what_is_expected() {
        let says = |knob: &Knob, text: &str| knob.parse(text).expect_err("it is wrong").to_string();
        let time = number(Unit::Time, 1e6, 1e8);
        assert_eq!(says(&time, "1s"), "`knob` cannot be 1s: it goes from 1ms to 100ms");
        assert_eq!(says(&time, "5"), "`5` is not a value for `knob`: write a time such as 5ms, between 1ms and 100ms");
        assert_eq!(
            says(&number(Unit::Count, 1.0, 8.0), "2.5"),
            "`2.5` is not a value for `knob`: write a whole number such as 8, between 1 and 8"
        );
        assert_eq!(
            says(&choice(), "sdt"),
            "`kind` cannot be `sdt`: write `std`, `fair` or `spin`; did you mean `std`?"
        );
        assert!(!says(&choice(), "\u{1b}[2J").contains('\u{1b}'));
    }

    fn any_knob() -> impl Strategy<Value = (Knob, f64)> {
        let units = prop::sample::select(vec![Unit::Time, Unit::Count, Unit::Rate, Unit::Bytes]);
        (units, 0_u32..1_000_000, 0_u32..1_000_000, 0.0..=1.0_f64).prop_map(|(unit, a, b, at)| {
            let (min, max) = (f64::from(a.min(b)), f64::from(a.max(b)));
            (number(unit, min, max), (min + (max - min) * at).round())
        })
    }

    proptest! {
        #[test]
        fn formatted_values_parse_to_the_same_value((knob, value) in any_knob()) {
            prop_assert_eq!(knob.parse(&knob.format_value(value)), Ok(value));
        }

        #[test]
        fn steps_stay_in_the_range_and_always_move((knob, value) in any_knob()) {
            let KnobKind::Number { min, max, .. } = knob.kind else { unreachable!("it is a number") };
            let (up, down) = (knob.step_value(value, true), knob.step_value(value, false));
            prop_assert!(min <= down && down <= value && value <= up && up <= max);
            prop_assert!(up > value || value >= max, "{} goes up to {}", value, up);
            prop_assert!(down < value || value <= min, "{} goes down to {}", value, down);
            prop_assert_eq!(knob.parse(&knob.format_value(up)), Ok(up));
            prop_assert_eq!(knob.parse(&knob.format_value(down)), Ok(down));
        }

        #[test]
        fn parsing_any_text_does_not_panic((knob, _) in any_knob(), text in any::<String>()) {
            let _ = knob.parse(&text).map_err(|error| error.to_string());
        }
    }
}
