//! What a scheduler of Dask answers, as far as it is used. Everything may be absent; numbers may be anything.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// `/json/identity.json`.
#[derive(Debug, Default, Deserialize)]
pub struct Identity {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    pub workers: BTreeMap<String, WorkerIdentity>,
}

impl Identity {
    pub fn is_scheduler(&self) -> bool {
        self.kind == "Scheduler"
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct WorkerIdentity {
    #[serde(default)]
    pub host: String,
    /// A number or a text.
    #[serde(default)]
    pub name: Value,
    #[serde(default)]
    pub nthreads: u64,
    #[serde(default)]
    pub metrics: Metrics,
}

#[derive(Debug, Default, Deserialize)]
pub struct Metrics {
    #[serde(default)]
    pub task_counts: TaskCounts,
}

/// Tasks of a worker by their state there.
#[derive(Debug, Default, Deserialize)]
pub struct TaskCounts {
    #[serde(default)]
    pub executing: u64,
    #[serde(default)]
    pub ready: u64,
}

/// `/json/counts.json`: tasks of the scheduler by state.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub tasks: u64,
    pub erred: u64,
    pub memory: u64,
    pub processing: u64,
    pub released: u64,
    pub unrunnable: u64,
    pub waiting: u64,
    /// Always there: it tells a scheduler from another server.
    pub workers: Option<u64>,
}

impl Counts {
    /// Returns the tasks that wait in the scheduler for a free worker. It does not count them itself: they are what
    /// the other states leave. Results that several workers keep make it too small.
    pub const fn queued(&self) -> u64 {
        let Self { tasks, erred, memory, processing, released, unrunnable, waiting, .. } = *self;
        let other = [erred, memory, processing, released, unrunnable, waiting];
        let mut left = tasks;
        let mut n = 0;
        while n < other.len() {
            left = left.saturating_sub(other[n]);
            n += 1;
        }
        left.saturating_add(unrunnable)
    }

    /// Returns the tasks that have not ended.
    pub const fn open(&self) -> u64 {
        self.waiting.saturating_add(self.processing).saturating_add(self.queued())
    }
}

/// A message of `/eventstream`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StreamMessage {
    pub name: String,
    pub worker: String,
    /// A text, or a list of a text and numbers.
    pub key: Value,
    pub action: String,
    pub start: f64,
    pub stop: f64,
    /// The worker that data came from.
    pub source: Option<String>,
    pub thread: Option<u64>,
}

impl StreamMessage {
    /// Returns the task's name for people: `square` of `square-1f2e…`, `sum 3` of `["sum-1f2e…", 3]`.
    pub fn task_name(&self) -> String {
        match &self.key {
            Value::String(key) => without_hash(key).to_owned(),
            Value::Array(parts) => {
                let part = |part: &Value| match part {
                    Value::String(text) => without_hash(text).to_owned(),
                    other => other.to_string(),
                };
                parts.iter().take(4).map(part).collect::<Vec<_>>().join(" ")
            }
            _ => String::new(),
        }
    }
}

/// Returns a key without the hash or UUID at its end, and the number behind that.
fn without_hash(key: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = key.rsplit_once('-').filter(|(_, number)| is_number(number)).map(|(head, _)| head);
    let stem = numbered.map(without_hash_alone).filter(|stem| Some(*stem) != numbered);
    stem.unwrap_or_else(|| without_hash_alone(key))
}

fn without_hash_alone(key: &str) -> &str {
    let mut head = key;
    while let Some((stem, tail)) = head.rsplit_once('-') {
        let is_hash = matches!(tail.len(), 4 | 8 | 12 | 32) && tail.bytes().all(|byte| byte.is_ascii_hexdigit());
        if stem.is_empty() || !is_hash {
            break;
        }
        head = stem;
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_names_for_people() {
        let name = |key: Value| StreamMessage { key, ..StreamMessage::default() }.task_name();
        assert_eq!(name("square-0123456789abcdef0123456789abcdef".into()), "square");
        assert_eq!(name("f-64010b3f-ee80-11f1-9eae-02fc00000001".into()), "f");
        assert_eq!(name(serde_json::json!(["sum-0123456789abcdef0123456789abcdef", 3])), "sum 3");
        assert_eq!(name("nap-64010b3f-ee80-11f1-9eae-02fc00000001-17".into()), "nap");
        assert_eq!(name("read-csv".into()), "read-csv");
        assert_eq!(name("part-3".into()), "part-3");
        assert_eq!(name(Value::Null), "");
    }

    #[test]
    fn tasks_for_which_no_worker_is_free_are_what_other_states_leave() {
        let counts: Counts = serde_json::from_str(
            r#"{"tasks": 100, "memory": 10, "processing": 4, "waiting": 1, "unrunnable": 2, "erred": 3, "idle": 9}"#,
        )
        .unwrap();
        assert_eq!((counts.queued(), counts.open()), (82, 87));
        let hostile = Counts { memory: u64::MAX, processing: u64::MAX, waiting: u64::MAX, ..Counts::default() };
        assert_eq!((hostile.queued(), hostile.open()), (0, u64::MAX));
    }
}
