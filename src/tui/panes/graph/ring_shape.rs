//! The places of a ring's boxes and arrows: a pair side by side, more around a rectangle, clockwise from the top left.
//!
//! ```text
//!      ┌──▶ 1 ──▶ 2 ──┐            1 ──▶ 2 ──▶ 3
//!      │              ▼            ▲           │
//!      5              3            │           ▼
//!      ▲              │            6 ◀── 5 ◀── 4
//!      └───── 4 ◀─────┘
//! ```

use ratatui::layout::{Rect, Size};

/// Lines of a box: a border, a name, a border.
pub(super) const BOX_HEIGHT: u16 = 3;

/// Most members that are drawn as boxes.
const MAX_BOXES: usize = 16;

/// Lines between two boxes of a column.
const ROW_GAP: u16 = 2;

/// Least columns between two boxes of a row.
const MIN_GAP: u16 = 10;

/// Columns from the middle of a box at the side to the rows at the top and the bottom.
const INSET: u16 = 6;

/// The members of a ring, and how wide their texts are.
#[derive(Debug, Clone, Copy)]
pub(super) struct RingSizes {
    pub(super) members: usize,
    pub(super) box_width: u16,
    /// Columns of the longest label of an arrow.
    pub(super) label_width: u16,
}

/// A ring at the origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RingShape {
    pub(super) size: Size,
    /// One for each member, in order.
    pub(super) boxes: Vec<Rect>,
    /// From each member to the next.
    pub(super) arrows: Vec<RingArrow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RingArrow {
    /// Its first cell, its corners, and the cell of its head.
    pub(super) points: Vec<(u16, u16)>,
    pub(super) label: Rect,
    pub(super) label_side: LabelSide,
}

/// Where a label stands within its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LabelSide {
    Left,
    Middle,
    Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Top,
    Right,
    Bottom,
    Left,
}

/// The number of boxes along each edge.
#[derive(Debug, Clone, Copy)]
struct Arrangement {
    top: usize,
    right: usize,
    bottom: usize,
    left: usize,
    /// Whether the boxes at the sides stand outside of those at the top and the bottom.
    is_inset: bool,
}

impl RingSizes {
    /// Returns the shape that fits this area completely, if any does.
    pub(super) fn shape(self, area: Size) -> Option<RingShape> {
        let fits = |shape: &RingShape| shape.size.width <= area.width && shape.size.height <= area.height;
        match self.members {
            1 => Some(self.loop_shape()).filter(fits),
            2 => Some(self.pair_shape()).filter(fits),
            3..=MAX_BOXES => arrangements(self.members).map(|arranged| self.around(arranged)).find(fits),
            _ => None,
        }
    }

    fn gap(self) -> u16 {
        self.label_width.saturating_add(4).max(MIN_GAP)
    }

    /// Returns the shape of a worker that waits for itself.
    fn loop_shape(self) -> RingShape {
        let only = Rect::new(0, 0, self.box_width, BOX_HEIGHT);
        let (middle, turn, below) = (middle_of(only), self.box_width + 2, BOX_HEIGHT + 1);
        let points = vec![(only.right(), 1), (turn, 1), (turn, below), (middle, below), (middle, BOX_HEIGHT)];
        let label = Rect::new(turn + 2, 1, self.label_width, 1);
        let size = Size::new(label.right(), BOX_HEIGHT + 2);
        RingShape { size, boxes: vec![only], arrows: vec![RingArrow { points, label, label_side: LabelSide::Left }] }
    }

    fn pair_shape(self) -> RingShape {
        let left = Rect::new(0, 0, self.box_width, BOX_HEIGHT);
        let right = Rect { x: self.box_width + self.gap(), ..left };
        let below = BOX_HEIGHT + 1;
        let (from, to) = (middle_of(right), middle_of(left));
        let back = RingArrow {
            points: vec![(from, BOX_HEIGHT), (from, below), (to, below), (to, BOX_HEIGHT)],
            label: Rect::new(to + 2, BOX_HEIGHT, from - to - 3, 1),
            label_side: LabelSide::Middle,
        };
        let arrows = vec![along_row(left, right), back];
        RingShape { size: Size::new(right.right(), BOX_HEIGHT + 2), boxes: vec![left, right], arrows }
    }

