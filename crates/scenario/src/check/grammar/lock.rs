//! Steps on locks: mutexes, semaphores, rwlocks.

use super::IfOmitted::SameAs;
use super::ValueKind::Number;
use super::{AT, BlockRule, NodeFamily, node_rule, optional, resource_name};
use crate::check::number_rule::{AT_ONCE, TIME};

pub(super) const LOCKS: NodeFamily = NodeFamily {
    title: "Locks",
    rules: &[
        node_rule(
            "lock",
            "lock account { ... }",
            "Waits for the mutex and takes it; gives it back at the end of the block. Without a block the worker keeps \
             it until `unlock`, and if it ends before nobody gives it back.",
        )
        .args(&[resource_name("mutex", "a mutex")])
        .props(&[AT])
        .block(BlockRule::Optional),
        node_rule("unlock", "unlock account", "Gives back a mutex that was taken without a block.")
            .args(&[resource_name("mutex", "a mutex")])
            .props(&[AT]),
        node_rule(
            "try-lock",
            "try-lock account timeout=\"1ms\" { ... }",
            "Does the block if it gets the mutex in time; gives up otherwise, and does the `else` that follows.",
        )
        .args(&[resource_name("mutex", "a mutex")])
        .props(&[AT, optional("timeout", Number(TIME), SameAs("0us"), "how long it waits before it gives up")])
        .block(BlockRule::Required),
        node_rule(
            "acquire",
            "acquire connection { ... }",
            "Waits for permits of the semaphore and takes them; gives them back at the end of the block. Without a \
             block it takes one for good.",
        )
        .args(&[resource_name("semaphore", "a semaphore")])
        .props(&[AT, optional("permits", Number(AT_ONCE), SameAs("1"), "how many at once; only with a block")])
        .block(BlockRule::Optional),
        node_rule("release", "release connection", "Gives the semaphore a permit, whoever took one, or nobody.")
            .args(&[resource_name("semaphore", "a semaphore")])
            .props(&[AT]),
        node_rule("read", "read table { ... }", "Has the rwlock together with other readers for the block.")
            .args(&[resource_name("rwlock", "an rwlock")])
            .props(&[AT])
            .block(BlockRule::Required),
        node_rule("write", "write table { ... }", "Has the rwlock alone for the block.")
            .args(&[resource_name("rwlock", "an rwlock")])
            .props(&[AT])
            .block(BlockRule::Required),
    ],
};
