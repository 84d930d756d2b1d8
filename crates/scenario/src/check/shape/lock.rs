//! Steps on locks: mutexes, semaphores, rwlocks.

use super::Unless::Is;
use super::Value::Number;
use super::{AT, Block, Family, may, of, shape};
use crate::check::number::{AT_ONCE, TIME};

pub(super) const LOCKS: Family = Family {
    title: "Locks",
    shapes: &[
        shape(
            "lock",
            "lock account { ... }",
            "Waits for the mutex and takes it; gives it back at the end of the block. Without a block the worker keeps \
             it until `unlock`, and if it ends before nobody gives it back.",
        )
        .args(&[of("mutex", "a mutex")])
        .props(&[AT])
        .block(Block::May),
        shape("unlock", "unlock account", "Gives back a mutex that was taken without a block.")
            .args(&[of("mutex", "a mutex")])
            .props(&[AT]),
        shape(
            "try-lock",
            "try-lock account timeout=\"1ms\" { ... }",
            "Does the block if it gets the mutex in time; gives up otherwise, and does the `else` that follows.",
        )
        .args(&[of("mutex", "a mutex")])
        .props(&[AT, may("timeout", Number(TIME), Is("0us"), "how long it waits before it gives up")])
        .block(Block::Must),
        shape(
            "acquire",
            "acquire connection { ... }",
            "Waits for permits of the semaphore and takes them; gives them back at the end of the block. Without a \
             block it takes one for good.",
        )
        .args(&[of("semaphore", "a semaphore")])
        .props(&[AT, may("permits", Number(AT_ONCE), Is("1"), "how many at once; only with a block")])
        .block(Block::May),
        shape("release", "release connection", "Gives the semaphore a permit, whoever took one, or nobody.")
            .args(&[of("semaphore", "a semaphore")])
            .props(&[AT]),
        shape("read", "read table { ... }", "Has the rwlock together with other readers for the block.")
            .args(&[of("rwlock", "an rwlock")])
            .props(&[AT])
            .block(Block::Must),
        shape("write", "write table { ... }", "Has the rwlock alone for the block.")
            .args(&[of("rwlock", "an rwlock")])
            .props(&[AT])
            .block(Block::Must),
    ],
};
