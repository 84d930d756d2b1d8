//! A small still of what a scenario shows, for the picker: its steps played through on paper, with exact times and as
//! many cores as there are workers. It is an idea of the picture, not a forecast: real schedulers do as they please.

mod attempt;
mod lives;
mod locks;
mod pipe;
mod player;
mod pool;
mod shared;

use crate::model::{Shares, Window};
use crate::scenario::{Feed, Pool, Scenario, Settings, Step, Values};
use crate::trace::{KnobId, Span, Stamp};
use player::{Player, Work};

/// Workers that are played; only some of them are shown.
const WORKERS: u32 = 24;

/// Cells in the longer half of a scenario's steps.
const CELLS_A_STEP: u64 = 4;

/// One lane of the still.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) cells: Vec<Shares>,
}

/// The knobs' values, and the position of one worker in its group.
#[derive(Clone, Copy)]
struct Place<'a> {
    settings: &'a Settings,
    index: u32,
    count: u32,
}

impl Place<'_> {
    /// Whether a knob that is a choice stands at this position.
    fn stands(&self, knob: KnobId, is: f64) -> bool {
        (self.settings.number(knob) - is).abs() < 0.5
    }
}

impl Values for Place<'_> {
    fn knob(&self, knob: KnobId) -> f64 {
        self.settings.number(knob)
    }

    fn place(&self) -> (u32, u32) {
        (self.index, self.count)
    }
}

/// At most `lanes` lanes of `cells` cells.
pub(super) fn still(scenario: &Scenario, lanes: usize, cells: usize) -> Vec<Lane> {
    let settings = scenario.defaults();
    let mut player = Player::new(scenario, &settings);
    let of_run = Place { settings: &settings, index: 0, count: 1 };
    let groups = scenario.workers.iter().enumerate().map(|(i, w)| (&w.name, &w.count, Work::once(&w.steps, i)));
    let pools = scenario.pools.iter().enumerate().map(|(i, p)| (&p.name, &p.workers, Work::tasks(&p.task, i)));
    let mut names = Vec::new();
    for (name, count, work) in groups.chain(pools) {
        let count = (count.eval(&of_run) as u32).clamp(1, WORKERS);
        for index in 0..count {
            names.push(if count == 1 { name.clone() } else { format!("{name}-{}", index + 1) });
            player.add(Place { settings: &settings, index, count }, work);
        }
    }
    let cell = cell(scenario, &of_run);
    let end = Stamp(cell.0.saturating_mul(cells as u64));
    player.play(end);
    let window = Window { from: Stamp(0), to: end, cells };
    let drawn = names.into_iter().zip(player.lanes(&window));
    drawn.take(lanes).map(|(name, cells)| Lane { name, cells }).collect()
}

/// Tasks of a pool that are due by `t`, and when the next one is.
fn due(pool: &Pool, place: &Place<'_>, t: u64) -> (u64, u64) {
    let most = match &pool.feed {
        Feed::Batch { count } => count.eval(place) as u64,
        Feed::Arrive { .. } | Feed::Submitted | Feed::Files { .. } | Feed::Each { .. } => u64::MAX,
    };
    let ((Feed::Arrive { rate }, _) | (_, Some(rate))) = (&pool.feed, &pool.pace) else { return (most, u64::MAX) };
    let every = ((1e9 / rate.eval(place).max(1e-3)) as u64).max(1);
    let so_far = t / every + 1;
    if so_far < most { (so_far, so_far.saturating_mul(every)) } else { (most, u64::MAX) }
}

/// A cell's length: a part of the longer steps, so that their order can be seen.
fn cell(scenario: &Scenario, place: &Place<'_>) -> Span {
    let mut times = Vec::new();
    let groups = scenario.workers.iter().map(|w| &w.steps).chain(scenario.pools.iter().map(|p| &p.task));
    groups.for_each(|steps| durations(steps, place, &mut times));
    times.sort_unstable();
    let longer = times.get(times.len() / 2).copied().unwrap_or(player::THUMBNAIL.0);
    Span((longer / CELLS_A_STEP).max(1_000))
}

fn durations(steps: &[Step], place: &Place<'_>, out: &mut Vec<u64>) {
    for step in steps {
        match step {
            Step::Compute(time) | Step::Sleep(time) | Step::Io(time) => {
                let ns = time.eval(place) as u64;
                out.extend((ns > 0).then_some(ns));
            }
            Step::Lock { body, .. } | Step::Repeat { body, .. } | Step::Forever(body) | Step::TryLock { body, .. } => {
                durations(body, place, out);
            }
            Step::When { knob, is, body, otherwise } => {
                durations(if place.stands(*knob, *is) { body } else { otherwise }, place, out);
            }
            _ => {}
        }
    }
}
