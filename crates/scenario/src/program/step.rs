//! The steps of workers.

mod attempt;
mod block;
mod event_loop;
mod life;
mod limit;
mod pipe;
mod pool;
mod question;
mod queue;
mod real_work;
mod select;
mod signal;
mod used;

use serde::{Deserialize, Serialize};

use super::resource::Target;
use super::text::TextExpr;
use crate::choice::Choice;
use crate::expr::Expr;
use block::EMPTY_BLOCK;
use contend_trace::KnobId;

pub use attempt::{Attempt, AttemptKind, RequestTarget, Swap, SwapValue};
pub use block::{Block, SourceSpan};
pub use event_loop::LoopStep;
pub use life::{GroupMembers, LifeStep, MemberSelector};
pub use limit::{Limit, TimeLimit};
pub use pipe::PipeStep;
pub use pool::{PoolStep, ResultWait, ShutdownMode};
pub use question::{Compare, Operand, Question};
pub use queue::QueueStep;
pub use real_work::RealWork;
pub use select::SelectPick;
pub use signal::SignalStep;

/// A step of a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// Computes until it has used this much CPU time.
    Compute(Expr),
    /// Sleeps.
    Sleep(Expr),
    /// Waits for a descriptor that becomes ready after this time, like a wait for a device or a server.
    Io(Expr),
    /// Takes the lock, runs the body and returns the lock.
    Lock {
        target: Target,
        body: Block,
    },
    /// Runs the body if it gets the lock within `timeout`, else the other steps.
    TryLock {
        target: Target,
        timeout: Expr,
        body: Block,
        otherwise: Block,
    },
    /// `lock` without a block: the worker holds it until `unlock`. If the worker ends before, it is never returned.
    BareLock(Target),
    /// Returns a lock that was taken without a block.
    BareUnlock(Target),
    /// Takes permits of a semaphore all at once, runs the body and returns them.
    Acquire {
        target: Target,
        permits: Expr,
        body: Block,
        limit: Limit,
    },
    /// `acquire` without a block: takes a permit and does not return it.
    BareAcquire {
        target: Target,
        limit: Limit,
    },
    /// Adds a permit to a semaphore, even if this worker took none.
    BareRelease(Target),
    /// Holds an rwlock together with other readers while it runs the body.
    ReadLock {
        target: Target,
        body: Block,
        limit: Limit,
    },
    /// Holds an rwlock alone while it runs the body.
    WriteLock {
        target: Target,
        body: Block,
        limit: Limit,
    },
    /// Reads a counter into the worker's own copy.
    Load(Target),
    /// Writes the worker's own copy plus `add` to the counter, and overwrites other changes.
    Store {
        target: Target,
        add: i8,
    },
    /// Adds to a counter in one atomic operation.
    Add {
        target: Target,
        by: i8,
    },
    /// Adds to a counter many times in a row, each in one atomic operation, and records that as one event.
    AddMany {
        target: Target,
        by: i8,
        times: Expr,
    },
    /// Writes a value to a counter.
    Assign {
        target: Target,
        value: Expr,
    },
    /// Polls until the answer to one of the questions is yes.
    Spin(Vec<Question>),
    Queue(QueueStep),
    Pipe(PipeStep),
    Signal(SignalStep),
    Pool(PoolStep),
    Loop(LoopStep),
    Life(LifeStep),
    /// Allocates this much memory, writes to all of it, and runs the body.
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
    /// Makes thumbnails of the task's file, with these lengths of the longer side in pixels.
    Thumbnail {
        sizes: Vec<u32>,
    },
    /// Runs one of the branches at random, by their weights.
    Choose(Vec<Branch>),
    /// Waits for the first of several alternatives. The first step of a branch is its wait, and `sleep` is a time
    /// limit; the other steps run when it is over. Weights mean nothing.
    Select {
        pick: Choice<SelectPick>,
        branches: Vec<Branch>,
    },
    RealWork(RealWork),
    Attempt(Box<Attempt>),
    /// Sets a mark on the time axis with this text.
    Mark(TextExpr),
    /// Fails with this message: ends the task, unless a `retry` around it handles the failure.
    Fail(String),
    /// Panics. Other workers are not affected.
    Panic(String),
    /// Kills the process at once by a signal, with all workers in it.
    Abort,
    /// Ends the process at once with this exit code.
    Exit(u8),
}

