//! Workers that can never go on.

use super::{About, Finding, Look, Severity, count};
use crate::model::{Deadlock, Link};
use crate::trace::Span;

pub(super) const ID: &str = "deadlock";

/// Rings up to this size are told link by link in the sentence.
const TOLD: usize = 3;

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    let deadlock = look.model.deadlock()?;
    let first = deadlock.ring.first()?;
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: sentence(look, deadlock),
        evidence: evidence(look, deadlock),
        cure: match deadlock.ring.len() {
            1 if joins(look, deadlock) => "Nobody can wait for its own end: leave that to others.".into(),
            _ if joins(look, deadlock) => "Give back what a worker needs before waiting for its end.".into(),
            n if n > 1 && is_of_one(&deadlock.ring) => {
                "Take all that is needed in one step, or have enough that one of them always gets all it needs.".into()
            }
            1 => "Do not take a lock again while holding it.".into(),
            2 => "Take both in the same order.".into(),
            _ => "Take them in the same order everywhere.".into(),
        },
        about: Some(About::Worker(first.worker)),
        at: Some(deadlock.at),
    })
}

/// Whoever reads it later than it happened would take a time in it for a duration: the evidence has it.
fn sentence(look: &Look<'_>, deadlock: &Deadlock) -> String {
    let ring = &deadlock.ring;
    if let [own] = ring.as_slice() {
        let (who, lock) = (look.name(own.worker), look.resource(own.wants));
        if look.model.cast().whose_life(own.wants).is_some() {
            return format!("{who} waits for its own end. It can never go on.");
        }
        return format!("{who} waits for {lock}, which it holds itself. It can never go on.");
    }
    if is_of_one(ring) {
        let (all, what) = (count(ring.len() as u64, "worker"), look.resource(ring[0].wants));
        return format!("{all} have all of {what}, and each waits for more of it. None can ever go on.");
    }
    if ring.len() > TOLD {
        let (first, all) = (&ring[0], count(ring.len() as u64, "worker"));
        return format!("{all} wait for each other in a ring: {}, and so on. None can ever go on.", link(look, first));
    }
    let links: Vec<String> = ring.iter().map(|l| link(look, l)).collect();
    let nobody = if ring.len() == 2 { "Neither" } else { "None" };
    format!("{}. {nobody} can ever go on.", links.join(", "))
}

/// Whether they all have and want the same: permits of one semaphore.
fn is_of_one(ring: &[Link]) -> bool {
    ring.iter().all(|link| link.holds == link.wants && link.wants == ring[0].wants)
}

fn evidence(look: &Look<'_>, deadlock: &Deadlock) -> String {
    let waits = deadlock.ring.iter().map(|l| format!("{} for {}", look.name(l.worker), look.now.since(l.since)));
    let waits: Vec<String> = waits.collect();
    let mut text = format!("Since {} after the start. Waiting: {}.", Span(deadlock.at.0), waits.join(", "));
    if !deadlock.victims.is_empty() {
        let names: Vec<&str> = deadlock.victims.iter().map(|w| look.name(*w)).collect();
        text.push_str(" Waiting for them, and as stuck: ");
        text.push_str(&names.join(", "));
        text.push('.');
    }
    if look.model.is_doubted(deadlock) {
        text.push_str(" What the workers themselves say they wait for does not bear this out.");
    }
    text
}

/// Whether somebody in the ring waits for another's end.
fn joins(look: &Look<'_>, deadlock: &Deadlock) -> bool {
    deadlock.ring.iter().any(|link| look.model.cast().whose_life(link.wants).is_some())
}

fn link(look: &Look<'_>, link: &Link) -> String {
    let (who, wants) = (look.name(link.worker), look.resource(link.wants));
    let wants = match look.model.cast().whose_life(link.wants) {
        Some(_) => format!("waits for the {wants}"),
        None => format!("wants {wants}"),
    };
    match look.model.cast().whose_life(link.holds) {
        Some(_) => format!("{who} {wants}"),
        None => format!("{who} has {} and {wants}", look.resource(link.holds)),
    }
}
