//! Steps on queues.

use kdl::KdlNode;

use super::Checker;
use crate::program::{Block, QueueStep, ResourceSpec, Step, Target};

impl Checker {
    pub(in crate::check) fn put_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.queue_target(node).map(|target| Step::Queue(QueueStep::Put(target)))
    }

    /// `take Q { ... }`, and `take Q` without a block.
    pub(in crate::check) fn take_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, body) = (self.queue_target(node), self.block(node));
        let target = target?;
        Some(Step::Queue(if node.children().is_some() {
            QueueStep::ForEach { target, body }
        } else {
            QueueStep::Take(target)
        }))
    }

    pub(in crate::check) fn try_put_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, body) = (self.queue_target(node), self.block(node));
        Some(Step::Queue(QueueStep::TryPut { target: target?, body, otherwise: Block::default() }))
    }

    pub(in crate::check) fn try_take_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, body) = (self.queue_target(node), self.block(node));
        Some(Step::Queue(QueueStep::TryTake { target: target?, body, otherwise: Block::default() }))
    }

    fn queue_target(&mut self, node: &KdlNode) -> Option<Target> {
        self.target(node, "a queue", |spec| matches!(spec, ResourceSpec::Queue { .. }))
    }
}
