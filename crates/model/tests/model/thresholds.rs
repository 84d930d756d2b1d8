//! The thresholds of findings: a value on either side of what a run measures makes its finding appear and vanish.

use contend_model::{Threshold, Thresholds};

use super::event_loops::heart;
use super::findings::{convoy, crowd, full_queue, greedy, mixed, on_loop, polite, poller, pool, readers, tellers};
use super::program_findings::{turns, unfed};
use super::script::{ms, play};
use super::signals::{herd, rounds};

/// A run with a finding, and a threshold on either side of what it measures.
struct Case {
    id: &'static str,
    text: String,
    now: f64,
    appears_at: f64,
    vanishes_at: f64,
}

impl Case {
    fn new(id: &'static str, (text, now): (String, f64), appears_at: f64, vanishes_at: f64) -> Self {
        Self { id, text, now, appears_at, vanishes_at }
    }

    /// Whether the run has the finding if its threshold is set to `value`.
    fn is_found_at(&self, value: f64) -> bool {
        let threshold = Threshold::of(self.id).expect("a finding with a threshold");
        let thresholds = Thresholds::DEFAULT.with(threshold, value).expect("a permitted value");
        let found = play(&self.text).with_thresholds(thresholds).findings(ms(self.now));
        found.iter().any(|finding| finding.id == self.id)
    }
}

fn cases() -> Vec<Case> {
    let spinning = |(text, end): (String, f64)| (text.replace("mutex account", "mutex account spin"), end);
    let small_queue = pool(2, 5.0, "io").replace("queue q 9999", "queue q 1000");
    let processes = pool(2, 11.0, "handover").replace("pool io threads", "pool io processes");
    vec![
        Case::new("livelock", (polite(40, "", "gives up"), 410.0), 40.0, 41.0),
        Case::new("unfed-queue", unfed(true), 1.9, 2.1),
        Case::new("lock-bound", tellers(2.0, 200), 0.70, 0.80),
        Case::new("convoy", convoy("fair", 5.0, 45.0), 3.8, 4.0),
        Case::new("gil-bound", turns(4, "gil"), 0.7, 0.8),
        Case::new("loop-blocked", (heart(80, true), 1_000.0), 0.069, 0.081),
        Case::new("loop-bound", (on_loop(1), 2_000.0), 0.74, 0.76),
        Case::new("busy-wait", (poller(9.0), 1_000.0), 0.89, 0.91),
        Case::new("busy-wait", spinning(tellers(2.0, 200)), 0.70, 0.80),
        Case::new("pool-too-small", (pool(2, 5.0, "io"), 2_000.0), 0.95, 1.0),
        Case::new("queue-bound", (full_queue(5.0, true), 1_000.0), 0.89, 0.91),
        Case::new("queue-overflow-in", (small_queue, 2_000.0), 10.0, 6.0),
        Case::new("head-of-line", (mixed(50.0, 20.0), 1_000.0), 19.0, 21.0),
        Case::new("handover-bound", (processes, 2_000.0), 0.55, 0.65),
        Case::new("straggler", (rounds(16), 2_000.0), 0.78, 0.82),
        Case::new("herd", (herd(1, 0.0), 1_300.0), 0.66, 0.68),
        Case::new("oversubscribed", (crowd(8, 0.25), 2_000.0), 0.74, 0.76),
        Case::new("starved", readers(false), 1.78, 1.80),
        Case::new("unfair", greedy(19, true), 18.5, 19.0),
        Case::new("pool-too-large", (pool(12, 15.0, "io"), 2_000.0), 0.13, 0.09),
    ]
}

#[test]
fn finding_appears_and_vanishes_with_its_threshold() {
    for case in cases() {
        assert!(case.is_found_at(case.appears_at), "{} does not appear at {}", case.id, case.appears_at);
        assert!(!case.is_found_at(case.vanishes_at), "{} does not vanish at {}", case.id, case.vanishes_at);
    }
}

#[test]
fn every_threshold_has_a_case() {
    let cases = cases();
    for threshold in Threshold::ALL {
        assert!(cases.iter().any(|case| case.id == threshold.id()), "{} has no case", threshold.id());
    }
}

#[test]
fn thresholds_of_other_findings_change_nothing() {
    let highest = |set: Thresholds, one: &Threshold| set.with(one, one.greatest).expect("permitted");
    for case in cases() {
        let others = Threshold::ALL.iter().filter(|one| one.id() != case.id).fold(Thresholds::DEFAULT, highest);
        let usual = play(&case.text);
        let changed = usual.clone().with_thresholds(others);
        let found = |model: &contend_model::Model| {
            model.findings(ms(case.now)).into_iter().find(|finding| finding.id == case.id)
        };
        assert_eq!(found(&usual), found(&changed), "{}", case.id);
    }
}
