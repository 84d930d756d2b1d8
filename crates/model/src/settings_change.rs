//! Since when a run has its present settings: figures from before a knob was turned say nothing about them.

use super::{Model, ResourceState};
use contend_trace::{Message, PoolId, Span, Stamp};

/// Time after a change that counts for neither side: workers come and go, and tasks that had begun end.
const SETTLE_TIME: Span = Span::from_millis(300);

/// The last time that a knob was turned or a pool resized while the run went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingsChange {
    pub at: Stamp,
    /// Figures of the present settings begin here.
    pub figures_from: Stamp,
    /// Whether all figures were noted that begin here.
    has_baseline: bool,
}

impl SettingsChange {
    /// Whether enough time has passed for figures of the present settings to exist.
    pub const fn is_settled(self) -> bool {
        self.has_baseline
    }
}

/// Tasks that a pool inherited from former settings, as long as others wait behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// How many waited when the figures of the present settings began.
    pub initial: u32,
    /// How many wait now.
    pub remaining: u32,
}

impl Model {
    /// The last change of the settings that was made by `now`; `None` if the run has had the same ones from its start.
    pub fn settings_change(&self, now: Stamp) -> Option<SettingsChange> {
        self.last_change.filter(|change| change.at <= now)
    }

    /// The moment from which figures speak of the settings in force at `now`: the start of a run without changes.
    pub fn settings_start(&self, now: Stamp) -> Stamp {
        self.settings_change(now).map_or(Stamp::default(), |change| change.figures_from)
    }

    /// The backlog that a pool still has from former settings.
    pub fn backlog(&self, pool: PoolId) -> Option<Backlog> {
        let was = self.pool(pool)?.inherited_tasks()?;
        let queue = self.registry().pools.get(pool.index())?.queue;
        Some(Backlog { initial: was, remaining: self.queue(queue)?.depth() })
    }

    pub(super) fn record_settings_change(&mut self, at: Stamp) {
        let at = self.last_change.map_or(at, |before| before.at.max(at));
        self.last_change = Some(SettingsChange { at, figures_from: at + SETTLE_TIME, has_baseline: false });
    }

    /// Notes the figures of the present settings when their time begins, before `message` is taken in.
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
        for resource in &mut self.resources {
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
        for at in 0..self.pools.len() {
            let depth = self.pool_queue_depth(PoolId::from(at));
            self.pools[at].set_baseline(from, depth);
        }
        self.happens_before.forget_orders();
        self.last_change = self.last_change.map(|change| SettingsChange { has_baseline: true, ..change });
    }

    /// A pool whose queue has come down to as many tasks as it has workers owes nothing to former settings any more.
    fn end_backlogs(&mut self, at: Stamp) {
        for pool in 0..self.pools.len() {
            let owes = self.pools[pool].inherited_tasks().is_some();
            if owes && self.pool_queue_depth(PoolId::from(pool)) <= self.pools[pool].worker_count() {
                self.pools[pool].end_backlog(at);
            }
        }
    }

    fn pool_queue_depth(&self, pool: PoolId) -> u32 {
        let queue = self.registry.pools.get(pool.index()).and_then(|info| self.queue(info.queue));
        queue.map_or(0, super::Queue::depth)
    }
}
