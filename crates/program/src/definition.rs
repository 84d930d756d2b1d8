//! Definitions: what names processes, lanes and objects.

use super::id::Id;

/// What a line says besides events.
#[derive(Debug, Clone, PartialEq)]
pub enum Definition {
    Hello(HelloInfo),
    Object(ObjectInfo),
    Lane(LaneInfo),
    /// More about an object or a lane: a better name, the pool that a lane works for. What it does not say is empty.
    Name {
        id: Id,
        name: String,
        pool: Id,
    },
    /// A hook of the tracer failed and was taken out.
    Fault {
        hook: String,
        error: String,
    },
    /// The largest error of corrected times of a process on another machine, in nanoseconds.
    ClockError {
        nanos: u64,
    },
    /// The process ends.
    Bye {
        pid: u32,
    },
}

/// A process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HelloInfo {
    pub pid: u32,
    pub parent: u32,
    pub language: String,
    pub version: String,
    pub has_gil: Option<bool>,
    /// Why it is here: `start`, `fork`, `spawn`, `interp`.
    pub why: String,
    pub arguments: Vec<String>,
}

/// A lane: a thread, or a process without further threads.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LaneInfo {
    pub id: Id,
    pub pid: u32,
    pub tid: u32,
    pub name: String,
    pub target: String,
    pub pool: Id,
    /// Whether a library started it for itself.
    pub is_of_library: bool,
    /// The lanes that it is shown with: those of one host of a cluster. Empty for those with its name.
    pub group: String,
    /// Whether it serves the workers and executes no tasks: a scheduler, a broker.
    pub is_service: bool,
    /// Whether it is seen from outside alone, so far: nothing but the system tells what it does.
    pub is_silent: bool,
}

/// An object that lanes share.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ObjectInfo {
    pub id: Id,
    pub pid: u32,
    pub kind: ObjectKind,
    pub name: String,
    /// The place in the source that made it: `bank.py:8`.
    pub site: String,
    /// The function that it runs, or that made it.
    pub function: String,
    pub is_of_library: bool,
    pub size: Option<u64>,
    /// What it belongs to: the lock of a condition, the pool of a task.
    pub of: Id,
}

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ObjectKind {
    Lock,
    Rlock,
    Condition,
    Semaphore,
    Event,
    Barrier,
    Queue,
    Pool,
    Future,
    Process,
    Pipe,
    Manager,
    Task,
    Loop,
    Socket,
    #[default]
    Other,
}

impl ObjectKind {
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "lock" => Self::Lock,
            "rlock" => Self::Rlock,
            "condition" => Self::Condition,
            "semaphore" => Self::Semaphore,
            "event" => Self::Event,
            "barrier" => Self::Barrier,
            // A count is shown as the depth of a queue.
            "queue" | "count" => Self::Queue,
            "pool" => Self::Pool,
            "future" => Self::Future,
            "process" => Self::Process,
            "pipe" => Self::Pipe,
            "manager" => Self::Manager,
            "task" => Self::Task,
            "loop" => Self::Loop,
            "socket" => Self::Socket,
            _ => Self::Other,
        }
    }

    /// Returns the noun for one without a name.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Rlock => "rlock",
            Self::Condition => "condition",
            Self::Semaphore => "semaphore",
            Self::Event => "event",
            Self::Barrier => "barrier",
            Self::Queue => "queue",
            Self::Pool => "pool",
            Self::Future => "future",
            Self::Process => "process",
            Self::Pipe => "pipe",
            Self::Manager => "manager",
            Self::Task => "task",
            Self::Loop => "loop",
            Self::Socket => "socket",
            Self::Other => "object",
        }
    }
}
