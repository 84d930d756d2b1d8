//! Whether one worker takes and gives back its locks in turn, and reaches every step.

use kdl::KdlNode;

use super::Checker;
use super::node::{children, span_of};
use super::steps::{Pair, pairs};
use crate::program::{Choice, LifeStep, PoolStep, QueueStep, ResourceSpec, SignalStep, Step, Target};
use contend_trace::LockKind;

/// Locks that one worker may hold at once.
const HELD: usize = 64;

/// A lock that is held at some point of the steps.
#[derive(Clone)]
struct Held<'a> {
    target: &'a Target,
    node: &'a KdlNode,
    /// Given back by the end of a block, not by an `unlock`.
    block: bool,
    /// Taken on every way that leads here, not only on some.
    certain: bool,
}

impl Checker {
    /// Follows the steps of one worker from first to last.
    pub(super) fn flow(&mut self, nodes: &[KdlNode], steps: &[Step]) {
        let mut held = Vec::new();
        self.follow(nodes, steps, &mut held);
        for lock in held.iter().filter(|lock| !lock.block) {
            let name = self.scenario.resources[lock.target.resource].name.clone();
            let mistake = self.mistakes.warning(span_of(lock.node), format!("`{name}` is never given back"));
            mistake.help(format!("add `unlock {name}`, or give the lock a block: lock {name} {{ ... }}"));
        }
    }

    fn follow<'a>(&mut self, nodes: &'a [KdlNode], steps: &'a [Step], held: &mut Vec<Held<'a>>) {
        let mut endless: Option<&KdlNode> = None;
        for pair in pairs(nodes, steps) {
            if let Some(before) = endless.take() {
                let mistake = self.mistakes.warning(span_of(pair.node), "this step is never reached");
                mistake.also(span_of(before), "nothing gets past this").help("remove it, or move it up");
            }
            self.follow_one(pair, held);
            if matches!(pair.step, Step::Forever(_) | Step::Panic(_) | Step::Abort | Step::Exit(_)) {
                endless = Some(pair.node);
            }
        }
    }

    fn follow_one<'a>(&mut self, pair: Pair<'a>, held: &mut Vec<Held<'a>>) {
        let body = children(pair.node);
        match pair.step {
            Step::Lock { target, body: steps } => self.holding(target, pair.node, (body, steps), held),
            Step::Read { target, .. } if is_read_only(target, held) => self.bodies(pair, held),
            Step::Read { target, body: steps } | Step::Write { target, body: steps } => {
                self.holding(target, pair.node, (body, steps), held);
            }
            Step::TryLock { target, body: steps, otherwise, .. } => {
                let mut with = held.clone();
                with.push(Held { target, node: pair.node, block: true, certain: true });
                self.follow(body, steps, &mut with);
                with.retain(|lock| !std::ptr::eq(lock.node, pair.node));
                self.follow(pair.otherwise, otherwise, held);
                *held = merge(&with, std::mem::take(held));
            }
            Step::When { body: steps, otherwise, .. }
            | Step::If { body: steps, otherwise, .. }
            | Step::Pool(PoolStep::Look { body: steps, otherwise })
            | Step::Life(LifeStep::Join { body: steps, otherwise, .. })
            | Step::Queue(
                QueueStep::TryPut { body: steps, otherwise, .. } | QueueStep::TryTake { body: steps, otherwise, .. },
            ) => self.one_of([(body, steps.as_slice()), (pair.otherwise, otherwise.as_slice())], held),
            Step::Attempt(attempt) => {
                let otherwise = attempt.otherwise.as_deref().unwrap_or_default();
                self.one_of([(body, attempt.body.as_slice()), (pair.otherwise, otherwise)], held);
            }
            Step::Choose(ways) => {
                let ways = body.iter().zip(ways).map(|(node, way)| (children(node), way.steps.as_slice()));
                self.one_of(ways, held);
            }
            Step::Take(target) => self.take(target, pair.node, false, held),
            Step::Release(target) => self.give_back(target, pair.node, held),
            Step::Signal(SignalStep::Wait { target, .. }) => self.waits(target, pair.node, held),
            _ => self.bodies(pair, held),
        }
    }

    /// The steps in its block, where that holds nothing more.
    fn bodies<'a>(&mut self, pair: Pair<'a>, held: &mut Vec<Held<'a>>) {
        if let Some(steps) = pair.step.bodies().next() {
            self.follow(children(pair.node), steps, held);
        }
    }

    /// A block that has the lock from its begin to its end.
    fn holding<'a>(
        &mut self,
        target: &'a Target,
        node: &'a KdlNode,
        (body, steps): (&'a [KdlNode], &'a [Step]),
        held: &mut Vec<Held<'a>>,
    ) {
        self.take(target, node, true, held);
        self.follow(body, steps, held);
        if let Some(mine) = held.iter().rposition(|lock| std::ptr::eq(lock.node, node)) {
            held.remove(mine);
        }
    }

    /// Ways of which a worker goes one.
    fn one_of<'a>(&mut self, ways: impl IntoIterator<Item = (&'a [KdlNode], &'a [Step])>, held: &mut Vec<Held<'a>>) {
        let mut after: Option<Vec<Held<'a>>> = None;
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

    fn take<'a>(&mut self, target: &'a Target, node: &'a KdlNode, block: bool, held: &mut Vec<Held<'a>>) {
        let resource = &self.scenario.resources[target.resource];
        let by_chance = target.at.as_ref().is_some_and(crate::expr::Expr::is_random);
        let real = !self.deadlock_is_meant && !by_chance && can_exclude_its_owner(&resource.spec);
        let name = resource.name.clone();
        if let Some(first) = held.iter().find(|lock| real && lock.certain && lock.target == target) {
            let mistake = self.mistakes.error(span_of(node), format!("`{name}` is already held here"));
            mistake.label("the worker would wait for itself for ever").also(span_of(first.node), "taken here");
            let word = node.name().value();
            let cure = if word == "lock" { "use kind=reentrant" } else { "move it out of the other" };
            mistake.help(format!("remove this `{word}`, or {cure}; if this is the point, say so: expect deadlock"));
        } else if held.len() == HELD {
            self.mistakes
                .error(span_of(node), "more than 64 locks are held here")
                .help("give some of them back before");
        }
        if held.len() < HELD {
            held.push(Held { target, node, block, certain: true });
        }
    }

    /// A condition is waited for while its mutex is held: the wait gives it back, and takes it again.
    fn waits(&mut self, target: &Target, node: &KdlNode, held: &[Held<'_>]) {
        let ResourceSpec::Condition { of } = self.scenario.resources[target.resource].spec else { return };
        if held.iter().any(|lock| lock.target.resource == of) {
            return;
        }
        let (name, mutex) = (&self.scenario.resources[target.resource].name, &self.scenario.resources[of].name);
        let title = format!("`{name}` is waited for without holding `{mutex}`");
        let help = format!("put it into a block: lock {mutex} {{ wait {name} }}");
        self.mistakes.error(span_of(node), title).label("the wait gives the mutex back meanwhile").help(help);
    }

    fn give_back<'a>(&mut self, target: &Target, node: &KdlNode, held: &mut Vec<Held<'a>>) {
        let same = |lock: &Held<'a>| lock.target.resource == target.resource;
        let exactly = held.iter().rposition(|lock| !lock.block && lock.target == target);
        if let Some(at) = exactly.or_else(|| held.iter().rposition(|lock| !lock.block && same(lock))) {
            held.remove(at);
            return;
        }
        let name = &self.scenario.resources[target.resource].name;
        if let Some(block) = held.iter().rfind(|lock| same(lock)) {
            let title = format!("the block of `lock {name}` gives it back itself");
            let mistake = self.mistakes.error(span_of(node), title);
            mistake.also(span_of(block.node), "this block").help("remove this `unlock`");
        } else {
            let title = format!("`{name}` is not held here");
            let help = format!("take it before with `lock {name}`, or remove this `unlock`");
            self.mistakes.error(span_of(node), title).help(help);
        }
    }
}

