//! The JSON report of a run, as far as a comparison needs it.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use crate::scenario::sanitize;

/// The version of the report that is read.
const SCHEMA_VERSION: u32 = 1;

/// The reason why a text is not the report of a run.
#[derive(Debug, Error)]
pub enum ReportError {
    #[error("it is neither a recording nor JSON ({0})")]
    NotJson(serde_json::Error),
    #[error(
        "it is JSON, but not the report of a run; `contend run SCENARIO --json` prints one, and \
         `contend test --reports DIRECTORY` keeps one of each run"
    )]
    NotAReport,
    #[error("its report has version {0}, but this program reads version {SCHEMA_VERSION}")]
    OtherVersion(u32),
    #[error("the report of the run lacks something: {0}")]
    Incomplete(serde_json::Error),
}

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RunReport {
    /// Version of the program that wrote it.
    pub contend: String,
    pub scenario: String,
    /// The knobs with their values.
    pub params: BTreeMap<String, String>,
    pub machine: MachineReport,
    pub elapsed_s: f64,
    pub ended: String,
    pub events: EventsReport,
    pub workers: Vec<WorkerReport>,
    pub locks: Vec<LockReport>,
    pub queues: Vec<QueueReport>,
    pub pools: Vec<PoolReport>,
    pub cpu: CpuReport,
    pub findings: Vec<FindingReport>,
    /// The findings that are not listed although the run has them, in older reports none.
    #[serde(default)]
    pub muted: Vec<String>,
    /// The thresholds of findings that were set, in older reports none.
    #[serde(default)]
    pub thresholds: Vec<ThresholdReport>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MachineReport {
    pub cores: usize,
    pub usable: usize,
    pub quota: Option<f64>,
    pub os: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EventsReport {
    pub lost: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WorkerReport {
    pub name: String,
    pub kind: String,
    pub alive_s: f64,
    /// By state; `None` where it is unknown.
    pub share: BTreeMap<String, Option<f64>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LockReport {
    pub name: String,
    pub acquired: u64,
    pub contended: u64,
    pub wait_ms: DurationsReport,
    pub held_ms: DurationsReport,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct QueueReport {
    pub name: String,
    pub taken: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PoolReport {
    pub name: String,
    pub submitted: u64,
    pub failed: u64,
    pub throughput_per_s: f64,
    pub service_ms: DurationsReport,
    pub response_ms: DurationsReport,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CpuReport {
    pub others: Option<f64>,
}

/// Durations in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct DurationsReport {
    pub count: u64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub total: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FindingReport {
    pub id: String,
    pub severity: String,
    pub sentence: String,
}

/// A threshold that was set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ThresholdReport {
    pub finding: String,
    pub value: f64,
    pub default: f64,
    /// `share`, `seconds` or `number`.
    pub unit: String,
}

impl RunReport {
    /// Reads the report in a JSON text.
    ///
    /// # Errors
    /// If the text is anything else.
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        let mut value: serde_json::Value = serde_json::from_str(text).map_err(ReportError::NotJson)?;
        sanitize_text(&mut value);
        let version = value.get("schema").and_then(serde_json::Value::as_u64);
        let (Some(version), Some(_)) = (version, value.get("elapsed_s")) else { return Err(ReportError::NotAReport) };
        if version != u64::from(SCHEMA_VERSION) {
            return Err(ReportError::OtherVersion(version as u32));
        }
        serde_json::from_value(value).map_err(ReportError::Incomplete)
    }
}

/// Makes all text safe to print.
fn sanitize_text(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::String(text) => *text = sanitize(text),
        Value::Array(parts) => parts.iter_mut().for_each(sanitize_text),
        Value::Object(parts) => {
            parts.values_mut().for_each(sanitize_text);
            *parts = std::mem::take(parts).into_iter().map(|(name, part)| (sanitize(&name), part)).collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_report_is_safe_to_print() {
        let mut value = serde_json::json!({ "a\u{1b}": ["x\u{202e}", { "b": "\u{7}", "c": 1 }] });
        sanitize_text(&mut value);
        assert_eq!(value, serde_json::json!({ "a\\u{1b}": ["x\\u{202e}", { "b": "\\u{7}", "c": 1 }] }));
    }
}
