//! The totals of a run at earlier moments, for a cursor in the past.

use super::figures::Totals;
use crate::model::{Finding, Model, Severity};
use crate::trace::format::compact_duration;
use crate::trace::{Span, Stamp};

/// Time between two kept moments: the time for which figures are held on the screen.
pub(super) const SAMPLE_INTERVAL: Span = Span::from_millis(350);

/// Totals that are older by this much are shown as present ones: a frame.
const SHORT_LAG: Span = Span::from_millis(50);

/// Most bytes in use. Beyond that every other moment of the older half is dropped, first those whose findings are the
/// same as before.
const MAX_BYTES: usize = 4 << 20;

/// Most appearances and ends of findings that are kept.
const MAX_CHANGES: usize = 400;

/// A finding that was away for less time has not gone.
const SHORT_ABSENCE: Span = Span::from_millis(3_000);

/// A finding that appeared, or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FindingChange {
    pub(super) at: Stamp,
    pub(super) id: &'static str,
    pub(super) severity: Severity,
    /// The sentence with which it appeared; `None` if it went.
    pub(super) sentence: Option<String>,
}

/// The kept moments, the oldest first.
#[derive(Debug, Default)]
pub(super) struct TotalsHistory {
    samples: Vec<Totals>,
    /// When findings appeared and went, in order of time.
    changes: Vec<FindingChange>,
    bytes: usize,
    /// Whether only the end of the run is known.
    is_end_only: bool,
}

impl TotalsHistory {
    /// Returns the history of a run of which only the end was kept.
    pub(super) fn from_end_of(model: &Model, at: Stamp) -> Self {
        let mut past = Self { is_end_only: true, ..Self::default() };
        past.record(Totals::capture(model, at));
        past
    }

    /// Whether the next moment is due.
    pub(super) fn is_due(&self, at: Stamp) -> bool {
        self.samples.last().is_none_or(|last| at.span_since(last.at) >= SAMPLE_INTERVAL)
    }

    /// Whether no kept moment is this one or a little earlier.
    pub(super) fn lacks(&self, at: Stamp) -> bool {
        self.samples.last().is_none_or(|last| at.span_since(last.at) > SHORT_LAG || last.at > at)
    }

    /// Records a moment, in place of any that is not earlier.
    pub(super) fn record(&mut self, totals: Totals) {
        while self.samples.last().is_some_and(|last| last.at >= totals.at) {
            self.bytes -= self.samples.pop().map_or(0, |last| last.byte_size());
        }
        self.note_changes(&totals);
        self.bytes += totals.byte_size();
        self.samples.push(totals);
        while self.bytes > MAX_BYTES && self.samples.len() > 2 {
            self.thin_out();
        }
    }

    /// Notes which findings appeared and which went. One that went for a moment only stays.
    fn note_changes(&mut self, totals: &Totals) {
        let (changes, at) = (&mut self.changes, totals.at);
        changes.truncate(changes.partition_point(|change| change.at < at));
        for (i, finding) in totals.findings.iter().enumerate() {
            if totals.findings[..i].iter().any(|other| other.id == finding.id) {
                continue;
            }
            match changes.iter().rposition(|change| change.id == finding.id) {
                Some(last) if changes[last].sentence.is_some() => {}
                Some(last) if at.span_since(changes[last].at) < SHORT_ABSENCE => drop(changes.remove(last)),
                _ => changes.push(FindingChange {
                    at: finding.at.filter(|since| *since <= at).unwrap_or(at),
                    id: finding.id,
                    severity: finding.severity,
                    sentence: Some(finding.sentence.clone()),
                }),
            }
        }
        let is_present = |id: &str| totals.findings.iter().any(|finding| finding.id == id);
        let gone: Vec<FindingChange> = changes
            .iter()
            .enumerate()
            .filter(|(i, change)| {
                change.sentence.is_some() && !changes[i + 1..].iter().any(|later| later.id == change.id)
            })
            .filter(|(_, change)| !is_present(change.id))
            .map(|(_, change)| FindingChange { at, sentence: None, ..change.clone() })
            .collect();
        changes.extend(gone);
        changes.sort_by_key(|change| change.at);
        let excess = changes.len().saturating_sub(MAX_CHANGES);
        changes.drain(..excess);
    }

