//! The layout of the picker.

use ratatui::layout::Rect;

use crate::scenario::Category;
use crate::tui::picker::Picker;

/// Narrowest screen with something beside the list.
const ABOUT_FROM: u16 = 60;

pub(in crate::tui) enum PickerLine {
    Group(Category),
    /// The index among the visible entries.
    Entry(usize),
}

pub(in crate::tui) struct PickerLayout {
    pub(in crate::tui) head: Rect,
    pub(in crate::tui) list: Rect,
    pub(in crate::tui) about: Rect,
    pub(in crate::tui) foot: Rect,
}

impl PickerLayout {
    pub(in crate::tui) fn compute(area: Rect) -> Self {
        let head = Rect { height: area.height.min(2), ..area };
        let foot_height = u16::from(area.height > 2);
        let foot = Rect { y: area.bottom() - foot_height, height: foot_height, ..area };
        let middle = Rect { y: head.bottom(), height: foot.y.saturating_sub(head.bottom()), ..area };
        let list_width = if area.width < ABOUT_FROM { area.width } else { (area.width / 3).min(36) };
        let list = Rect { width: list_width, ..middle };
        let x = (list.right() + 2).min(area.right());
        let beside = Rect { x, width: (area.right() - x).saturating_sub(2).min(96), ..middle };
        Self { head, list, about: beside, foot }
    }
}

/// Returns the lines of the list, and the first visible one.
pub(in crate::tui) fn list_lines(picker: &Picker, height: u16) -> (Vec<PickerLine>, usize) {
    let mut lines = Vec::new();
    let (mut group, mut chosen) = (None, 0);
    for (i, entry) in picker.visible_entries().iter().enumerate() {
        if group != Some(entry.group()) {
            group = Some(entry.group());
            lines.push(PickerLine::Group(entry.group()));
        }
        if i == picker.position() {
            chosen = lines.len();
        }
        lines.push(PickerLine::Entry(i));
    }
    let height = usize::from(height);
    let first = (chosen + 2).saturating_sub(height).min(lines.len().saturating_sub(height));
    (lines, first)
}

/// Returns the entry under a point of the screen, as an index among the visible ones.
pub(in crate::tui) fn entry_at(picker: &Picker, screen: Rect, x: u16, y: u16) -> Option<usize> {
    let list = PickerLayout::compute(screen).list;
    if !list.contains((x, y).into()) {
        return None;
    }
    let (lines, first) = list_lines(picker, list.height);
    match lines.get(first + usize::from(y - list.y)) {
        Some(PickerLine::Entry(i)) => Some(*i),
        _ => None,
    }
}
