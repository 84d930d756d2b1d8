//! What each pool achieved with every number of workers it has had on this screen, kept while the knob is turned back
//! and forth.

use std::collections::BTreeMap;

use crate::model::{Backlog, DurationStats, Model, StateTimes};
use crate::scenario::{Scenario, Settings};
use crate::trace::{PoolId, Span, Stamp, State};

/// Time after a turn of a knob that is not counted: workers come and go, and tasks of the previous setting finish.
const SETTLE_TIME: Span = Span::from_millis(300);

/// Most levels kept; the oldest are dropped.
const MAX_LEVELS: usize = 64;

/// The circumstances of an observation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LevelKey {
    pub(super) pool: PoolId,
    /// The other knobs, if they were turned.
    pub(super) other_knobs: String,
    pub(super) workers: u32,
}

/// The figures of a level.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LevelFigures {
    /// For how long the level was observed.
    pub(super) observed_for: Span,
    /// Tasks done per second.
    pub(super) throughput: f64,
    /// Tasks submitted per second.
    pub(super) arrival_rate: f64,
    /// Percentiles of the response times.
    pub(super) p50: Option<Span>,
    pub(super) p99: Option<Span>,
    /// Share of the workers' time in which they had a task, and in these states.
    pub(super) busy_share: f64,
    pub(super) lock_share: f64,
    pub(super) ready_share: f64,
    /// Tasks of earlier levels that the pool was still working off at the last observation.
    pub(super) backlog: Option<Backlog>,
}

/// A level, its figures, and whether it is the current one.
#[derive(Debug, Clone)]
pub(super) struct LevelEntry {
    pub(super) key: LevelKey,
    pub(super) figures: LevelFigures,
    pub(super) is_current: bool,
}

/// The observations of a level, all periods together.
#[derive(Debug, Clone, Default)]
struct LevelStats {
    observed_for: Span,
    done: u64,
    /// Tasks that were submitted meanwhile.
    arrived: u64,
    /// From the intended start to the end of each task that was due at this level and had no backlog of earlier levels
    /// before it.
    response: Option<DurationStats>,
    backlog: Option<Backlog>,
    /// Time of the pool's workers by state.
    shares: StateTimes,
    order: u64,
}

/// All observed levels.
#[derive(Debug, Default)]
pub(super) struct LevelHistory {
    levels: BTreeMap<LevelKey, LevelStats>,
    /// The current level of each pool.
    open_levels: Vec<OpenLevel>,
    /// All levels as they are shown, since the last observation.
    entries: Vec<LevelEntry>,
    /// When counting begins.
    counts_from: Stamp,
    /// The beginning of the settings whose figures were stored: later figures of the same settings include those.
    closed_from: Option<Stamp>,
    order: u64,
}

/// The current period at one level.
#[derive(Debug)]
struct OpenLevel {
    level: LevelKey,
    since: Stamp,
    done: u64,
    submitted: u64,
    /// The observations so far.
    stats: LevelStats,
}

impl LevelStats {
    fn add(&mut self, other: &Self) {
        self.observed_for += other.observed_for;
        self.done = self.done.saturating_add(other.done);
        self.arrived = self.arrived.saturating_add(other.arrived);
        self.shares.add(&other.shares);
        self.order = self.order.max(other.order);
        self.backlog = other.backlog;
        match (&mut self.response, &other.response) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(_), None) => {}
        }
    }

    /// Returns the figures to show.
    fn figures(&self) -> LevelFigures {
        let per_second = |tasks: u64| {
            if self.observed_for == Span::ZERO { 0.0 } else { tasks as f64 / self.observed_for.as_secs_f64() }
        };
        let times = self.response.as_ref().filter(|times| times.count() > 0);
        let percentile = |p| times.map(|times| Span(times.percentile_ns(p)));
        LevelFigures {
            observed_for: self.observed_for,
            throughput: per_second(self.done),
            arrival_rate: per_second(self.arrived),
            p50: percentile(50.0),
            p99: percentile(99.0),
            busy_share: if self.shares.alive_ns() == 0 { 0.0 } else { 1.0 - self.shares.share(State::Empty) },
            lock_share: self.shares.share(State::Lock),
            ready_share: self.shares.share(State::Ready),
            backlog: self.backlog,
        }
    }
}

impl LevelHistory {
    /// Returns an empty history, which gives workers time to start.
    pub(super) fn new() -> Self {
        Self { counts_from: Stamp(0) + SETTLE_TIME, ..Self::default() }
    }

    /// Observes what the pools have done by `now`; `with` describes the other knobs.
    pub(super) fn observe(&mut self, model: &Model, now: Stamp, with: &str) {
        self.observe_pools(model, now, with);
        self.update_entries();
    }

