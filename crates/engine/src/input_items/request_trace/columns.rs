//! The columns of a trace: which of them hold the arrivals and the durations, and in which units.

use super::TraceRow;
use super::field::{ArrivalKind, parse_arrival, parse_duration, unit_nanos};
use contend_scenario::sanitize;

/// Names of the column of arrivals, in lower case, without units.
const ARRIVAL_NAMES: [&str; 14] = [
    "arrival",
    "arrival time",
    "arrived",
    "at",
    "begin",
    "date",
    "datetime",
    "due",
    "start",
    "start time",
    "started",
    "time",
    "timestamp",
    "ts",
];

/// Names of the column of durations.
const DURATION_NAMES: [&str; 11] = [
    "duration",
    "elapsed",
    "latency",
    "processing time",
    "request time",
    "run time",
    "runtime",
    "service",
    "service time",
    "time taken",
    "took",
];

/// One column: its position and its unit in nanoseconds, if the header states one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Column {
    at: usize,
    unit: Option<i128>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    separator: char,
    arrival: Column,
    duration: Column,
}

impl Columns {
    /// Finds the columns by the first line that is not empty. Returns whether that line is a header.
    ///
    /// # Errors
    /// If it has fewer than two columns, or is a header without the columns that are needed.
    pub(super) fn detect(line: &str) -> Result<(Self, bool), String> {
        let separator = ['\t', ';', ',']
            .into_iter()
            .find(|separator| line.contains(*separator))
            .ok_or_else(|| "expected two columns, the arrival time and the duration, separated by commas".to_owned())?;
        let fields: Vec<&str> = fields_of(line, separator).collect();
        if !fields.iter().take(2).any(|field| field.starts_with(char::is_alphabetic)) {
            let [arrival, duration] = [0, 1].map(|at| Column { at, unit: None });
            return Ok((Self { separator, arrival, duration }, false));
        }
        let names: Vec<(String, Option<i128>)> = fields.into_iter().map(name_and_unit).collect();
        let find = |known: &[&str], what: &str| {
            let found = names.iter().position(|(name, _)| known.contains(&name.as_str()));
            found.map(|at| Column { at, unit: names[at].1 }).ok_or_else(|| {
                format!("the header has no column for the {what}; name it `{}`, or `{}_ms`", known[0], known[0])
            })
        };
        let (arrival, duration) = (find(&ARRIVAL_NAMES, "arrival time")?, find(&DURATION_NAMES, "duration")?);
        Ok((Self { separator, arrival, duration }, true))
    }

    /// Parses a line that is not the header.
    ///
    /// # Errors
    /// If a value is missing or wrong.
    pub(super) fn parse_row(&self, line: &str) -> Result<(TraceRow, ArrivalKind), String> {
        let field = |column: Column, what: &str| {
            let found = fields_of(line, self.separator).nth(column.at).filter(|field| !field.is_empty());
            found.ok_or_else(|| format!("the {what} is missing"))
        };
        let is_decimal_comma = self.separator != ',';
        let arrival = field(self.arrival, "arrival time")?;
        let (arrival, kind) = parse_arrival(arrival, self.arrival.unit, is_decimal_comma)?;
        let duration = field(self.duration, "duration")?;
        let duration = parse_duration(duration, self.duration.unit, is_decimal_comma)?;
        Ok((TraceRow { arrival, duration }, kind))
    }
}

/// Returns the fields of a line, without spaces and quotes around them. No value of a trace contains a separator.
fn fields_of(line: &str, separator: char) -> impl Iterator<Item = &str> {
    line.split(separator).map(|field| field.trim().trim_matches('"').trim())
}

/// Splits the name of a column from its unit: `duration_ms`, `Duration (ms)`.
fn name_and_unit(field: &str) -> (String, Option<i128>) {
    let lower = sanitize(field).to_lowercase();
    let mut words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let unit = words.last().and_then(|word| unit_nanos(word)).filter(|_| words.len() > 1);
    if unit.is_some() {
        words.pop();
    }
    (words.join(" "), unit)
}
