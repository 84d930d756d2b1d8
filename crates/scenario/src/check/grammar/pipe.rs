//! Steps on pipes.

use super::IfOmitted::SameAs;
use super::ValueKind::Number;
use super::{AT, BlockRule, NodeFamily, Parameter, optional, resource_name, step_rule};
use crate::check::Checker;
use crate::check::number_rule::MESSAGE;

pub(super) const PIPE: Parameter = resource_name("pipe", "a pipe");
pub(super) const BYTES: Parameter = optional("bytes", Number(MESSAGE), SameAs("64B"), "length of a message");

pub(super) const PIPES: NodeFamily = NodeFamily {
    title: "Pipes",
    rules: &[
        step_rule(
            "send",
            "send lines bytes=\"1KiB\"",
            "Waits for room and writes a message into the pipe, in pieces if it is longer than the pipe's capacity. \
             Fails if there is no reader left.",
            Checker::send_step,
        )
        .args(&[PIPE])
        .props(&[AT, BYTES]),
        step_rule(
            "receive",
            "receive lines bytes=\"1KiB\" { ... }",
            "With a block: reads messages and runs the block for each, until there is no sender left. Without a block: \
             waits for a message and reads it; if there is no sender left, the worker ends.",
            Checker::receive_step,
        )
        .args(&[PIPE])
        .props(&[AT, BYTES])
        .block(BlockRule::Optional),
    ],
};
