//! What is in the block of a pool.

use super::Unless::{Is, Then};
use super::Value::{Number, Own, Words};
use super::{Block, Family, Value, may, must, of, shape};
use crate::check::number::{CHUNK, RATE, TASK, TASKS, TIME};
use crate::program::{Delivery, Leave};

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
            "A number of tasks, as fast as the queue takes them or at a rate; then it ends.",
        )
        .props(&[
            may("count", Number(TASKS), Then("as many as there are files or words"), "how many"),
            may("rate", Number(RATE), Then("as fast as the queue takes them"), "how many are due each second"),
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
            may("times", Number(TASKS), Is("1"), "how often all of them come, one round after the other"),
            may("dir", KNOB, Then("needed with `files`"), "where the files are; sample files when it names nothing"),
            may("out", KNOB, Then("beside the files"), "where results go; beside the files when it names nothing"),
            may(
                "results",
                Words(|| Delivery::ALL.map(|(word, _)| word).to_vec()),
                Then("nobody reads any; a failure goes to the log"),
                "who brings the tasks reads their results afterwards: in the order of the tasks, in that of their ends, \
                 or never",
            ),
            may("timeout", Number(TIME), Then("for ever"), "how long it waits for all results, from the first task on"),
        ]),
        shape("task", "task { ... }", "What one task is: steps.").block(Block::Must),
    ],
};

pub(super) const STEPS: Family = Family {
    title: "Tasks given to pools",
    shapes: &[
        shape(
            "submit",
            "submit worker",
            "Gives a pool a task, and remembers that its result is to come. Waits for room, if the pool's policy says so.",
        )
        .args(&[of("pool", "a pool")])
        .props(&[may("task", Number(TASK), Then("counted from 0"), "the number that the task knows itself by")]),
        shape(
            "result",
            "result { ... }",
            "Waits for the oldest result that the worker has not read. With a block: does it if the task went well, or \
             else the `else`; without: fails if the task failed.",
        )
        .block(Block::May),
        shape("shutdown", "shutdown worker how=cancel", "Lets no more tasks into a pool.")
            .args(&[of("pool", "a pool")])
            .props(&[may(
                "how",
                Words(|| Leave::ALL.map(|(word, _)| word).to_vec()),
                Is("drain"),
                "all that is in is done first; only what was begun; or nobody waits, and what was begun is cut off",
            )]),
    ],
};
