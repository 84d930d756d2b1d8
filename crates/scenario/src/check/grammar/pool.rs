//! Nodes in the block of a pool, and steps on pools.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Boolean, Number, Special, Words};
use super::{
    BlockRule, NodeFamily, Parameter, TIMEOUT, ValueKind, node_rule, optional, required, resource_name, step_rule,
};
use crate::check::Checker;
use crate::check::number_rule::{BURST, CHUNK, CLIENTS, NEEDS, PERIOD, RATE, SHARE, TASK, TASKS, TIME, TRACE_TIME};
use crate::program::{ArrivalSpacing, ResultDelivery, ShutdownMode};

const KNOB: ValueKind = Special("a knob for free text, such as `$dir`");
const CHUNK_SIZE: Parameter = optional("chunk", Number(CHUNK), SameAs("1"), "how many tasks are handed over at once");

pub(super) const POOL: NodeFamily = NodeFamily {
    title: "Tasks",
    rules: &[
        node_rule("arrive", "arrive rate=\"200/s\"", "Tasks arrive at this rate, even if the pool falls behind.")
            .props(&[
                required("rate", Number(RATE), "tasks per second; the mean, where the rate changes with time"),
                optional(
                    "pattern",
                    Words(|| ArrivalSpacing::ALL.map(|(word, _)| word).to_vec()),
                    SameAs("steady"),
                    "`steady` is one task every `1 / rate`; `poisson` is at random times, each independent of the \
                     others, as the requests of many users are. Or a knob that chooses one of them",
                ),
                optional("burst", Number(BURST), SameAs("1"), "how many tasks arrive at the same moment"),
                optional("on", Number(PERIOD), Means("all the time"), "how long tasks arrive before each pause"),
                optional("off", Number(TIME.without_index()), Means("no pause"), "length of each pause, with `on`"),
                optional(
                    "day",
                    Number(PERIOD),
                    Means("the rate stays the same"),
                    "length of a day, during which the rate rises from its lowest to its highest and falls again, in \
                     the shape of a sine wave",
                ),
                optional(
                    "night",
                    Number(SHARE.without_index()),
                    Means("1/4"),
                    "lowest rate of a `day`, as a share of its highest",
                ),
                CHUNK_SIZE,
            ]),
        node_rule(
            "clients",
            "clients count=20 think=\"50ms\"",
            "Each of these clients gives the pool a task, waits for its result, thinks, and gives it the next one: a \
             closed loop, in which a slow pool gets fewer tasks. Their lane waits for all of them.",
        )
        .props(&[
            required("count", Number(CLIENTS), "how many clients"),
            optional("think", Number(TIME), SameAs("0us"), "pause of a client before each task"),
        ]),
        node_rule(
            "batch",
            "batch count=1000 chunk=16",
            "A fixed number of tasks, fed as fast as the queue takes them or at a rate.",
        )
        .props(&[
            optional("count", Number(TASKS), Means("one for each file, word or request"), "how many tasks"),
            optional(
                "rate",
                Number(RATE),
                Means("as recorded in the trace, otherwise as fast as the queue takes them"),
                "tasks due per second",
            ),
            CHUNK_SIZE,
            optional(
                "files",
                Special(
                    "patterns with spaces between: `*.jpg`, `**/*.txt` for directories below as well, `jpg` for \
                     `*.jpg`",
                ),
                Means("`count` gives the number"),
                "one task for each file that matches a pattern; case does not matter",
            ),
            optional(
                "each",
                Special("words with spaces between, or a knob for free text"),
                Means("`count` gives the number"),
                "one task for each word, which is `{}` in `http-get` and `exec`",
            ),
            optional(
                "trace",
                Special("a path, relative to the scenario's file, or a knob for free text"),
                Means("`count` gives the number"),
                "one task for each request of a CSV file, due when it arrived; `service` is its duration in the task's \
                 formulas (see docs/sizing.md)",
            ),
            optional(
                "speed",
                Special(
                    "a whole number, or a formula such as \"5/2\", from 0.01 to 1,000,000; turning a knob here \
                     restarts the run",
                ),
                Means("1"),
                "how many times as fast as recorded a trace runs: divides the times between requests, and `service`",
            ),
            optional(
                "from",
                Number(TRACE_TIME),
                Means("its begin"),
                "where in the trace to begin, since its first request",
            ),
            optional("to", Number(TRACE_TIME), Means("its end"), "where in the trace to end, since its first request"),
            optional("times", Number(TASKS), SameAs("1"), "how many times the whole batch is fed, one after the other"),
            optional(
                "needs",
                Number(NEEDS),
                SameAs("0"),
                "how many results of earlier tasks each task needs: of the task at its place in the generation before \
                 and of that task's neighbours; a generation has 4 tasks for each worker. Their `payload` is fetched \
                 from the workers that hold it. Only with `of=dask`",
            ),
            optional(
                "dir",
                KNOB,
                Means("required with `files`"),
                "where the files are; sample files if the knob is empty",
            ),
            optional(
                "out",
                KNOB,
                Means("beside the files"),
                "where results are written; beside the files if the knob is empty",
            ),
            optional(
                "results",
                Words(|| ResultDelivery::ALL.map(|(word, _)| word).to_vec()),
                Means("no results are read; failures are logged"),
                "how the feeder reads the results after the last task: in the order of the tasks, as they complete, or \
                 never",
            ),
            optional(
                "timeout",
                Number(TIME),
                Means("no limit"),
                "longest wait for all results, from the first task on",
            ),
        ]),
        node_rule("task", "task { ... }", "The steps of one task.").block(BlockRule::Required),
    ],
};

