//! `deadlock`: workers that wait for each other and can never run again. Each separate cycle has a finding of its own.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Analysis, Finding, FindingSubject, Severity, format_count};
use crate::{CycleLink, Deadlock, LockCapacity, join_names, stuck_forever_sentence};
use contend_trace::{Evidence, FindingId, ResourceId, ResourceKind, Span, WorkerId};

pub(super) const ID: &str = FindingId::Deadlock.as_str();

/// Largest cycle whose links are all named in the sentence, and most groups of links named of a larger one.
const MAX_NAMED_LINKS: usize = 3;

/// Most deadlocks that have a finding of their own; also most waits listed as evidence.
const MAX_FINDINGS: usize = 8;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let all = analysis.model.deadlocks();
    let mut found: Vec<Finding> =
        all.iter().take(MAX_FINDINGS).filter_map(|deadlock| deadlock_finding(analysis, deadlock)).collect();
    let rest = all.get(MAX_FINDINGS..).unwrap_or_default();
    if let Some(first) = rest.first() {
        let stuck: usize = rest.iter().map(|deadlock| deadlock.cycle.len()).sum();
        found.push(Finding {
            id: ID,
            severity: Severity::Error,
            sentence: format!(
                "{} of {}. {}",
                format_count(rest.len() as u64, "more deadlock"),
                format_count(stuck as u64, "worker"),
                stuck_forever_sentence(stuck)
            ),
            evidence: format!("The first closed {} after the start.", Span(first.closed_at.0)),
            fix: "Fix the deadlocks above first: these probably have the same cause.".into(),
            subject: first.cycle.first().map(|link| FindingSubject::Worker(link.worker)),
            at: Some(first.closed_at),
        });
    }
    found
}

fn deadlock_finding(analysis: &Analysis<'_>, deadlock: &Deadlock) -> Option<Finding> {
    let first = deadlock.cycle.first()?;
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!("{} {}", sentence(analysis, deadlock), stuck_forever_sentence(deadlock.cycle.len())),
        evidence: evidence(analysis, deadlock),
        fix: suggest_fix(analysis, deadlock),
        subject: Some(FindingSubject::Worker(first.worker)),
        at: Some(deadlock.closed_at),
    })
}

/// Says who holds and wants what. The time is in the evidence: here it would read like a duration.
fn sentence(analysis: &Analysis<'_>, deadlock: &Deadlock) -> String {
    let cycle = &deadlock.cycle;
    let all = || join_names(&cycle.iter().map(|link| analysis.worker_name(link.worker)).collect::<Vec<_>>());
    let (other, hold, release) =
        if cycle.len() == 2 { ("the other", "holds", "releases") } else { ("the others", "hold", "release") };
    match (cycle.as_slice(), shared_resource(analysis, cycle)) {
        ([own], _) if is_life(analysis, own.wants) => {
            format!("{} waits for its own end.", analysis.worker_name(own.worker))
        }
        ([own], _) if is_result(analysis, own.wants) => format!(
            "{} waits for a task that is queued in its own pool: no worker is left to run it.",
            analysis.worker_name(own.worker)
        ),
        (cycle, _) if cycle.iter().all(|link| is_result(analysis, link.wants)) => {
            format!("{} each wait for a task that is queued in their own pool: no worker is left to run it.", all())
        }
        ([own], _) => {
            format!(
                "{} waits for {}, which it already holds.",
                analysis.worker_name(own.worker),
                analysis.resource_name(own.wants)
            )
        }
        (_, Some((on, LockCapacity::Permits { .. }))) => {
            format!("{} hold permits of {on}, and each waits for permits that {other} {hold}.", all())
        }
        (_, Some((on, _))) => format!("{} hold {on}, and each waits until {other} {release} it.", all()),
        (cycle, None) if deadlock.is_simple_cycle() && cycle.len() > MAX_NAMED_LINKS => {
            let n = format_count(cycle.len() as u64, "worker");
            format!("{n} wait for each other in a ring: {}, and so on.", describe_group(analysis, &[&cycle[0]]))
        }
        (cycle, None) => {
            let groups = group_links(cycle);
            let mut parts: Vec<String> =
                groups.iter().take(MAX_NAMED_LINKS).map(|links| describe_group(analysis, links)).collect();
            if groups.len() > MAX_NAMED_LINKS {
                let left: usize = groups[MAX_NAMED_LINKS..].iter().map(Vec::len).sum();
                let are = if left == 1 { "is" } else { "are" };
                parts.push(format!("{} {are} in the same ring", format_count(left as u64, "more worker")));
            }
            format!("{}.", parts.join("; "))
        }
    }
}

