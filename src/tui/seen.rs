//! What each pool did with every number of workers it has had on this screen: kept while the knob is turned to and fro.

use std::collections::BTreeMap;

use crate::model::{Backlog, Model, Shares, Times};
use crate::scenario::{Scenario, Settings};
use crate::trace::{PoolId, Span, Stamp, State};

/// After a turn of a knob this much is not counted: workers come and go, and tasks begun before end.
const SETTLES: Span = Span::millis(300);

/// Levels kept at most; those seen first give way.
const MOST: usize = 64;

/// Under which circumstances something was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level {
    pub(super) pool: PoolId,
    /// The other knobs, where they were turned.
    pub(super) with: String,
    pub(super) workers: u32,
}

/// What was seen at a level, all times together.
#[derive(Debug, Clone, Default)]
pub(super) struct Did {
    /// How long it was looked at.
    pub(super) time: Span,
    done: u64,
    /// From the intended start to the end of each task that was due at this level and had no backlog of earlier levels
    /// before it.
    response: Option<Times>,
    /// Tasks of levels before that the pool was still working off when it was looked at last.
    pub(super) backlog: Option<Backlog>,
    /// Time of the pool's workers by state.
    spent: Shares,
    order: u64,
}

/// All levels that were seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    levels: BTreeMap<Level, Did>,
    /// What goes on at this moment, by pool.
    open: Vec<Open>,
    /// Counting begins then.
    settled: Stamp,
    /// The begin of settings whose figures were put away: what comes of them after that is not told apart from it.
    put_away: Option<Stamp>,
    order: u64,
}

/// A stretch of time at one level that is not over.
#[derive(Debug)]
struct Open {
    level: Level,
    from: Stamp,
    done: u64,
    /// What was seen up to the last look.
    so_far: Did,
}

impl Did {
    fn add(&mut self, other: &Self) {
        self.time += other.time;
        self.done = self.done.saturating_add(other.done);
        self.spent.add(&other.spent);
        self.order = self.order.max(other.order);
        self.backlog = other.backlog;
        match (&mut self.response, &other.response) {
            (Some(mine), Some(theirs)) => mine.add(theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(_), None) => {}
        }
    }

    /// Tasks done a second.
    pub(super) fn throughput(&self) -> f64 {
        if self.time == Span::ZERO { 0.0 } else { self.done as f64 / self.time.secs() }
    }

    /// A percentile of the response times.
    pub(super) fn response(&self, p: f64) -> Option<Span> {
        self.response.as_ref().filter(|times| times.count() > 0).map(|times| Span(times.percentile(p)))
    }

    /// Part of the workers' time in which they had a task.
    pub(super) fn busy(&self) -> f64 {
        if self.spent.alive() == 0 { 0.0 } else { 1.0 - self.spent.share(State::Empty) }
    }

    /// Part of the workers' time in this state.
    pub(super) fn share(&self, state: State) -> f64 {
        self.spent.share(state)
    }
}

impl Seen {
    /// Nothing yet; workers are given time to begin.
    pub(super) fn new() -> Self {
        Self { settled: Stamp(0) + SETTLES, ..Self::default() }
    }

    /// Looks at what the pools have done by `now`; `with` says how the other knobs stand.
    pub(super) fn look(&mut self, model: &Model, now: Stamp, with: &str) {
        let from = model.settings_from(now);
        if now < self.settled || self.put_away == Some(from) {
            return;
        }
        for pool in (0..model.cast().pools.len()).map(PoolId::from) {
            let Some(figures) = model.pool(pool) else { continue };
            let is_same = |open: &Open| open.level.workers == figures.size() && open.level.with == with;
            match self.open.iter_mut().find(|open| open.level.pool == pool) {
                Some(open) if is_same(open) => open.look(model, now, self.order),
                Some(_) => return self.close(now, from), // a knob is turned, and the run has not said so yet
                None => {
                    let level = Level { pool, with: with.to_owned(), workers: figures.size() };
                    let done = figures.done();
                    self.order += 1;
                    self.open.push(Open { level, from: now, done, so_far: Did::default() });
                }
            }
        }
    }

    /// A knob is turned or a pool changes its size at this moment: what goes on from then on is something else.
    pub(super) fn turned(&mut self, model: &Model, at: Stamp) {
        for open in &mut self.open {
            open.look(model, at.max(open.from), self.order);
        }
        self.close(at, model.settings_from(at));
    }

    /// This run is over, or nobody looks at it any more; another begins.
    pub(super) fn anew(&mut self, model: &Model, now: Stamp) {
        self.turned(model, now);
        (self.settled, self.put_away) = (Stamp(0) + SETTLES, None);
    }

    fn close(&mut self, at: Stamp, from: Stamp) {
        if !self.open.is_empty() {
            self.put_away = Some(from);
        }
        for open in self.open.drain(..) {
            if open.so_far.time > Span::ZERO {
                // Tasks that waited behind those of another level say nothing of this one.
                let response = open.so_far.response.clone().filter(|_| open.so_far.backlog.is_none());
                let did = Did { backlog: None, response, ..open.so_far };
                self.levels.entry(open.level).or_default().add(&did);
            }
        }
        while self.levels.len() > MOST {
            let first = self.levels.iter().min_by_key(|(_, did)| did.order).map(|(level, _)| level.clone());
            self.levels.retain(|level, _| Some(level) != first.as_ref());
        }
        self.settled = at + SETTLES;
    }

    /// Everything that was seen, what goes on included; whether it goes on.
    pub(super) fn all(&self) -> Vec<(Level, Did, bool)> {
        let mut all: BTreeMap<Level, (Did, bool)> =
            self.levels.iter().map(|(level, did)| (level.clone(), (did.clone(), false))).collect();
        for open in &self.open {
            let entry = all.entry(open.level.clone()).or_default();
            entry.0.add(&open.so_far);
            entry.1 = true;
        }
        all.into_iter().map(|(level, (did, on))| (level, did, on)).collect()
    }

    /// How many levels were seen.
    pub(super) fn count(&self) -> usize {
        let new = self.open.iter().filter(|open| !self.levels.contains_key(&open.level)).count();
        self.levels.len() + new
    }
}

impl Open {
    fn look(&mut self, model: &Model, now: Stamp, order: u64) {
        let (Some(pool), Some(info)) = (model.pool(self.level.pool), model.cast().pools.get(self.level.pool.index()))
        else {
            return;
        };
        let mut spent = Shares::default();
        for worker in &info.workers {
            spent.add(&model.lane(*worker).shares(self.from, now, now));
        }
        self.so_far = Did {
            time: now.since(self.from),
            done: pool.done().saturating_sub(self.done),
            response: Some(pool.recent().response.clone()),
            backlog: model.backlog(self.level.pool),
            spent,
            order,
        };
    }
}

/// How the knobs stand that do not say how many workers there are, where they were turned.
pub(super) fn others(scenario: &Scenario, settings: &Settings) -> String {
    let defaults = scenario.defaults();
    let mut settings = settings.clone();
    for knob in scenario.pools.iter().flat_map(|pool| pool.workers.knobs()) {
        if let Some(number) = settings.numbers.get_mut(knob.index()) {
            *number = defaults.number(knob);
        }
    }
    scenario.turned(&settings)
}
