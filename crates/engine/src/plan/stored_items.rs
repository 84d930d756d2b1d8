//! Memory for the items of queues with priorities.

use std::ops::Range;

use super::Plan;
use crate::shared::stored_items::item_words;
use contend_scenario::{Choice, QueueOrder, QueueStep, ResourceSpec, Scenario, Settings, Step};
use contend_trace::ResourceId;

/// Where the items of a queue are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StoredItemsPlan {
    /// The first of the extra words, counted from the first that any such queue has.
    first_word: usize,
    by_priority: bool,
}

impl Plan {
    /// Plans the memory of a declared queue and its array, which is about to be added.
    pub(super) fn add_stored_items(
        &mut self,
        scenario: &Scenario,
        index: usize,
        settings: &Settings,
        (count, capacity): (u64, u32),
    ) {
        let ResourceSpec::Queue { order, .. } = &scenario.resources[index].spec else { return };
        let has_priority = |step: &Step| match step {
            Step::Queue(QueueStep::Put { target, priority, .. }) => priority.is_some() && target.resource == index,
            _ => false,
        };
        let is_plain = *order == Choice::Fixed(QueueOrder::Fifo) && !scenario.any_step(has_priority);
        if is_plain || capacity == 0 {
            return;
        }
        let by_priority = order.pick(|knob| settings.number(knob)) == Some(QueueOrder::Priority);
        for nth in 0..count as usize {
            let id = ResourceId::from(self.registry.resources.len() + nth);
            self.stored_items.insert(id, StoredItemsPlan { first_word: self.stored_words, by_priority });
            self.stored_words += item_words(capacity);
        }
    }

    /// Returns the extra words with the items of a queue that have priorities, and whether they leave in that order.
    pub fn item_words(&self, queue: ResourceId) -> Option<(Range<usize>, bool)> {
        let StoredItemsPlan { first_word, by_priority } = *self.stored_items.get(&queue)?;
        let first = self.stored_item_words().start + first_word;
        Some((first..first + item_words(self.queue_capacity(queue)), by_priority))
    }
}
