//! Whether one worker takes and gives back its locks in turn, and reaches every step.

use kdl::KdlNode;

use super::Checker;
use super::node::{children, span_of};
use super::steps::{StepNode, steps_with_nodes};
use crate::program::{Choice, LifeStep, PoolStep, QueueStep, ResourceSpec, SignalStep, Step, Target};
use contend_trace::LockKind;

/// Locks that one worker may hold at once.
const MAX_HELD: usize = 64;

/// A lock that is held at some point of the steps.
#[derive(Clone)]
struct TrackedLock<'a> {
    target: &'a Target,
    node: &'a KdlNode,
    /// Given back by the end of a block, not by an `unlock`.
    is_block: bool,
    /// Taken on every way that leads here, not only on some.
    is_certain: bool,
}

impl Checker {
    /// Follows the steps of one worker from first to last.
    pub(super) fn check_lock_flow(&mut self, nodes: &[KdlNode], steps: &[Step]) {
        let mut held = Vec::new();
        self.follow(nodes, steps, &mut held);
        for lock in held.iter().filter(|lock| !lock.is_block) {
            let name = self.scenario.resources[lock.target.resource].name.clone();
            let mistake = self.mistakes.warning(span_of(lock.node), format!("`{name}` is never given back"));
            mistake.help(format!("add `unlock {name}`, or give the lock a block: lock {name} {{ ... }}"));
        }
    }

    fn follow<'a>(&mut self, nodes: &'a [KdlNode], steps: &'a [Step], held: &mut Vec<TrackedLock<'a>>) {
        let mut endless: Option<&KdlNode> = None;
        for pair in steps_with_nodes(nodes, steps) {
            if let Some(before) = endless.take() {
                let mistake = self.mistakes.warning(span_of(pair.node), "this step is never reached");
                mistake.add_related(span_of(before), "nothing gets past this").help("remove it, or move it up");
            }
            self.follow_one(pair, held);
            if matches!(pair.step, Step::Forever(_) | Step::Panic(_) | Step::Abort | Step::Exit(_)) {
                endless = Some(pair.node);
            }
        }
    }

    fn follow_one<'a>(&mut self, pair: StepNode<'a>, held: &mut Vec<TrackedLock<'a>>) {
        let body = children(pair.node);
        match pair.step {
            Step::Lock { target, body: steps } => self.follow_lock_block(target, pair.node, (body, steps), held),
            Step::ReadLock { target, .. } if is_read_only(target, held) => self.follow_blocks(pair, held),
            Step::ReadLock { target, body: steps } | Step::WriteLock { target, body: steps } => {
                self.follow_lock_block(target, pair.node, (body, steps), held);
            }
            Step::TryLock { target, body: steps, otherwise, .. } => {
                let mut with = held.clone();
                with.push(TrackedLock { target, node: pair.node, is_block: true, is_certain: true });
                self.follow(body, steps, &mut with);
                with.retain(|lock| !std::ptr::eq(lock.node, pair.node));
                self.follow(pair.else_nodes, otherwise, held);
                *held = merge(&with, std::mem::take(held));
            }
            Step::When { body: steps, otherwise, .. }
            | Step::If { body: steps, otherwise, .. }
            | Step::Pool(PoolStep::MatchResult { body: steps, otherwise })
            | Step::Life(LifeStep::Join { body: steps, otherwise, .. })
            | Step::Queue(
                QueueStep::TryPut { body: steps, otherwise, .. } | QueueStep::TryTake { body: steps, otherwise, .. },
            ) => self.follow_branches([(body, steps.as_slice()), (pair.else_nodes, otherwise.as_slice())], held),
            Step::Attempt(attempt) => {
                let otherwise = attempt.otherwise.as_deref().unwrap_or_default();
                self.follow_branches([(body, attempt.body.as_slice()), (pair.else_nodes, otherwise)], held);
            }
            Step::Choose(ways) => {
                let ways = body.iter().zip(ways).map(|(node, way)| (children(node), way.steps.as_slice()));
                self.follow_branches(ways, held);
            }
            Step::BareLock(target) => self.take_lock(target, pair.node, false, held),
            Step::BareUnlock(target) => self.release_lock(target, pair.node, held),
            Step::Signal(SignalStep::Wait { target, .. }) => self.check_condition_wait(target, pair.node, held),
            _ => self.follow_blocks(pair, held),
        }
    }

    /// The steps in its block, where that holds nothing more.
    fn follow_blocks<'a>(&mut self, pair: StepNode<'a>, held: &mut Vec<TrackedLock<'a>>) {
        if let Some(steps) = pair.step.bodies().next() {
            self.follow(children(pair.node), steps, held);
        }
    }

    /// A block that has the lock from its begin to its end.
    fn follow_lock_block<'a>(
        &mut self,
        target: &'a Target,
        node: &'a KdlNode,
        (body, steps): (&'a [KdlNode], &'a [Step]),
        held: &mut Vec<TrackedLock<'a>>,
    ) {
        self.take_lock(target, node, true, held);
        self.follow(body, steps, held);
        if let Some(mine) = held.iter().rposition(|lock| std::ptr::eq(lock.node, node)) {
            held.remove(mine);
        }
    }

    /// Ways of which a worker goes one.
    fn follow_branches<'a>(
        &mut self,
        ways: impl IntoIterator<Item = (&'a [KdlNode], &'a [Step])>,
        held: &mut Vec<TrackedLock<'a>>,
    ) {
        let mut after: Option<Vec<TrackedLock<'a>>> = None;
        for (nodes, steps) in ways {
            let mut with = held.clone();
            self.follow(nodes, steps, &mut with);
            after = Some(match after {
                Some(known) => merge(&known, with),
                None => with,
            });
        }
        *held = after.unwrap_or_default();
    }

    fn take_lock<'a>(&mut self, target: &'a Target, node: &'a KdlNode, block: bool, held: &mut Vec<TrackedLock<'a>>) {
        let resource = &self.scenario.resources[target.resource];
        let by_chance = target.index.as_ref().is_some_and(crate::expr::Expr::is_random);
        let real = !self.expects_deadlock && !by_chance && can_self_deadlock(&resource.spec);
        let name = resource.name.clone();
        if let Some(first) = held.iter().find(|lock| real && lock.is_certain && lock.target == target) {
            let mistake = self.mistakes.error(span_of(node), format!("`{name}` is already held here"));
            mistake.label("the worker would wait for itself for ever").add_related(span_of(first.node), "taken here");
            let word = node.name().value();
            let cure = if word == "lock" { "use kind=reentrant" } else { "move it out of the other" };
            mistake.help(format!("remove this `{word}`, or {cure}; if this is the point, say so: expect deadlock"));
        } else if held.len() == MAX_HELD {
            self.mistakes
                .error(span_of(node), "more than 64 locks are held here")
                .help("give some of them back before");
        }
        if held.len() < MAX_HELD {
            held.push(TrackedLock { target, node, is_block: block, is_certain: true });
        }
    }

    /// A condition is waited for while its mutex is held: the wait gives it back, and takes it again.
    fn check_condition_wait(&mut self, target: &Target, node: &KdlNode, held: &[TrackedLock<'_>]) {
        let ResourceSpec::Condition { mutex: of } = self.scenario.resources[target.resource].spec else { return };
        if held.iter().any(|lock| lock.target.resource == of) {
            return;
        }
        let (name, mutex) = (&self.scenario.resources[target.resource].name, &self.scenario.resources[of].name);
        let title = format!("`{name}` is waited for without holding `{mutex}`");
        let help = format!("put it into a block: lock {mutex} {{ wait {name} }}");
        self.mistakes.error(span_of(node), title).label("the wait gives the mutex back meanwhile").help(help);
    }

    fn release_lock<'a>(&mut self, target: &Target, node: &KdlNode, held: &mut Vec<TrackedLock<'a>>) {
        let same = |lock: &TrackedLock<'a>| lock.target.resource == target.resource;
        let exactly = held.iter().rposition(|lock| !lock.is_block && lock.target == target);
        if let Some(at) = exactly.or_else(|| held.iter().rposition(|lock| !lock.is_block && same(lock))) {
            held.remove(at);
            return;
        }
        let name = &self.scenario.resources[target.resource].name;
        if let Some(block) = held.iter().rfind(|lock| same(lock)) {
            let title = format!("the block of `lock {name}` gives it back itself");
            let mistake = self.mistakes.error(span_of(node), title);
            mistake.add_related(span_of(block.node), "this block").help("remove this `unlock`");
        } else {
            let title = format!("`{name}` is not held here");
            let help = format!("take it before with `lock {name}`, or remove this `unlock`");
            self.mistakes.error(span_of(node), title).help(help);
        }
    }
}

