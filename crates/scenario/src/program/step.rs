//! The steps a worker does.

mod attempt;
mod life;
mod pool;
mod question;
mod queue;
mod signal;

use serde::{Deserialize, Serialize};

use super::pipe::PipeStep;
use super::resource::Target;
use super::text::Text;
use crate::expr::Expr;
use contend_trace::KnobId;

pub use attempt::{Attempt, Origin, What};
pub use life::{LifeStep, Members, Which};
pub use pool::{Leave, PoolStep};
pub use question::{Asked, Compare, Question};
pub use queue::QueueStep;
pub use signal::SignalStep;

/// One thing a worker does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// Real work that takes this much CPU time.
    Compute(Expr),
    /// Sleeps on purpose.
    Sleep(Expr),
    /// Waits for a descriptor that becomes ready after this time: what waiting for a device or a server is.
    Io(Expr),
    /// Takes the lock, runs the body, gives it back.
    Lock {
        target: Target,
        body: Vec<Step>,
    },
    /// Takes the lock within `timeout` and runs the body, or else the other steps.
    TryLock {
        target: Target,
        timeout: Expr,
        body: Vec<Step>,
        otherwise: Vec<Step>,
    },
    /// Bare `lock`: the worker keeps it until `unlock`, or for good if it ends before.
    Take(Target),
    /// Bare `unlock`.
    Release(Target),
    /// Takes permits of a semaphore all at once, runs the body, gives them back.
    Acquire {
        target: Target,
        permits: Expr,
        body: Vec<Step>,
    },
    /// Bare `acquire`: takes a permit for good.
    Down(Target),
    /// Bare `release`: gives a permit, whoever had it, or nobody.
    Up(Target),
    /// Has an rwlock together with other readers while it runs the body.
    Read {
        target: Target,
        body: Vec<Step>,
    },
    /// Has an rwlock alone while it runs the body.
    Write {
        target: Target,
        body: Vec<Step>,
    },
    /// Reads a counter into the worker's own copy.
    Load(Target),
    /// Writes the worker's own copy plus `add` to the counter, whatever it holds by now.
    Store {
        target: Target,
        add: i8,
    },
    /// Adds to a counter in one atomic operation.
    Add {
        target: Target,
        by: i8,
    },
    /// Adds to a counter so many times in a row, each in one atomic operation, and tells of it once.
    AddMany {
        target: Target,
        by: i8,
        times: Expr,
    },
    Queue(QueueStep),
    Pipe(PipeStep),
    Signal(SignalStep),
    Pool(PoolStep),
    Loop(LoopStep),
    Life(LifeStep),
    /// Has this much memory, all of it written to, while it runs the body.
    Allocate {
        bytes: Expr,
        body: Vec<Step>,
    },
    /// Runs the body if the answer is yes now, else the other steps.
    If {
        question: Question,
        body: Vec<Step>,
        otherwise: Vec<Step>,
    },
    /// Runs the body for as long as the answer is yes.
    While {
        question: Question,
        body: Vec<Step>,
    },
    Repeat {
        times: Expr,
        body: Vec<Step>,
    },
    Forever(Vec<Step>),
    /// Runs the body if the knob stands at this position, else the other steps.
    When {
        knob: KnobId,
        is: f64,
        body: Vec<Step>,
        otherwise: Vec<Step>,
    },
    /// Makes thumbnails of the task's file, the longer side this many pixels.
    Thumbnail {
        sizes: Vec<u32>,
    },
    /// One of these ways, by chance: each as likely as its weight among all.
    Choose(Vec<Way>),
    Real(Real),
    Attempt(Box<Attempt>),
    /// The worker panics; the others go on.
    Panic(String),
    /// Ends the process at once, by a signal, with all that is in it.
    Abort,
    /// Ends the process at once with this exit code.
    Exit(u8),
}

