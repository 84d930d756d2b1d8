//! Since when a run has its present settings: figures from before a knob was turned say nothing about them.

use super::{Model, Res};
use contend_trace::{Message, PoolId, Span, Stamp};

/// Time after a change that counts for neither side: workers come and go, and tasks that had begun end.
const SETTLES: Span = Span::millis(300);

/// The last time that a knob was turned or a pool resized while the run went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub at: Stamp,
    /// Figures of the present settings begin here.
    pub from: Stamp,
    /// Whether all figures were noted that begin here.
    noted: bool,
}

impl Change {
    /// Whether enough time has passed for figures of the present settings to exist.
    pub const fn is_settled(self) -> bool {
        self.noted
    }
}

/// Tasks that a pool inherited from former settings, as long as others wait behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// How many waited when the figures of the present settings began.
    pub was: u32,
    /// How many wait now.
    pub left: u32,
}

impl Model {
    /// The last change of the settings that was made by `now`; `None` if the run has had the same ones from its start.
    pub fn change(&self, now: Stamp) -> Option<Change> {
        self.change.filter(|change| change.at <= now)
    }

    /// The moment from which figures speak of the settings in force at `now`: the start of a run without changes.
    pub fn settings_from(&self, now: Stamp) -> Stamp {
        self.change(now).map_or(Stamp::default(), |change| change.from)
    }

    /// The backlog that a pool still has from former settings.
    pub fn backlog(&self, pool: PoolId) -> Option<Backlog> {
        let was = self.pool(pool)?.inherited()?;
        let queue = self.cast().pools.get(pool.index())?.queue;
        Some(Backlog { was, left: self.queue(queue)?.depth() })
    }

    pub(super) fn settings_changed(&mut self, at: Stamp) {
        let at = self.change.map_or(at, |before| before.at.max(at));
        self.change = Some(Change { at, from: at + SETTLES, noted: false });
    }

    /// Notes the figures of the present settings when their time begins, before `message` is taken in.
    #[inline]
    pub(super) fn begin_present_settings(&mut self, message: &Message) {
        let Some(change) = self.change else { return };
        let reached = match message {
            Message::Events(events) => events.first().map(|event| event.at),
            Message::Through(at) => Some(*at),
            _ => None,
        };
        match reached {
            Some(at) if !change.noted && at >= change.from => self.note_all_figures(change.from),
            Some(at) if change.noted => self.end_backlogs(at),
            _ => {}
        }
    }

    fn note_all_figures(&mut self, from: Stamp) {
        for resource in &mut self.resources {
            match resource {
                Res::Lock(lock) => lock.note_figures(from),
                Res::Queue(queue) => queue.note_figures(),
                Res::Pipe(pipe) => pipe.note_figures(),
                Res::Counter(counter) => counter.note_figures(),
                Res::Signals(signals) => signals.note_figures(),
                Res::Life(life) => life.note_figures(),
                Res::Results(_) => {}
            }
        }
        for at in 0..self.pools.len() {
            let depth = self.depth_of(PoolId::from(at));
            self.pools[at].note_figures(from, depth);
        }
        self.happens.forget_orders();
        self.change = self.change.map(|change| Change { noted: true, ..change });
    }

    /// A pool whose queue has come down to as many tasks as it has workers owes nothing to former settings any more.
    fn end_backlogs(&mut self, at: Stamp) {
        for pool in 0..self.pools.len() {
            let owes = self.pools[pool].inherited().is_some();
            if owes && self.depth_of(PoolId::from(pool)) <= self.pools[pool].size() {
                self.pools[pool].end_backlog(at);
            }
        }
    }

    fn depth_of(&self, pool: PoolId) -> u32 {
        let queue = self.cast.pools.get(pool.index()).and_then(|info| self.queue(info.queue));
        queue.map_or(0, super::Queue::depth)
    }
}
