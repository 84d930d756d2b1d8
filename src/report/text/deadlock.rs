//! A deadlock, step by step.

use std::fmt::Write;

use anstyle::Style;

use crate::model::Deadlock;
use crate::report::Report;
use crate::report::table::Look;
use crate::report::words::{listed, many};
use crate::trace::{Span, Stamp};

pub(super) fn write(report: &Report<'_>, look: Look, out: &mut String) {
    let Some(deadlock) = report.model.deadlock() else { return };
    let after = deadlock.at.since(Stamp::default());
    look.heading(out, &format!("Deadlock, {after} after the start"));
    let lines = steps(report, deadlock);
    for (at, line) in lines.iter().enumerate() {
        let number = format!("  {}. ", at + 1);
        out.push_str(&number);
        look.wrap(out, line, number.len(), number.len(), Style::new());
    }
    out.push_str("  ");
    look.wrap(out, &moral(report, deadlock), 2, 2, Style::new());
}

/// What each worker of the ring holds and wants, in the order they began to wait.
fn steps(report: &Report<'_>, deadlock: &Deadlock) -> Vec<String> {
    let cast = report.model.cast();
    let ring = &deadlock.ring;
    let mut order: Vec<usize> = (0..ring.len()).collect();
    order.sort_by_key(|at| ring[*at].since);
    let step = |at: usize| {
        let (link, next) = (&ring[at], &ring[(at + 1) % ring.len()]);
        let (who, wants) = (cast.worker_name(link.worker), cast.resource_name(link.wants));
        let mut text = match cast.whose_life(link.holds) {
            Some(_) => format!("{who} waits for "),
            None => format!("{who} holds {} and waits for ", cast.resource_name(link.holds)),
        };
        let holder = if next.worker == link.worker { "it itself" } else { cast.worker_name(next.worker) };
        let _ = match cast.whose_life(link.wants) {
            Some(of) if of == link.worker => write!(text, "its own end"),
            Some(_) => write!(text, "the {wants}"),
            None => write!(text, "{wants}, which {holder} holds"),
        };
        let waited: Span = report.at.since(link.since);
        let _ = write!(text, ": since {}, for {waited}", link.since.since(Stamp::default()));
        text
    };
    order.into_iter().map(step).collect()
}

fn moral(report: &Report<'_>, deadlock: &Deadlock) -> String {
    let who = match deadlock.ring.len() {
        0 | 1 => "It can never go on.".to_owned(),
        2 => "Neither can ever go on.".to_owned(),
        n => format!("None of the {n} can ever go on."),
    };
    if deadlock.victims.is_empty() {
        return who;
    }
    let names: Vec<&str> = deadlock.victims.iter().map(|worker| report.model.cast().worker_name(*worker)).collect();
    let (those, wait) = (many(names.len() as u64, "victim"), if names.len() == 1 { "waits" } else { "wait" });
    format!("{who} {those} outside the ring {wait} for them: {}.", listed(&names))
}
