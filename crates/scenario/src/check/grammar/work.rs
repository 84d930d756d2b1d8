//! Steps that take time, and steps that are real work.

use super::IfOmitted::Means;
use super::ValueKind::{Integer, Number};
use super::{NodeFamily, node_rule, optional, required};
use crate::check::number_rule::{BYTES, PRIMES, TIME};
use crate::check::steps::PIXELS;

pub(super) const WAITS: NodeFamily = NodeFamily {
    title: "Time",
    rules: &[
        node_rule("compute", "compute \"5ms\"", "Computes until this much time on a CPU is used up.")
            .args(&[required("time", Number(TIME), "time on a CPU, not on the clock")]),
        node_rule("sleep", "sleep \"5ms\"", "Sleeps on purpose.").args(&[required("time", Number(TIME), "how long")]),
        node_rule("io", "io \"20ms\"", "Waits for a device or a server that answers after this time.")
            .args(&[required("time", Number(TIME), "how long")]),
    ],
};

pub(super) const REAL: NodeFamily =
    NodeFamily {
        title: "Real work",
        rules: &[
            node_rule("primes", "primes 200000", "Counts primes.").args(&[required(
                "to",
                Number(PRIMES),
                "up to this number",
            )]),
            node_rule("hash", "hash \"64KiB\"", "The SHA-256 of some bytes.").args(&[optional(
                "bytes",
                Number(BYTES),
                Means("the task's file"),
                "how many",
            )]),
            node_rule("read-file", "read-file", "Reads the task's file."),
            node_rule("write-file", "write-file \"64KiB\"", "Writes a file that is gone after the run.")
                .args(&[required("bytes", Number(BYTES), "how many")]),
            node_rule("thumbnail", "thumbnail 32 64 128", "Makes small pictures of the task's file.")
                .args(&[required("pixels", Integer(PIXELS.0, PIXELS.1), "the longer side of each").max_count(16)]),
            node_rule("grayscale", "grayscale", "Makes a grey copy of the task's picture."),
        ],
    };
