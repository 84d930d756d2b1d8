//! The sentences about a program: the compared figure, and the cost of its tracer.

use super::TuningSubject;
use crate::trace::Span;
use crate::trace::format::format_percent;
use crate::tune::stats::{mean, ratio_of_means};
use crate::tune::tuning::Tuning;
use crate::tune::work_unit::WorkUnit;

/// Names the compared figure, and how much longer a run takes with the tracer.
pub(super) fn program_sentences(tuning: &Tuning, subject: &TuningSubject<'_>) -> Vec<String> {
    let compared = match subject.work {
        WorkUnit::ProgramTasks => {
            "Compared by the tasks that the program's pools complete in a second of its run time."
        }
        WorkUnit::Runs => "Compared by how long a whole run takes, from its start to its end.",
        _ => return Vec::new(),
    };
    [Some(compared.to_owned()), tracer_sentence(tuning, subject)].into_iter().flatten().collect()
}

fn tracer_sentence(tuning: &Tuning, subject: &TuningSubject<'_>) -> Option<String> {
    let level = tuning.recommended_level()?;
    let fresh = tuning.confirmation.find(level.value);
    let repetitions = level.repetitions.iter().chain(fresh.iter().flat_map(|fresh| &fresh.repetitions));
    let traced: Vec<f64> = repetitions.filter_map(|one| one.run_secs).collect();
    let bare = &tuning.untraced_secs;
    let longer = ratio_of_means(&traced, bare)?;
    let [mean_traced, mean_bare] = [mean(&traced), mean(bare)].map(|secs| Span((secs * 1e9) as u64));
    let change = |ratio: f64| format_percent((ratio - 1.0).max(0.0));
    Some(format!(
        "Every run has the tracer: with {} it takes {mean_traced}, without the tracer {mean_bare} (90 % interval of \
         the difference: {} to {}).",
        subject.level_name(level.value),
        change(longer.low),
        change(longer.high)
    ))
}
