//! Who could end a wait for a resource: read from the steps, whatever `when` and `if` say of them.

use crate::scenario::{LifeStep, QueueStep, SignalStep, Step, Workers};
use crate::trace::{Lanes, Wakers};

/// Enters `lanes` as those who run `steps` into the table of wakers, which has a line for each declaration.
pub(super) fn enter(wakers: &mut [Wakers], lanes: Lanes, steps: &[Step], groups: &[Workers]) {
    for step in steps {
        match step {
            Step::Queue(step) => of_queue(wakers, lanes, step),
            Step::Signal(SignalStep::Wait { target, timeout }) => {
                wakers[target.resource].timed |= timeout.is_some();
            }
            Step::Signal(
                SignalStep::Notify(target)
                | SignalStep::NotifyAll(target)
                | SignalStep::Set(target)
                | SignalStep::Meet(target),
            ) => add(&mut wakers[target.resource].givers, lanes),
            Step::Life(LifeStep::Run { group }) => enter(wakers, lanes, &groups[*group].steps, groups),
            _ => {}
        }
        step.bodies().for_each(|body| enter(wakers, lanes, body, groups));
    }
}

/// Enters `lanes` as those who run `steps` into the table of who spawns whom, which has a line for each group.
pub(super) fn enter_spawners(spawners: &mut [Vec<Lanes>], lanes: Lanes, steps: &[Step], groups: &[Workers]) {
    for step in steps {
        match step {
            Step::Life(LifeStep::Spawn(members)) => add(&mut spawners[members.group], lanes),
            Step::Life(LifeStep::Run { group }) => enter_spawners(spawners, lanes, &groups[*group].steps, groups),
            _ => {}
        }
        step.bodies().for_each(|body| enter_spawners(spawners, lanes, body, groups));
    }
}

fn of_queue(wakers: &mut [Wakers], lanes: Lanes, step: &QueueStep) {
    match step {
        QueueStep::Put(target) | QueueStep::TryPut { target, .. } => add(&mut wakers[target.resource].givers, lanes),
        QueueStep::Take(target) | QueueStep::Each { target, .. } | QueueStep::TryTake { target, .. } => {
            add(&mut wakers[target.resource].takers, lanes);
        }
        // Those who wait for room go on as well, if only to fail.
        QueueStep::Close(target) => {
            add(&mut wakers[target.resource].givers, lanes);
            add(&mut wakers[target.resource].takers, lanes);
        }
    }
}

fn add(to: &mut Vec<Lanes>, lanes: Lanes) {
    if to.last() != Some(&lanes) {
        to.push(lanes);
    }
}
