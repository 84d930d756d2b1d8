//! The deadlocks in the text report: the steps that led to each, and its consequences.

use std::fmt::Write;

use anstyle::Style;

use crate::model::{CycleLink, Deadlock, join_names, stuck_forever_sentence};
use crate::report::Report;
use crate::report::table::TextFormat;
use crate::trace::format::format_counted;
use crate::trace::{Evidence, Span, Stamp, WorkerId};

/// Most deadlocks, and most workers of one ring, that are listed.
const MAX_LISTED: usize = 12;

pub(super) fn write(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let all = report.model.deadlocks();
    for (nth, deadlock) in all.iter().take(MAX_LISTED).enumerate() {
        let after = deadlock.closed_at.span_since(Stamp::default());
        let which = if all.len() == 1 { String::new() } else { format!(" {} of {}", nth + 1, all.len()) };
        text_format.write_heading(out, &format!("Deadlock{which}, {after} after the start"));
        let lines = step_lines(report, deadlock);
        for (at, line) in lines.iter().enumerate() {
            let number = format!("  {}. ", at + 1);
            out.push_str(&number);
            text_format.write_wrapped(out, line, number.len(), number.len(), Style::new());
        }
        out.push_str("  ");
        text_format.write_wrapped(out, &describe_consequence(report, deadlock, nth), 2, 2, Style::new());
        out.push_str("  ");
        text_format.write_wrapped(out, describe_evidence(deadlock.evidence), 2, 2, Style::new());
    }
    if all.len() > MAX_LISTED {
        let more = format_counted((all.len() - MAX_LISTED) as u64, "more deadlock");
        text_format.write_heading(out, &format!("{more}: add --json to list all"));
    }
}

/// Returns a line for each worker of the ring: what it holds and wants, in the order in which they began to wait.
fn step_lines(report: &Report<'_>, deadlock: &Deadlock) -> Vec<String> {
    let mut order: Vec<&CycleLink> = deadlock.cycle.iter().collect();
    order.sort_by_key(|link| link.since);
    let mut steps: Vec<String> =
        order.iter().take(MAX_LISTED).map(|link| describe_step(report, deadlock, link)).collect();
    if order.len() > MAX_LISTED {
        steps.push(format!("and {} of the ring", format_counted((order.len() - MAX_LISTED) as u64, "more worker")));
    }
    steps
}

fn describe_step(report: &Report<'_>, deadlock: &Deadlock, link: &CycleLink) -> String {
    let registry = report.model.registry();
    let (who, wants) = (registry.worker_name(link.worker), registry.resource_name(link.wants));
    let mut text = match registry.life_owner(link.holds) {
        None if !link.is_ahead_in_queue => format!("{who} holds {} and waits for ", registry.resource_name(link.holds)),
        _ => format!("{who} waits for "),
    };
    let is_ahead_in_queue = |w: &&WorkerId| {
        let mut ring = deadlock.cycle.iter();
        ring.any(|other| other.worker == **w && other.is_ahead_in_queue && other.holds == link.wants)
    };
    let (ahead, holders): (Vec<&WorkerId>, Vec<&WorkerId>) = link.waits_for.iter().partition(is_ahead_in_queue);
    let name = |w: &&WorkerId| if **w == link.worker { "it itself" } else { registry.worker_name(**w) };
    let names = |workers: &[&WorkerId]| join_names(&workers.iter().map(name).collect::<Vec<_>>());
    let hold = if holders.len() > 1 { "hold" } else { "holds" };
    let _ = match registry.life_owner(link.wants) {
        Some(of) if of == link.worker => write!(text, "its own end"),
        Some(_) => write!(text, "the {wants}"),
        None if holders.is_empty() => write!(text, "{wants}"),
        None => write!(text, "{wants}, which {} {hold}", names(&holders)),
    };
    if !ahead.is_empty() {
        let _ = write!(text, ", behind {} in its queue", names(&ahead));
    }
    let waited: Span = report.ended_at.span_since(link.since);
    let _ = write!(text, ": since {}, for {waited}", link.since.span_since(Stamp::default()));
    text
}

const fn describe_evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Numbered => "Proven by the numbers that the locks give to their holders.",
        Evidence::Observed => "Observed, not proven: two looks from outside agree, and none of them moved in between.",
    }
}

/// Describes the consequences of a deadlock: for its ring, for its victims, and for workers that another deadlock
/// blocks too.
fn describe_consequence(report: &Report<'_>, deadlock: &Deadlock, nth: usize) -> String {
    let name = |worker: &WorkerId| report.model.registry().worker_name(*worker);
    let mut text = stuck_forever_sentence(deadlock.cycle.len());
    if !deadlock.victims.is_empty() {
        let names: Vec<&str> = deadlock.victims.iter().map(name).collect();
        let (those, wait) =
            (format_counted(names.len() as u64, "victim"), if names.len() == 1 { "waits" } else { "wait" });
        let _ = write!(text, " {those} outside the ring {wait} for it: {}.", join_names(&names));
    }
    for (other, theirs) in
        report.model.deadlocks().iter().enumerate().filter(|(other, _)| *other != nth).take(MAX_LISTED)
    {
        let both: Vec<&str> = deadlock.workers.iter().filter(|w| theirs.victims.contains(w)).map(name).collect();
        if !both.is_empty() {
            let wait = if both.len() == 1 { "waits" } else { "wait" };
            let _ = write!(text, " {} also {wait} for deadlock {}.", join_names(&both), other + 1);
        }
    }
    text
}