/// Whether a worker that takes it twice can wait for itself.
fn can_self_deadlock(spec: &ResourceSpec) -> bool {
    let excludes = |kind: &LockKind| *kind != LockKind::Off && !kind.is_reentrant();
    match spec {
        ResourceSpec::Mutex { kind: Choice::Fixed(kind) } => excludes(kind),
        ResourceSpec::Mutex { kind: Choice::Knob(_, kinds) } => kinds.iter().any(excludes),
        ResourceSpec::Rwlock { .. } => true,
        _ => false,
    }
}

/// Whether all that is held of an rwlock is held by `read`: another `read` goes in as well.
fn is_read_only(target: &Target, held: &[TrackedLock<'_>]) -> bool {
    let mut same = held.iter().filter(|lock| lock.target == target).peekable();
    same.peek().is_some() && same.all(|lock| lock.node.name().value() == "read")
}

/// What is held where two ways meet: for certain only what is held on both.
fn merge<'a>(one: &[TrackedLock<'a>], other: Vec<TrackedLock<'a>>) -> Vec<TrackedLock<'a>> {
    let among = |lock: &TrackedLock<'a>, list: &[TrackedLock<'a>]| {
        list.iter().any(|l| l.is_certain && std::ptr::eq(l.node, lock.node))
    };
    let mut both: Vec<TrackedLock<'a>> = one
        .iter()
        .map(|lock| TrackedLock { is_certain: lock.is_certain && among(lock, &other), ..lock.clone() })
        .collect();
    for lock in other {
        if !both.iter().any(|known| std::ptr::eq(known.node, lock.node)) {
            both.push(TrackedLock { is_certain: false, ..lock });
        }
    }
    both.truncate(MAX_HELD);
    both
}
