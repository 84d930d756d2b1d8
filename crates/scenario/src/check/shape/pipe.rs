//! Steps on pipes.

use super::Unless::Is;
use super::Value::Number;
use super::{AT, Block, Family, Slot, may, of, shape};
use crate::check::number::MESSAGE;

const PIPE: Slot = of("pipe", "a pipe");
const BYTES: Slot = may("bytes", Number(MESSAGE), Is("64B"), "how long a message is");

pub(super) const PIPES: Family = Family {
    title: "Pipes",
    shapes: &[
        shape(
            "send",
            "send lines bytes=\"1KiB\"",
            "Writes a message into the pipe, waiting for room: piece by piece if it is longer than the room. Fails if \
             nobody is left who could read it.",
        )
        .args(&[PIPE])
        .props(&[AT, BYTES]),
        shape(
            "receive",
            "receive lines bytes=\"1KiB\" { ... }",
            "With a block: reads messages and does the block for each, until nobody is left who could send one. Without \
             one: reads one message, waiting for it; if nobody is left who could send it, the worker's steps end.",
        )
        .args(&[PIPE])
        .props(&[AT, BYTES])
        .block(Block::May),
    ],
};
