//! The cells of rows that combine many lanes: their sums, without those of each lane.

use std::collections::HashMap;

use super::kept_cells::{CellKey, CellMemo};
use crate::model::{CellWindow, Model, StateTimes};
use crate::trace::{Span, Stamp, WorkerId};

/// How long the cells of a folded row are kept: the kernel's figures of a few of its lanes may come late.
const KEPT_FOR: Span = Span::from_millis(10_000);

/// One folded row.
#[derive(Debug)]
struct FoldedRow {
    members: Vec<WorkerId>,
    cells: CellMemo<(), StateTimes>,
}

/// The folded rows, by group; the lanes without a row of their own have none.
#[derive(Debug, Default)]
pub(super) struct FoldedCells {
    rows: HashMap<Option<String>, FoldedRow>,
}

impl FoldedCells {
    /// Returns the sums of the cells of these lanes.
    pub(super) fn fetch(
        &mut self,
        model: &Model,
        (group, members): (Option<&str>, &[WorkerId]),
        key: CellKey,
    ) -> &[StateTimes] {
        let empty = || FoldedRow { members: Vec::new(), cells: CellMemo::default().with_kept_for(KEPT_FOR) };
        let row = self.rows.entry(group.map(str::to_owned)).or_insert_with(empty);
        if row.members != members {
            *row = FoldedRow { members: members.to_vec(), ..empty() };
        }
        row.cells.fetch((), key, |window, end, out| sum_cells(model, members, (window, end), out))
    }
}

/// Writes the sums of the cells of these lanes to `out`.
fn sum_cells(model: &Model, members: &[WorkerId], (window, end): (&CellWindow, Stamp), out: &mut Vec<StateTimes>) {
    out.clear();
    out.resize(window.cells, StateTimes::default());
    let mut cells = Vec::new();
    for worker in members {
        model.lane(*worker).cells(window, end, &mut cells);
        out.iter_mut().zip(&cells).for_each(|(sum, cell)| sum.add(cell));
    }
}
