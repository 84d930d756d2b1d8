//! Checks how one worker uses its locks, and that it reaches every step.

use super::Checker;
use crate::choice::Choice;
use crate::program::{Block, Blocks, ResourceSpec, SignalStep, SourceSpan, Step, Target};
use contend_trace::LockKind;

/// Locks that one worker may hold at once.
const MAX_HELD: usize = 64;

/// A lock that is held at some point of the steps.
#[derive(Clone)]
struct TrackedLock<'a> {
    target: &'a Target,
    /// The step that took it, and the place of that step.
    step: &'a Step,
    span: SourceSpan,
    /// Whether the end of a block gives it back, rather than an `unlock`.
    is_block: bool,
    /// Whether it is held on every path to this point, not only on some.
    is_certain: bool,
}

/// A step with its place.
#[derive(Clone, Copy)]
struct PlacedStep<'a> {
    step: &'a Step,
    span: SourceSpan,
}

impl Checker {
    /// Follows the steps of one worker from first to last.
    pub(super) fn check_lock_flow(&mut self, steps: &Block) {
        let mut held = Vec::new();
        self.follow(steps, &mut held);
        for lock in held.iter().filter(|lock| !lock.is_block) {
            let name = self.scenario.resources[lock.target.resource].name.clone();
            let mistake = self.mistakes.warning(lock.span.range(), format!("`{name}` is never given back"));
            mistake.help(format!("add `unlock {name}`, or give the lock a block: lock {name} {{ ... }}"));
        }
    }

    fn follow<'a>(&mut self, block: &'a Block, held: &mut Vec<TrackedLock<'a>>) {
        let mut final_step: Option<SourceSpan> = None;
        for (step, span) in block.with_spans() {
            if let Some(before) = final_step.take() {
                let mistake = self.mistakes.warning(span.range(), "this step is never reached");
                mistake.add_related(before.range(), "no worker gets past this step").help("remove it, or move it up");
            }
            self.follow_step(PlacedStep { step, span }, held);
            if step.is_final() {
                final_step = Some(span);
            }
        }
    }

    fn follow_step<'a>(&mut self, placed: PlacedStep<'a>, held: &mut Vec<TrackedLock<'a>>) {
        match placed.step {
            Step::ReadLock { target, body, limit: None } if is_read_only(target, held) => self.follow(body, held),
            Step::Lock { target, body }
            | Step::ReadLock { target, body, limit: None }
            | Step::WriteLock { target, body, limit: None } => {
                self.take_lock(target, placed, true, held);
                self.follow(body, held);
                if let Some(own) = held.iter().rposition(|lock| std::ptr::eq(lock.step, placed.step)) {
                    held.remove(own);
                }
            }
            Step::TryLock { target, body, otherwise, .. } => {
                self.follow_attempt(target, placed, (body, otherwise), held);
            }
            Step::ReadLock { target, body, limit: Some(limit) }
            | Step::WriteLock { target, body, limit: Some(limit) } => {
                self.follow_attempt(target, placed, (body, &limit.otherwise), held);
            }
            Step::BareLock(target) => self.take_lock(target, placed, false, held),
            Step::BareUnlock(target) => self.release_lock(target, placed.span, held),
            Step::Signal(SignalStep::Wait { target, .. }) => {
                self.check_condition_wait(target, placed.span, held);
            }
            step => match step.blocks() {
                Blocks::None => {}
                Blocks::One(body) => self.follow(body, held),
                Blocks::Either(body, otherwise) => self.follow_branches([body, otherwise], held),
                Blocks::Choice(branches) => self.follow_branches(branches.iter().map(|branch| &branch.steps), held),
            },
        }
    }

    /// Follows an attempt to take a lock, which gives up rather than wait forever.
    fn follow_attempt<'a>(
        &mut self,
        target: &'a Target,
        placed: PlacedStep<'a>,
        (body, otherwise): (&'a Block, &'a Block),
        held: &mut Vec<TrackedLock<'a>>,
    ) {
        let mut with = held.clone();
        let PlacedStep { step, span } = placed;
        with.push(TrackedLock { target, step, span, is_block: true, is_certain: true });
        self.follow(body, &mut with);
        with.retain(|lock| !std::ptr::eq(lock.step, placed.step));
        self.follow(otherwise, held);
        *held = merge(&with, std::mem::take(held));
    }

    /// Follows each of the branches that a worker chooses from.
    fn follow_branches<'a>(&mut self, branches: impl IntoIterator<Item = &'a Block>, held: &mut Vec<TrackedLock<'a>>) {
        let mut after: Option<Vec<TrackedLock<'a>>> = None;
        for block in branches {
            let mut with = held.clone();
            self.follow(block, &mut with);
            after = Some(match after {
                Some(known) => merge(&known, with),
                None => with,
            });
        }
        *held = after.unwrap_or_default();
    }

    fn take_lock<'a>(
        &mut self,
        target: &'a Target,
        placed: PlacedStep<'a>,
        is_block: bool,
        held: &mut Vec<TrackedLock<'a>>,
    ) {
        let span = placed.span;
        let resource = &self.scenario.resources[target.resource];
        let by_chance = target.index.as_ref().is_some_and(crate::expr::Expr::is_random);
        let real = !self.expects_deadlock && !by_chance && can_self_deadlock(&resource.spec);
        let name = resource.name.clone();
        if let Some(first) = held.iter().find(|lock| real && lock.is_certain && lock.target == target) {
            let mistake = self.mistakes.error(span.range(), format!("`{name}` is already held here"));
            mistake.label("the worker would wait for itself forever").add_related(first.span.range(), "taken here");
            let word = match placed.step {
                Step::ReadLock { .. } => "read",
                Step::WriteLock { .. } => "write",
                _ => "lock",
            };
            let cure = if word == "lock" { "use kind=reentrant" } else { "move it out of the other" };
            mistake.help(format!("remove this `{word}`, or {cure}; if this is intended, add: expect deadlock"));
        } else if held.len() == MAX_HELD {
            let mistake = self.mistakes.error(span.range(), "more than 64 locks are held here");
            mistake.help("return some of them first");
        }
        if held.len() < MAX_HELD {
            let (step, span) = (placed.step, placed.span);
            held.push(TrackedLock { target, step, span, is_block, is_certain: true });
        }
    }

    /// Reports a wait for a condition whose mutex is not held: the wait returns the mutex and takes it again.
    fn check_condition_wait(&mut self, target: &Target, span: SourceSpan, held: &[TrackedLock<'_>]) {
        let ResourceSpec::Condition { mutex: of } = self.scenario.resources[target.resource].spec else { return };
        if held.iter().any(|lock| lock.target.resource == of) {
            return;
        }
        let (name, mutex) = (&self.scenario.resources[target.resource].name, &self.scenario.resources[of].name);
        let title = format!("this waits for `{name}` without holding `{mutex}`");
        let help = format!("put it into a block: lock {mutex} {{ wait {name} }}");
        self.mistakes.error(span.range(), title).label("the wait returns the mutex meanwhile").help(help);
    }

    fn release_lock(&mut self, target: &Target, span: SourceSpan, held: &mut Vec<TrackedLock<'_>>) {
        let same = |lock: &TrackedLock<'_>| lock.target.resource == target.resource;
        let exactly = held.iter().rposition(|lock| !lock.is_block && lock.target == target);
        if let Some(at) = exactly.or_else(|| held.iter().rposition(|lock| !lock.is_block && same(lock))) {
            held.remove(at);
            return;
        }
        let name = &self.scenario.resources[target.resource].name;
        if let Some(block) = held.iter().rfind(|lock| same(lock)) {
            let title = format!("the block of `lock {name}` returns it itself");
            let mistake = self.mistakes.error(span.range(), title);
            mistake.add_related(block.span.range(), "this block").help("remove this `unlock`");
        } else {
            let title = format!("`{name}` is not held here");
            let help = format!("take it first with `lock {name}`, or remove this `unlock`");
            self.mistakes.error(span.range(), title).help(help);
        }
    }
}

