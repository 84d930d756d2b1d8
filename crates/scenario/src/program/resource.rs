//! What workers share and wait for.

use serde::{Deserialize, Serialize};

use crate::expr::Expr;
use contend_trace::{KnobId, LockKind, Memory, RwPolicy};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub name: String,
    /// More than one makes an array, named `fork-1`, `fork-2`... Fixed for a run.
    pub count: Expr,
    pub spec: ResourceSpec,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ResourceSpec {
    Mutex {
        kind: Choice<LockKind>,
    },
    Counter {
        initial: i64,
        memory: Choice<Memory>,
        /// The members of its array lie side by side in one cache line, instead of in one each.
        packed: bool,
    },
    Semaphore {
        permits: Expr,
    },
    Rwlock {
        policy: Choice<RwPolicy>,
    },
    Queue {
        capacity: Expr,
    },
    Pipe {
        /// In bytes; the kernel rounds it up to a power of two of pages.
        capacity: Expr,
    },
    /// Waited for while holding the mutex declared at position `of`, which the wait gives back meanwhile.
    Condition {
        of: usize,
    },
    /// A flag that stays set until it is cleared.
    Event,
    Barrier {
        parties: Expr,
    },
    Server(Box<Serving>),
}

/// A small HTTP server of the run's own: how it answers. All but its room can be turned while it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Serving {
    /// What an answer takes, in nanoseconds, and how much more at most, by chance.
    pub latency: Expr,
    pub jitter: Expr,
    /// Share of the answers that say that it failed, 0 to 1.
    pub failure: Expr,
    /// Length of an answer.
    pub bytes: Expr,
    /// How many requests it works on at once. The others wait in it.
    pub capacity: Expr,
    /// How many requests can be in it at once; it turns more away.
    pub room: Expr,
    /// Paths that it does not know.
    pub missing: Vec<String>,
}

/// A word that is fixed, or chosen by a knob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Choice<T> {
    Fixed(T),
    /// `of[position of the knob]`.
    Knob(KnobId, Vec<T>),
}

impl<T: Copy> Choice<T> {
    /// The word that stands, or that the knob stands at.
    pub fn pick(&self, knob: impl FnOnce(KnobId) -> f64) -> Option<T> {
        match self {
            Self::Fixed(word) => Some(*word),
            Self::Knob(id, of) => of.get(knob(*id) as usize).copied(),
        }
    }
}

/// One of a resource's array, or the resource itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Position in `Scenario::resources`.
    pub resource: usize,
    /// Which of the array, wrapping around; `None` is the first.
    pub at: Option<Expr>,
}
