//! Steps on other workers, and on the worker's memory.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Boolean, Number, Words};
use super::{BlockRule, NodeFamily, Parameter, TIMEOUT, optional, required, resource_name, step_rule};
use crate::check::Checker;
use crate::check::number_rule::{ARRAY_INDEX, BYTES, TASK};
use crate::check::steps::CANCELLATIONS;

const GROUP: Parameter = resource_name("group", "a group of workers");
const WHICH: Parameter =
    optional("at", Number(ARRAY_INDEX), Means("all of them"), "index of one worker in the group, from 0; wraps around");
const ANY: Parameter = optional("any", Boolean, SameAs("#false"), "whether to start a single worker: any idle one");

pub(super) const LIVES: NodeFamily = NodeFamily {
    title: "Other workers",
    rules: &[
        step_rule(
            "spawn",
            "spawn helper",
            "Starts the workers of a group and continues. A group that is spawned anywhere does not start with the \
             run. A worker that still runs is waited for first. Workers spawned by a task work on the task's file.",
            Checker::spawn_step,
        )
        .args(&[GROUP])
        .props(&[WHICH, ANY]),
        step_rule(
            "join",
            "join helper { ... }",
            "Waits until the workers of a group have ended. Runs the block if all of them ended well, otherwise the \
             `else`. With a `timeout`, it gives up if they have not all ended in time, and runs the `else`, if there \
             is one; the workers run on, and can be joined again.",
            Checker::join_step,
        )
        .args(&[GROUP])
        .props(&[WHICH, TIMEOUT])
        .block(BlockRule::Optional)
        .allows_else(),
        step_rule(
            "cancel",
            "cancel helper how=kill",
            "Cancels the workers of a group, or drops tasks from the queue of a pool. A cancelled worker ends at its \
             next wait, or after the present step: a computation, a wait for a mutex of threads, a wait at a pipe, a \
             request and a command are not interrupted. A wait that ends this way is as one that gave up: no item, \
             permit or signal is lost. The result of a dropped task is a failure.",
            Checker::cancel_step,
        )
        .args(&[resource_name("workers", "a group of workers or a pool")])
        .props(&[
            WHICH,
            optional(
                "how",
                Words(|| CANCELLATIONS.map(|(word, _)| word).to_vec()),
                SameAs("unwind"),
                "`unwind` gives back everything that the worker holds, as a dropped future or an interrupted thread \
                 does; `kill` gives nothing back: its mutexes stay locked, its permits are gone, and a task that waits \
                 for a mutex keeps its place in line and cannot be spawned again. A process is killed by a signal, and \
                 the system releases its mutexes. Only for a group",
            ),
            optional(
                "task",
                Number(TASK),
                Means("all queued tasks"),
                "the number of the task to drop; tasks that have begun go on. Only for a pool",
            ),
        ]),
        step_rule("run", "run helper", "Runs the steps of a group itself, as part of its own.", Checker::run_step)
            .args(&[GROUP]),
        step_rule(
            "allocate",
            "allocate \"256MiB\" { ... }",
            "Allocates this much memory for the block and writes to all of it.",
            Checker::allocate_step,
        )
        .args(&[required("bytes", Number(BYTES), "how much")])
        .block(BlockRule::Required),
    ],
};
