//! What is in the block of a pool.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Number, Special, Words};
use super::{BlockRule, NodeFamily, ValueKind, node_rule, optional, required, resource_name};
use crate::check::number_rule::{CHUNK, RATE, TASK, TASKS, TIME};
use crate::program::{ResultDelivery, ShutdownMode};

const KNOB: ValueKind = Special("a knob for free text, such as `$dir`");

pub(super) const POOL: NodeFamily = NodeFamily {
    title: "Tasks",
    rules: &[
        node_rule("arrive", "arrive rate=\"200/s\"", "Tasks come at this rate, whatever the pool does.").props(&[
            required("rate", Number(RATE), "how many a second"),
            optional("chunk", Number(CHUNK), SameAs("1"), "how many are handed over at once"),
        ]),
        node_rule(
            "batch",
            "batch count=1000 chunk=16",
            "A number of tasks, as fast as the queue takes them or at a rate; then it ends.",
        )
        .props(&[
            optional("count", Number(TASKS), Means("as many as there are files or words"), "how many"),
            optional("rate", Number(RATE), Means("as fast as the queue takes them"), "how many are due each second"),
            optional("chunk", Number(CHUNK), SameAs("1"), "how many are handed over at once"),
            optional(
                "files",
                Special("patterns with spaces between: `*.jpg`, `**/*.txt` for directories below as well, `jpg` for `*.jpg`"),
                Means("`count` says how many"),
                "a task for each file that one of them means; case does not matter",
            ),
            optional(
                "each",
                Special("words with spaces between, or a knob for free text"),
                Means("`count` says how many"),
                "a task for each word, for `{}` in `http-get` and `exec`",
            ),
            optional("times", Number(TASKS), SameAs("1"), "how often all of them come, one round after the other"),
            optional("dir", KNOB, Means("needed with `files`"), "where the files are; sample files when it names nothing"),
            optional("out", KNOB, Means("beside the files"), "where results go; beside the files when it names nothing"),
            optional(
                "results",
                Words(|| ResultDelivery::ALL.map(|(word, _)| word).to_vec()),
                Means("nobody reads any; a failure goes to the log"),
                "who brings the tasks reads their results afterwards: in the order of the tasks, in that of their ends, \
                 or never",
            ),
            optional("timeout", Number(TIME), Means("for ever"), "how long it waits for all results, from the first task on"),
        ]),
        node_rule("task", "task { ... }", "What one task is: steps.").block(BlockRule::Required),
    ],
};

pub(super) const STEPS: NodeFamily = NodeFamily {
    title: "Tasks given to pools",
    rules: &[
        node_rule(
            "submit",
            "submit worker",
            "Gives a pool a task, and remembers that its result is to come. Waits for room, if the pool's policy says so.",
        )
        .args(&[resource_name("pool", "a pool")])
        .props(&[optional("task", Number(TASK), Means("counted from 0"), "the number that the task knows itself by")]),
        node_rule(
            "result",
            "result { ... }",
            "Waits for the oldest result that the worker has not read. With a block: does it if the task went well, or \
             else the `else`; without: fails if the task failed.",
        )
        .block(BlockRule::Optional),
        node_rule("shutdown", "shutdown worker how=cancel", "Lets no more tasks into a pool.")
            .args(&[resource_name("pool", "a pool")])
            .props(&[optional(
                "how",
                Words(|| ShutdownMode::ALL.map(|(word, _)| word).to_vec()),
                SameAs("drain"),
                "all that is in is done first; only what was begun; or nobody waits, and what was begun is cut off",
            )]),
    ],
};
