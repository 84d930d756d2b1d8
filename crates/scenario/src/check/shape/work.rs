//! Steps that take time, and steps that are real work.

use super::Unless::Then;
use super::Value::{Number, Whole};
use super::{Family, may, must, shape};
use crate::check::number::{BYTES, PRIMES, TIME};
use crate::check::steps::PIXELS;

pub(super) const WAITS: Family = Family {
    title: "Time",
    shapes: &[
        shape("compute", "compute \"5ms\"", "Computes until this much time on a CPU is used up.").args(&[must(
            "time",
            Number(TIME),
            "time on a CPU, not on the clock",
        )]),
        shape("sleep", "sleep \"5ms\"", "Sleeps on purpose.").args(&[must("time", Number(TIME), "how long")]),
        shape("io", "io \"20ms\"", "Waits for a device or a server that answers after this time.").args(&[must(
            "time",
            Number(TIME),
            "how long",
        )]),
    ],
};

pub(super) const REAL: Family = Family {
    title: "Real work",
    shapes: &[
        shape("primes", "primes 200000", "Counts primes.").args(&[must("to", Number(PRIMES), "up to this number")]),
        shape("hash", "hash \"64KiB\"", "The SHA-256 of some bytes.").args(&[may(
            "bytes",
            Number(BYTES),
            Then("the task's file"),
            "how many",
        )]),
        shape("read-file", "read-file", "Reads the task's file."),
        shape("write-file", "write-file \"64KiB\"", "Writes a file that is gone after the run.").args(&[must(
            "bytes",
            Number(BYTES),
            "how many",
        )]),
        shape("thumbnail", "thumbnail 32 64 128", "Makes small pictures of the task's file.").args(&[must(
            "pixels",
            Whole(PIXELS.0, PIXELS.1),
            "the longer side of each",
        )
        .times(16)]),
        shape("grayscale", "grayscale", "Makes a grey copy of the task's picture."),
    ],
};