pub(super) const STEPS: NodeFamily = NodeFamily {
    title: "Tasks given to pools",
    rules: &[
        step_rule(
            "submit",
            "submit worker",
            "Gives a pool a task, whose result the worker can read later. Waits for room if the pool's policy is \
             `block`.",
            Checker::submit_step,
        )
        .args(&[resource_name("pool", "a pool")])
        .props(&[optional(
            "task",
            Number(TASK),
            Means("counted from 0"),
            "the task's number, `task` in formulas",
        )]),
        step_rule(
            "result",
            "result { ... }",
            "Waits for the oldest result that the worker has not read yet. With a block: runs it if the task went \
             well, otherwise the `else`. Without a block: fails if the task failed. With `help=#true` a pool's worker \
             runs other tasks of its pool meanwhile, inside its own task and with the locks that it holds: the newest \
             task first, as pools that steal work do. With a `timeout`, it gives up if the result is not ready in \
             time, and runs the `else` that follows, if there is one; the result stays the oldest one, to be read \
             later.",
            Checker::result_step,
        )
        .props(&[
            optional(
                "help",
                Boolean,
                SameAs("#false"),
                "whether the worker runs other tasks of its pool while it waits; only in the task of a pool",
            ),
            TIMEOUT,
        ])
        .block(BlockRule::Optional)
        .allows_else(),
        step_rule(
            "shutdown",
            "shutdown worker how=cancel",
            "Closes a pool: it accepts no more tasks.",
            Checker::shutdown_step,
        )
        .args(&[resource_name("pool", "a pool")])
        .props(&[optional(
            "how",
            Words(|| ShutdownMode::ALL.map(|(word, _)| word).to_vec()),
            SameAs("drain"),
            "`drain` waits for all accepted tasks; `cancel` waits for the tasks that have begun and drops the \
             rest; `abandon` does not wait and cuts off the tasks that have begun, nor does the end of the run \
             wait for them; `interrupt` drops the queued tasks, ends the waits of the others as `cancel` of a worker does, and waits for their end; `discard` does the \
             same, but the results of dropped tasks never come, as after `shutdownNow` in Java",
        )]),
    ],
};