    /// Returns when findings appeared and went, in order of time.
    pub(super) fn finding_changes(&self) -> &[FindingChange] {
        &self.changes
    }

    fn thin_out(&mut self) {
        let half = self.samples.len() / 2;
        let says_nothing_new = |(i, pair): (usize, &[Totals])| i % 2 == 0 && pair[1].has_same_findings(&pair[0]);
        let mut drops: Vec<bool> = self.samples[..half].windows(2).enumerate().map(says_nothing_new).collect();
        drops.insert(0, false);
        if !drops.contains(&true) {
            drops = (0..half.max(2)).map(|i| i % 2 == 1).collect();
        }
        let mut i = 0;
        self.samples.retain(|_| {
            i += 1;
            !drops.get(i - 1).copied().unwrap_or(false)
        });
        self.bytes = self.samples.iter().map(Totals::byte_size).sum();
    }

    /// Returns the totals at `at`: those of the newest kept moment that is not later, or those of the end if no others
    /// are known.
    pub(super) fn totals_at(&self, at: Stamp) -> Totals {
        let next = self.samples.partition_point(|totals| totals.at <= at);
        let then = if self.is_end_only { self.samples.last() } else { self.samples[..next].last() };
        let mut totals = then.cloned().unwrap_or_default();
        if totals.at > at {
            totals.findings.clear();
        }
        let known: Vec<_> = totals.findings.iter().map(|f| (f.id, f.subject)).collect();
        if let Some(later) = self.samples.get(next) {
            let noticed = later.findings.iter().filter(|f| !known.contains(&(f.id, f.subject)));
            totals.findings.extend(noticed.filter_map(|f| backdate_finding(f, at, later.at, self.is_end_only)));
        }
        totals.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        totals
    }

    /// Returns the newest problem that was known before `at` and passes the test.
    pub(super) fn last_problem(&self, at: Stamp, is_reported: impl Fn(&Finding) -> bool) -> Option<&Finding> {
        let earlier = self.samples.partition_point(|totals| totals.at < at);
        let is_problem = |finding: &&Finding| finding.severity > Severity::Note && is_reported(finding);
        self.samples[..earlier].iter().rev().find_map(|totals| totals.findings.iter().find(is_problem))
    }

    /// Whether figures that count from the beginning of the run are those of its end.
    pub(super) fn is_end_only(&self) -> bool {
        self.is_end_only
    }
}

