//! Copies of the model at some places of the tape, from which a playback goes forward.

use super::feed::Feed;
use contend_trace::Stamp;

/// How many checkpoints a playback keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointLimit {
    /// Most bytes of all checkpoints together. There is one checkpoint at least, however large it is.
    pub bytes: usize,
    /// Least work between two checkpoints, in events.
    pub distance: u64,
}

impl Default for CheckpointLimit {
    /// Of ten million events of fifty workers, with a model of 4 MiB, these are twelve checkpoints, 800,000 events apart:
    /// a seek applies half of them on average.
    fn default() -> Self {
        Self { bytes: 48 << 20, distance: 1 << 18 }
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

/// Most events between two copies, whatever a tape claims to have.
const MAX_GAP: u64 = 1 << 21;

impl Checkpoints {
    pub fn new(start: Feed, limit: CheckpointLimit, event_count: u64) -> Self {
        Self { kept: vec![start], bytes: 0, limit, event_count }
    }

    /// Keeps a copy, if the last one is far enough behind. When there are too many bytes, the copies are dropped that
    /// leave the smallest gaps.
    pub fn offer(&mut self, feed: &Feed) {
        let last = self.kept.last().map_or(0, |last| last.work);
        if feed.work < last.saturating_add(self.limit.distance) {
            return;
        }
        // As many as there is room for, at equal distances over the whole tape.
        let room = (self.limit.bytes / feed.model.heap_bytes().max(1)).max(1) as u64;
        if feed.work < last.saturating_add((self.event_count / room).min(MAX_GAP)) {
            return;
        }
        self.kept.push(feed.clone());
        self.bytes += self.kept.last().map_or(0, |kept| kept.model.heap_bytes());
        while self.bytes > self.limit.bytes && self.kept.len() > 2 {
            self.drop_least_useful();
        }
    }

    /// Drops the checkpoint between whose neighbours there is the least work.
    fn drop_least_useful(&mut self) {
        let gap = |at: &usize| self.kept[at + 1].work - self.kept[at - 1].work;
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
