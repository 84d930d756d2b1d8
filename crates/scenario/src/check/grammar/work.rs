//! Steps that take time, and steps that do real work.

use super::IfOmitted::Means;
use super::ValueKind::{Integer, Number};
use super::{NodeFamily, optional, required, step_rule};
use crate::check::Checker;
use crate::check::number_rule::{BYTES, PRIMES, TIME};
use crate::check::steps::PIXELS;
use crate::program::{RealWork, Step};

pub(super) const WAITS: NodeFamily = NodeFamily {
    title: "Time",
    rules: &[
        step_rule("compute", "compute \"5ms\"", "Computes until it has used this much CPU time.", |checker, node| {
            checker.first_number(node, TIME).map(Step::Compute)
        })
        .args(&[required("time", Number(TIME), "how much CPU time")]),
        step_rule("sleep", "sleep \"5ms\"", "Sleeps.", |checker, node| {
            checker.first_number(node, TIME).map(Step::Sleep)
        })
        .args(&[required("time", Number(TIME), "how long")]),
        step_rule(
            "io",
            "io \"20ms\"",
            "Waits for a simulated device or server that answers after this time.",
            |checker, node| checker.first_number(node, TIME).map(Step::Io),
        )
        .args(&[required("time", Number(TIME), "how long")]),
    ],
};

pub(super) const REAL: NodeFamily = NodeFamily {
    title: "Real work",
    rules: &[
        step_rule("primes", "primes 200000", "Counts the primes up to a number.", |checker, node| {
            checker.first_number(node, PRIMES).map(|to| Step::RealWork(RealWork::Primes(to)))
        })
        .args(&[required("to", Number(PRIMES), "the number")]),
        step_rule("hash", "hash \"64KiB\"", "Computes a SHA-256 hash.", Checker::hash_step).args(&[optional(
            "bytes",
            Number(BYTES),
            Means("the task's file"),
            "how many bytes to hash",
        )]),
        step_rule("read-file", "read-file", "Reads the task's file.", |_, _| Some(Step::RealWork(RealWork::ReadFile))),
        step_rule(
            "write-file",
            "write-file \"64KiB\"",
            "Writes a file that is deleted at the end of the run.",
            |checker, node| checker.first_number(node, BYTES).map(|bytes| Step::RealWork(RealWork::WriteFile(bytes))),
        )
        .args(&[required("bytes", Number(BYTES), "its length")]),
        step_rule(
            "thumbnail",
            "thumbnail 32 64 128",
            "Makes thumbnails of the picture in the task's file.",
            Checker::thumbnail_step,
        )
        .args(&[required("pixels", Integer(PIXELS.0, PIXELS.1), "longer side of each thumbnail").max_count(16)]),
        step_rule("grayscale", "grayscale", "Makes a gray copy of the picture in the task's file.", |_, _| {
            Some(Step::RealWork(RealWork::Grayscale))
        }),
    ],
};
