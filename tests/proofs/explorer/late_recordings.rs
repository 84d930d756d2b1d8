//! Recordings that begin during a run: wherever its messages are cut, the part that follows has no invalid event, and
//! no verdict that the whole run does not have.

use std::sync::Arc;

use contend::model::{Budget, Model};
use contend::trace::{Message, Registry};

use crate::explorer::wire::registry;
use crate::explorer::{Trial, limited_program, named_workers};
use crate::late_start::begun_late;

/// Counts over all programs.
#[derive(Debug, Default)]
pub struct LateCounts {
    pub cuts: u64,
    /// Whole runs with a verdict, and parts with one.
    pub verdicts: u64,
    pub late_verdicts: u64,
}

fn model_after(registry: &Arc<Registry>, messages: &[Message]) -> Model {
    let mut model = Model::new(Arc::clone(registry), Budget { bytes: 1 << 14 });
    for message in messages {
        model.apply(message);
    }
    model
}

/// Cuts the runs of these programs everywhere.
pub fn check_cuts(seeds: std::ops::Range<u64>) -> LateCounts {
    let mut counts = LateCounts::default();
    for seed in seeds {
        let (program, mut rng) = limited_program(seed);
        let mut trial = Trial::new(&program);
        trial.wire.log = Some(Vec::new());
        trial.run_to_rest(&mut rng).unwrap_or_else(|why| panic!("seed {seed}: {why}\n{program:?}"));
        let (registry, messages) = (registry(&program), trial.wire.log.take().expect("they were kept"));
        let truth = named_workers(&trial.wire.model);
        counts.verdicts += u64::from(truth != 0);
        for cut in 1..messages.len() {
            let late = begun_late(&messages, cut);
            let model = model_after(&registry, &late);
            let context = || format!("seed {seed}, cut after {cut} messages: {late:#?}\n{program:?}");
            assert_eq!(model.health().anomalies, 0, "events out of place: {}", context());
            assert_eq!(model.health().disagreements, 0, "{}", context());
            let said = named_workers(&model);
            assert_eq!(said & !truth, 0, "false: {said:b}, in truth {truth:b}; {}", context());
            counts.cuts += 1;
            counts.late_verdicts += u64::from(said != 0);
        }
    }
    counts
}
