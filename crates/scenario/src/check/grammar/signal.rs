//! Steps on conditions, event flags and barriers.

use super::IfOmitted::Means;
use super::ValueKind::Number;
use super::{AT, NodeFamily, Parameter, optional, resource_name, step_rule};
use crate::check::Checker;
use crate::check::number_rule::TIME;

const CONDITION: Parameter = resource_name("condition", "a condition");
const EVENT: Parameter = resource_name("event", "an event");

pub(super) const SIGNALS: NodeFamily = NodeFamily {
    title: "Signals",
    rules: &[
        step_rule(
            "wait",
            "wait not-empty",
            "For a condition: returns its mutex, waits for a notification, and takes the mutex again. For an event: waits \
             until it is set.",
            Checker::wait_step,
        )
        .args(&[resource_name("signal", "a condition or an event")])
        .props(&[
            AT,
            optional("timeout", Number(TIME), Means("no limit"), "longest wait; the worker continues after it"),
        ]),
        step_rule("notify", "notify not-empty", "Wakes one waiter of the condition, if there is one.", Checker::notify_step)
            .args(&[CONDITION])
            .props(&[AT]),
        step_rule("notify-all", "notify-all not-empty", "Wakes all waiters of the condition.", Checker::notify_all_step)
            .args(&[CONDITION])
            .props(&[AT]),
        step_rule("set", "set ready", "Sets the event: waiters continue, and later ones do not wait.", Checker::set_step)
            .args(&[EVENT])
            .props(&[AT]),
        step_rule("clear", "clear ready", "Clears the event: later workers wait for it again.", Checker::clear_step)
            .args(&[EVENT])
            .props(&[AT]),
        step_rule("meet", "meet round", "Waits until all parties of the barrier have arrived.", Checker::meet_step)
            .args(&[resource_name("barrier", "a barrier")])
            .props(&[AT]),
    ],
};
