//! Steps on other workers, and on what a worker has.

use super::Unless::{Is, Then};
use super::Value::{Number, Switch};
use super::{Block, Family, Slot, may, must, of, shape};
use crate::check::number::{BYTES, PLACE};

const GROUP: Slot = of("group", "a group of workers");
const WHICH: Slot = may("at", Number(PLACE), Then("all of them"), "which one of the group, from 0, round and round");
const ANY: Slot = may("any", Switch, Is("#false"), "whether it is one of them only: whichever does not run");

pub(super) const LIVES: Family = Family {
    title: "Other workers",
    shapes: &[
        shape(
            "spawn",
            "spawn helper",
            "Starts the workers of a group, which do not start with the run then, and goes on. One that still runs is \
             waited for first. A task that spawns workers gives them its file: they work on it as the task does.",
        )
        .args(&[GROUP])
        .props(&[WHICH, ANY]),
        shape(
            "join",
            "join helper { ... }",
            "Waits until the workers of a group have ended. The block is done if all ended well; an `else` may follow it.",
        )
        .args(&[GROUP])
        .props(&[WHICH])
        .block(Block::May),
        shape("run", "run helper", "Does the steps of a group itself, as part of its own.").args(&[GROUP]),
        shape(
            "allocate",
            "allocate \"256MiB\" { ... }",
            "Has this much memory while it does the block, all of it written to.",
        )
        .args(&[must("bytes", Number(BYTES), "how much")])
        .block(Block::Must),
    ],
};
