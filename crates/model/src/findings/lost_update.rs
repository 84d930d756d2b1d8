//! `lost-update`: a counter that lacks updates, because a store overwrote changes made since its load.

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_percent, format_thousands};
use crate::{Counter, Lane};
use contend_trace::FindingId;

pub(super) const ID: &str = FindingId::LostUpdate.as_str();

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    // The sum would lack additions that are among lost events.
    if !analysis.is_lossless() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for id in analysis.model.registry().counters() {
        let Some(counter) = analysis.model.counter(id) else { continue };
        let lost = counter.lost_updates().unsigned_abs();
        if lost == 0 || counter.is_bidirectional() && has_unrecorded_additions(analysis, counter) {
            continue;
        }
        let name = analysis.resource_name(id);
        let finding = Finding {
            id: ID,
            severity: Severity::Error,
            sentence: format!(
                "{}: a store overwrites what changed since its load.{}",
                describe_loss(name, counter, lost),
                analysis.former_settings_note(counter.recent_lost_updates() != 0),
            ),
            evidence: format!(
                "{name} is {}; all recorded updates add up to {}.",
                format_thousands(counter.value()),
                format_thousands(counter.comparable_expected())
            ),
            fix: "Load and store it under one lock, or use an atomic addition.".into(),
            subject: Some(FindingSubject::Resource(id)),
            at: None,
        };
        found.push((lost as f64, finding));
    }
    sort_worst_first(found.into_iter())
}

/// `90 of 100 updates of hits are lost (90 %)`. Where updates add other numbers than 1, the loss is an amount.
fn describe_loss(name: &str, counter: &Counter, lost: u64) -> String {
    let amount = counter.added_amount().max(lost);
    let share = format_percent(lost as f64 / amount as f64);
    let (lost_text, amount_text) = (format_thousands(lost as i64), format_thousands(amount as i64));
    if counter.add_count() == amount {
        let are = if lost == 1 { "is" } else { "are" };
        format!("{lost_text} of {amount_text} updates of {name} {are} lost ({share})")
    } else {
        format!("Updates of {name} worth {lost_text} of {amount_text} are lost ({share})")
    }
}

/// Whether workers may have made additions that are not recorded: while the run goes on, and those of a batch that was
/// cut off. To a counter that goes both ways they look like lost updates of the other sign.
fn has_unrecorded_additions(analysis: &Analysis<'_>, counter: &Counter) -> bool {
    let is_cut_off = |lane: &Lane| lane.is_in_life() || lane.crash_count() > 0;
    analysis.model.run_end().is_none()
        || counter.has_batches() && analysis.model.lanes().any(|(_, lane)| is_cut_off(lane))
}
