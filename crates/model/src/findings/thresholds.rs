//! The thresholds of findings that the user can set.
//!
//! One table: help, documents, checks and errors are written from it. The other conditions of a finding are constants
//! beside its detector.

use contend_trace::{FindingId, Span, format};

/// Unit of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdUnit {
    /// A share from 0 to 1, written as a percentage.
    Share,
    /// A time in seconds, written as `50ms` or `2s`.
    Time,
    /// A number or a ratio.
    Number,
}

/// The decisive measure of a finding: where it begins to be reported.
#[derive(Debug, Clone, Copy)]
pub struct Threshold {
    pub finding: FindingId,
    /// The measured quantity, with the direction: `Least ...` or `Longest ...`.
    pub meaning: &'static str,
    pub unit: ThresholdUnit,
    /// In the unit, as the least and the greatest permitted value.
    pub default: f64,
    pub least: f64,
    pub greatest: f64,
    get: fn(&Thresholds) -> f64,
    set: fn(&mut Thresholds, f64),
}

/// Why a threshold cannot have a value: the permitted range, with an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThresholdError(pub String);

/// Defines [`Thresholds`] and [`Threshold::ALL`]. A row is the finding, the unit, the default and the permitted range
/// in that unit, and the measured quantity. The rows are in the order of [`FindingId::ALL`].
macro_rules! thresholds {
    ($($finding:ident $field:ident $unit:ident $default:literal in $least:literal..=$greatest:literal,
        $meaning:literal;)+) => {
        /// The thresholds in force. Detectors get them with the model that they judge.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct Thresholds {
            $(#[doc = $meaning] pub(super) $field: f64,)+
        }

        impl Thresholds {
            pub const DEFAULT: Self = Self { $($field: $default,)+ };
        }

        impl Threshold {
            /// All thresholds that can be set.
            pub const ALL: &'static [Self] = &[$(Self {
                finding: FindingId::$finding,
                meaning: $meaning,
                unit: ThresholdUnit::$unit,
                default: $default,
                least: $least,
                greatest: $greatest,
                get: |thresholds| thresholds.$field,
                set: |thresholds, value| thresholds.$field = value,
            },)+];
        }
    };
}

thresholds! {
    Livelock livelock Number 25.0 in 5.0..=1_000_000.0,
        "Least number of failed attempts in a row, of each worker";
    UnfedQueue unfed_queue Time 1.0 in 0.1..=3_600.0,
        "Shortest wait at the queue";
    LockBound lock_bound Share 0.3 in 0.01..=1.0,
        "Least share of its users' time that goes into waiting for the lock";
    Convoy convoy Number 1.0 in 0.1..=1_000.0,
        "Least mean number of workers that wait for the lock";
    GilBound gil_bound Share 0.3 in 0.01..=1.0,
        "Least share of their time that threads wait for the GIL";
    LoopBlocked loop_blocked Time 0.05 in 0.001..=60.0,
        "Shortest time that a task holds a thread of the loop, and that another one waits for it";
    LoopBound loop_bound Share 0.3 in 0.01..=1.0,
        "Least share of their ready time that tasks wait for a thread of the loop";
    BusyWait busy_wait Share 0.3 in 0.01..=1.0,
        "Least share of its time that a worker polls in vain, or that the users of a lock spin for it";
    PoolTooSmall pool_too_small Share 0.9 in 0.1..=1.0,
        "Least share of their time that the workers of the pool are on tasks";
    QueueBound queue_bound Share 0.3 in 0.01..=1.0,
        "Least share of their time that producers wait for room";
    QueueOverflowIn queue_overflow_in Time 60.0 in 1.0..=86_400.0,
        "Longest time until the queue is full";
    HeadOfLine head_of_line Number 3.0 in 1.0..=1_000.0,
        "Least ratio of the median wait to the median task";
    HandoverBound handover_bound Share 0.05 in 0.01..=1.0,
        "Least share of the pool's time that handing tasks over takes";
    Straggler straggler Share 0.6 in 0.1..=1.0,
        "Least share of the rounds in which the worker comes last";
    Herd herd Share 0.4 in 0.01..=1.0,
        "Least share of the wakeups that lead straight back to waiting";
    Oversubscribed oversubscribed Share 0.3 in 0.01..=1.0,
        "Least share of their runnable time that workers wait for a core";
    Starved starved Time 0.5 in 0.01..=3_600.0,
        "Shortest wait for the lock";
    Unfair unfair Number 3.0 in 1.5..=1_000.0,
        "Least ratio of the acquisitions, and of the mean waits, of the most and the least favoured worker";
    PoolTooLarge pool_too_large Share 0.3 in 0.01..=0.95,
        "Share of their time below which the workers of the pool count as idle";
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Thresholds {
    /// Returns the same with one threshold set.
    ///
    /// # Errors
    /// If the value is not in the permitted range.
    pub fn with(mut self, threshold: &Threshold, value: f64) -> Result<Self, ThresholdError> {
        if !(threshold.least..=threshold.greatest).contains(&value) {
            return Err(threshold.out_of_range());
        }
        (threshold.set)(&mut self, value);
        Ok(self)
    }

    /// Returns each threshold that differs from its default, with its value.
    pub fn changed(&self) -> impl Iterator<Item = (&'static Threshold, f64)> + use<> {
        let own = *self;
        let all = Threshold::ALL.iter().map(move |threshold| (threshold, threshold.value_in(&own)));
        all.filter(|(threshold, value)| value.to_bits() != threshold.default.to_bits())
    }
}

impl Threshold {
    /// Returns the threshold of a finding; `None` for one that rests on facts, not on a measure.
    pub fn of(id: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|threshold| threshold.finding.as_str() == id)
    }

    pub const fn id(&self) -> &'static str {
        self.finding.as_str()
    }

    /// Returns the value that is in force.
    pub fn value_in(&self, thresholds: &Thresholds) -> f64 {
        (self.get)(thresholds)
    }

    /// Reads a value: `30%`, `50ms` or `3`, as the unit demands. `read_time` reads a time.
    ///
    /// # Errors
    /// If it is no such value, or not in the permitted range.
    pub fn parse(&self, text: &str, read_time: impl FnOnce(&str) -> Option<f64>) -> Result<f64, ThresholdError> {
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let value = match self.unit {
            ThresholdUnit::Share => text.trim().strip_suffix('%').and_then(number).map(|percent| percent / 100.0),
            ThresholdUnit::Time => read_time(text.trim()),
            ThresholdUnit::Number => number(text),
        };
        value.filter(|value| (self.least..=self.greatest).contains(value)).ok_or_else(|| self.out_of_range())
    }

    /// Writes a value as it is read in text: `30 %`, `50 ms`, `3`.
    pub fn format(&self, value: f64) -> String {
        match self.unit {
            ThresholdUnit::Share => format!("{} %", plain_number(value * 100.0)),
            ThresholdUnit::Time => Span::from_secs(value).to_string(),
            ThresholdUnit::Number => format::group_digits(&plain_number(value)),
        }
    }

    /// Writes a value as it is given on the command line: `30%`, `50ms`, `3`.
    pub fn format_argument(&self, value: f64) -> String {
        match self.unit {
            ThresholdUnit::Share => format!("{}%", plain_number(value * 100.0)),
            ThresholdUnit::Time if value >= 3_600.0 && value % 3_600.0 == 0.0 => {
                format!("{}h", plain_number(value / 3_600.0))
            }
            ThresholdUnit::Time if value < 1.0 => format!("{}ms", plain_number(value * 1_000.0)),
            ThresholdUnit::Time => format!("{}s", plain_number(value)),
            ThresholdUnit::Number => plain_number(value),
        }
    }

    /// Writes the permitted range: `1% to 100%`.
    pub fn format_range(&self) -> String {
        format!("{} to {}", self.format_argument(self.least), self.format_argument(self.greatest))
    }

    fn out_of_range(&self) -> ThresholdError {
        let what = match self.unit {
            ThresholdUnit::Share => "a percentage",
            ThresholdUnit::Time => "a time",
            ThresholdUnit::Number => "a number",
        };
        let example = format!("{}={}", self.id(), self.format_argument(self.default));
        ThresholdError(format!(
            "the threshold of `{}` is {what} from {}, such as {example}",
            self.id(),
            self.format_range()
        ))
    }
}

