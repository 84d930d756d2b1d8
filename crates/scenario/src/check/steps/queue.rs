//! Steps on queues.

use kdl::KdlNode;

use super::{Checker, prop};
use crate::check::number_rule::PRIORITY;
use crate::program::{Block, QueueStep, ResourceSpec, Step, Target};

impl Checker {
    pub(in crate::check) fn put_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, limit) = (self.queue_target(node), self.time_limit(node));
        let priority = prop(node, "priority").map(|entry| self.number(entry, PRIORITY));
        let (target, limit) = (target?, limit?);
        let priority = match priority {
            Some(priority) => Some(priority?.expr),
            None => None,
        };
        Some(Step::Queue(QueueStep::Put { target, limit, priority }))
    }

    /// `take Q { ... }`, and `take Q` without a block.
    pub(in crate::check) fn take_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, limit, body) = (self.queue_target(node), self.time_limit(node), self.block(node));
        let (target, limit) = (target?, limit?);
        Some(Step::Queue(if node.children().is_some() {
            QueueStep::ForEach { target, body, limit }
        } else {
            QueueStep::Take { target, limit }
        }))
    }

    pub(in crate::check) fn try_put_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, timeout, body) = (self.queue_target(node), self.try_timeout(node), self.block(node));
        let (target, timeout) = (target?, timeout?);
        Some(Step::Queue(QueueStep::TryPut { target, timeout, body, otherwise: Block::default() }))
    }

    pub(in crate::check) fn try_take_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, timeout, body) = (self.queue_target(node), self.try_timeout(node), self.block(node));
        let (target, timeout) = (target?, timeout?);
        Some(Step::Queue(QueueStep::TryTake { target, timeout, body, otherwise: Block::default() }))
    }

    pub(super) fn queue_target(&mut self, node: &KdlNode) -> Option<Target> {
        self.target(node, "a queue", |spec| matches!(spec, ResourceSpec::Queue { .. }))
    }
}
