//! Steps on pipes.

use super::IfOmitted::SameAs;
use super::ValueKind::Number;
use super::{AT, BlockRule, NodeFamily, Parameter, node_rule, optional, resource_name};
use crate::check::number_rule::MESSAGE;

const PIPE: Parameter = resource_name("pipe", "a pipe");
const BYTES: Parameter = optional("bytes", Number(MESSAGE), SameAs("64B"), "how long a message is");

pub(super) const PIPES: NodeFamily = NodeFamily {
    title: "Pipes",
    rules: &[
        node_rule(
            "send",
            "send lines bytes=\"1KiB\"",
            "Writes a message into the pipe, waiting for room: piece by piece if it is longer than the room. Fails if \
             nobody is left who could read it.",
        )
        .args(&[PIPE])
        .props(&[AT, BYTES]),
        node_rule(
            "receive",
            "receive lines bytes=\"1KiB\" { ... }",
            "With a block: reads messages and does the block for each, until nobody is left who could send one. Without \
             one: reads one message, waiting for it; if nobody is left who could send it, the worker's steps end.",
        )
        .args(&[PIPE])
        .props(&[AT, BYTES])
        .block(BlockRule::Optional),
    ],
};