    fn observe_pools(&mut self, model: &Model, now: Stamp, with: &str) {
        let from = model.settings_start(now);
        if now < self.counts_from || self.closed_from == Some(from) {
            return;
        }
        for pool in (0..model.registry().pools.len()).map(PoolId::from) {
            let Some(figures) = model.pool(pool) else { continue };
            let is_same =
                |open: &OpenLevel| open.level.workers == figures.worker_count() && open.level.other_knobs == with;
            match self.open_levels.iter_mut().find(|open| open.level.pool == pool) {
                Some(open) if is_same(open) => open.observe(model, now, self.order),
                Some(_) => return self.close_open_levels(now, from), // turned, not reported yet
                None => {
                    let level = LevelKey { pool, other_knobs: with.to_owned(), workers: figures.worker_count() };
                    let (done, submitted, stats) = (figures.done(), figures.submitted(), LevelStats::default());
                    self.order += 1;
                    self.open_levels.push(OpenLevel { level, since: now, done, submitted, stats });
                }
            }
        }
    }

    /// Ends the current period: a knob was turned or a pool resized.
    pub(super) fn settings_changed(&mut self, model: &Model, at: Stamp) {
        for open in &mut self.open_levels {
            open.observe(model, at.max(open.since), self.order);
        }
        self.close_open_levels(at, model.settings_start(at));
    }

    /// Ends the current run's observations; another run begins.
    pub(super) fn start_new_run(&mut self, model: &Model, now: Stamp) {
        self.settings_changed(model, now);
        (self.counts_from, self.closed_from) = (Stamp(0) + SETTLE_TIME, None);
    }

    fn close_open_levels(&mut self, at: Stamp, from: Stamp) {
        if !self.open_levels.is_empty() {
            self.closed_from = Some(from);
        }
        for open in self.open_levels.drain(..) {
            if open.stats.observed_for > Span::ZERO {
                // Tasks that waited behind those of another level do not measure this one.
                let response = open.stats.response.clone().filter(|_| open.stats.backlog.is_none());
                let stats = LevelStats { backlog: None, response, ..open.stats };
                self.levels.entry(open.level).or_default().add(&stats);
            }
        }
        while self.levels.len() > MAX_LEVELS {
            let first = self.levels.iter().min_by_key(|(_, stats)| stats.order).map(|(level, _)| level.clone());
            self.levels.retain(|level, _| Some(level) != first.as_ref());
        }
        self.counts_from = at + SETTLE_TIME;
        self.update_entries();
    }

    fn update_entries(&mut self) {
        let mut all: BTreeMap<LevelKey, (LevelStats, bool)> =
            self.levels.iter().map(|(level, stats)| (level.clone(), (stats.clone(), false))).collect();
        for open in &self.open_levels {
            let entry = all.entry(open.level.clone()).or_default();
            entry.0.add(&open.stats);
            entry.1 = true;
        }
        let entry = |(key, (stats, is_current)): (LevelKey, (LevelStats, bool))| LevelEntry {
            key,
            figures: stats.figures(),
            is_current,
        };
        self.entries = all.into_iter().map(entry).collect();
    }

    /// Returns all levels with their figures, in order.
    pub(super) fn entries(&self) -> &[LevelEntry] {
        &self.entries
    }

    /// Returns how many levels were observed.
    pub(super) fn count(&self) -> usize {
        let new = self.open_levels.iter().filter(|open| !self.levels.contains_key(&open.level)).count();
        self.levels.len() + new
    }
}

impl OpenLevel {
    fn observe(&mut self, model: &Model, now: Stamp, order: u64) {
        let (Some(pool), Some(info)) =
            (model.pool(self.level.pool), model.registry().pools.get(self.level.pool.index()))
        else {
            return;
        };
        let mut spent = StateTimes::default();
        for worker in &info.workers {
            spent.add(&model.lane(*worker).state_times(self.since, now, now));
        }
        self.stats = LevelStats {
            observed_for: now.span_since(self.since),
            done: pool.done().saturating_sub(self.done),
            arrived: pool.submitted().saturating_sub(self.submitted),
            response: Some(pool.recent_tasks().response_times.clone()),
            backlog: model.backlog(self.level.pool),
            shares: spent,
            order,
        };
    }
}

/// Describes the knobs that were turned, without those for the number of workers.
pub(super) fn describe_other_knobs(scenario: &Scenario, settings: &Settings) -> String {
    let defaults = scenario.default_settings();
    let mut settings = settings.clone();
    for knob in scenario.pools.iter().flat_map(|pool| pool.workers.knobs()) {
        if let Some(number) = settings.numbers.get_mut(knob.index()) {
            *number = defaults.number(knob);
        }
    }
    scenario.changed_knobs_text(&settings)
}
