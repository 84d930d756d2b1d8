//! Steps on pipes.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::children;
use crate::check::number::MESSAGE;
use crate::program::{PipeStep, QueueStep, ResourceSpec, Step};

/// Bytes of a message unless the step says otherwise: a few words.
const BYTES: f64 = 64.0;

impl Checker {
    pub(super) fn on_pipe(&mut self, node: &KdlNode, word: &str, pipe: &KdlEntry) -> Option<Step> {
        let target = self.target(node, pipe, "a pipe", |spec| matches!(spec, ResourceSpec::Pipe { .. }));
        let bytes = self.number_or(node, "bytes", MESSAGE, BYTES);
        let body = self.steps(children(node));
        let (target, bytes) = (target?, bytes?.expr);
        Some(Step::Pipe(match word {
            "send" => PipeStep::Send { target, bytes },
            _ if node.children().is_some() => PipeStep::Each { target, bytes, body },
            _ => PipeStep::Receive { target, bytes },
        }))
    }

    /// `close` is said of queues and of pipes.
    pub(super) fn close(&mut self, node: &KdlNode, closed: &KdlEntry) -> Option<Step> {
        let target = self.target(node, closed, "a queue or a pipe", |spec| {
            matches!(spec, ResourceSpec::Queue { .. } | ResourceSpec::Pipe { .. })
        })?;
        Some(match self.scenario.resources[target.resource].spec {
            ResourceSpec::Pipe { .. } => Step::Pipe(PipeStep::Close(target)),
            _ => Step::Queue(QueueStep::Close(target)),
        })
    }
}
