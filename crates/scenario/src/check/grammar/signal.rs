//! Steps on conditions, event flags and barriers.

use super::IfOmitted::Means;
use super::ValueKind::Number;
use super::{AT, NodeFamily, Parameter, node_rule, optional, resource_name};
use crate::check::number_rule::TIME;

const CONDITION: Parameter = resource_name("condition", "a condition");
const EVENT: Parameter = resource_name("event", "an event");

pub(super) const SIGNALS: NodeFamily = NodeFamily {
    title: "Signals",
    rules: &[
        node_rule(
            "wait",
            "wait not-empty",
            "Waits until the condition is notified, without its mutex meanwhile; or until the event is set.",
        )
        .args(&[resource_name("signal", "a condition or an event")])
        .props(&[AT, optional("timeout", Number(TIME), Means("for ever"), "how long at most; then it goes on")]),
        node_rule("notify", "notify not-empty", "Wakes one who waits for the condition, if anyone does.")
            .args(&[CONDITION])
            .props(&[AT]),
        node_rule("notify-all", "notify-all not-empty", "Wakes all who wait for the condition.")
            .args(&[CONDITION])
            .props(&[AT]),
        node_rule("set", "set ready", "Sets the event: who waits for it goes on, and who comes later as well.")
            .args(&[EVENT])
            .props(&[AT]),
        node_rule("clear", "clear ready", "Clears the event: who comes now waits.").args(&[EVENT]).props(&[AT]),
        node_rule("meet", "meet round", "Waits until all parties of the barrier have come.")
            .args(&[resource_name("barrier", "a barrier")])
            .props(&[AT]),
    ],
};
