//! Fixes for stalls that no held lock explains.

use super::missing_supply::MissingSupply;
use crate::findings::Analysis;
use contend_trace::{ResourceKind, State};

pub(super) fn suggest_fix(analysis: &Analysis<'_>, thing: MissingSupply) -> String {
    let name = analysis.resource_name(thing.resource);
    let kind = analysis.model.registry().resource(thing.resource).map(|info| &info.kind);
    let (is_pipe, ended) = (matches!(kind, Some(ResourceKind::Pipe { .. })), thing.has_no_supplier(analysis));
    if let Some(supplier) = thing.deadlocked_supplier(analysis) {
        return format!("Resolve the deadlock of {} first.", analysis.worker_name(supplier));
    }
    if let (State::Full, Some((supplier, what))) = (thing.state, thing.supplier_waiting_elsewhere(analysis)) {
        return format!(
            "Make {} {} before it waits for {what}.",
            analysis.worker_name(supplier),
            thing.supply_action_with_target(analysis)
        );
    }
    let acquired = matches!(kind, Some(ResourceKind::Semaphore { .. }));
    if thing.suppliers(analysis).is_empty() && !acquired {
        return format!("Add a step that can {}, or remove the wait.", thing.supply_action_with_target(analysis));
    }
    match (thing.state, kind) {
        (State::Empty, _) if is_pipe && ended => format!("Close {name} after the last message."),
        (State::Empty, _) if is_pipe => "Make one side send before it receives.".into(),
        (State::Empty, _) if ended || thing.is_awaited_by_all_suppliers(analysis) => {
            format!("Close {name} after the last item, or take only the items that are there.")
        }
        (State::Empty, _) => format!("Put the first item into {name} before waiting for one."),
        (State::Full, _) if ended => format!("Stop putting into {name} when its last consumer has ended."),
        (State::Full, _) => {
            format!("Do not wait for room in {name} while its consumers wait for you: take in between, or drop items.")
        }
        (_, Some(ResourceKind::Condition { .. })) => {
            format!("Notify every waiter of {name} at each change, and before ending or waiting.")
        }
        (_, Some(ResourceKind::Event)) => format!("Set {name} on every exit path, and before waiting for others."),
        (_, Some(ResourceKind::Semaphore { .. })) => {
            format!("Release {name} on every exit path, and before waiting for others.")
        }
        (_, Some(ResourceKind::Barrier { .. })) => format!("Meet at {name} before waiting for others."),
        (_, Some(ResourceKind::WaitGroup | ResourceKind::Latch { .. })) => {
            format!("Call `done` on {name} on every exit path, and before waiting for others.")
        }
        (_, Some(ResourceKind::Results)) => "Do not wait for the result of a task that waits for you.".into(),
        _ => "Make sure that every worker that others wait for can finish.".into(),
    }
}