/// Returns the resource if all hold and want the same one: permits, or an rwlock that all read and want to write.
fn shared_resource<'a>(analysis: &Analysis<'a>, cycle: &[CycleLink]) -> Option<(&'a str, LockCapacity)> {
    let on = cycle.first()?.wants;
    let all =
        cycle.len() > 1 && cycle.iter().all(|link| link.holds == on && link.wants == on && !link.is_ahead_in_queue);
    Some((analysis.resource_name(on), analysis.model.lock(on).filter(|_| all)?.capacity()))
}

/// Groups the links that differ in nothing but the worker.
fn group_links(cycle: &[CycleLink]) -> Vec<Vec<&CycleLink>> {
    let mut groups: Vec<Vec<&CycleLink>> = Vec::new();
    for link in cycle {
        let key = |link: &CycleLink| (link.holds, link.wants, link.is_ahead_in_queue, is_held_and_wanted(link));
        match groups.iter_mut().find(|group| key(group[0]) == key(link)) {
            Some(group) => group.push(link),
            None => groups.push(vec![link]),
        }
    }
    groups
}

/// Whether the worker holds some of the permits it waits for.
fn is_held_and_wanted(link: &CycleLink) -> bool {
    link.waits_for.contains(&link.worker)
}

/// `a and b hold x and wait for y`.
fn describe_group(analysis: &Analysis<'_>, links: &[&CycleLink]) -> String {
    let link = links[0];
    let names: Vec<&str> = links.iter().map(|link| analysis.worker_name(link.worker)).collect();
    let many = names.len() > 1;
    let (hold, wait) = if many { ("hold", "wait") } else { ("holds", "waits") };
    let (who, holds, wants) =
        (join_names(&names), analysis.resource_name(link.holds), analysis.resource_name(link.wants));
    let wants = match analysis.model.registry().life_owner(link.wants) {
        Some(_) => format!("the {wants}"),
        None if is_held_and_wanted(link) => format!("{wants} again"),
        None => wants.to_owned(),
    };
    if link.is_ahead_in_queue {
        return format!("{who} {wait} in line for {holds} ahead of the next reader");
    }
    match analysis.model.registry().life_owner(link.holds) {
        Some(_) => format!("{who} {wait} for {wants}"),
        None if is_held_and_wanted(link) && link.holds != link.wants => {
            format!("{who} {hold} {holds} and {} and {wait} for {wants}", analysis.resource_name(link.wants))
        }
        None => format!("{who} {hold} {holds} and {wait} for {wants}"),
    }
}

fn suggest_fix(analysis: &Analysis<'_>, deadlock: &Deadlock) -> String {
    let cycle = &deadlock.cycle;
    if cycle.iter().all(|link| is_result(analysis, link.wants)) {
        return "Do not wait for a task inside a task of the same pool, or use another pool for the inner tasks."
            .into();
    }
    if cycle.iter().any(|link| is_life(analysis, link.wants)) {
        return if cycle.len() == 1 {
            "Have another worker wait for its end.".into()
        } else {
            "Release what a worker needs before waiting for it to end.".into()
        };
    }
    if let Some(link) = cycle.iter().find(|link| link.is_ahead_in_queue) {
        return format!(
            "Do not read {} again while holding it, or give readers precedence.",
            analysis.resource_name(link.holds)
        );
    }
    match shared_resource(analysis, cycle) {
        Some((_, LockCapacity::Permits { .. })) => {
            return "Take all permits in one step, or have enough that one worker always gets all it needs.".into();
        }
        Some((on, _)) => {
            return format!("Release {on} before asking to write it, or take it for writing from the start.");
        }
        None => {}
    }
    match (cycle.iter().find(|link| is_held_and_wanted(link)), wanted_resources(cycle).as_slice()) {
        (Some(link), _) if has_permits(analysis, link.wants) => {
            format!("Take all permits of {} in one step, before any other lock.", analysis.resource_name(link.wants))
        }
        (_, [on]) => format!("Do not take {} again while holding it.", analysis.resource_name(*on)),
        (_, [one, other]) => {
            format!(
                "Take {} and {} in the same order everywhere.",
                analysis.resource_name(*one),
                analysis.resource_name(*other)
            )
        }
        _ => "Take all of them in the same order everywhere.".into(),
    }
}

