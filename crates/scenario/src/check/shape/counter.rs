//! Steps on counters.

use super::Unless::{Is, Then};
use super::Value::{Number, Whole};
use super::{AT, Family, may, of, shape};
use crate::check::number::ADDS;
use crate::check::steps::DELTA;

pub(super) const COUNTERS: Family = Family {
    title: "Counters",
    shapes: &[
        shape("load", "load balance", "Reads the counter into the worker's own copy.")
            .args(&[of("counter", "a counter")])
            .props(&[AT]),
        shape("store", "store balance add=1", "Writes the worker's own copy back, whatever the counter holds by now.")
            .args(&[of("counter", "a counter")])
            .props(&[AT, may("add", Whole(DELTA.0, DELTA.1), Is("0"), "what is added to the copy before")]),
        shape("add", "add balance by=1", "Adds to the counter in one step that nothing can come between.")
            .args(&[of("counter", "a counter")])
            .props(&[
                AT,
                may("by", Whole(DELTA.0, DELTA.1), Is("1"), "how much"),
                may(
                    "times",
                    Number(ADDS),
                    Then("once"),
                    "how many times in a row, as fast as it can: that is told once, when all are done",
                ),
            ]),
    ],
};
