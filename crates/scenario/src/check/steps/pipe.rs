//! Steps on pipes.

use kdl::KdlNode;

use super::Checker;
use crate::check::number_rule::MESSAGE;
use crate::expr::Expr;
use crate::program::{PipeStep, QueueStep, ResourceSpec, Step, Target};

/// Bytes of a message unless the step gives another number: a few words.
const BYTES: f64 = 64.0;

impl Checker {
    pub(in crate::check) fn send_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, bytes) = self.pipe_message(node)?;
        Some(Step::Pipe(PipeStep::Send { target, bytes }))
    }

    /// `receive P { ... }`, and `receive P` without a block.
    pub(in crate::check) fn receive_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (message, body) = (self.pipe_message(node), self.block(node));
        let (target, bytes) = message?;
        Some(Step::Pipe(if node.children().is_some() {
            PipeStep::ForEach { target, bytes, body }
        } else {
            PipeStep::Receive { target, bytes }
        }))
    }

    /// The pipe, and the length of a message.
    pub(super) fn pipe_message(&mut self, node: &KdlNode) -> Option<(Target, Expr)> {
        let target = self.target(node, "a pipe", |spec| matches!(spec, ResourceSpec::Pipe { .. }));
        let bytes = self.number_or(node, "bytes", MESSAGE, BYTES);
        Some((target?, bytes?.expr))
    }

    /// `close`, which both queues and pipes have.
    pub(in crate::check) fn close_step(&mut self, node: &KdlNode) -> Option<Step> {
        let target = self.target(node, "a queue or a pipe", |spec| {
            matches!(spec, ResourceSpec::Queue { .. } | ResourceSpec::Pipe { .. })
        })?;
        Some(match self.scenario.resources[target.resource].spec {
            ResourceSpec::Pipe { .. } => Step::Pipe(PipeStep::Close(target)),
            _ => Step::Queue(QueueStep::Close(target)),
        })
    }
}