/// Returns the resources that the cycle waits for, in order.
fn wanted_resources(cycle: &[CycleLink]) -> Vec<ResourceId> {
    let mut wanted: Vec<ResourceId> = cycle.iter().map(|link| link.wants).collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

fn evidence(analysis: &Analysis<'_>, deadlock: &Deadlock) -> String {
    let waits =
        |link: &CycleLink| format!("{} for {}", analysis.worker_name(link.worker), analysis.now.span_since(link.since));
    let mut waits: Vec<String> = deadlock.cycle.iter().take(MAX_FINDINGS).map(waits).collect();
    if deadlock.cycle.len() > MAX_FINDINGS {
        waits.push(format!("{} more", deadlock.cycle.len() - MAX_FINDINGS));
    }
    let mut text = format!("Deadlocked {} after the start. Waiting: {}.", Span(deadlock.closed_at.0), waits.join(", "));
    if !deadlock.is_simple_cycle() {
        text.extend(wanted_resources(&deadlock.cycle).into_iter().map(|on| holders(analysis, &deadlock.cycle, on)));
    }
    if !deadlock.victims.is_empty() {
        let names: Vec<&str> = deadlock.victims.iter().map(|w| analysis.worker_name(*w)).collect();
        let _ = write!(text, " Stuck behind them: {}.", join_names(&names));
    }
    let others = analysis.model.deadlocks().iter().filter(|other| *other != deadlock);
    let others: BTreeSet<WorkerId> = others.flat_map(|other| other.workers.iter().copied()).collect();
    let both: Vec<&str> =
        deadlock.workers.iter().filter(|w| others.contains(w)).map(|w| analysis.worker_name(*w)).collect();
    if !both.is_empty() {
        let wait = if both.len() == 1 { "waits" } else { "wait" };
        let _ = write!(text, " {} also {wait} for another deadlock.", join_names(&both));
    }
    if deadlock.evidence == Evidence::Observed {
        text.push_str(" Observed, not proven by lock numbers: two looks from outside agree, and none of them moved.");
    }
    if analysis.model.is_deadlock_refuted() {
        text.push_str(" The workers' own wait slots do not confirm this.");
    }
    text
}

/// Names the holders of a resource, where several workers wait for it or one needs it of several.
fn holders(analysis: &Analysis<'_>, cycle: &[CycleLink], on: ResourceId) -> String {
    let in_line =
        |w: &WorkerId| cycle.iter().any(|link| link.worker == *w && link.is_ahead_in_queue && link.holds == on);
    let mut holders: Vec<WorkerId> =
        cycle.iter().filter(|link| link.wants == on).flat_map(|link| link.waits_for.iter().copied()).collect();
    holders.retain(|w| !in_line(w));
    holders.sort_unstable();
    holders.dedup();
    let names: Vec<&str> = holders.iter().map(|w| analysis.worker_name(*w)).collect();
    if names.is_empty() || is_life(analysis, on) {
        return String::new();
    }
    format!(" {} is held by {}.", analysis.resource_name(on), join_names(&names))
}

/// Whether it stands for the results of a pool, which its workers owe to those that wait.
fn is_result(analysis: &Analysis<'_>, on: ResourceId) -> bool {
    matches!(analysis.model.registry().resource(on).map(|resource| &resource.kind), Some(ResourceKind::Event))
}

fn is_life(analysis: &Analysis<'_>, on: ResourceId) -> bool {
    analysis.model.registry().life_owner(on).is_some()
}

fn has_permits(analysis: &Analysis<'_>, on: ResourceId) -> bool {
    analysis.model.lock(on).is_some_and(|lock| matches!(lock.capacity(), LockCapacity::Permits { .. }))
}