impl Step {
    /// Returns the blocks of this step.
    ///
    /// The match names every step: a block that is missing here would hide its steps from all that looks through a
    /// scenario, such as the check that commands need `--allow-exec`.
    pub(crate) fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::Acquire { body, limit: Some(limit), .. }
            | Self::ReadLock { body, limit: Some(limit), .. }
            | Self::WriteLock { body, limit: Some(limit), .. } => Blocks::Either(body, &limit.otherwise),
            Self::BareAcquire { limit: Some(limit), .. } => Blocks::Either(&EMPTY_BLOCK, &limit.otherwise),
            Self::Lock { body, .. }
            | Self::Acquire { body, limit: None, .. }
            | Self::Allocate { body, .. }
            | Self::ReadLock { body, limit: None, .. }
            | Self::WriteLock { body, limit: None, .. }
            | Self::Repeat { body, .. }
            | Self::Forever(body)
            | Self::While { body, .. } => Blocks::One(body),
            Self::TryLock { body, otherwise, .. }
            | Self::When { body, otherwise, .. }
            | Self::If { body, otherwise, .. } => Blocks::Either(body, otherwise),
            Self::Choose(branches) | Self::Select { branches, .. } => Blocks::Choice(branches),
            Self::Queue(step) => step.blocks(),
            Self::Signal(step) => step.blocks(),
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
            | Self::BareAcquire { limit: None, .. }
            | Self::BareRelease(_)
            | Self::Load(_)
            | Self::Store { .. }
            | Self::Add { .. }
            | Self::AddMany { .. }
            | Self::Assign { .. }
            | Self::Spin(_)
            | Self::Thumbnail { .. }
            | Self::RealWork(_)
            | Self::Mark(_)
            | Self::Fail(_)
            | Self::Panic(_)
            | Self::Abort
            | Self::Exit(_) => Blocks::None,
        }
    }

    /// Returns all blocks of this step, in the order of the file.
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

    /// Returns the first command in this step or in its blocks.
    pub fn command(&self) -> Option<&[TextExpr]> {
        if let Self::Attempt(attempt) = self
            && let AttemptKind::Exec { command, .. } = &attempt.kind
        {
            return Some(command);
        }
        self.bodies().flatten().find_map(Self::command)
    }

    /// Returns the place for the steps of an `else`, if one can follow this step.
    pub fn else_steps_mut(&mut self) -> Option<&mut Block> {
        match self {
            Self::TryLock { otherwise, .. }
            | Self::When { otherwise, .. }
            | Self::If { otherwise, .. }
            | Self::Life(LifeStep::Join { otherwise, .. }) => Some(otherwise),
            Self::Acquire { limit, .. }
            | Self::BareAcquire { limit, .. }
            | Self::ReadLock { limit, .. }
            | Self::WriteLock { limit, .. } => limit.as_mut().map(|limit| &mut limit.otherwise),
            Self::Queue(step) => step.else_steps_mut(),
            Self::Signal(step) => step.else_steps_mut(),
            Self::Pool(step) => step.else_steps_mut(),
            Self::Attempt(attempt) => Some(attempt.otherwise.get_or_insert_default()),
            _ => None,
        }
    }

    /// Calls `see` for this step and for all steps in its blocks.
    pub fn for_each_step(&self, see: &mut impl FnMut(&Self)) {
        see(self);
        self.bodies().flatten().for_each(|step| step.for_each_step(see));
    }

    /// Whether this step, or a step in its blocks, is a wanted one.
    pub fn contains(&self, wanted: &impl Fn(&Self) -> bool) -> bool {
        wanted(self) || self.bodies().flatten().any(|step| step.contains(wanted))
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

/// A branch of a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    pub weight: Expr,
    pub steps: Block,
}
