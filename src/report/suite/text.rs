//! What came of testing scenarios, for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::super::table::Look;
use super::super::words::{ended, many};
use super::{Kind, Outcome, Tested};
use crate::trace::RunEnd;

/// How many of the slowest runs are named, when there are more than twice as many.
const SLOWEST: usize = 5;

/// Every expectation with the figures it rests on, and at the end how many were seen.
pub fn tests_text(tested: &[Tested<'_>], skipped: &[&str], look: Look) -> String {
    let mut out = String::new();
    for one in tested {
        look.heading(&mut out, &one.scenario.name);
        if one.variants.is_empty() {
            out.push_str("  ");
            look.wrap(&mut out, "it expects nothing, so there is nothing to see", 2, 2, Style::new());
        }
        for at in 0..one.variants.len() {
            variant(one, at, look, &mut out);
        }
        let compared = one.of_comparisons();
        if !compared.is_empty() {
            out.push_str("  ");
            look.wrap(&mut out, "beside each other", 2, 4, Style::new().dimmed());
        }
        for outcome in compared {
            line(&mut out, look, outcome);
        }
    }
    out.push('\n');
    for name in skipped {
        let _ = writeln!(out, "{name} was skipped: it runs commands of its own, which --allow-exec allows");
    }
    out + &slowest(tested) + &sum(tested)
}

fn variant(one: &Tested<'_>, at: usize, look: Look, out: &mut String) {
    let knobs = one.scenario.label(&one.variants[at]);
    let knobs = if knobs.is_empty() { "as it is" } else { &knobs };
    out.push_str("  ");
    look.wrap(out, &format!("{knobs}, {:.1} s", seconds(one, at)), 2, 4, Style::new().dimmed());
    for trial in one.rounds.iter().filter_map(|round| round.trials.get(at)) {
        if let RunEnd::Crashed(_) = trial.ended {
            line(out, look, Outcome { of: 1, ..Outcome::none(&ended(&trial.ended)) });
        }
    }
    for outcome in one.of_variant(at) {
        line(out, look, outcome);
    }
}

/// How long the runs of a variant went on, on average.
fn seconds(one: &Tested<'_>, at: usize) -> f64 {
    let times = one.rounds.iter().filter_map(|round| round.trials.get(at)).map(|trial| trial.at.secs());
    times.sum::<f64>() / one.rounds.len().max(1) as f64
}

fn line(out: &mut String, look: Look, outcome: Outcome<'_>) {
    let Outcome { text, seen, of, evidence, .. } = outcome;
    let (word, colour) = match outcome.kind() {
        Kind::Seen => ("seen", AnsiColor::Green),
        Kind::NotJudged => ("not judged", AnsiColor::Yellow),
        Kind::Missed => ("not seen", AnsiColor::Red),
    };
    let word = if of > 1 { format!("{seen} of {of}") } else { word.to_owned() };
    let word = format!("{word:8}");
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let _ = write!(out, "    {}  ", look.paint(&word, style));
    look.wrap(out, text, 6 + word.len(), 14, Style::new());
    if !evidence.is_empty() {
        out.push_str(&" ".repeat(14));
        look.wrap(out, evidence, 14, 14, Style::new().dimmed());
    }
}

/// `slowest: livelock manners=retry 6.0 s, ...`; nothing when there are few runs.
fn slowest(tested: &[Tested<'_>]) -> String {
    let name = |one: &Tested<'_>, at: usize| {
        format!("{} {}", one.scenario.name, one.scenario.label(&one.variants[at])).trim_end().to_owned()
    };
    let cases = tested.iter().flat_map(|one| (0..one.variants.len()).map(move |at| (one, at)));
    let mut runs: Vec<(f64, String)> = cases.map(|(one, at)| (seconds(one, at), name(one, at))).collect();
    if runs.len() <= 2 * SLOWEST {
        return String::new();
    }
    runs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let shown: Vec<String> = runs.iter().take(SLOWEST).map(|(time, name)| format!("{name} {time:.1} s")).collect();
    format!("slowest: {}\n", shown.join(", "))
}

/// `29 of 32 expectations seen, 1 not seen, 2 not judged in 17 runs of 9 scenarios; not as expected: crash`.
fn sum(tested: &[Tested<'_>]) -> String {
    let outcomes: Vec<Outcome<'_>> = tested.iter().flat_map(Tested::outcomes).collect();
    let of_kind = |kind| outcomes.iter().filter(|outcome| outcome.kind() == kind).count();
    let (seen, missed, not_judged) = (of_kind(Kind::Seen), of_kind(Kind::Missed), of_kind(Kind::NotJudged));
    let rest = if not_judged > 0 { format!(", {missed} not seen, {not_judged} not judged") } else { String::new() };
    let runs = tested.iter().flat_map(|one| &one.rounds).map(|round| round.trials.len()).sum::<usize>();
    let rounds = tested.first().map_or(1, |one| one.rounds.len());
    let hint = "not judged: other programs used the cores; try again on a calm machine\n";
    let mut out = if not_judged > 0 { hint.to_owned() } else { String::new() };
    let _ = write!(
        out,
        "{seen} of {} seen{}{rest} in {} of {}",
        many(outcomes.len() as u64, "expectation"),
        if rounds > 1 { format!(" each of {rounds} times") } else { String::new() },
        many(runs as u64, "run"),
        many(tested.len() as u64, "scenario")
    );
    let missed: Vec<&str> = tested.iter().filter(|one| !one.passed()).map(|one| one.scenario.name.as_str()).collect();
    if !missed.is_empty() {
        let _ = write!(out, "; not as expected: {}", missed.join(", "));
    }
    out + "\n"
}
