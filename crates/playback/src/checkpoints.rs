//! Copies of the model at some places of the tape, from which a playback goes forward.

use super::feed::Feed;
use contend_trace::Stamp;

/// Work between two checkpoints at first, in events: some ten milliseconds.
const FIRST_DISTANCE: u64 = 1 << 18;

/// Most bytes of all checkpoints together. Ten million events of fifty workers, in models of 4 MiB, need 150 MiB to be
/// within a fifth of a second of each other.
pub const CHECKPOINT_BYTES: usize = 160 << 20;

#[derive(Debug)]
pub struct Checkpoints {
    /// The first is the beginning of the tape.
    kept: Vec<Feed>,
    distance: u64,
    bytes: usize,
    limit: usize,
}

impl Checkpoints {
    pub fn new(start: Feed, limit: usize) -> Self {
        Self { kept: vec![start], distance: FIRST_DISTANCE, bytes: 0, limit }
    }

    /// Keeps a copy, if the last one is far enough behind. When there are too many bytes, every other one is dropped.
    pub fn offer(&mut self, feed: &Feed) {
        let last = self.kept.last().map_or(0, |last| last.work);
        if feed.work < last + self.distance {
            return;
        }
        self.kept.push(feed.clone());
        self.bytes += feed.model.heap_bytes();
        while self.bytes > self.limit && self.kept.len() > 2 {
            let mut number = 0;
            self.kept.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.distance *= 2;
            self.bytes = self.kept[1..].iter().map(|kept| kept.model.heap_bytes()).sum();
        }
    }

    /// Returns the last checkpoint that has nothing after `at`.
    pub fn before(&self, at: Stamp) -> &Feed {
        let next = self.kept.partition_point(|kept| kept.latest <= at);
        &self.kept[next.saturating_sub(1)]
    }
}