    /// Places the boxes around a rectangle, and the arrows between them.
    fn around(self, arranged: Arrangement) -> RingShape {
        let boxes = self.boxes_around(arranged);
        let width = boxes.iter().map(|(at, _)| at.right()).max().unwrap_or(0);
        let height = boxes.iter().map(|(at, _)| at.bottom()).max().unwrap_or(0);
        let next = boxes.iter().cycle().skip(1);
        let arrows = boxes.iter().zip(next).map(|(from, to)| arrow_between(*from, *to, width)).collect();
        let boxes = boxes.into_iter().map(|(at, _)| at).collect();
        RingShape { size: Size::new(width, height), boxes, arrows }
    }

    fn boxes_around(self, Arrangement { top, right, bottom, left, is_inset }: Arrangement) -> Vec<(Rect, Edge)> {
        let (across, down) = (self.box_width + self.gap(), BOX_HEIGHT + ROW_GAP);
        let row_width = |boxes: usize| (boxes as u16 * across).saturating_sub(self.gap());
        let inset = if is_inset { self.box_width / 2 + INSET } else { 0 };
        let whole = row_width(top) + 2 * inset;
        let rows = right.max(left) as u16;
        // The arrows at inset sides need one line less, because they enter the lowest row from its side.
        let bottom_y = (rows + 1) * down - u16::from(is_inset);
        let row_x = |boxes: usize, nth: usize| (whole - row_width(boxes)) / 2 + nth as u16 * across;
        let at = |x: u16, y: u16| Rect::new(x, y, self.box_width, BOX_HEIGHT);
        let tops = (0..top).map(|nth| (at(row_x(top, nth), 0), Edge::Top));
        let rights = (0..right).map(|nth| (at(whole - self.box_width, (nth as u16 + 1) * down), Edge::Right));
        let bottoms = (0..bottom).rev().map(|nth| (at(row_x(bottom, nth), bottom_y), Edge::Bottom));
        let lefts = (0..left).rev().map(|nth| (at(0, (nth as u16 + 1) * down), Edge::Left));
        tops.chain(rights).chain(bottoms).chain(lefts).collect()
    }
}

/// Returns the arrangements of this many boxes, the most pleasing first.
fn arrangements(members: usize) -> impl Iterator<Item = Arrangement> {
    let inset = (4..=8).contains(&members).then(|| {
        let bottom = (members - 2) / 2;
        Arrangement { top: members - 2 - bottom, right: 1, bottom, left: 1, is_inset: true }
    });
    let grids = (2..=members.div_ceil(2)).rev().map(move |columns| {
        let sides = members.saturating_sub(2 * columns).div_ceil(2);
        let bottom = members - columns - 2 * sides;
        Arrangement { top: columns, right: sides, bottom, left: sides, is_inset: false }
    });
    inset.into_iter().chain(grids)
}

const fn middle_of(at: Rect) -> u16 {
    at.x + at.width / 2
}

/// Returns the arrow between two boxes of a row, with its label above it.
fn along_row(from: Rect, to: Rect) -> RingArrow {
    let y = from.y + 1;
    let (points, start, end) = if from.x < to.x {
        (vec![(from.right(), y), (to.x - 1, y)], from.right(), to.x)
    } else {
        (vec![(from.x - 1, y), (to.right(), y)], to.right(), from.x)
    };
    RingArrow { points, label: Rect::new(start + 1, from.y, end - start - 2, 1), label_side: LabelSide::Middle }
}

