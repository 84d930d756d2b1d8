//! What workers share.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Boolean, Integer, Name, NameOf, Number, Special, Words};
use super::{NodeFamily, Parameter, node_rule, optional, required};
use crate::check::number_rule::{
    BYTES, CONCURRENT_REQUESTS, DECLARED_COUNT, PERMITS, PIPE_CAPACITY, QUEUE_CAPACITY, SERVER_ROOM, SHARE, TIME,
};
use crate::program::{MemoryOrder, QueueOrder};
use contend_trace::{CounterMemory, LockKind, RwPolicy};

const NAME: Parameter = required("name", Name, "its name");
const COUNT: Parameter = optional(
    "count",
    Number(DECLARED_COUNT),
    SameAs("1"),
    "more than 1 makes an array with the members name-1, name-2, ...",
);

pub(super) const RESOURCES: NodeFamily = NodeFamily {
    title: "Resources",
    rules: &[
        node_rule("mutex", "mutex account", "A lock with one holder at a time.").args(&[NAME]).props(&[
            optional(
                "kind",
                Words(|| LockKind::NAMED.map(LockKind::word).to_vec()),
                SameAs("std"),
                "how it waits and who is next: `std` parks and is unfair, `parking-lot` parks and is fair now and \
                 then, `fair` hands it to the longest waiter, `spin` burns CPU, `ticket` spins in order of arrival, \
                 `reentrant` lets its holder take it again, `not-robust` is shared by processes and stays locked if \
                 its holder dies, `off` does not lock at all. Or a knob that chooses one of them. The other kinds are \
                 for threads: processes share a robust mutex instead, which the system releases when its holder dies, \
                 and tasks one that is handed on in order of arrival",
            ),
            COUNT,
        ]),
        node_rule("semaphore", "semaphore connection permits=4", "A number of permits that workers take and return.")
            .args(&[NAME])
            .props(&[
                required("permits", Number(PERMITS), "initial permits; 0 for a signal that others give"),
                COUNT,
            ]),
        node_rule("rwlock", "rwlock table policy=fair", "A lock for many readers or one writer.").args(&[NAME]).props(&[
            optional(
                "policy",
                Words(|| RwPolicy::ALL.map(RwPolicy::word).to_vec()),
                SameAs("fair"),
                "who goes first: `readers` enter whenever no writer holds it, `writers` enter before waiting readers, \
                 `fair` keeps the order of arrival. Or a knob that chooses one of them",
            ),
            COUNT,
        ]),
        node_rule(
            "counter",
            "counter balance",
            "A number that workers change. Its correct value is known, so lost updates are counted.",
        )
        .args(&[NAME])
        .props(&[
            optional("initial", Integer(-1_000_000_000, 1_000_000_000), SameAs("0"), "initial value"),
            optional(
                "in",
                Words(|| CounterMemory::ALL.map(CounterMemory::word).to_vec()),
                SameAs("shared"),
                "its memory: `shared`; `private`, a copy for each process; or `manager`, a process that answers every \
                 read and write. Or a knob that chooses one of them",
            ),
            optional(
                "packed",
                Boolean,
                SameAs("#false"),
                "whether the members of an array share cache lines, rather than having one each",
            ),
            optional(
                "order",
                Words(|| MemoryOrder::ALL.map(MemoryOrder::word).to_vec()),
                SameAs("relaxed"),
                "memory order of its reads and writes: `relaxed` guarantees none between different counters; \
                 `acquire-release`: a worker that reads a value also sees what its writer wrote before; `seq-cst`: all \
                 workers see one order of all reads and writes. Or a knob that chooses one of them",
            ),
            COUNT,
        ]),
        node_rule("queue", "queue jobs capacity=8", "A queue of items.").args(&[NAME]).props(&[
            required(
                "capacity",
                Number(QUEUE_CAPACITY),
                "most items in it; a `put` into a full queue waits. 0: no room, a `put` waits until a worker takes the \
                 item from its hand",
            ),
            optional(
                "order",
                Words(|| QueueOrder::ALL.map(QueueOrder::word).to_vec()),
                SameAs("fifo"),
                "which item leaves first: with `fifo` the oldest, with `priority` the one with the highest priority, \
                 the oldest first among equals. Or a knob that chooses one of them",
            ),
            COUNT,
        ]),
        node_rule("pipe", "pipe lines capacity=\"64KiB\"", "A byte stream through the kernel.").args(&[NAME]).props(&[
            optional(
                "capacity",
                Number(PIPE_CAPACITY),
                SameAs("64KiB"),
                "most bytes in it; the kernel rounds it up to a power of two",
            ),
            COUNT,
        ]),
        node_rule("condition", "condition not-empty of=account", "A condition variable.").args(&[NAME]).props(&[
            required("of", NameOf("a mutex"), "the mutex held to wait for it, which the wait returns meanwhile"),
            COUNT,
        ]),
        node_rule("event", "event ready", "A flag; workers wait until it is set.").args(&[NAME]).props(&[COUNT]),
        node_rule("barrier", "barrier round parties=4", "Workers wait here until all parties have arrived.")
            .args(&[NAME])
            .props(&[required("parties", Number(DECLARED_COUNT), "how many workers it waits for"), COUNT]),
        node_rule(
            "wait-group",
            "wait-group orders",
            "A count of work to be done, 0 at first: `add` counts up, `done` counts down, and `wait` waits until it is \
             0. Count up before the work begins, not in it, and not again before the waiters have left.",
        )
        .args(&[NAME])
        .props(&[COUNT]),
        node_rule(
            "latch",
            "latch ready initial=3",
            "A wait group that only counts down: `done` counts, `wait` waits until it is 0. Once open, it stays open.",
        )
        .args(&[NAME])
        .props(&[required("initial", Number(DECLARED_COUNT), "count at the start"), COUNT]),
        node_rule(
            "server",
            "server site latency=\"50ms\" capacity=8",
            "A small HTTP server for `http-get` on this machine: a process with a lane of its own. Its depth is the \
             number of requests in it. It keeps working on a request whose sender has given up.",
        )
        .args(&[NAME])
        .props(&[
            optional("latency", Number(TIME.without_index()), SameAs("0us"), "time to answer a request"),
            optional("jitter", Number(TIME.without_index()), SameAs("0us"), "largest random addition to the latency"),
            optional(
                "failure",
                Number(SHARE.without_index()),
                SameAs("0"),
                "share of requests answered with status 500, such as \"1/10\"",
            ),
            optional("bytes", Number(BYTES.without_index()), SameAs("1KiB"), "length of an answer"),
            optional(
                "capacity",
                Number(CONCURRENT_REQUESTS),
                SameAs("1000"),
                "how many requests it works on at once; the others wait in it",
            ),
            optional(
                "room",
                Number(SERVER_ROOM),
                SameAs("1000"),
                "how many requests fit in it; it answers more with status 503 at once",
            ),
            optional("missing", Special("paths with spaces between"), Means("none"), "paths answered with status 404"),
        ]),
    ],
};
