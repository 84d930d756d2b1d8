//! The sources of a pool's tasks: when tasks are due, and what they work on.

use serde::{Deserialize, Serialize};

use super::text::TextExpr;
use crate::choice::Choice;
use crate::expr::Expr;
use crate::glob::Glob;
use contend_trace::KnobId;

/// The source of a pool's tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Feed {
    /// There is no feeder: steps submit tasks.
    Submitted,
    /// Open loop: tasks are due at this rate, even if the pool falls behind.
    OpenLoop(Arrivals),
    /// Closed loop: so many clients submit a task each, wait for its result, and submit the next one `think` later.
    Clients { count: Expr, think: Expr },
    /// This many tasks, as fast as the queue takes them.
    Batch { count: Expr },
    /// One task for each file below `dir` that matches a pattern, `times` times; sample files if the knob is empty.
    /// Results are written to `out`, or beside the files. `patterns_text`: the patterns as written.
    Files { dir: KnobId, out: Option<KnobId>, patterns: Vec<Glob>, patterns_text: String, times: Expr },
    /// One task for each word, `times` times.
    Words { words: TextExpr, times: Expr },
    /// One task for each request of a trace that arrived from `from` to `to` (`None`: to its end), `times` times. The
    /// trace runs `speed` times as fast as it was recorded.
    Trace { file: TraceFile, from: Expr, to: Option<Expr>, speed: Expr, times: Expr },
    /// This many tasks, each of which needs the results of `needs` tasks before it. Only Dask runs such tasks.
    Dependent { count: Expr, needs: Expr },
}

/// The file of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TraceFile {
    /// Its path, relative to the working directory.
    Path(String),
    /// A knob for its path.
    Knob(KnobId),
}

/// When the tasks of a batch are due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Pace {
    /// As soon as the queue takes them.
    AsAccepted,
    /// So many per second.
    Rate(Expr),
    /// As recorded in the trace.
    Recorded,
}

impl Feed {
    /// Whether tasks come for as long as the run lasts.
    pub const fn is_endless(&self) -> bool {
        matches!(self, Self::OpenLoop(_) | Self::Clients { .. })
    }

    /// Whether the feed is a number of tasks that is known before the run.
    pub const fn is_batch(&self) -> bool {
        matches!(
            self,
            Self::Batch { .. } | Self::Files { .. } | Self::Words { .. } | Self::Trace { .. } | Self::Dependent { .. }
        )
    }
}

/// When the tasks of an open loop are due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrivals {
    /// Tasks per second, on average.
    pub rate: Expr,
    pub spacing: Choice<ArrivalSpacing>,
    /// Tasks that are due at the same moment.
    pub burst: Expr,
    pub curve: RateCurve,
}

impl Arrivals {
    /// Returns arrivals at equal distances.
    pub const fn steady(rate: Expr) -> Self {
        let spacing = Choice::Fixed(ArrivalSpacing::Steady);
        Self { rate, spacing, burst: Expr::Number(1.0), curve: RateCurve::Constant }
    }
}

/// The times between two arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArrivalSpacing {
    /// All equal.
    Steady,
    /// Independent of each other: exponentially distributed.
    Poisson,
}

impl ArrivalSpacing {
    pub const ALL: [(&'static str, Self); 2] = [("steady", Self::Steady), ("poisson", Self::Poisson)];
}

/// How the rate of arrivals changes with time. Its mean is the rate itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RateCurve {
    Constant,
    /// Tasks arrive during `on` only, then none during `off`.
    OnOff {
        on: Expr,
        off: Expr,
    },
    /// A sine wave with the period `length` that begins at its lowest point, `night` times its highest.
    Day {
        length: Expr,
        night: Expr,
    },
}