impl Step {
    /// The steps in its blocks.
    pub fn bodies(&self) -> impl Iterator<Item = &[Self]> {
        let (first, second, ways): (&[Self], &[Self], &[Way]) = match self {
            Self::Lock { body, .. }
            | Self::Acquire { body, .. }
            | Self::Allocate { body, .. }
            | Self::Read { body, .. }
            | Self::Write { body, .. }
            | Self::Repeat { body, .. }
            | Self::Forever(body)
            | Self::While { body, .. }
            | Self::Loop(LoopStep::Blocking(body) | LoopStep::ToThread(body))
            | Self::Queue(QueueStep::Each { body, .. })
            | Self::Pipe(PipeStep::Each { body, .. }) => (body, &[], &[]),
            Self::TryLock { body, otherwise, .. }
            | Self::When { body, otherwise, .. }
            | Self::If { body, otherwise, .. }
            | Self::Pool(PoolStep::Look { body, otherwise })
            | Self::Life(LifeStep::Join { body, otherwise, .. })
            | Self::Queue(QueueStep::TryPut { body, otherwise, .. } | QueueStep::TryTake { body, otherwise, .. }) => {
                (body, otherwise, &[])
            }
            Self::Attempt(attempt) => (&attempt.body, attempt.otherwise.as_deref().unwrap_or_default(), &[]),
            Self::Choose(ways) => (&[], &[], ways),
            _ => (&[], &[], &[]),
        };
        [first, second].into_iter().chain(ways.iter().map(|way| way.steps.as_slice()))
    }

    /// What it uses of what is shared.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::Lock { target, .. }
            | Self::TryLock { target, .. }
            | Self::Take(target)
            | Self::Release(target)
            | Self::Acquire { target, .. }
            | Self::Down(target)
            | Self::Up(target)
            | Self::Read { target, .. }
            | Self::Write { target, .. }
            | Self::Load(target)
            | Self::Store { target, .. }
            | Self::Add { target, .. }
            | Self::AddMany { target, .. }
            | Self::If { question: Question { of: Asked::Resource(target), .. }, .. }
            | Self::While { question: Question { of: Asked::Resource(target), .. }, .. } => Some(target),
            Self::Queue(step) => Some(step.target()),
            Self::Signal(step) => Some(step.target()),
            Self::Pipe(step) => Some(step.target()),
            _ => None,
        }
    }

    /// The pool that it has to do with.
    pub const fn pool(&self) -> Option<usize> {
        match self {
            Self::Pool(PoolStep::Submit { pool, .. } | PoolStep::Shutdown { pool, .. }) => Some(*pool),
            _ => None,
        }
    }

    /// The first command that it runs, itself or in one of its blocks.
    pub fn command(&self) -> Option<&[Text]> {
        if let Self::Attempt(attempt) = self
            && let What::Exec { command, .. } = &attempt.what
        {
            return Some(command);
        }
        self.bodies().flatten().find_map(Self::command)
    }

    /// Where the steps of the `else` that follows it go, if one can.
    pub fn otherwise(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::TryLock { otherwise, .. }
            | Self::When { otherwise, .. }
            | Self::If { otherwise, .. }
            | Self::Pool(PoolStep::Look { otherwise, .. })
            | Self::Life(LifeStep::Join { otherwise, .. })
            | Self::Queue(QueueStep::TryPut { otherwise, .. } | QueueStep::TryTake { otherwise, .. }) => {
                Some(otherwise)
            }
            Self::Attempt(attempt) => Some(attempt.otherwise.get_or_insert_default()),
            _ => None,
        }
    }

    /// Shows it and all steps in its blocks.
    pub fn each(&self, see: &mut impl FnMut(&Self)) {
        see(self);
        self.bodies().flatten().for_each(|step| step.each(see));
    }

    /// The group whose workers it spawns, if it does.
    pub fn spawns(&self) -> Option<usize> {
        if let Self::Life(LifeStep::Spawn(members)) = self { Some(members.group) } else { None }
    }

    /// Whether it, or a step in one of its blocks, is such a one.
    pub fn any(&self, wanted: &impl Fn(&Self) -> bool) -> bool {
        wanted(self) || self.bodies().flatten().any(|step| step.any(wanted))
    }
}

/// What a task does with its loop's thread. A worker that has a thread of its own keeps that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LoopStep {
    /// Runs the body as calls that know of no loop: when it waits, the thread does.
    Blocking(Vec<Step>),
    /// Has a thread beside the loop run the body, and awaits its end.
    ToThread(Vec<Step>),
    /// Lets the others go on that could.
    Yield,
}

/// One of the ways of a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Way {
    pub weight: Expr,
    pub steps: Vec<Step>,
}

/// Work that is what it says, however long it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Real {
    /// Counts the primes up to this number.
    Primes(Expr),
    /// SHA-256 of so many bytes, or of the task's file.
    Hash(Option<Expr>),
    /// Reads the task's file.
    ReadFile,
    /// Writes a file of so many bytes that is gone after the run.
    WriteFile(Expr),
    /// Makes a grey copy of the task's picture.
    Grayscale,
}
