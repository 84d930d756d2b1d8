//! Steps on conditions, event flags and barriers.

use super::Unless::Then;
use super::Value::Number;
use super::{AT, Family, Slot, may, of, shape};
use crate::check::number::TIME;

const CONDITION: Slot = of("condition", "a condition");
const EVENT: Slot = of("event", "an event");

pub(super) const SIGNALS: Family = Family {
    title: "Signals",
    shapes: &[
        shape(
            "wait",
            "wait not-empty",
            "Waits until the condition is notified, without its mutex meanwhile; or until the event is set.",
        )
        .args(&[of("signal", "a condition or an event")])
        .props(&[AT, may("timeout", Number(TIME), Then("for ever"), "how long at most; then it goes on")]),
        shape("notify", "notify not-empty", "Wakes one who waits for the condition, if anyone does.")
            .args(&[CONDITION])
            .props(&[AT]),
        shape("notify-all", "notify-all not-empty", "Wakes all who wait for the condition.")
            .args(&[CONDITION])
            .props(&[AT]),
        shape("set", "set ready", "Sets the event: who waits for it goes on, and who comes later as well.")
            .args(&[EVENT])
            .props(&[AT]),
        shape("clear", "clear ready", "Clears the event: who comes now waits.").args(&[EVENT]).props(&[AT]),
        shape("meet", "meet round", "Waits until all parties of the barrier have come.")
            .args(&[of("barrier", "a barrier")])
            .props(&[AT]),
    ],
};
