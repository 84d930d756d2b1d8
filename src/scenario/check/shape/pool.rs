//! What is in the block of a pool.

use super::Unless::{Is, Then};
use super::Value::{Number, Own};
use super::{Block, Family, Value, may, must, shape};
use crate::scenario::check::number::{CHUNK, RATE, TASKS};

const KNOB: Value = Own("a knob for free text, such as `$dir`");

pub(super) const POOL: Family = Family {
    title: "Tasks",
    shapes: &[
        shape("arrive", "arrive rate=\"200/s\"", "Tasks come at this rate, whatever the pool does.").props(&[
            must("rate", Number(RATE), "how many a second"),
            may("chunk", Number(CHUNK), Is("1"), "how many are handed over at once"),
        ]),
        shape(
            "batch",
            "batch count=1000 chunk=16",
            "A number of tasks, as fast as the queue takes them; then it ends.",
        )
        .props(&[
            may("count", Number(TASKS), Then("as many as there are files or words"), "how many"),
            may("chunk", Number(CHUNK), Is("1"), "how many are handed over at once"),
            may(
                "files",
                Own("patterns with spaces between: `*.jpg`, `**/*.txt` for directories below as well, `jpg` for `*.jpg`"),
                Then("`count` says how many"),
                "a task for each file that one of them means; case does not matter",
            ),
            may(
                "each",
                Own("words with spaces between, or a knob for free text"),
                Then("`count` says how many"),
                "a task for each word, for `{}` in `http-get` and `exec`",
            ),
            may("dir", KNOB, Then("needed with `files`"), "where the files are; sample files when it names nothing"),
            may("out", KNOB, Then("beside the files"), "where results go; beside the files when it names nothing"),
        ]),
        shape("task", "task { ... }", "What one task is: steps.").block(Block::Must),
    ],
};
