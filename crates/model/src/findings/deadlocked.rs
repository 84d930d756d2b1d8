//! Workers that wait for each other and can never run again: one finding for each separate ring.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{About, Finding, Look, Severity, count};
use crate::{Deadlock, Link, Room, listed, stuck_forever};
use contend_trace::{ResourceId, Span, WorkerId};

pub(super) const ID: &str = "deadlock";

/// Rings up to this size are told link by link in the sentence; of others, so many groups of workers.
const TOLD: usize = 3;

/// So many deadlocks have a finding of their own.
const MOST: usize = 8;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    let all = look.model.deadlocks();
    let mut found: Vec<Finding> = all.iter().take(MOST).filter_map(|deadlock| one(look, deadlock)).collect();
    let rest = all.get(MOST..).unwrap_or_default();
    if let Some(first) = rest.first() {
        let stuck: usize = rest.iter().map(|deadlock| deadlock.ring.len()).sum();
        found.push(Finding {
            id: ID,
            severity: Severity::Error,
            sentence: format!(
                "{} of {} that wait for each other. {}",
                count(rest.len() as u64, "more ring"),
                count(stuck as u64, "worker"),
                stuck_forever(stuck)
            ),
            evidence: format!("The first of them closed {} after the start.", Span(first.at.0)),
            cure: "Fix the rings named above first: these are likely to have the same cause.".into(),
            about: first.ring.first().map(|link| About::Worker(link.worker)),
            at: Some(first.at),
        });
    }
    found
}

fn one(look: &Look<'_>, deadlock: &Deadlock) -> Option<Finding> {
    let first = deadlock.ring.first()?;
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!("{} {}", sentence(look, deadlock), stuck_forever(deadlock.ring.len())),
        evidence: evidence(look, deadlock),
        cure: cure(look, deadlock),
        about: Some(About::Worker(first.worker)),
        at: Some(deadlock.at),
    })
}

/// Whoever reads it later than it happened would take a time in it for a duration: the evidence has it.
fn sentence(look: &Look<'_>, deadlock: &Deadlock) -> String {
    let ring = &deadlock.ring;
    let all = || listed(&ring.iter().map(|link| look.name(link.worker)).collect::<Vec<_>>());
    match (ring.as_slice(), of_one(look, ring)) {
        ([own], _) if is_life(look, own.wants) => format!("{} waits for its own end.", look.name(own.worker)),
        ([own], _) => {
            format!("{} waits for {}, which it already holds.", look.name(own.worker), look.resource(own.wants))
        }
        (_, Some((on, Room::Permits { .. }))) => {
            format!("{} hold permits of {on}, and each waits for more than the others leave.", all())
        }
        (_, Some((on, _))) => format!("{} hold {on}, and each waits until the others release it.", all()),
        (ring, None) if deadlock.is_simple() && ring.len() > TOLD => {
            let n = count(ring.len() as u64, "worker");
            format!("{n} wait for each other in a ring: {}, and so on.", group(look, &[&ring[0]]))
        }
        (ring, None) => {
            let groups = groups(ring);
            let mut told: Vec<String> = groups.iter().take(TOLD).map(|links| group(look, links)).collect();
            if groups.len() > TOLD {
                let left: usize = groups[TOLD..].iter().map(Vec::len).sum();
                told.push(format!("{} wait for them in turn", count(left as u64, "more worker")));
            }
            format!("{}.", told.join("; "))
        }
    }
}

/// The resource, if all hold and want the same one: permits, or an rwlock that all read and want to write.
fn of_one<'a>(look: &Look<'a>, ring: &[Link]) -> Option<(&'a str, Room)> {
    let on = ring.first()?.wants;
    let all = ring.len() > 1 && ring.iter().all(|link| link.holds == on && link.wants == on && !link.in_line);
    Some((look.resource(on), look.model.lock(on).filter(|_| all)?.room()))
}

/// Links that say the same of different workers, together.
fn groups(ring: &[Link]) -> Vec<Vec<&Link>> {
    let mut groups: Vec<Vec<&Link>> = Vec::new();
    for link in ring {
        let says = |link: &Link| (link.holds, link.wants, link.in_line, again(link));
        match groups.iter_mut().find(|group| says(group[0]) == says(link)) {
            Some(group) => group.push(link),
            None => groups.push(vec![link]),
        }
    }
    groups
}

/// Whether it holds some of what it waits for.
fn again(link: &Link) -> bool {
    link.waits_for.contains(&link.worker)
}

