//! Tables by id that grow while the run lasts. The entry of a worker or resource that is gone takes no memory but its
//! place.

use std::collections::BTreeMap;
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
    /// By chunk of slots that has any: the number of its present entries. Those of a long run are nearly all gone, and
    /// nothing that visits the present ones takes longer for that.
    in_chunk: BTreeMap<usize, u8>,
    present: usize,
}

/// Slots of a chunk.
const CHUNK: usize = 64;

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), in_chunk: BTreeMap::new(), present: 0 }
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

    /// Enters the absent ids. The caller limits them.
    pub(super) fn insert(&mut self, id: usize, entry: T) {
        self.skip(id);
        if matches!(self.slots[id], Slot::Absent) {
            self.slots[id] = Slot::Present(entry);
            *self.in_chunk.entry(id / CHUNK).or_default() += 1;
            self.present += 1;
        }
    }

    /// Makes room for an id whose entry stays absent.
    pub(super) fn skip(&mut self, id: usize) {
        if id >= self.slots.len() {
            self.slots.resize_with(id + 1, || Slot::Absent);
        }
    }

    /// Removes an entry for good.
    pub(super) fn remove(&mut self, id: usize) -> Option<T> {
        let slot = self.slots.get_mut(id).filter(|slot| matches!(slot, Slot::Present(_)))?;
        let in_chunk = self.in_chunk.entry(id / CHUNK).or_default();
        *in_chunk = in_chunk.saturating_sub(1);
        if *in_chunk == 0 {
            self.in_chunk.remove(&(id / CHUNK));
        }
        self.present -= 1;
        match std::mem::replace(slot, Slot::Gone) {
            Slot::Present(entry) => Some(entry),
            Slot::Absent | Slot::Gone => None,
        }
    }

    /// Returns the present entries with their ids, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, &T)> {
        let chunks = self.in_chunk.keys().map(|chunk| (*chunk, self.slots[chunk * CHUNK..].iter().take(CHUNK)));
        chunks.flat_map(|(chunk, slots)| {
            slots.enumerate().filter_map(move |(at, slot)| match slot {
                Slot::Present(entry) => Some((chunk * CHUNK + at, entry)),
                _ => None,
            })
        })
    }

    /// As [`Table::entries`].
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = (usize, &mut T)> {
        let (mut rest, mut next) = (self.slots.as_mut_slice(), 0);
        let chunks = self.in_chunk.keys().map(move |chunk| {
            let (_, from) = std::mem::take(&mut rest).split_at_mut((chunk - next) * CHUNK);
            let (slots, after) = from.split_at_mut(CHUNK.min(from.len()));
            (rest, next) = (after, chunk + 1);
            (*chunk, slots)
        });
        chunks.flat_map(|(chunk, slots)| {
            slots.iter_mut().enumerate().filter_map(move |(at, slot)| match slot {
                Slot::Present(entry) => Some((chunk * CHUNK + at, entry)),
                _ => None,
            })
        })
    }

    /// Returns the heap bytes of the table itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<T>>() + self.in_chunk.len() * size_of::<(usize, u8)>()
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
        assert_eq!(table.entries_mut().map(|(id, entry)| (id, *entry)).collect::<Vec<_>>(), [(2, 'a'), (200, 'z')]);
        assert_eq!(table.remove(200), Some('z'));
        assert_eq!((table.len(), table.present_count(), table.get(0)), (201, 1, None));
        assert_eq!(table.remove(2), Some('a'));
        table.insert(2, 'b');
        assert!(table.is_gone(2) && !table.is_gone(1) && !table.is_gone(999));
        assert_eq!(table.remove(2), None);
        assert_eq!((table.get(2), table.present_count()), (None, 0));
    }

    /// The chunks count the work of a visit.
    #[test]
    fn visit_of_the_present_entries_takes_no_longer_when_many_are_gone() {
        let mut table = Table::default();
        for id in 0..100_000 {
            table.insert(id, id);
            if id >= 200 {
                table.remove(id - 200);
            }
        }
        assert_eq!((table.len(), table.present_count()), (100_000, 200));
        assert!(table.in_chunk.len() <= 200 / CHUNK + 2, "{} chunks", table.in_chunk.len());
        let present: Vec<usize> = (99_800..100_000).collect();
        assert_eq!(table.entries().map(|(id, entry)| id.max(*entry)).collect::<Vec<_>>(), present);
        assert_eq!(table.entries_mut().map(|(id, entry)| id.min(*entry)).collect::<Vec<_>>(), present);
    }
}