/// Writes a number with as many decimals as it needs, at most four.
fn plain_number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_permitted_and_the_rows_are_in_the_order_of_findings() {
        let mut last = None;
        for threshold in Threshold::ALL {
            assert!((threshold.least..=threshold.greatest).contains(&threshold.default), "{}", threshold.id());
            assert!(last < Some(threshold.finding), "{} is out of order", threshold.id());
            assert!(!threshold.meaning.ends_with('.'), "{}: a noun phrase", threshold.id());
            last = Some(threshold.finding);
        }
        assert_eq!(Thresholds::DEFAULT.changed().count(), 0);
    }

    #[test]
    fn values_are_read_in_the_unit_of_the_threshold() {
        let time = |text: &str| text.strip_suffix("ms").and_then(|n| n.parse::<f64>().ok()).map(|ms| ms / 1e3);
        let read = |id: &str, text: &str| Threshold::of(id).expect("a threshold").parse(text, time);
        assert_eq!(read("lock-bound", "80%"), Ok(0.8));
        assert_eq!(read("loop-blocked", "20ms"), Ok(0.02));
        assert_eq!(read("unfair", "4.5"), Ok(4.5));
        for (id, text) in
            [("lock-bound", "0.8"), ("lock-bound", "0%"), ("unfair", "1"), ("unfair", "NaN"), ("starved", "1")]
        {
            assert!(read(id, text).is_err(), "{id}={text}");
        }
        let error = read("lock-bound", "300%").unwrap_err().0;
        assert_eq!(error, "the threshold of `lock-bound` is a percentage from 1% to 100%, such as lock-bound=30%");
    }

    #[test]
    fn every_formatted_value_is_read_back() {
        let time = |text: &str| {
            let units = [("ms", 1e-3), ("s", 1.0), ("h", 3_600.0)];
            let (number, factor) =
                units.into_iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
            Some(number.parse::<f64>().ok()? * factor)
        };
        for threshold in Threshold::ALL {
            for value in [threshold.default, threshold.least, threshold.greatest] {
                let text = threshold.format_argument(value);
                let read = threshold.parse(&text, time).unwrap_or_else(|error| panic!("{text}: {error:?}"));
                assert!((read - value).abs() <= value * 1e-9, "{}: {text} is {read}, not {value}", threshold.id());
            }
        }
    }

    #[test]
    fn only_changed_thresholds_are_listed() {
        let starved = Threshold::of("starved").expect("a threshold");
        let set = Thresholds::DEFAULT.with(starved, 2.0).expect("permitted");
        let listed: Vec<_> = set.changed().map(|(one, value)| format!("{} {}", one.id(), one.format(value))).collect();
        assert_eq!(listed, ["starved 2.0 s"]);
        assert!(Thresholds::DEFAULT.with(starved, 0.0).is_err());
        assert!(Threshold::of("deadlock").is_none(), "a proof has no threshold");
    }
}
