//! The steps a worker does.

mod attempt;
mod life;
mod pool;
mod question;
mod queue;
mod signal;

use serde::{Deserialize, Serialize};

use super::block::{Block, EMPTY_BLOCK};
use super::pipe_step::PipeStep;
use super::resource::Target;
use super::text::TextExpr;
use crate::expr::Expr;
use contend_trace::KnobId;

pub use attempt::{Attempt, AttemptKind, RequestTarget};
pub use life::{GroupMembers, LifeStep, MemberSelector};
pub use pool::{PoolStep, ShutdownMode};
pub use question::{Compare, Operand, Question};
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
        body: Block,
    },
    /// Takes the lock within `timeout` and runs the body, or else the other steps.
    TryLock {
        target: Target,
        timeout: Expr,
        body: Block,
        otherwise: Block,
    },
    /// Bare `lock`: the worker keeps it until `unlock`, or for good if it ends before.
    BareLock(Target),
    /// Bare `unlock`.
    BareUnlock(Target),
    /// Takes permits of a semaphore all at once, runs the body, gives them back.
    Acquire {
        target: Target,
        permits: Expr,
        body: Block,
    },
    /// Bare `acquire`: takes a permit for good.
    BareAcquire(Target),
    /// Bare `release`: gives a permit, whoever had it, or nobody.
    BareRelease(Target),
    /// Has an rwlock together with other readers while it runs the body.
    ReadLock {
        target: Target,
        body: Block,
    },
    /// Has an rwlock alone while it runs the body.
    WriteLock {
        target: Target,
        body: Block,
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
        body: Block,
    },
    /// Runs the body if the answer is yes now, else the other steps.
    If {
        question: Question,
        body: Block,
        otherwise: Block,
    },
    /// Runs the body for as long as the answer is yes.
    While {
        question: Question,
        body: Block,
    },
    Repeat {
        times: Expr,
        body: Block,
    },
    Forever(Block),
    /// Runs the body if the knob has this value, else the other steps.
    When {
        knob: KnobId,
        value: f64,
        body: Block,
        otherwise: Block,
    },
    /// Makes thumbnails of the task's file, the longer side this many pixels.
    Thumbnail {
        sizes: Vec<u32>,
    },
    /// One of these ways, by chance: each as likely as its weight among all.
    Choose(Vec<Branch>),
    RealWork(RealWork),
    Attempt(Box<Attempt>),
    /// Fails with this message: ends the task, unless a `retry` around it handles the failure.
    Fail(String),
    /// The worker panics; the others go on.
    Panic(String),
    /// Ends the process at once, by a signal, with all that is in it.
    Abort,
    /// Ends the process at once with this exit code.
    Exit(u8),
}

