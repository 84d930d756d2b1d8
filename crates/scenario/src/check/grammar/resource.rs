//! What workers share.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Boolean, Integer, Name, NameOf, Number, Special, Words};
use super::{NodeFamily, Parameter, node_rule, optional, required};
use crate::check::number_rule::{
    BYTES, CONCURRENT_REQUESTS, DECLARED_COUNT, PERMITS, PIPE_CAPACITY, QUEUE_CAPACITY, SHARE, TIME,
};
use contend_trace::{CounterMemory, LockKind, RwPolicy};

const NAME: Parameter = required("name", Name, "what it is called");
const COUNT: Parameter = optional(
    "count",
    Number(DECLARED_COUNT),
    SameAs("1"),
    "how many there are: an array, whose members are called name-1, name-2, ...",
);

pub(super) const RESOURCES: NodeFamily = NodeFamily {
    title: "Resources",
    rules: &[
        node_rule("mutex", "mutex account", "A lock that one worker has at a time.").args(&[NAME]).props(&[
            optional(
                "kind",
                Words(|| LockKind::NAMED.map(LockKind::word).to_vec()),
                SameAs("std"),
                "how it waits and who is next: `std` parks and is unfair, `parking-lot` parks and is fair now and then, \
                 `fair` hands it to the longest waiter, `spin` burns CPU, `ticket` spins in order of arrival, \
                 `reentrant` can be taken again by whoever has it, `off` is no lock at all. Or a knob that chooses \
                 among them. All this is for threads: processes share a robust one, and tasks one that is handed on in \
                 order of arrival",
            ),
            COUNT,
        ]),
        node_rule("semaphore", "semaphore connection permits=4", "So many can pass at once.").args(&[NAME]).props(&[
            required("permits", Number(PERMITS), "how many there are at first; 0 for a signal that others give"),
            COUNT,
        ]),
        node_rule("rwlock", "rwlock table policy=fair", "A lock for several readers, or for one writer.")
            .args(&[NAME])
            .props(&[
                optional(
                    "policy",
                    Words(|| RwPolicy::ALL.map(RwPolicy::word).to_vec()),
                    SameAs("fair"),
                    "who goes first: `readers` go in whenever no writer is in, `writers` are let in before any reader, \
                     `fair` is in order of arrival. Or a knob that chooses among them",
                ),
                COUNT,
            ]),
        node_rule("counter", "counter balance", "A number that all change; it knows what it should hold.")
            .args(&[NAME])
            .props(&[
                optional("initial", Integer(-1_000_000_000, 1_000_000_000), SameAs("0"), "what it holds at first"),
                optional(
                    "in",
                    Words(|| CounterMemory::ALL.map(CounterMemory::word).to_vec()),
                    SameAs("shared"),
                    "where it lies: `shared` memory; `private`, where each process has a copy of its own and all threads \
                     one together; or a `manager`, a process of its own that is asked for each look and each change. A \
                     knob chooses among them",
                ),
                optional(
                    "packed",
                    Boolean,
                    SameAs("#false"),
                    "whether those of an array lie side by side in one cache line, instead of in one each",
                ),
                COUNT,
            ]),
        node_rule("queue", "queue jobs capacity=8", "Items that wait to be taken, first in, first out.")
            .args(&[NAME])
            .props(&[required("capacity", Number(QUEUE_CAPACITY), "how many find room; a `put` into a full queue waits"), COUNT]),
        node_rule("pipe", "pipe lines capacity=\"64KiB\"", "Bytes on their way through the kernel, first in, first out.")
            .args(&[NAME])
            .props(&[
                optional("capacity", Number(PIPE_CAPACITY), SameAs("64KiB"), "its room; the kernel rounds it up to a power of two"),
                COUNT,
            ]),
        node_rule("condition", "condition not-empty of=account", "What workers wait for until another one tells them.")
            .args(&[NAME])
            .props(&[required("of", NameOf("a mutex"), "what is held to wait for it, and given back meanwhile"), COUNT]),
        node_rule("event", "event ready", "A flag that is set or not, and that workers wait for.")
            .args(&[NAME])
            .props(&[COUNT]),
        node_rule("barrier", "barrier round parties=4", "A place where all wait until all have come, again and again.")
            .args(&[NAME])
            .props(&[required("parties", Number(DECLARED_COUNT), "how many have to come"), COUNT]),
        node_rule(
            "server",
            "server site latency=\"50ms\" capacity=8",
            "A small HTTP server on this machine, a process of its own with a lane of its own, for `http-get`. Its depth \
             is the number of requests in it. It goes on with a request whose sender has given up.",
        )
        .args(&[NAME])
        .props(&[
            optional("latency", Number(TIME.without_index()), SameAs("0us"), "what an answer takes"),
            optional("jitter", Number(TIME.without_index()), SameAs("0us"), "how much more it takes at most, by chance"),
            optional("failure", Number(SHARE.without_index()), SameAs("0"), "the share that it answers with status 500, such as \"1/10\""),
            optional("bytes", Number(BYTES.without_index()), SameAs("1KiB"), "how long an answer is"),
            optional("capacity", Number(CONCURRENT_REQUESTS), SameAs("1000"), "how many requests it works on at once; the others wait in it"),
            optional("room", Number(QUEUE_CAPACITY), SameAs("1000"), "how many can be in it; to more it says 503 at once"),
            optional("missing", Special("paths with spaces between"), Means("none"), "what it answers with status 404"),
        ]),
    ],
};
