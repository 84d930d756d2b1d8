//! Tables by id that grow while the run lasts. The entry of whatever is gone takes no memory but its place.

use std::ops::{Index, IndexMut};

use super::lane::Lane;
use super::resource_state::ResourceState;

/// An entry of a table.
#[derive(Debug, Clone)]
enum Slot<T> {
    /// Not declared yet.
    Absent,
    Present(T),
    /// Its id is never used again.
    Gone,
}

/// Entries by id.
#[derive(Debug, Clone)]
pub(super) struct Table<T> {
    slots: Vec<Slot<T>>,
    /// The present entries in each chunk of slots: those of a long run are nearly all gone.
    in_chunk: Vec<u8>,
    present: usize,
}

/// Slots of a chunk.
const CHUNK: usize = 64;

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), in_chunk: Vec::new(), present: 0 }
    }
}

impl<T> Table<T> {
    /// Returns the number of ids so far, of present entries and others.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns the number of present entries.
    pub(super) fn present_count(&self) -> usize {
        self.present
    }

    #[inline]
    pub(super) fn get(&self, id: usize) -> Option<&T> {
        match self.slots.get(id) {
            Some(Slot::Present(entry)) => Some(entry),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: usize) -> Option<&mut T> {
        match self.slots.get_mut(id) {
            Some(Slot::Present(entry)) => Some(entry),
            _ => None,
        }
    }

    pub(super) fn is_gone(&self, id: usize) -> bool {
        matches!(self.slots.get(id), Some(Slot::Gone))
    }

    /// Enters what is absent. The caller limits the ids.
    pub(super) fn insert(&mut self, id: usize, entry: T) {
        self.skip(id);
        if matches!(self.slots[id], Slot::Absent) {
            self.slots[id] = Slot::Present(entry);
            self.in_chunk[id / CHUNK] += 1;
            self.present += 1;
        }
    }

    /// Makes room for an id whose entry stays absent.
    pub(super) fn skip(&mut self, id: usize) {
        if id >= self.slots.len() {
            self.slots.resize_with(id + 1, || Slot::Absent);
            self.in_chunk.resize(id / CHUNK + 1, 0);
        }
    }

    /// Removes an entry for good.
    pub(super) fn remove(&mut self, id: usize) -> Option<T> {
        let slot = self.slots.get_mut(id).filter(|slot| matches!(slot, Slot::Present(_)))?;
        self.in_chunk[id / CHUNK] -= 1;
        self.present -= 1;
        match std::mem::replace(slot, Slot::Gone) {
            Slot::Present(entry) => Some(entry),
            Slot::Absent | Slot::Gone => None,
        }
    }

    /// Returns the present entries with their ids, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, &T)> {
        let chunks = self.slots.chunks(CHUNK).zip(&self.in_chunk).enumerate().filter(|(_, (_, present))| **present > 0);
        chunks.flat_map(|(chunk, (slots, _))| {
            slots.iter().enumerate().filter_map(move |(at, slot)| match slot {
                Slot::Present(entry) => Some((chunk * CHUNK + at, entry)),
                _ => None,
            })
        })
    }

    /// As [`Table::entries`].
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = (usize, &mut T)> {
        let chunks = self.slots.chunks_mut(CHUNK).zip(&self.in_chunk).enumerate();
        chunks.filter(|(_, (_, present))| **present > 0).flat_map(|(chunk, (slots, _))| {
            slots.iter_mut().enumerate().filter_map(move |(at, slot)| match slot {
                Slot::Present(entry) => Some((chunk * CHUNK + at, entry)),
                _ => None,
            })
        })
    }

    /// Returns the heap bytes of the table itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<T>>() + self.in_chunk.capacity()
    }
}

/// The resources. Those of an unknown kind have no entry.
pub(super) type ResourceTable = Table<ResourceState>;

/// The lanes. Whatever id is asked for, there is one: an empty lane if the worker is not declared or gone.
#[derive(Debug, Clone)]
pub(super) struct LaneTable {
    lanes: Table<Box<Lane>>,
    empty: Box<Lane>,
    /// Takes changes to a lane that does not exist. Nothing reads it.
    discarded: Box<Lane>,
}

impl LaneTable {
    /// Returns a table without lanes. `empty` is a lane without history.
    pub(super) fn new(empty: Lane) -> Self {
        Self { lanes: Table::default(), discarded: Box::new(empty.clone()), empty: Box::new(empty) }
    }

    pub(super) fn len(&self) -> usize {
        self.lanes.len()
    }

    pub(super) fn present_count(&self) -> usize {
        self.lanes.present_count()
    }

    #[inline]
    pub(super) fn get(&self, worker: usize) -> Option<&Lane> {
        self.lanes.get(worker).map(|lane| &**lane)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, worker: usize) -> Option<&mut Lane> {
        self.lanes.get_mut(worker).map(|lane| &mut **lane)
    }

    pub(super) fn is_gone(&self, worker: usize) -> bool {
        self.lanes.is_gone(worker)
    }

    pub(super) fn insert(&mut self, worker: usize, lane: Lane) {
        self.lanes.insert(worker, Box::new(lane));
    }

    pub(super) fn remove(&mut self, worker: usize) -> Option<Box<Lane>> {
        self.lanes.remove(worker)
    }

    pub(super) fn empty(&self) -> &Lane {
        &self.empty
    }

    /// Returns the lanes that exist with their ids, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, &Lane)> {
        self.lanes.entries().map(|(worker, lane)| (worker, &**lane))
    }

    /// As [`LaneTable::entries`].
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = (usize, &mut Lane)> {
        self.lanes.entries_mut().map(|(worker, lane)| (worker, &mut **lane))
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        let lanes: usize = self.entries().map(|(_, lane)| size_of::<Lane>() + lane.heap_bytes()).sum();
        self.lanes.heap_bytes() + 2 * size_of::<Lane>() + lanes
    }
}

impl Index<usize> for LaneTable {
    type Output = Lane;

    #[inline]
    fn index(&self, worker: usize) -> &Lane {
        self.get(worker).unwrap_or(&self.empty)
    }
}

impl IndexMut<usize> for LaneTable {
    #[inline]
    fn index_mut(&mut self, worker: usize) -> &mut Lane {
        if let Some(lane) = self.lanes.get_mut(worker) {
            lane
        } else {
            self.discarded.clone_from(&self.empty);
            &mut self.discarded
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_of_a_removed_entry_is_never_used_again() {
        let mut table = Table::default();
        table.insert(2, 'a');
        table.insert(200, 'z');
        assert_eq!(table.entries().collect::<Vec<_>>(), [(2, &'a'), (200, &'z')]);
        assert_eq!(table.remove(200), Some('z'));
        assert_eq!((table.len(), table.present_count(), table.get(0)), (201, 1, None));
        assert_eq!(table.remove(2), Some('a'));
        table.insert(2, 'b');
        assert!(table.is_gone(2) && !table.is_gone(1) && !table.is_gone(999));
        assert_eq!(table.remove(2), None);
        assert_eq!((table.get(2), table.present_count()), (None, 0));
    }
}