impl Step {
    /// The blocks of this step.
    ///
    /// The match names every step: a block that is missing here would hide its steps from all that looks through a
    /// scenario, such as the check that commands need `--allow-exec`.
    pub(crate) fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::Lock { body, .. }
            | Self::Acquire { body, .. }
            | Self::Allocate { body, .. }
            | Self::ReadLock { body, .. }
            | Self::WriteLock { body, .. }
            | Self::Repeat { body, .. }
            | Self::Forever(body)
            | Self::While { body, .. } => Blocks::One(body),
            Self::TryLock { body, otherwise, .. }
            | Self::When { body, otherwise, .. }
            | Self::If { body, otherwise, .. } => Blocks::Either(body, otherwise),
            Self::Choose(branches) => Blocks::Choice(branches),
            Self::Queue(step) => step.blocks(),
            Self::Pipe(step) => step.blocks(),
            Self::Pool(step) => step.blocks(),
            Self::Loop(step) => step.blocks(),
            Self::Life(step) => step.blocks(),
            Self::Attempt(attempt) => Blocks::Either(&attempt.body, attempt.otherwise.as_ref().unwrap_or(&EMPTY_BLOCK)),
            Self::Compute(_)
            | Self::Sleep(_)
            | Self::Io(_)
            | Self::BareLock(_)
            | Self::BareUnlock(_)
            | Self::BareAcquire(_)
            | Self::BareRelease(_)
            | Self::Load(_)
            | Self::Store { .. }
            | Self::Add { .. }
            | Self::AddMany { .. }
            | Self::Signal(_)
            | Self::Thumbnail { .. }
            | Self::RealWork(_)
            | Self::Fail(_)
            | Self::Panic(_)
            | Self::Abort
            | Self::Exit(_) => Blocks::None,
        }
    }

    /// All blocks of this step, in the order of the file.
    pub fn bodies(&self) -> impl Iterator<Item = &Block> {
        let (first, second, branches): (_, _, &[Branch]) = match self.blocks() {
            Blocks::None => (None, None, &[]),
            Blocks::One(body) => (Some(body), None, &[]),
            Blocks::Either(body, otherwise) => (Some(body), Some(otherwise), &[]),
            Blocks::Choice(branches) => (None, None, branches),
        };
        first.into_iter().chain(second).chain(branches.iter().map(|branch| &branch.steps))
    }

    /// Whether no worker gets past this step.
    pub(crate) const fn is_final(&self) -> bool {
        matches!(self, Self::Forever(_) | Self::Fail(_) | Self::Panic(_) | Self::Abort | Self::Exit(_))
    }

    /// What it uses of what is shared.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::Lock { target, .. }
            | Self::TryLock { target, .. }
            | Self::BareLock(target)
            | Self::BareUnlock(target)
            | Self::Acquire { target, .. }
            | Self::BareAcquire(target)
            | Self::BareRelease(target)
            | Self::ReadLock { target, .. }
            | Self::WriteLock { target, .. }
            | Self::Load(target)
            | Self::Store { target, .. }
            | Self::Add { target, .. }
            | Self::AddMany { target, .. }
            | Self::If { question: Question { operand: Operand::Resource(target), .. }, .. }
            | Self::While { question: Question { operand: Operand::Resource(target), .. }, .. } => Some(target),
            Self::Queue(step) => Some(step.target()),
            Self::Signal(step) => Some(step.target()),
            Self::Pipe(step) => Some(step.target()),
            _ => None,
        }
    }

    /// The pool that it has to do with.
    pub const fn pool_index(&self) -> Option<usize> {
        match self {
            Self::Pool(PoolStep::Submit { pool, .. } | PoolStep::Shutdown { pool, .. }) => Some(*pool),
            _ => None,
        }
    }

    /// The first command that it runs, itself or in one of its blocks.
    pub fn command(&self) -> Option<&[TextExpr]> {
        if let Self::Attempt(attempt) = self
            && let AttemptKind::Exec { command, .. } = &attempt.kind
        {
            return Some(command);
        }
        self.bodies().flatten().find_map(Self::command)
    }

    /// Where the steps of the `else` that follows it go, if one can.
    pub fn else_steps_mut(&mut self) -> Option<&mut Block> {
        match self {
            Self::TryLock { otherwise, .. }
            | Self::When { otherwise, .. }
            | Self::If { otherwise, .. }
            | Self::Pool(PoolStep::MatchResult { otherwise, .. })
            | Self::Life(LifeStep::Join { otherwise, .. })
            | Self::Queue(QueueStep::TryPut { otherwise, .. } | QueueStep::TryTake { otherwise, .. }) => {
                Some(otherwise)
            }
            Self::Attempt(attempt) => Some(attempt.otherwise.get_or_insert_default()),
            _ => None,
        }
    }

    /// Shows it and all steps in its blocks.
    pub fn for_each_step(&self, see: &mut impl FnMut(&Self)) {
        see(self);
        self.bodies().flatten().for_each(|step| step.for_each_step(see));
    }

    /// The group whose workers it spawns, if it does.
    pub fn spawned_group(&self) -> Option<usize> {
        if let Self::Life(LifeStep::Spawn(members)) = self { Some(members.group) } else { None }
    }

    /// Whether it, or a step in one of its blocks, is such a one.
    pub fn contains(&self, wanted: &impl Fn(&Self) -> bool) -> bool {
        wanted(self) || self.bodies().flatten().any(|step| step.contains(wanted))
    }
}

/// What a task does with its loop's thread. A worker that has a thread of its own keeps that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LoopStep {
    /// Runs the body as calls that know of no loop: when it waits, the thread does.
    Blocking(Block),
    /// Has a thread beside the loop run the body, and awaits its end.
    ToThread(Block),
    /// Lets the others go on that could.
    Yield,
}

impl LoopStep {
    const fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::Blocking(body) | Self::ToThread(body) => Blocks::One(body),
            Self::Yield => Blocks::None,
        }
    }
}

/// The blocks of one step, by how a worker runs them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Blocks<'a> {
    None,
    One(&'a Block),
    /// One of both: the block, or the block of the `else` that follows, which is empty if there is no `else`.
    Either(&'a Block, &'a Block),
    /// One of the branches.
    Choice(&'a [Branch]),
}

/// One of the ways of a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    pub weight: Expr,
    pub steps: Block,
}

/// Work that is what it says, however long it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RealWork {
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
