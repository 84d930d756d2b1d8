//! What workers share.

use super::Unless::{Is, Then};
use super::Value::{Name, Number, Of, Own, Switch, Whole, Words};
use super::{Family, Slot, may, must, shape};
use crate::check::number::{AT_WORK, BYTES, HOW_MANY, PERMITS, PIPE_ROOM, ROOM, SHARE, TIME};
use contend_trace::{LockKind, Memory, RwPolicy};

const NAME: Slot = must("name", Name, "what it is called");
const COUNT: Slot = may(
    "count",
    Number(HOW_MANY),
    Is("1"),
    "how many there are: an array, whose members are called name-1, name-2, ...",
);

pub(super) const RESOURCES: Family = Family {
    title: "Resources",
    shapes: &[
        shape("mutex", "mutex account", "A lock that one worker has at a time.").args(&[NAME]).props(&[
            may(
                "kind",
                Words(|| LockKind::NAMED.map(LockKind::word).to_vec()),
                Is("std"),
                "how it waits and who is next: `std` parks and is unfair, `parking-lot` parks and is fair now and then, \
                 `fair` hands it to the longest waiter, `spin` burns CPU, `ticket` spins in order of arrival, \
                 `reentrant` can be taken again by whoever has it, `off` is no lock at all. Or a knob that chooses \
                 among them. All this is for threads: processes share a robust one, and tasks one that is handed on in \
                 order of arrival",
            ),
            COUNT,
        ]),
        shape("semaphore", "semaphore connection permits=4", "So many can pass at once.").args(&[NAME]).props(&[
            must("permits", Number(PERMITS), "how many there are at first; 0 for a signal that others give"),
            COUNT,
        ]),
        shape("rwlock", "rwlock table policy=fair", "A lock for several readers, or for one writer.")
            .args(&[NAME])
            .props(&[
                may(
                    "policy",
                    Words(|| RwPolicy::ALL.map(RwPolicy::word).to_vec()),
                    Is("fair"),
                    "who goes first: `readers` go in whenever no writer is in, `writers` are let in before any reader, \
                     `fair` is in order of arrival. Or a knob that chooses among them",
                ),
                COUNT,
            ]),
        shape("counter", "counter balance", "A number that all change; it knows what it should hold.")
            .args(&[NAME])
            .props(&[
                may("initial", Whole(-1_000_000_000, 1_000_000_000), Is("0"), "what it holds at first"),
                may(
                    "in",
                    Words(|| Memory::ALL.map(Memory::word).to_vec()),
                    Is("shared"),
                    "where it lies: `shared` memory; `private`, where each process has a copy of its own and all threads \
                     one together; or a `manager`, a process of its own that is asked for each look and each change. A \
                     knob chooses among them",
                ),
                may(
                    "packed",
                    Switch,
                    Is("#false"),
                    "whether those of an array lie side by side in one cache line, instead of in one each",
                ),
                COUNT,
            ]),
        shape("queue", "queue jobs capacity=8", "Items that wait to be taken, first in, first out.")
            .args(&[NAME])
            .props(&[must("capacity", Number(ROOM), "how many find room; a `put` into a full queue waits"), COUNT]),
        shape("pipe", "pipe lines capacity=\"64KiB\"", "Bytes on their way through the kernel, first in, first out.")
            .args(&[NAME])
            .props(&[
                may("capacity", Number(PIPE_ROOM), Is("64KiB"), "its room; the kernel rounds it up to a power of two"),
                COUNT,
            ]),
        shape("condition", "condition not-empty of=account", "What workers wait for until another one tells them.")
            .args(&[NAME])
            .props(&[must("of", Of("a mutex"), "what is held to wait for it, and given back meanwhile"), COUNT]),
        shape("event", "event ready", "A flag that is set or not, and that workers wait for.")
            .args(&[NAME])
            .props(&[COUNT]),
        shape("barrier", "barrier round parties=4", "A place where all wait until all have come, again and again.")
            .args(&[NAME])
            .props(&[must("parties", Number(HOW_MANY), "how many have to come"), COUNT]),
        shape(
            "server",
            "server site latency=\"50ms\" capacity=8",
            "A small HTTP server on this machine, a process of its own with a lane of its own, for `http-get`. Its depth \
             is the number of requests in it. It goes on with a request whose sender has given up.",
        )
        .args(&[NAME])
        .props(&[
            may("latency", Number(TIME.whole()), Is("0us"), "what an answer takes"),
            may("jitter", Number(TIME.whole()), Is("0us"), "how much more it takes at most, by chance"),
            may("failure", Number(SHARE.whole()), Is("0"), "the share that it answers with status 500, such as \"1/10\""),
            may("bytes", Number(BYTES.whole()), Is("1KiB"), "how long an answer is"),
            may("capacity", Number(AT_WORK), Is("1000"), "how many requests it works on at once; the others wait in it"),
            may("room", Number(ROOM), Is("1000"), "how many can be in it; to more it says 503 at once"),
            may("missing", Own("paths with spaces between"), Then("none"), "what it answers with status 404"),
        ]),
    ],
};