/// Whether a worker that takes it twice could wait for itself.
fn can_self_deadlock(spec: &ResourceSpec) -> bool {
    let excludes = |kind: &LockKind| *kind != LockKind::Off && !kind.is_reentrant();
    match spec {
        ResourceSpec::Mutex { kind: Choice::Fixed(kind) } => excludes(kind),
        ResourceSpec::Mutex { kind: Choice::Knob(_, kinds) } => kinds.iter().any(excludes),
        ResourceSpec::Rwlock { .. } => true,
        _ => false,
    }
}

/// Whether an rwlock is held, and by `read` only: another `read` does not wait.
fn is_read_only(target: &Target, held: &[TrackedLock<'_>]) -> bool {
    let mut same = held.iter().filter(|lock| lock.target == target).peekable();
    same.peek().is_some() && same.all(|lock| matches!(lock.step, Step::ReadLock { .. }))
}

/// Returns the locks held where two branches meet. A lock is certain if it is held after both.
fn merge<'a>(one: &[TrackedLock<'a>], other: Vec<TrackedLock<'a>>) -> Vec<TrackedLock<'a>> {
    let among = |lock: &TrackedLock<'a>, list: &[TrackedLock<'a>]| {
        list.iter().any(|l| l.is_certain && std::ptr::eq(l.step, lock.step))
    };
    let mut both: Vec<TrackedLock<'a>> = one
        .iter()
        .map(|lock| TrackedLock { is_certain: lock.is_certain && among(lock, &other), ..lock.clone() })
        .collect();
    for lock in other {
        if !both.iter().any(|known| std::ptr::eq(known.step, lock.step)) {
            both.push(TrackedLock { is_certain: false, ..lock });
        }
    }
    both.truncate(MAX_HELD);
    both
}
