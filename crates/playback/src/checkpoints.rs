//! Copies of the model at some places of the tape, from which a playback goes forward.

use super::feed::Feed;
use contend_trace::Stamp;

/// How many checkpoints a playback keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointLimit {
    /// Most bytes of all checkpoints together. There is one checkpoint at least, however large it is.
    pub bytes: usize,
    /// Least cost between two checkpoints, in events.
    pub distance: u64,
}

impl Default for CheckpointLimit {
    /// Of ten million events of fifty workers, with a model of 5 MiB, these are nineteen checkpoints, 530,000 events
    /// apart: a seek applies half of them on average.
    fn default() -> Self {
        Self { bytes: 96 << 20, distance: 1 << 18 }
    }
}

#[derive(Debug)]
pub struct Checkpoints {
    /// The first is the beginning of the tape.
    kept: Vec<Feed>,
    bytes: usize,
    limit: CheckpointLimit,
    /// Events that the tape claims to have.
    event_count: u64,
}

/// Most cost between two copies, in events, whatever a tape claims to have.
const MAX_GAP: u64 = 1 << 21;

impl Checkpoints {
    pub fn new(start: Feed, limit: CheckpointLimit, event_count: u64) -> Self {
        Self { kept: vec![start], bytes: 0, limit, event_count }
    }

    /// Keeps a copy, if the last one is far enough behind. When there are too many bytes, the copies are dropped that
    /// leave the smallest gaps.
    pub fn offer(&mut self, feed: &Feed) {
        let last = self.kept.last().map_or(0, |last| last.cost);
        if feed.cost < last.saturating_add(self.limit.distance) {
            return;
        }
        // As many as there is room for, at equal costs over the whole tape, if the rest of it is like the part so far.
        // The model grows a little still: too many copies would have to be dropped again, which leaves gaps twice as
        // long.
        let bytes = (feed.model.heap_bytes() / 8 * 9).max(1);
        let room = (self.limit.bytes / bytes).max(1) as u64;
        let whole = self.event_count as f64 * feed.cost as f64 / feed.work.max(1) as f64;
        if feed.cost < last.saturating_add((whole as u64 / room).min(MAX_GAP)) {
            return;
        }
        self.kept.push(feed.clone());
        self.bytes += self.kept.last().map_or(0, |kept| kept.model.heap_bytes());
        while self.bytes > self.limit.bytes && self.kept.len() > 2 {
            self.drop_least_useful();
        }
    }

    /// Drops the checkpoint between whose neighbours there is the least cost.
    fn drop_least_useful(&mut self) {
        let gap = |at: &usize| self.kept[at + 1].cost - self.kept[at - 1].cost;
        if let Some(least) = (1..self.kept.len() - 1).min_by_key(gap) {
            self.bytes -= self.kept.remove(least).model.heap_bytes();
        }
    }

    /// Returns the beginning of the tape.
    pub fn start(&self) -> &Feed {
        &self.kept[0]
    }

    /// Returns the number of checkpoints and the bytes of their models, without the beginning of the tape.
    pub const fn size(&self) -> (usize, usize) {
        (self.kept.len() - 1, self.bytes)
    }

    /// Returns the last checkpoint that has nothing after `at`.
    pub fn before(&self, at: Stamp) -> &Feed {
        let next = self.kept.partition_point(|kept| kept.latest <= at);
        &self.kept[next.saturating_sub(1)]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contend_model::{Budget, Model};
    use contend_trace::Registry;

    use super::*;

    /// The last tenth of the tape costs ten times as much, event by event.
    #[test]
    fn checkpoints_are_denser_where_events_are_dearer() {
        const EVENTS: u64 = 1_000_000;
        let mut feed = Feed::new(Model::new(Arc::new(Registry::default()), Budget::default()));
        let limit = CheckpointLimit { bytes: 20 * feed.model.heap_bytes().max(1), distance: 1_000 };
        let mut checkpoints = Checkpoints::new(feed.clone(), limit, EVENTS);
        while feed.work < EVENTS {
            feed.work += 1_000;
            feed.cost += if feed.work > EVENTS / 10 * 9 { 10_000 } else { 1_000 };
            checkpoints.offer(&feed);
        }
        let costs: Vec<u64> = checkpoints.kept.iter().map(|kept| kept.cost).chain([feed.cost]).collect();
        let longest = costs.windows(2).map(|pair| pair[1] - pair[0]).max().expect("there are some");
        let mean = feed.cost / (costs.len() as u64 - 1);
        assert!(costs.len() > 15 && longest < mean * 5 / 2, "{longest} is longest, {mean} the mean of {}", costs.len());
    }
}
