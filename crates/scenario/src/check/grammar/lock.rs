//! Steps on locks: mutexes, semaphores, rwlocks.

use super::IfOmitted::SameAs;
use super::ValueKind::Number;
use super::{AT, BlockRule, NodeFamily, Parameter, TIMEOUT, TRY_TIMEOUT, optional, resource_name, step_rule};
use crate::check::Checker;
use crate::check::number_rule::AT_ONCE;

const MUTEX: Parameter = resource_name("mutex", "a mutex");
const SEMAPHORE: Parameter = resource_name("semaphore", "a semaphore");
const PERMITS: Parameter = optional("permits", Number(AT_ONCE), SameAs("1"), "how many at once; only with a block");
const RWLOCK: Parameter = resource_name("rwlock", "an rwlock");

pub(super) const LOCKS: NodeFamily = NodeFamily {
    title: "Locks",
    rules: &[
        step_rule(
            "lock",
            "lock account { ... }",
            "Waits for the mutex and takes it; returns it at the end of the block. Without a block, the worker holds \
             it until `unlock`. A worker that ends without `unlock` never returns it.",
            Checker::lock_step,
        )
        .args(&[MUTEX])
        .props(&[AT])
        .block(BlockRule::Optional),
        step_rule("unlock", "unlock account", "Returns a mutex that was taken without a block.", Checker::unlock_step)
            .args(&[MUTEX])
            .props(&[AT]),
        step_rule(
            "try-lock",
            "try-lock account timeout=\"1ms\" { ... }",
            "Runs the block if it gets the mutex in time. Otherwise it gives up and runs the `else` that follows.",
            Checker::try_lock_step,
        )
        .args(&[MUTEX])
        .props(&[AT, TRY_TIMEOUT])
        .block(BlockRule::Required)
        .allows_else(),
        step_rule(
            "acquire",
            "acquire connection { ... }",
            "Waits for permits of the semaphore and takes them; returns them at the end of the block. Without a block, \
             it takes one permit and does not return it. With a `timeout`, it gives up if it does not get them in \
             time, and runs the `else` that follows, if there is one.",
            Checker::acquire_step,
        )
        .args(&[SEMAPHORE])
        .props(&[AT, PERMITS, TIMEOUT])
        .block(BlockRule::Optional)
        .allows_else(),
        step_rule(
            "try-acquire",
            "try-acquire connection { ... }",
            "Runs the block if it gets the permits in time. Otherwise it gives up and runs the `else` that follows.",
            Checker::try_acquire_step,
        )
        .args(&[SEMAPHORE])
        .props(&[AT, PERMITS, TRY_TIMEOUT])
        .block(BlockRule::Required)
        .allows_else(),
        step_rule(
            "release",
            "release connection",
            "Adds a permit to the semaphore, even if this worker took none.",
            Checker::release_step,
        )
        .args(&[SEMAPHORE])
        .props(&[AT]),
        step_rule(
            "read",
            "read table { ... }",
            "Holds the rwlock for the block, together with other readers. With a `timeout`, it gives up if it does not \
             get it in time, and runs the `else` that follows, if there is one.",
            Checker::read_step,
        )
        .args(&[RWLOCK])
        .props(&[AT, TIMEOUT])
        .block(BlockRule::Required)
        .allows_else(),
        step_rule(
            "write",
            "write table { ... }",
            "Holds the rwlock alone for the block. With a `timeout`, it gives up if it does not get it in time, and \
             runs the `else` that follows, if there is one; the readers behind it wait for it no longer.",
            Checker::write_step,
        )
        .args(&[RWLOCK])
        .props(&[AT, TIMEOUT])
        .block(BlockRule::Required)
        .allows_else(),
    ],
};
