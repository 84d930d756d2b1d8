//! Steps on queues.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::children;
use crate::program::{Block, QueueStep, ResourceSpec, Step};

impl Checker {
    pub(super) fn on_queue(&mut self, node: &KdlNode, word: &str, queue: &KdlEntry) -> Option<Step> {
        let target = self.target(node, queue, "a queue", |spec| matches!(spec, ResourceSpec::Queue { .. }));
        let body = self.steps(children(node));
        let target = target?;
        let otherwise = Block::default();
        Some(Step::Queue(match word {
            "put" => QueueStep::Put(target),
            "take" if node.children().is_some() => QueueStep::ForEach { target, body },
            "take" => QueueStep::Take(target),
            "try-put" => QueueStep::TryPut { target, body, otherwise },
            _ => QueueStep::TryTake { target, body, otherwise },
        }))
    }
}
