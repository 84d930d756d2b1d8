//! The step `select`.

use std::collections::BTreeMap;

use kdl::KdlNode;

use super::{Checker, arg, children, prop, span_of};
use crate::check::grammar::ALTERNATIVES;
use crate::check::node::value_span;
use crate::check::number_rule::TIME;
use crate::choice::Choice;
use crate::expr::Expr;
use crate::program::{
    Block, Branch, LifeStep, MemberSelector, PipeStep, QueueStep, ResourceSpec, SelectPick, SignalStep, Step,
};

impl Checker {
    /// `select pick=first { take urgent { ... }; take other { ... } }`. The first step of a branch is its wait.
    pub(in crate::check) fn select_step(&mut self, node: &KdlNode) -> Option<Step> {
        let words = SelectPick::ALL.map(|pick| (pick.word(), pick));
        let pick = prop(node, "pick").map(|entry| self.choice(entry, ("pick", "way to pick"), &words));
        let branches: Vec<Option<Branch>> = children(node).iter().map(|branch| self.alternative(branch)).collect();
        if node.children().is_some() && branches.len() < 2 {
            let title = "this `select` has fewer than two alternatives";
            self.mistakes
                .error(span_of(node), title)
                .help("write at least two: take jobs { ... }; after \"5ms\" { ... }");
            return None;
        }
        let mut limits = children(node).iter().filter(|branch| branch.name().value() == "after");
        if let (Some(first), Some(again)) = (limits.next(), limits.next()) {
            let mistake = self.mistakes.error(span_of(again), "there are two `after`");
            mistake.add_related(span_of(first), "the first is here").help("keep the shorter one");
        }
        let branches: Vec<Branch> = branches.into_iter().collect::<Option<_>>()?;
        Some(Step::Select { pick: pick.unwrap_or(Some(Choice::Fixed(SelectPick::Fair)))?, branches })
    }

    fn alternative(&mut self, node: &KdlNode) -> Option<Branch> {
        let rule = self.node_rule(node, ALTERNATIVES);
        let (wait, body) = (rule.and_then(|_| self.alternative_wait(node)), self.block(node));
        let mut steps = Block::default();
        steps.push(wait?, span_of(node).into());
        for (step, span) in body.with_spans() {
            steps.push(step.clone(), span);
        }
        Some(Branch { weight: Expr::Number(1.0), steps })
    }

    fn alternative_wait(&mut self, node: &KdlNode) -> Option<Step> {
        match node.name().value() {
            "after" => self.number(arg(node, 0)?, TIME).map(|time| Step::Sleep(time.expr)),
            "join" => {
                let members = self.group_members(node)?;
                let (body, otherwise) = (Block::default(), Block::default());
                Some(Step::Life(LifeStep::Join { members, body, otherwise, timeout: None }))
            }
            "wait" => self.awaited_event(node),
            "receive" => {
                let (target, bytes) = self.pipe_message(node)?;
                Some(Step::Pipe(PipeStep::Receive { target, bytes }))
            }
            word => {
                let target = self.queue_target(node)?;
                Some(Step::Queue(if word == "put" {
                    QueueStep::Put { target, limit: None, priority: None }
                } else {
                    QueueStep::Take { target, limit: None }
                }))
            }
        }
    }

    fn awaited_event(&mut self, node: &KdlNode) -> Option<Step> {
        let target =
            self.target(node, "an event", |spec| matches!(spec, ResourceSpec::Event | ResourceSpec::Condition { .. }))?;
        let resource = &self.scenario.resources[target.resource];
        if matches!(resource.spec, ResourceSpec::Condition { .. }) {
            let title = format!("a `select` cannot wait for the condition `{}`", resource.name);
            let mistake = self.mistakes.error(arg(node, 0).map_or(0..0, value_span), title);
            mistake.label("its wait gives the mutex back, whichever alternative comes first");
            mistake.help(
                "use an event (event news; wait news; set news), or a queue of news: take news here, put news instead \
                 of notify",
            );
            return None;
        }
        Some(Step::Signal(SignalStep::Wait { target, limit: None }))
    }

    /// Reports alternatives that a `select` cannot wait for: several workers at once, and queues without room that are
    /// an alternative on both sides, because a worker in a `select` completes only with one that puts or takes outside
    /// of it.
    pub(in crate::check) fn check_selects(&mut self) {
        let (mut put, mut taken, mut joins) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut note = |step: &Step| {
            let Step::Select { branches, .. } = step else { return };
            for (first, span) in branches.iter().filter_map(|branch| branch.steps.with_spans().next()) {
                match first {
                    Step::Queue(QueueStep::Put { target, .. }) => drop(put.insert(target.resource, span)),
                    Step::Queue(QueueStep::Take { target, .. }) => drop(taken.insert(target.resource, span)),
                    Step::Life(LifeStep::Join { members, .. }) if members.which == MemberSelector::All => {
                        joins.push((members.group, span));
                    }
                    _ => {}
                }
            }
        };
        let groups = self.scenario.groups.iter().map(|group| &group.steps);
        let all = groups.chain(self.scenario.pools.iter().map(|pool| &pool.task)).flatten();
        all.for_each(|step| step.for_each_step(&mut note));
        for (group, span) in joins {
            let Some(group) = self.scenario.groups.get(group).filter(|group| group.count != Expr::Number(1.0)) else {
                continue;
            };
            let title = format!("a `select` can join one worker of `{}`, not all of them", group.name);
            self.mistakes.error(span.range(), title).help("say which one: at=0");
        }
        for (at, span) in put {
            let Some(other) = taken.get(&at) else { continue };
            let resource = &self.scenario.resources[at];
            if matches!(resource.spec, ResourceSpec::Queue { capacity: Expr::Number(0.0), .. }) {
                let title = format!("both sides of `{}` are alternatives of a `select`", resource.name);
                let mistake = self.mistakes.error(span.range(), title);
                mistake.label("it has no room, and no worker of a `select` waits for one of another `select`");
                mistake.add_related(other.range(), "the other side");
                mistake.help("give it room: capacity=1, or put or take outside of a `select`");
            }
        }
    }
}
