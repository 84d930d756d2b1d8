//! Each deadlock, step by step.

use std::fmt::Write;

use anstyle::Style;

use crate::model::{Deadlock, Link, listed, stuck_forever};
use crate::report::Report;
use crate::report::table::Look;
use crate::report::words::many;
use crate::trace::{Span, Stamp, WorkerId};

/// Deadlocks, and workers of one ring, that are told one by one.
const TOLD: usize = 12;

pub(super) fn write(report: &Report<'_>, look: Look, out: &mut String) {
    let all = report.model.deadlocks();
    for (nth, deadlock) in all.iter().take(TOLD).enumerate() {
        let after = deadlock.at.since(Stamp::default());
        let which = if all.len() == 1 { String::new() } else { format!(" {} of {}", nth + 1, all.len()) };
        look.heading(out, &format!("Deadlock{which}, {after} after the start"));
        let lines = steps(report, deadlock);
        for (at, line) in lines.iter().enumerate() {
            let number = format!("  {}. ", at + 1);
            out.push_str(&number);
            look.wrap(out, line, number.len(), number.len(), Style::new());
        }
        out.push_str("  ");
        look.wrap(out, &moral(report, deadlock, nth), 2, 2, Style::new());
    }
    if all.len() > TOLD {
        let more = many((all.len() - TOLD) as u64, "more deadlock");
        look.heading(out, &format!("{more}: see --json"));
    }
}

/// What each worker of the ring holds and wants, in the order they began to wait.
fn steps(report: &Report<'_>, deadlock: &Deadlock) -> Vec<String> {
    let mut order: Vec<&Link> = deadlock.ring.iter().collect();
    order.sort_by_key(|link| link.since);
    let mut steps: Vec<String> = order.iter().take(TOLD).map(|link| step(report, deadlock, link)).collect();
    if order.len() > TOLD {
        steps.push(format!("and {} that wait in the same way", many((order.len() - TOLD) as u64, "more worker")));
    }
    steps
}

fn step(report: &Report<'_>, deadlock: &Deadlock, link: &Link) -> String {
    let cast = report.model.cast();
    let (who, wants) = (cast.worker_name(link.worker), cast.resource_name(link.wants));
    let mut text = match cast.whose_life(link.holds) {
        None if !link.in_line => format!("{who} holds {} and waits for ", cast.resource_name(link.holds)),
        _ => format!("{who} waits for "),
    };
    let stands_in_line = |w: &&WorkerId| {
        let mut ring = deadlock.ring.iter();
        ring.any(|other| other.worker == **w && other.in_line && other.holds == link.wants)
    };
    let (before, holders): (Vec<&WorkerId>, Vec<&WorkerId>) = link.waits_for.iter().partition(stands_in_line);
    let name = |w: &&WorkerId| if **w == link.worker { "it itself" } else { cast.worker_name(**w) };
    let names = |workers: &[&WorkerId]| listed(&workers.iter().map(name).collect::<Vec<_>>());
    let hold = if holders.len() > 1 { "hold" } else { "holds" };
    let _ = match cast.whose_life(link.wants) {
        Some(of) if of == link.worker => write!(text, "its own end"),
        Some(_) => write!(text, "the {wants}"),
        None if holders.is_empty() => write!(text, "{wants}"),
        None => write!(text, "{wants}, which {} {hold}", names(&holders)),
    };
    if !before.is_empty() {
        let _ = write!(text, ", in line behind {}", names(&before));
    }
    let waited: Span = report.at.since(link.since);
    let _ = write!(text, ": since {}, for {waited}", link.since.since(Stamp::default()));
    text
}

/// What becomes of the ring, and of those who wait for it.
fn moral(report: &Report<'_>, deadlock: &Deadlock, nth: usize) -> String {
    let name = |worker: &WorkerId| report.model.cast().worker_name(*worker);
    let mut text = stuck_forever(deadlock.ring.len());
    if !deadlock.victims.is_empty() {
        let names: Vec<&str> = deadlock.victims.iter().map(name).collect();
        let (those, wait) = (many(names.len() as u64, "victim"), if names.len() == 1 { "waits" } else { "wait" });
        let _ = write!(text, " {those} outside the ring {wait} for it: {}.", listed(&names));
    }
    for (other, theirs) in report.model.deadlocks().iter().enumerate().filter(|(other, _)| *other != nth).take(TOLD) {
        let both: Vec<&str> = deadlock.set.iter().filter(|w| theirs.victims.contains(w)).map(name).collect();
        if !both.is_empty() {
            let wait = if both.len() == 1 { "waits" } else { "wait" };
            let _ = write!(text, " {} {wait} for deadlock {} as well.", listed(&both), other + 1);
        }
    }
    text
}
