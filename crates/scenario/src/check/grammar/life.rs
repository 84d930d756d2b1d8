//! Steps on other workers, and on what a worker has.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Boolean, Number};
use super::{BlockRule, NodeFamily, Parameter, node_rule, optional, required, resource_name};
use crate::check::number_rule::{ARRAY_INDEX, BYTES};

const GROUP: Parameter = resource_name("group", "a group of workers");
const WHICH: Parameter =
    optional("at", Number(ARRAY_INDEX), Means("all of them"), "which one of the group, from 0, round and round");
const ANY: Parameter =
    optional("any", Boolean, SameAs("#false"), "whether it is one of them only: whichever does not run");

pub(super) const LIVES: NodeFamily = NodeFamily {
    title: "Other workers",
    rules: &[
        node_rule(
            "spawn",
            "spawn helper",
            "Starts the workers of a group, which do not start with the run then, and goes on. One that still runs is \
             waited for first. A task that spawns workers gives them its file: they work on it as the task does.",
        )
        .args(&[GROUP])
        .props(&[WHICH, ANY]),
        node_rule(
            "join",
            "join helper { ... }",
            "Waits until the workers of a group have ended. The block is done if all ended well; an `else` may follow it.",
        )
        .args(&[GROUP])
        .props(&[WHICH])
        .block(BlockRule::Optional),
        node_rule("run", "run helper", "Does the steps of a group itself, as part of its own.").args(&[GROUP]),
        node_rule(
            "allocate",
            "allocate \"256MiB\" { ... }",
            "Has this much memory while it does the block, all of it written to.",
        )
        .args(&[required("bytes", Number(BYTES), "how much")])
        .block(BlockRule::Required),
    ],
};