fn arrow_between((from, leaves): (Rect, Edge), (to, enters): (Rect, Edge), width: u16) -> RingArrow {
    use Edge::{Bottom, Left, Right, Top};
    if leaves == enters && matches!(leaves, Top | Bottom) {
        return along_row(from, to);
    }
    let (start, end) = (middle_of(from), middle_of(to));
    let is_down = from.y < to.y;
    let (leave_y, enter_y) = if is_down { (from.bottom(), to.y - 1) } else { (from.y - 1, to.bottom()) };
    let (points, x) = match (leaves, enters) {
        _ if start == end => (vec![(start, leave_y), (end, enter_y)], start),
        // Out of a side, then into the top or the bottom of the next box.
        (Top, Right) => (vec![(from.right(), from.y + 1), (end, from.y + 1), (end, enter_y)], end),
        (Bottom, Left | Top) => (vec![(from.x - 1, from.y + 1), (end, from.y + 1), (end, enter_y)], end),
        // Out of the top or the bottom, then into a side.
        (Left, _) => (vec![(start, leave_y), (start, to.y + 1), (to.x - 1, to.y + 1)], start),
        _ => (vec![(start, leave_y), (start, to.y + 1), (to.right(), to.y + 1)], start),
    };
    // Labels are inside of the ring; those of the left half begin at the arrow, those of the right half end there.
    let y = if is_down { from.bottom() } else { to.bottom() };
    if x < width / 2 {
        let label = Rect::new(x + 2, y, (width / 2).saturating_sub(x + 3), 1);
        RingArrow { points, label, label_side: LabelSide::Left }
    } else {
        let begin = width / 2 + 1;
        let label = Rect::new(begin, y, (x - 1).saturating_sub(begin), 1);
        RingArrow { points, label, label_side: LabelSide::Right }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const AREAS: [(u16, u16); 8] = [(50, 20), (56, 30), (60, 42), (78, 20), (92, 14), (118, 12), (118, 24), (200, 60)];

    /// Returns all cells of an arrow.
    fn cells(arrow: &RingArrow) -> Vec<(u16, u16)> {
        let between = |pair: &[(u16, u16)]| {
            let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
            assert!(ax == bx || ay == by, "{arrow:?} is not straight");
            let xs = ax.min(bx)..=ax.max(bx);
            xs.flat_map(|x| (ay.min(by)..=ay.max(by)).map(move |y| (x, y))).collect::<Vec<_>>()
        };
        arrow.points.windows(2).flat_map(between).collect()
    }

    /// Whether a cell touches one of the four sides of a box from outside.
    fn touches((x, y): (u16, u16), at: Rect) -> bool {
        let beside = (at.y..at.bottom()).contains(&y) && (x + 1 == at.x || x == at.right());
        beside || (at.x..at.right()).contains(&x) && (y + 1 == at.y || y == at.bottom())
    }

    #[test]
    fn every_arrow_leads_from_its_box_to_the_next_and_crosses_nothing() {
        for members in 1..=16 {
            for (width, height) in AREAS {
                let sizes = RingSizes { members, box_width: 15, label_width: 8 };
                let Some(shape) = sizes.shape(Size::new(width, height)) else { continue };
                assert!(shape.size.width <= width && shape.size.height <= height, "{members} in {width}x{height}");
                assert_eq!((shape.boxes.len(), shape.arrows.len()), (members, members));
                let mut used = HashSet::new();
                for (i, at) in shape.boxes.iter().enumerate() {
                    let fresh = at.positions().all(|cell| used.insert((cell.x, cell.y)));
                    assert!(fresh, "box {i} of {members} overlaps in {width}x{height}");
                }
                for (i, arrow) in shape.arrows.iter().enumerate() {
                    let (first, head) = (arrow.points[0], arrow.points[arrow.points.len() - 1]);
                    assert!(touches(first, shape.boxes[i]), "arrow {i} of {members} begins at {first:?}");
                    assert!(touches(head, shape.boxes[(i + 1) % members]), "arrow {i} of {members} ends at {head:?}");
                    let own: HashSet<_> = cells(arrow).into_iter().collect();
                    assert!(own.iter().all(|(x, y)| *x < width && *y < height), "arrow {i} of {members} is cut");
                    assert!(own.iter().all(|cell| used.insert(*cell)), "arrow {i} of {members} crosses something");
                }
                for (i, arrow) in shape.arrows.iter().enumerate() {
                    let is_free = arrow.label.positions().all(|cell| used.insert((cell.x, cell.y)));
                    assert!(is_free && arrow.label.width >= 4, "label {i} of {members} in {width}x{height}: {arrow:?}");
                }
            }
        }
    }

    #[test]
    fn five_boxes_stand_around_a_rectangle_and_in_two_rows_if_it_is_too_high() {
        let sizes = RingSizes { members: 5, box_width: 17, label_width: 6 };
        let wide = sizes.shape(Size::new(118, 14)).expect("it has room");
        assert_eq!(wide.boxes.iter().map(|at| at.y).collect::<Vec<_>>(), [0, 0, 5, 9, 5]);
        let flat = sizes.shape(Size::new(118, 8)).expect("it has room");
        assert_eq!(flat.boxes.iter().map(|at| at.y).collect::<Vec<_>>(), [0, 0, 0, 5, 5]);
        let narrow = sizes.shape(Size::new(58, 20)).expect("it has room");
        assert_eq!(narrow.boxes.iter().map(|at| at.y).collect::<Vec<_>>(), [0, 0, 5, 10, 5]);
        assert_eq!(sizes.shape(Size::new(40, 60)), None);
    }
}
