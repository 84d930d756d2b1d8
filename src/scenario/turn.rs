//! A knob's values: read from text, shown, and stepped through.

use super::clean::clean;
use super::knob::{Knob, KnobKind, Unit};
use super::nearest::{all_of, any_of, nearest};
use super::quantity::{self, NotANumber};

/// Why a knob cannot be set so. Every field is harmless to print.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingError {
    #[error("`{text}` sets nothing; write KNOB=VALUE, such as {example}")]
    NotASetting { text: String, example: String },
    #[error("there is no knob `{name}`{}", known(nearest.as_deref(), all))]
    Unknown { name: String, nearest: Option<String>, all: Vec<String> },
    #[error("`{text}` is no value for `{knob}`: {wanted}, between {min} and {max}")]
    NotANumber { knob: String, text: String, wanted: &'static str, min: String, max: String },
    #[error("`{knob}` cannot be {value}: it goes from {min} to {max}")]
    OutOfRange { knob: String, value: String, min: String, max: String },
    #[error("`{knob}` cannot be `{text}`: it is {}", any_of(of.iter().map(String::as_str)))]
    NotAWord { knob: String, text: String, of: Vec<String> },
    #[error("this scenario has no knob for the number of workers")]
    NoWorkers,
}

fn known(nearest: Option<&str>, all: &[String]) -> String {
    match (nearest, all) {
        (Some(name), _) => format!("; did you mean `{name}`?"),
        (None, []) => "; this scenario has none".to_owned(),
        (None, all) => format!("; its knobs are {}", all_of(all.iter().map(String::as_str))),
    }
}

impl Knob {
    /// The value that a text stands for, in the knob's own unit. Free text has no number: 0.
    pub fn parse(&self, text: &str) -> Result<f64, SettingError> {
        match &self.kind {
            KnobKind::Text { .. } => Ok(0.0),
            KnobKind::Choice { of, .. } => {
                let found = of.iter().position(|word| word == text.trim()).map(|at| at as f64);
                found.ok_or_else(|| SettingError::NotAWord {
                    knob: self.name.clone(),
                    text: clean(text),
                    of: of.clone(),
                })
            }
            KnobKind::Number { unit, min, max, .. } => self.parse_number(text, *unit, *min, *max),
        }
    }

    fn parse_number(&self, text: &str, unit: Unit, min: f64, max: f64) -> Result<f64, SettingError> {
        let knob = self.name.clone();
        let (min_shown, max_shown) = (self.show(min), self.show(max));
        match quantity::parse(text) {
            Ok((value, found)) if found == unit && !(unit == Unit::Count && value.fract() != 0.0) => {
                if (min..=max).contains(&value) {
                    return Ok(value);
                }
                let value = clean(text.trim());
                Err(SettingError::OutOfRange { knob, value, min: min_shown, max: max_shown })
            }
            Ok(_) | Err(NotANumber::Digits | NotANumber::Unit(_)) => Err(SettingError::NotANumber {
                knob,
                text: clean(text),
                wanted: unit.wanted(),
                min: min_shown,
                max: max_shown,
            }),
        }
    }

    /// A value as one writes it: `5ms`, `8`, `200/s`, `std`. A value that no word belongs to is shown as the nearest.
    pub fn show(&self, value: f64) -> String {
        match &self.kind {
            KnobKind::Number { unit, .. } => quantity::show(value, *unit),
            KnobKind::Choice { of, .. } => {
                let at = (value.round().max(0.0) as usize).min(of.len().saturating_sub(1));
                of.get(at).cloned().unwrap_or_default()
            }
            KnobKind::Text { default } => default.as_deref().map(clean).unwrap_or_default(),
        }
    }

    /// The next sensible value up or down: 1, 2, 5, 10 for times and rates, doubles for sizes, one or about a tenth
    /// for counts, the next word for choices. Stays within the range; words go round.
    pub fn step(&self, value: f64, up: bool) -> f64 {
        match &self.kind {
            KnobKind::Text { .. } => value,
            KnobKind::Choice { of, .. } => {
                let (count, at) = (of.len().max(1), value.round().max(0.0) as usize);
                ((at + if up { 1 } else { count - 1 }) % count) as f64
            }
            KnobKind::Number { unit, min, max, .. } => {
                let next = match unit {
                    Unit::Count => counted(value, up),
                    Unit::Time => series(value, up, 1_000.0, &[1.0, 2.0, 5.0]),
                    Unit::Rate => series(value, up, 1.0, &[1.0, 2.0, 5.0]),
                    Unit::Bytes => doubled(value, up),
                };
                next.max(*min).min(*max)
            }
        }
    }

    /// The number it has unless something is set: a choice's position, 0 for free text.
    pub fn default(&self) -> f64 {
        match &self.kind {
            KnobKind::Number { default, .. } => *default,
            KnobKind::Choice { default, .. } => *default as f64,
            KnobKind::Text { .. } => 0.0,
        }
    }

    /// Whether there is anything to step through.
    pub fn is_turnable(&self) -> bool {
        match &self.kind {
            KnobKind::Number { min, max, .. } => min < max,
            KnobKind::Choice { of, .. } => of.len() > 1,
            KnobKind::Text { .. } => false,
        }
    }
}

fn counted(value: f64, up: bool) -> f64 {
    let step = (value.abs() / 10.0).floor().max(1.0);
    (if up { value + step } else { value - step }).round()
}

fn doubled(value: f64, up: bool) -> f64 {
    match up {
        true if value < 64.0 => 64.0,
        true => value * 2.0,
        false if value <= 64.0 => 0.0,
        false => (value / 2.0).round(),
    }
}

/// The next of 1, 2, 5, 10, 20, ... times any power of ten; `least` is the first above zero.
fn series(value: f64, up: bool, least: f64, digits: &[f64]) -> f64 {
    if value < least {
        return if up { least } else { 0.0 };
    }
    let decade = 10_f64.powi(value.log10().floor() as i32);
    let near = [0.1, 1.0, 10.0].iter().flat_map(|scale| digits.iter().map(move |digit| digit * scale * decade));
    // A hair's breadth, so that 0.5 computed as 0.5000000001 does not step onto itself.
    let next = match up {
        true => near.filter(|x| *x > value * 1.000_001).min_by(f64::total_cmp),
        false => near.filter(|x| *x < value * 0.999_999).max_by(f64::total_cmp),
    };
    next.filter(|x| *x >= least * 0.999_999).unwrap_or(0.0)
}

pub(super) fn not_a_setting(text: &str, example: Option<&Knob>) -> SettingError {
    let example = example.map_or_else(|| "workers=8".to_owned(), |k| format!("{}={}", k.name, k.show(k.default())));
    SettingError::NotASetting { text: clean(text), example }
}

pub(super) fn unknown<'a>(name: &str, knobs: impl Iterator<Item = &'a Knob>) -> SettingError {
    let all: Vec<String> = knobs.map(|knob| knob.name.clone()).collect();
    let nearest = nearest(name, all.iter().map(String::as_str)).map(str::to_owned);
    SettingError::Unknown { name: clean(name), nearest, all }
}
