//! Who works.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Boolean, Name, Number, Special, Words};
use super::{BlockRule, NodeFamily, Parameter, node_rule, optional, required};
use crate::check::event_loop::THREADS;
use crate::check::groups::{KINDS, POLICIES};
use crate::check::number_rule::{CAPACITY, CORE, DECLARED_COUNT, NICE, PAYLOAD, POOL_SIZE, RETRIES};
use crate::program::{CrashPolicy, TaskDistribution};

const NAME: Parameter = required("name", Name, "what it is called; members of a group are name-1, name-2, ...");
const COUNT: Parameter =
    optional("count", Number(DECLARED_COUNT), SameAs("1"), "how many do the same; each knows its place `i` of `n`");

const DAEMON: Parameter = optional(
    "daemon",
    Boolean,
    SameAs("#false"),
    "the run does not wait for them: at its end they are cut off, whatever they do",
);
const STANDS_BACK: Parameter = optional(
    "nice",
    Number(NICE),
    Means("not at all"),
    "how far each stands back when others want its core: beside one at 0, one at 19 gets about a seventieth. Linux \
     only: elsewhere all are alike, and a note says so",
);
const STAYS_ON: Parameter = optional(
    "core",
    Number(CORE),
    Means("any"),
    "the core each stays on, counted among those there are, beginning anew after the last. Linux only, as `nice`",
);

pub(super) const WORKERS: NodeFamily = NodeFamily {
    title: "Workers",
    rules: &[
        node_rule("thread", "thread left { ... }", "Threads of one process that do the steps in the block.")
            .args(&[NAME])
            .props(&[COUNT, DAEMON, STANDS_BACK, STAYS_ON])
            .block(BlockRule::Required),
        node_rule("process", "process left { ... }", "Processes that do the steps in the block.")
            .args(&[NAME])
            .props(&[
                COUNT,
                DAEMON,
                optional(
                    "by",
                    Special("`exec` or `fork`"),
                    SameAs("exec"),
                    "`fork`: a mere copy of the process that spawns it; it can do nothing, and its block is empty",
                ),
                STANDS_BACK,
                STAYS_ON,
            ])
            .block(BlockRule::Required),
        node_rule("async", "async left { ... }", "Tasks of one event loop that do the steps in the block.")
            .args(&[NAME])
            .props(&[COUNT, DAEMON])
            .block(BlockRule::Required),
        node_rule(
            "runtime",
            "runtime threads=2",
            "The event loop of all async workers. While a task waits, its thread does others; while one computes or \
             blocks, nobody else has that thread.",
        )
        .props(&[required(
            "threads",
            Number(THREADS),
            "on how many threads it runs; one if there is no such line",
        )]),
        node_rule(
            "pool",
            "pool worker of=threads workers=4 { ... }",
            "Workers that are fed tasks from a queue. Its block says where tasks come from and what one of them is.",
        )
        .args(&[NAME])
        .props(&[
            optional("of", Words(|| KINDS.map(|(word, _)| word).to_vec()), SameAs("threads"), "what its workers are"),
            required("workers", Number(POOL_SIZE), "how many; a knob here changes it while the run goes on"),
            optional("queue", Number(CAPACITY), SameAs("1000"), "how many tasks can wait"),
            optional(
                "policy",
                Words(|| POLICIES.map(|(word, _)| word).to_vec()),
                SameAs("block"),
                "what becomes of a task when the queue is full: who brings it waits, it is turned away, or who brings \
                 it does it",
            ),
            optional("payload", Number(PAYLOAD), SameAs("0B"), "bytes that go with a task and back; only processes pay for it"),
            optional(
                "retries",
                Number(RETRIES),
                Means("again and again"),
                "how often a task is begun anew whose process died",
            ),
            optional(
                "on-crash",
                Words(|| CrashPolicy::ALL.map(|(word, _)| word).to_vec()),
                SameAs("restart"),
                "what follows when a process dies: another does its task again; the others go on without it; all that \
                 is not done fails; or another takes its place and nobody remembers the task",
            ),
            optional(
                "schedule",
                Words(|| TaskDistribution::ALL.map(|(word, _)| word).to_vec()),
                SameAs("shared"),
                "who gets which task: all take from one queue; a batch is dealt out beforehand; or so, and who has done \
                 its own takes from others",
            ),
            STANDS_BACK,
            STAYS_ON,
        ])
        .block(BlockRule::Required),
    ],
};