/// Returns a finding that was noticed after `at`, if it was true at `at` or nothing else is known.
fn backdate_finding(finding: &Finding, at: Stamp, noticed: Stamp, is_end_only: bool) -> Option<Finding> {
    let note = match finding.at {
        Some(since) if since <= at => format!("noticed {} later", compact_duration(noticed.span_since(at))),
        None if is_end_only => "at the end of the run".to_owned(),
        _ => return None,
    };
    Some(Finding { sentence: format!("{} ({note})", finding.sentence), ..finding.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &'static str, at: Option<Stamp>, words: &str) -> Finding {
        Finding {
            id,
            severity: Severity::Warning,
            sentence: words.into(),
            evidence: String::new(),
            fix: String::new(),
            subject: None,
            at,
        }
    }

    fn moment(at: u64, findings: Vec<Finding>) -> Totals {
        let mut totals = Totals::default();
        (totals.at, totals.findings) = (Stamp(at * 1_000_000), findings);
        totals
    }

    fn sentences(past: &TotalsHistory, at: u64) -> Vec<String> {
        past.totals_at(Stamp(at * 1_000_000)).findings.into_iter().map(|f| f.sentence).collect()
    }

    #[test]
    fn findings_are_those_known_at_the_moment() {
        let mut past = TotalsHistory::default();
        past.record(moment(400, Vec::new()));
        past.record(moment(800, vec![finding("convoy", None, "40 % wait")]));
        past.record(moment(1_200, vec![finding("convoy", None, "60 % wait")]));
        past.record(moment(1_600, vec![finding("stall", Some(Stamp(1_300_000_000)), "stuck")]));
        assert_eq!(sentences(&past, 300), Vec::<String>::new());
        assert_eq!(sentences(&past, 799), Vec::<String>::new(), "not noticed yet");
        assert_eq!(
            (sentences(&past, 800), sentences(&past, 1_199)),
            (vec!["40 % wait".into()], vec!["40 % wait".into()])
        );
        assert_eq!(sentences(&past, 1_250), ["60 % wait"]);
        assert_eq!(sentences(&past, 1_300), ["60 % wait", "stuck (noticed 300 ms later)"], "true since then");
        assert_eq!(sentences(&past, 9_000), ["stuck"]);
    }

    #[test]
    fn appearance_and_end_of_a_finding_are_kept_unless_it_was_away_for_a_moment_only() {
        let mut past = TotalsHistory::default();
        let with = |at| moment(at, vec![finding("convoy", None, "40 % wait")]);
        for totals in [moment(400, Vec::new()), with(800), moment(1_200, Vec::new()), with(1_600)] {
            past.record(totals);
        }
        let changes = |past: &TotalsHistory| -> Vec<_> {
            let changes = past.finding_changes().iter();
            changes.map(|change| (change.at.0 / 1_000_000, change.sentence.is_some())).collect()
        };
        assert_eq!(changes(&past), [(800, true)], "400 ms are a moment");
        past.record(moment(2_000, Vec::new()));
        past.record(with(9_000));
        assert_eq!(changes(&past), [(800, true), (2_000, false), (9_000, true)]);
    }

    #[test]
    fn last_problem_is_the_newest_one_before_the_moment() {
        let mut past = TotalsHistory::default();
        past.record(moment(400, vec![finding("convoy", None, "40 % wait")]));
        past.record(moment(800, vec![finding("convoy", None, "60 % wait")]));
        past.record(moment(1_200, Vec::new()));
        let at = |ms: u64| past.last_problem(Stamp(ms * 1_000_000), |_| true).map(|finding| finding.sentence.as_str());
        assert_eq!(
            (at(400), at(500), at(1_200), at(9_000)),
            (None, Some("40 % wait"), Some("60 % wait"), Some("60 % wait"))
        );
        assert_eq!(past.last_problem(Stamp(u64::MAX), |finding| finding.id != "convoy"), None, "muted");
    }

    #[test]
    fn findings_known_only_from_the_end_are_marked() {
        let past = TotalsHistory {
            samples: vec![moment(5_000, vec![finding("convoy", None, "a"), finding("stall", Some(Stamp(1)), "b")])],
            is_end_only: true,
            ..TotalsHistory::default()
        };
        assert_eq!(sentences(&past, 1_000), ["a (at the end of the run)", "b (noticed 4.0 s later)"]);
        assert_eq!(sentences(&past, 5_000), ["a", "b"]);
    }

    #[test]
    fn kept_moments_stay_within_their_budget_and_keep_changes() {
        let mut past = TotalsHistory::default();
        let words = "x".repeat(4 << 10);
        for i in 0..20_000_u64 {
            let findings = if i == 77 { Vec::new() } else { vec![finding("convoy", None, &words)] };
            past.record(moment(i * 350, findings));
            assert!(past.bytes <= MAX_BYTES);
        }
        assert!(sentences(&past, 77 * 350).is_empty(), "the moment without findings is kept");
        assert!(past.samples.len() > 400);
        assert_eq!(past.bytes, past.samples.iter().map(Totals::byte_size).sum::<usize>());
    }
}
