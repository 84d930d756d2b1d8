//! What is settled of a pool for the length of a run, and where its shared words are.

use std::ops::Range;

use crate::engine::queue::queue_words;
use crate::engine::results::result_words;
use crate::scenario::{Crash, Delivery, Pool, PoolStep, Scenario, Schedule, Settings, Step};

/// Before the words of the pools: how many tasks are not over, and who may still bring some.
const HEAD: usize = 8;

/// Results that can be promised at once, beside those of a batch.
const PROMISES: u64 = 1 << 16;

#[derive(Debug, Clone, PartialEq)]
pub struct PoolPlan {
    pub schedule: Schedule,
    pub on_crash: Crash,
    /// What its feeder does with the results.
    pub delivery: Option<Delivery>,
    pub queue_words: Range<usize>,
    pub result_words: Range<usize>,
    /// Results that can be promised at once.
    pub places: u64,
}

impl PoolPlan {
    /// `free` is the first of the extra words that is not anybody's.
    pub(super) fn new(pool: &Pool, wanted: bool, room: (u32, Option<u64>), free: usize, settings: &Settings) -> Self {
        let knob = |id| settings.number(id);
        let (capacity, total) = room;
        let begin = free.max(HEAD);
        let middle = begin + queue_words(capacity as usize);
        let delivery = pool.results.as_ref().and_then(|results| results.pick(knob));
        let places = if wanted { PROMISES + delivery.and(total).unwrap_or(0) } else { 0 };
        let end = if wanted { middle + result_words(places as usize) } else { middle };
        Self {
            schedule: pool.schedule.pick(knob).unwrap_or(Schedule::Shared),
            on_crash: pool.on_crash.pick(knob).unwrap_or(Crash::Restart),
            delivery,
            queue_words: begin..middle,
            result_words: middle..end,
            places,
        }
    }
}

/// Whether any of these steps brings a pool tasks.
pub(super) fn submits(steps: &[Step]) -> bool {
    steps.iter().any(|step| step.any(&|step| matches!(step, Step::Pool(PoolStep::Submit { .. }))))
}

/// Whether anybody brings a pool tasks by a step: then pools end when nobody is left who could.
pub(super) fn anyone_submits(scenario: &Scenario) -> bool {
    scenario.any_step(|step| matches!(step, Step::Pool(PoolStep::Submit { .. })))
}
