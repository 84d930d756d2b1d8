//! Steps that end a worker, or its process.

use super::ValueKind::{Integer, Text};
use super::{NodeFamily, required, step_rule};
use crate::check::node::arg;
use crate::program::Step;
use crate::sanitize::sanitize;

pub(super) const ENDS: NodeFamily = NodeFamily {
    title: "Ends",
    rules: &[
        step_rule(
            "fail",
            "fail \"why\"",
            "Fails, like a request that gets no answer: ends the task, but no other task, unless a `retry` around it tries \
             again or has an `else`. Outside a task it ends the worker.",
            |checker, node| checker.text(arg(node, 0)?).map(|why| Step::Fail(sanitize(why))),
        )
        .args(&[required("why", Text, "the message of the failure")]),
        step_rule("panic", "panic \"why\"", "The worker panics. Other workers are not affected.", |checker, node| {
            checker.text(arg(node, 0)?).map(|why| Step::Panic(sanitize(why)))
        })
        .args(&[required("why", Text, "the panic message")]),
        step_rule("abort", "abort", "Kills the whole process at once by a signal, with all workers in it.", |_, _| {
            Some(Step::Abort)
        }),
        step_rule("exit", "exit 3", "Ends the whole process at once, with all workers in it.", |checker, node| {
            checker.integer(arg(node, 0)?, 0, 255).map(|code| Step::Exit(code as u8))
        })
        .args(&[required("code", Integer(0, 255), "the exit code")]),
    ],
};
