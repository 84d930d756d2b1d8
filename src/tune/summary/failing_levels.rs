//! The sentence about failing levels: which levels fail, why, and the nearest levels that work.

use super::TuningSubject;
use crate::model::join_names;
use crate::trace::format::format_counted;
use crate::tune::curve::Level;
use crate::tune::levels::midpoint_level;
use crate::tune::tuning::Tuning;

/// Returns a failure in a word or two, without its details.
pub(super) fn short_failure_reason(why: &str) -> &str {
    let end = [":", " of ", " in "].iter().filter_map(|sign| why.find(sign)).min();
    why[..end.unwrap_or(why.len())].trim()
}

/// Lists the levels that fail, and the borders between failing and working levels.
pub(super) fn failing_levels_sentence(tuning: &Tuning, subject: &TuningSubject<'_>) -> Option<String> {
    let fails = |level: &&Level| !level.failures.is_empty();
    let failing: Vec<&Level> = tuning.curve.levels().iter().filter(fails).collect();
    let why = failing.first()?.failures.first()?;
    let values: Vec<String> = failing.iter().map(|level| subject.knob.format_value(level.value)).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let borders: Vec<String> =
        tuning.curve.working_borders().map(|(low, high)| describe_border(low, high, tuning, subject)).collect();
    let borders = borders.join("; ");
    let name = &subject.knob.name;
    Some(format!(
        "Fails with {name} {} ({why}){}{borders}.",
        join_names(&values),
        if borders.is_empty() { "" } else { "; " }
    ))
}

fn describe_border(low: &Level, high: &Level, tuning: &Tuning, subject: &TuningSubject<'_>) -> String {
    let name = |level: &Level| subject.short_level_name(level.value);
    let counts = [low, high].iter().all(|level| level.value.fract().total_cmp(&0.0).is_eq());
    if midpoint_level(low.value, high.value, counts).is_some() {
        return format!("no level between {} and {} was measured", name(low), name(high));
    }
    let works = if low.is_working() { low } else { high };
    let runs =
        works.repetitions.len() + tuning.confirmation.find(works.value).map_or(0, |level| level.repetitions.len());
    let which = if low.is_working() { "highest working level below" } else { "lowest working level above" };
    format!("the {which} is {} (worked in {})", name(works), format_counted(runs as u64, "run"))
}