/// Whether a worker that takes it twice can wait for itself.
fn can_exclude_its_owner(spec: &ResourceSpec) -> bool {
    let excludes = |kind: &LockKind| *kind != LockKind::Off && !kind.is_reentrant();
    match spec {
        ResourceSpec::Mutex { kind: Choice::Fixed(kind) } => excludes(kind),
        ResourceSpec::Mutex { kind: Choice::Knob(_, kinds) } => kinds.iter().any(excludes),
        ResourceSpec::Rwlock { .. } => true,
        _ => false,
    }
}

/// Whether all that is held of an rwlock is held by `read`: another `read` goes in as well.
fn is_read_only(target: &Target, held: &[Held<'_>]) -> bool {
    let mut same = held.iter().filter(|lock| lock.target == target).peekable();
    same.peek().is_some() && same.all(|lock| lock.node.name().value() == "read")
}

/// What is held where two ways meet: for certain only what is held on both.
fn merge<'a>(one: &[Held<'a>], other: Vec<Held<'a>>) -> Vec<Held<'a>> {
    let among = |lock: &Held<'a>, list: &[Held<'a>]| list.iter().any(|l| l.certain && std::ptr::eq(l.node, lock.node));
    let mut both: Vec<Held<'a>> =
        one.iter().map(|lock| Held { certain: lock.certain && among(lock, &other), ..lock.clone() }).collect();
    for lock in other {
        if !both.iter().any(|known| std::ptr::eq(known.node, lock.node)) {
            both.push(Held { certain: false, ..lock });
        }
    }
    both.truncate(HELD);
    both
}
