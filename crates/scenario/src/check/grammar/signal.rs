//! Steps on conditions, event flags, barriers and wait groups.

use super::IfOmitted::Means;
use super::ValueKind::Number;
use super::{AT, NodeFamily, Parameter, TIMEOUT, optional, resource_name, step_rule};
use crate::check::Checker;
use crate::check::number_rule::VALUE;

const CONDITION: Parameter = resource_name("condition", "a condition");
const EVENT: Parameter = resource_name("event", "an event");
/// What `wait` waits for.
pub(in crate::check) const WAITED: &str = "a condition, an event, a wait group or a latch";

pub(super) const SIGNALS: NodeFamily = NodeFamily {
    title: "Signals",
    rules: &[
        step_rule(
            "wait",
            "wait not-empty",
            "For a condition: returns its mutex, waits for a notification, and takes the mutex again. For an event: \
             waits until it is set. For a wait group or a latch: waits until its count is 0; fails if the group is \
             added to again before the wait has returned. With a `timeout`, it gives up if nothing wakes it in time, \
             and runs the `else` that follows, if there is one; the mutex of a condition is held there too.",
            Checker::wait_step,
        )
        .args(&[resource_name("signal", WAITED)])
        .props(&[AT, TIMEOUT])
        .allows_else(),
        step_rule(
            "notify",
            "notify not-empty",
            "Wakes one waiter of the condition, if there is one.",
            Checker::notify_step,
        )
        .args(&[CONDITION])
        .props(&[AT]),
        step_rule(
            "notify-all",
            "notify-all not-empty",
            "Wakes all waiters of the condition.",
            Checker::notify_all_step,
        )
        .args(&[CONDITION])
        .props(&[AT]),
        step_rule(
            "set",
            "set ready",
            "Sets the event: waiters continue, and later ones do not wait. For a counter: writes the value `to=`, \
             which becomes the worker's own copy as well. No event records that, because recording takes longer than \
             writing: the value that a report shows is read from memory. `set` steps on counters and the `set`, `load` \
             and `spin` steps directly after them are performed as compiled code would be: formulas first, then one \
             access right after the other, so that the effects of `order=` show.",
            Checker::set_step,
        )
        .args(&[resource_name("event", "an event or a counter")])
        .props(&[AT, optional("to", Number(VALUE), Means("for an event only"), "the value of a counter")]),
        step_rule("clear", "clear ready", "Clears the event: later workers wait for it again.", Checker::clear_step)
            .args(&[EVENT])
            .props(&[AT]),
        step_rule(
            "meet",
            "meet round",
            "Waits until all parties of the barrier have arrived. With a `timeout`, it gives up if they do not arrive \
             in time, and runs the `else` that follows, if there is one. A worker that gives up takes its arrival \
             back: the others keep waiting, and it can come again.",
            Checker::meet_step,
        )
        .args(&[resource_name("barrier", "a barrier")])
        .props(&[AT, TIMEOUT])
        .allows_else(),
        step_rule(
            "done",
            "done orders",
            "Takes 1 off the count of a wait group or a latch; at 0, all waiters continue. Fails if the count is 0 \
             already.",
            Checker::done_step,
        )
        .args(&[resource_name("group", "a wait group or a latch")])
        .props(&[AT]),
    ],
};