/// `a and b hold x and wait for y`.
fn group(look: &Look<'_>, links: &[&Link]) -> String {
    let link = links[0];
    let names: Vec<&str> = links.iter().map(|link| look.name(link.worker)).collect();
    let many = names.len() > 1;
    let (hold, wait) = if many { ("hold", "wait") } else { ("holds", "waits") };
    let (who, holds, wants) = (listed(&names), look.resource(link.holds), look.resource(link.wants));
    let wants = match look.model.cast().whose_life(link.wants) {
        Some(_) => format!("the {wants}"),
        None if again(link) => format!("{wants} again"),
        None => wants.to_owned(),
    };
    if link.in_line {
        return format!("{who} {wait} in line for {holds} before the next reader");
    }
    match look.model.cast().whose_life(link.holds) {
        Some(_) => format!("{who} {wait} for {wants}"),
        None if again(link) && link.holds != link.wants => {
            format!("{who} {hold} {holds} and {} and {wait} for {wants}", look.resource(link.wants))
        }
        None => format!("{who} {hold} {holds} and {wait} for {wants}"),
    }
}

fn cure(look: &Look<'_>, deadlock: &Deadlock) -> String {
    let ring = &deadlock.ring;
    if ring.iter().any(|link| is_life(look, link.wants)) {
        return if ring.len() == 1 {
            "Let another worker wait for its end.".into()
        } else {
            "Release what a worker needs before you wait for its end.".into()
        };
    }
    if let Some(link) = ring.iter().find(|link| link.in_line) {
        return format!("Do not read {} again while you hold it, or let readers go first.", look.resource(link.holds));
    }
    match of_one(look, ring) {
        Some((_, Room::Permits { .. })) => {
            return "Take all permits in one step, or have enough that one worker always gets all it needs.".into();
        }
        Some((on, _)) => return format!("Release {on} before you ask to write it, or take it for writing at once."),
        None => {}
    }
    match (ring.iter().find(|link| again(link)), wanted(ring).as_slice()) {
        (Some(link), _) if has_permits(look, link.wants) => {
            format!("Take all permits of {} in one step, before any other lock.", look.resource(link.wants))
        }
        (_, [on]) => format!("Do not take {} again while you hold it.", look.resource(*on)),
        (_, [one, other]) => {
            format!("Take {} and {} in the same order everywhere.", look.resource(*one), look.resource(*other))
        }
        _ => "Take all of these in the same order everywhere.".into(),
    }
}

/// What the ring waits for.
fn wanted(ring: &[Link]) -> Vec<ResourceId> {
    let mut wanted: Vec<ResourceId> = ring.iter().map(|link| link.wants).collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

fn evidence(look: &Look<'_>, deadlock: &Deadlock) -> String {
    let waits = |link: &Link| format!("{} for {}", look.name(link.worker), look.now.since(link.since));
    let mut waits: Vec<String> = deadlock.ring.iter().take(MOST).map(waits).collect();
    if deadlock.ring.len() > MOST {
        waits.push(format!("{} more", deadlock.ring.len() - MOST));
    }
    let mut text = format!("Closed {} after the start. Waiting: {}.", Span(deadlock.at.0), waits.join(", "));
    if !deadlock.is_simple() {
        text.extend(wanted(&deadlock.ring).into_iter().map(|on| holders(look, &deadlock.ring, on)));
    }
    if !deadlock.victims.is_empty() {
        let names: Vec<&str> = deadlock.victims.iter().map(|w| look.name(*w)).collect();
        let _ = write!(text, " Stuck behind them: {}.", listed(&names));
    }
    let others = look.model.deadlocks().iter().filter(|other| *other != deadlock);
    let others: BTreeSet<WorkerId> = others.flat_map(|other| other.set.iter().copied()).collect();
    let both: Vec<&str> = deadlock.set.iter().filter(|w| others.contains(w)).map(|w| look.name(*w)).collect();
    if !both.is_empty() {
        let wait = if both.len() == 1 { "waits" } else { "wait" };
        let _ = write!(text, " {} {wait} for another deadlock as well.", listed(&both));
    }
    if look.model.is_doubted() {
        text.push_str(" What the workers themselves say they wait for does not bear this out.");
    }
    text
}

/// Who holds what several wait for, or one has to get from several.
fn holders(look: &Look<'_>, ring: &[Link], on: ResourceId) -> String {
    let in_line = |w: &WorkerId| ring.iter().any(|link| link.worker == *w && link.in_line && link.holds == on);
    let mut holders: Vec<WorkerId> =
        ring.iter().filter(|link| link.wants == on).flat_map(|link| link.waits_for.iter().copied()).collect();
    holders.retain(|w| !in_line(w));
    holders.sort_unstable();
    holders.dedup();
    let names: Vec<&str> = holders.iter().map(|w| look.name(*w)).collect();
    if names.is_empty() || is_life(look, on) {
        return String::new();
    }
    format!(" {} is held by {}.", look.resource(on), listed(&names))
}

fn is_life(look: &Look<'_>, on: ResourceId) -> bool {
    look.model.cast().whose_life(on).is_some()
}

fn has_permits(look: &Look<'_>, on: ResourceId) -> bool {
    look.model.lock(on).is_some_and(|lock| matches!(lock.room(), Room::Permits { .. }))
}
