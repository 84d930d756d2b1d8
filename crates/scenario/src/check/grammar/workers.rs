//! Groups of workers, pools, and the event loop.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Boolean, Name, Number, Special, Words};
use super::{BlockRule, NodeFamily, Parameter, node_rule, optional, required};
use crate::check::event_loop::THREADS;
use crate::check::groups::{KINDS, POLICIES};
use crate::check::number_rule::{CAPACITY, CORE, DECLARED_COUNT, NICE, PAYLOAD, POOL_SIZE, RETRIES};
use crate::program::{CrashPolicy, TaskDistribution};

const NAME: Parameter = required("name", Name, "its name; the members of a group are name-1, name-2, ...");
const COUNT: Parameter = optional(
    "count",
    Number(DECLARED_COUNT),
    SameAs("1"),
    "how many workers run these steps; each knows its number `i` of `n`",
);

const DAEMON: Parameter = optional(
    "daemon",
    Boolean,
    SameAs("#false"),
    "whether the run ends without waiting for these workers; they are cut off then",
);
const NICENESS: Parameter = optional(
    "nice",
    Number(NICE),
    Means("0"),
    "niceness: a worker at 19 gets about a seventieth of the CPU time of one at 0 on the same core. Linux only; \
     elsewhere it has no effect, and a note says so",
);
const PINNED_TO: Parameter = optional(
    "core",
    Number(CORE),
    Means("any"),
    "the core each worker is pinned to, counted among the usable cores; wraps around. Linux only, like `nice`",
);

pub(super) const WORKERS: NodeFamily = NodeFamily {
    title: "Workers",
    rules: &[
        node_rule("thread", "thread left { ... }", "Threads of one process that run the steps in the block.")
            .args(&[NAME])
            .props(&[COUNT, DAEMON, NICENESS, PINNED_TO])
            .block(BlockRule::Required),
        node_rule("process", "process left { ... }", "Processes that run the steps in the block.")
            .args(&[NAME])
            .props(&[
                COUNT,
                DAEMON,
                optional(
                    "by",
                    Special("`exec` or `fork`"),
                    SameAs("exec"),
                    "`fork`: a copy of the process that spawns it, with one thread. Each mutex that another worker \
                     held at that moment is locked in the copy, forever: its holder does not exist there. The copy \
                     shares counters, queues, semaphores and signals with the others, and can use no pipes, pools or \
                     commands. Its block may be empty",
                ),
                NICENESS,
                PINNED_TO,
            ])
            .block(BlockRule::Required),
        node_rule("async", "async left { ... }", "Tasks of one event loop that run the steps in the block.")
            .args(&[NAME])
            .props(&[COUNT, DAEMON])
            .block(BlockRule::Required),
        node_rule(
            "runtime",
            "runtime threads=2",
            "The event loop of all async workers. While a task waits, its thread runs other tasks; while a task \
             computes or blocks, it keeps the thread.",
        )
        .props(&[
            required("threads", Number(THREADS), "number of threads; without `runtime` there is one"),
            optional(
                "blocking-threads",
                Number(THREADS),
                Means("as many as are needed, 512 at most"),
                "most threads that `to-thread` uses at once; other tasks wait for one, in order of arrival",
            ),
        ]),
        node_rule(
            "pool",
            "pool worker of=threads workers=4 { ... }",
            "Workers that take tasks from a queue. The block says where tasks come from and what a task does.",
        )
        .args(&[NAME])
        .props(&[
            optional("of", Words(|| KINDS.map(|(word, _)| word).to_vec()), SameAs("threads"), "kind of its workers"),
            required("workers", Number(POOL_SIZE), "how many; a knob here resizes the pool during the run"),
            optional("queue", Number(CAPACITY), SameAs("1000"), "how many tasks can wait"),
            optional(
                "policy",
                Words(|| POLICIES.map(|(word, _)| word).to_vec()),
                SameAs("block"),
                "what happens to a new task if the queue is full: `block` makes its submitter wait, `reject` drops the \
                 task, `caller-runs` makes the submitter run it",
            ),
            optional(
                "payload",
                Number(PAYLOAD),
                SameAs("0B"),
                "bytes sent with each task and back; costs time for processes only",
            ),
            optional(
                "retries",
                Number(RETRIES),
                Means("no limit"),
                "how many times a task is restarted if its process dies",
            ),
            optional(
                "on-crash",
                Words(|| CrashPolicy::ALL.map(|(word, _)| word).to_vec()),
                SameAs("restart"),
                "what happens if a process dies: `restart` replaces it and restarts its task, `shrink` continues \
                 without it, `fail-all` fails all unfinished tasks, `lose` replaces it and loses its task",
            ),
            optional(
                "schedule",
                Words(|| TaskDistribution::ALL.map(|(word, _)| word).to_vec()),
                SameAs("shared"),
                "how workers get tasks: `shared` is one queue for all, `split` divides a batch among the workers \
                 beforehand, `steal` does so and lets idle workers take tasks from others",
            ),
            NICENESS,
            PINNED_TO,
        ])
        .block(BlockRule::Required),
    ],
};
