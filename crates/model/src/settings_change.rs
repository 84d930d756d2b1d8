//! Changes of settings during a run: figures from before a change say nothing about the present settings.

use super::{Model, ResourceState};
use contend_trace::{Message, PoolId, Span, Stamp};

/// The time after a change that belongs to neither setting: workers start and stop, and tasks in progress end.
const SETTLE_TIME: Span = Span::from_millis(300);

/// The last change of a knob or of a pool's size during the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingsChange {
    pub at: Stamp,
    /// When the figures of the present settings begin.
    pub figures_from: Stamp,
    /// Whether the figures of the present settings have begun.
    has_baseline: bool,
}

impl SettingsChange {
    /// Whether the settle time has passed, so that there are figures of the present settings.
    pub const fn is_settled(self) -> bool {
        self.has_baseline
    }
}

/// The tasks that a pool inherited from former settings, until they are worked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// The number of tasks that waited when the figures of the present settings began.
    pub initial: u32,
    /// The number of tasks that wait now.
    pub remaining: u32,
}

impl Model {
    /// Returns the last change of settings up to `now`; `None` if there was none.
    pub fn settings_change(&self, now: Stamp) -> Option<SettingsChange> {
        self.last_change.filter(|change| change.at <= now)
    }

    /// Returns the moment from which on figures belong to the settings at `now`; without a change, the start of the
    /// run.
    pub fn settings_start(&self, now: Stamp) -> Stamp {
        self.settings_change(now).map_or(Stamp::default(), |change| change.figures_from)
    }

    /// Returns the backlog that a pool still has from former settings.
    pub fn backlog(&self, pool: PoolId) -> Option<Backlog> {
        let initial = self.pool(pool)?.inherited_tasks()?;
        let queue = self.registry().pools.get(pool.index())?.queue;
        Some(Backlog { initial, remaining: self.queue(queue)?.depth() })
    }

    /// Begins the figures of a period at `from`, up to which this model was fed, as if the settings had changed then:
    /// findings are about what follows. Durations that began before count when they end.
    pub fn begin_period(&mut self, from: Stamp) {
        self.set_resource_baselines(Stamp(0));
        self.pools.iter_mut().for_each(|pool| pool.begin_period(from));
        self.happens_before.forget_orders();
        self.last_change = Some(SettingsChange { at: from, figures_from: from, has_baseline: true });
    }

    pub(super) fn record_settings_change(&mut self, at: Stamp) {
        let at = self.last_change.map_or(at, |before| before.at.max(at));
        self.last_change = Some(SettingsChange { at, figures_from: at + SETTLE_TIME, has_baseline: false });
    }

    /// Begins the figures of the present settings at their time, before `message` is applied.
    #[inline]
    pub(super) fn begin_settings_period(&mut self, message: &Message) {
        let Some(change) = self.last_change else { return };
        let reached = match message {
            Message::Events(events) => events.first().map(|event| event.at),
            Message::Watermark(at) => Some(*at),
            _ => None,
        };
        match reached {
            Some(at) if !change.has_baseline && at >= change.figures_from => {
                self.set_all_baselines(change.figures_from);
            }
            Some(at) if change.has_baseline => self.end_backlogs(at),
            _ => {}
        }
    }

    fn set_all_baselines(&mut self, from: Stamp) {
        self.set_resource_baselines(from);
        for pool in 0..self.pools.len() {
            let depth = self.pool_queue_depth(PoolId::from(pool));
            self.pools[pool].set_baseline(from, depth);
        }
        self.happens_before.forget_orders();
        self.last_change = self.last_change.map(|change| SettingsChange { has_baseline: true, ..change });
    }

    fn set_resource_baselines(&mut self, from: Stamp) {
        for (_, resource) in self.resources.entries_mut() {
            match resource {
                ResourceState::Lock(lock) => lock.set_baseline(from),
                ResourceState::Queue(queue) => queue.set_baseline(),
                ResourceState::Pipe(pipe) => pipe.set_baseline(),
                ResourceState::Counter(counter) => counter.set_baseline(),
                ResourceState::Signals(signals) => signals.set_baseline(),
                ResourceState::Life(life) => life.set_baseline(),
                ResourceState::Results(_) => {}
            }
        }
    }

    /// Ends the backlog of each pool whose queue has no more tasks than the pool has workers.
    fn end_backlogs(&mut self, at: Stamp) {
        for pool in 0..self.pools.len() {
            let has_backlog = self.pools[pool].inherited_tasks().is_some();
            if has_backlog && self.pool_queue_depth(PoolId::from(pool)) <= self.pools[pool].worker_count() {
                self.pools[pool].end_backlog(at);
            }
        }
    }

    fn pool_queue_depth(&self, pool: PoolId) -> u32 {
        let queue = self.registry.pools.get(pool.index()).and_then(|info| self.queue(info.queue));
        queue.map_or(0, super::Queue::depth)
    }
}
