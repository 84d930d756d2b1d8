//! What Ray's state API answers, as far as it is used. Everything may be absent; numbers may be anything.

use serde::Deserialize;

/// `{"data": {"result": {"result": [...]}}}`
#[derive(Debug, Default, Deserialize)]
pub struct List<T> {
    data: Data<T>,
}

#[derive(Debug, Default, Deserialize)]
struct Data<T> {
    result: Inner<T>,
}

#[derive(Debug, Default, Deserialize)]
struct Inner<T> {
    result: Vec<T>,
}

impl<T> List<T> {
    pub fn entries(&self) -> &[T] {
        &self.data.result.result
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Node {
    pub node_id: String,
    pub node_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Worker {
    #[serde(rename = "worker_id")]
    pub id: String,
    pub is_alive: bool,
    #[serde(rename = "worker_type")]
    pub kind: String,
    /// Absent while it lives.
    pub exit_type: Option<String>,
    pub node_id: String,
    pub pid: u64,
}

impl Worker {
    /// Whether it executes tasks: drivers and services do not.
    pub fn is_executor(&self) -> bool {
        self.kind == "WORKER"
    }

    /// Whether it ended without being asked to.
    pub fn is_lost(&self) -> bool {
        let is_intended = |how: &String| how.starts_with("INTENDED") || how == "IDLE_EXIT";
        !self.is_alive && !self.exit_type.as_ref().is_some_and(is_intended)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Task {
    #[serde(rename = "task_id")]
    pub id: String,
    pub attempt_number: u64,
    pub name: String,
    pub state: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub worker_id: Option<String>,
    pub error_type: Option<String>,
    pub creation_time_ms: Option<f64>,
    pub start_time_ms: Option<f64>,
    pub end_time_ms: Option<f64>,
}

impl Task {
    /// Whether it is submitted work: not a driver, and not the creation of an actor.
    pub fn is_work(&self) -> bool {
        matches!(self.kind.as_str(), "NORMAL_TASK" | "ACTOR_TASK")
    }

    pub fn has_ended(&self) -> bool {
        matches!(self.state.as_str(), "FINISHED" | "FAILED")
    }

    /// Returns which of the counts it belongs to: waits for other tasks, for a worker, or is sent and not started.
    pub fn waiting_place(&self) -> Option<usize> {
        match self.state.as_str() {
            "PENDING_ARGS_AVAIL" | "PENDING_OBJ_STORE_MEM_AVAIL" | "PENDING_ARGS_FETCH" => Some(0),
            "PENDING_NODE_ASSIGNMENT" | "PENDING_ACTOR_TASK_ORDERING_OR_CONCURRENCY" => Some(1),
            "SUBMITTED_TO_WORKER" => Some(2),
            _ => None,
        }
    }
}
