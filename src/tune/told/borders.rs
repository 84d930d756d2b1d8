//! At which levels it does not work, and where that begins or ends.

use super::Subject;
use crate::model::listed;
use crate::tune::curve::Level;
use crate::tune::levels::halfway;
use crate::tune::tuning::Tuning;

/// A failure in a word or two: what stands before its details.
pub(super) fn reason(why: &str) -> &str {
    let end = [":", " of ", " in "].iter().filter_map(|sign| why.find(sign)).min();
    why[..end.unwrap_or(why.len())].trim()
}

/// The levels that do not work, and between which levels that changes.
pub(super) fn sentence(tuning: &Tuning, subject: &Subject<'_>) -> Option<String> {
    let fails = |level: &&Level| !level.failures.is_empty();
    let failing: Vec<&Level> = tuning.curve.levels().iter().filter(fails).collect();
    let why = failing.first()?.failures.first()?;
    let values: Vec<String> = failing.iter().map(|level| subject.knob.show(level.value)).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let borders: Vec<String> = tuning.curve.borders().map(|(low, high)| border(low, high, tuning, subject)).collect();
    let borders = borders.join("; ");
    let name = &subject.knob.name;
    Some(format!(
        "Does not work with {name} {} ({why}){}{borders}.",
        listed(&values),
        if borders.is_empty() { "" } else { "; " }
    ))
}

fn border(low: &Level, high: &Level, tuning: &Tuning, subject: &Subject<'_>) -> String {
    let name = |level: &Level| subject.short(level.value);
    let counts = [low, high].iter().all(|level| level.value.fract().total_cmp(&0.0).is_eq());
    if halfway(low.value, high.value, counts).is_some() {
        return format!("nothing was measured between {} and {}", name(low), name(high));
    }
    let works = if low.works() { low } else { high };
    let runs = works.repetitions.len() + tuning.confirmed.find(works.value).map_or(0, |level| level.repetitions.len());
    let which = if low.works() { "highest that works below them" } else { "lowest that works above them" };
    format!("the {which} is {}, in all of {runs} runs", name(works))
}
