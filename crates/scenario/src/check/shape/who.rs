//! Who works.

use super::Unless::{Is, Then};
use super::Value::{Name, Number, Own, Switch, Words};
use super::{Block, Family, Slot, may, must, shape};
use crate::check::groups::{KINDS, POLICIES};
use crate::check::number::{CAPACITY, CORE, HOW_MANY, NICE, PAYLOAD, POOL_SIZE, RETRIES};
use crate::check::runtime::THREADS;
use crate::program::{Crash, Schedule};

const NAME: Slot = must("name", Name, "what it is called; members of a group are name-1, name-2, ...");
const COUNT: Slot = may("count", Number(HOW_MANY), Is("1"), "how many do the same; each knows its place `i` of `n`");

const DAEMON: Slot = may(
    "daemon",
    Switch,
    Is("#false"),
    "the run does not wait for them: at its end they are cut off, whatever they do",
);
const STANDS_BACK: Slot = may(
    "nice",
    Number(NICE),
    Then("not at all"),
    "how far each stands back when others want its core: beside one at 0, one at 19 gets about a seventieth. Linux \
     only: elsewhere all are alike, and a note says so",
);
const STAYS_ON: Slot = may(
    "core",
    Number(CORE),
    Then("any"),
    "the core each stays on, counted among those there are, beginning anew after the last. Linux only, as `nice`",
);

pub(super) const WORKERS: Family = Family {
    title: "Workers",
    shapes: &[
        shape("thread", "thread left { ... }", "Threads of one process that do the steps in the block.")
            .args(&[NAME])
            .props(&[COUNT, DAEMON, STANDS_BACK, STAYS_ON])
            .block(Block::Must),
        shape("process", "process left { ... }", "Processes that do the steps in the block.")
            .args(&[NAME])
            .props(&[
                COUNT,
                DAEMON,
                may(
                    "by",
                    Own("`exec` or `fork`"),
                    Is("exec"),
                    "`fork`: a mere copy of the process that spawns it; it can do nothing, and its block is empty",
                ),
                STANDS_BACK,
                STAYS_ON,
            ])
            .block(Block::Must),
        shape("async", "async left { ... }", "Tasks of one event loop that do the steps in the block.")
            .args(&[NAME])
            .props(&[COUNT, DAEMON])
            .block(Block::Must),
        shape(
            "runtime",
            "runtime threads=2",
            "The event loop of all async workers. While a task waits, its thread does others; while one computes or \
             blocks, nobody else has that thread.",
        )
        .props(&[must(
            "threads",
            Number(THREADS),
            "on how many threads it runs; one if there is no such line",
        )]),
        shape(
            "pool",
            "pool worker of=threads workers=4 { ... }",
            "Workers that are fed tasks from a queue. Its block says where tasks come from and what one of them is.",
        )
        .args(&[NAME])
        .props(&[
            may("of", Words(|| KINDS.map(|(word, _)| word).to_vec()), Is("threads"), "what its workers are"),
            must("workers", Number(POOL_SIZE), "how many; a knob here changes it while the run goes on"),
            may("queue", Number(CAPACITY), Is("1000"), "how many tasks can wait"),
            may(
                "policy",
                Words(|| POLICIES.map(|(word, _)| word).to_vec()),
                Is("block"),
                "what becomes of a task when the queue is full: who brings it waits, it is turned away, or who brings \
                 it does it",
            ),
            may("payload", Number(PAYLOAD), Is("0B"), "bytes that go with a task and back; only processes pay for it"),
            may(
                "retries",
                Number(RETRIES),
                Then("again and again"),
                "how often a task is begun anew whose process died",
            ),
            may(
                "on-crash",
                Words(|| Crash::ALL.map(|(word, _)| word).to_vec()),
                Is("restart"),
                "what follows when a process dies: another does its task again; the others go on without it; all that \
                 is not done fails; or another takes its place and nobody remembers the task",
            ),
            may(
                "schedule",
                Words(|| Schedule::ALL.map(|(word, _)| word).to_vec()),
                Is("shared"),
                "who gets which task: all take from one queue; a batch is dealt out beforehand; or so, and who has done \
                 its own takes from others",
            ),
            STANDS_BACK,
            STAYS_ON,
        ])
        .block(Block::Must),
    ],
};
