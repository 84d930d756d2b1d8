//! What to do about a stall that no held lock explains.

use super::thing::Thing;
use crate::findings::Look;
use contend_trace::{ResourceKind, State};

pub(super) fn of(look: &Look<'_>, thing: Thing) -> String {
    let name = look.resource(thing.on);
    let kind = look.model.cast().resource(thing.on).map(|info| &info.kind);
    let (is_pipe, ended) = (matches!(kind, Some(ResourceKind::Pipe { .. })), thing.is_given_up(look));
    if let Some(giver) = thing.deadlocked_giver(look) {
        return format!("Resolve the deadlock of {} first.", look.name(giver));
    }
    if let (State::Full, Some((giver, what))) = (thing.state, thing.giver_elsewhere(look)) {
        return format!("Let {} {} before it waits for {what}.", look.name(giver), thing.deed_in_full(look));
    }
    let acquired = matches!(kind, Some(ResourceKind::Semaphore { .. }));
    if thing.givers(look).is_empty() && !acquired {
        return format!("Add a step that can {}, or remove the wait.", thing.deed_in_full(look));
    }
    match (thing.state, kind) {
        (State::Empty, _) if is_pipe && ended => format!("Close {name} after the last message."),
        (State::Empty, _) if is_pipe => "Let one side send before it receives.".into(),
        (State::Empty, _) if ended || thing.is_awaited_by_all_givers(look) => {
            format!("Close {name} after the last item, or take only the items that are there.")
        }
        (State::Empty, _) => format!("Put the first item into {name} before you wait for one."),
        (State::Full, _) if ended => format!("Stop putting into {name} when the last worker that takes has ended."),
        (State::Full, _) => {
            format!("Do not wait to put into {name} while others wait for you to take: take in between, or drop items.")
        }
        (_, Some(ResourceKind::Condition { .. })) => {
            format!("Notify every waiter of {name} at each change, and before you end or wait.")
        }
        (_, Some(ResourceKind::Event)) => format!("Set {name} on every way out, and before you wait for others."),
        (_, Some(ResourceKind::Semaphore { .. })) => {
            format!("Release {name} on every way out, and before you wait for others.")
        }
        (_, Some(ResourceKind::Barrier { .. })) => format!("Meet at {name} before you wait for others."),
        (_, Some(ResourceKind::Results)) => "Do not wait for a result whose task waits for you.".into(),
        _ => "Make sure that every worker that others wait for can finish.".into(),
    }
}
