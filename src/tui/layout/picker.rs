//! The layout of the picker.

use ratatui::layout::Rect;

use super::{take_bottom, take_top};
use crate::tui::picker::{Picker, PickerSection};

/// Narrowest screen with something beside the list, and with titles in the list.
const ABOUT_FROM: u16 = 60;
const TITLES_FROM: u16 = 150;

/// Columns of the list with titles.
const TITLES_WIDTH: u16 = 78;

/// Most columns of the text beside the list.
const MAX_ABOUT_WIDTH: u16 = 110;

/// Height from which blank lines set the parts of the screen apart.
pub(in crate::tui) const SPACIOUS_FROM: u16 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum PickerLine {
    Blank,
    /// A section, and how many rows it has.
    Heading(PickerSection, usize),
    /// The index among the visible rows.
    Entry(usize),
    /// How many rows are hidden above, or below.
    Above(usize),
    Below(usize),
}

pub(in crate::tui) struct PickerLayout {
    pub(in crate::tui) head: Rect,
    pub(in crate::tui) list: Rect,
    pub(in crate::tui) about: Rect,
    pub(in crate::tui) foot: Rect,
}

impl PickerLayout {
    pub(in crate::tui) fn compute(area: Rect) -> Self {
        let mut middle = area;
        let head = take_top(&mut middle, if area.height >= 12 { 2 } else { 1 });
        let foot = take_bottom(&mut middle, 1);
        if area.height >= SPACIOUS_FROM {
            take_bottom(&mut middle, 1);
        }
        let list_width = match area.width {
            ..ABOUT_FROM => area.width,
            ABOUT_FROM..TITLES_FROM => (area.width / 3).min(34),
            TITLES_FROM.. => TITLES_WIDTH,
        };
        let list = Rect { width: list_width, ..middle };
        let x = (list.right() + if area.width < 100 { 2 } else { 4 }).min(area.right());
        let beside = Rect { x, width: (area.right() - x).saturating_sub(1).min(MAX_ABOUT_WIDTH), ..middle };
        Self { head, list, about: beside, foot }
    }

    /// Whether the list has room for the titles of the scenarios.
    pub(in crate::tui) const fn has_titles(&self) -> bool {
        self.list.width >= TITLES_WIDTH
    }
}

/// Returns the lines of the list around the chosen row, as many as fit.
pub(in crate::tui) fn list_lines(picker: &Picker, height: u16) -> Vec<PickerLine> {
    let rows = picker.visible_rows();
    let is_spacious = height + 3 >= SPACIOUS_FROM;
    let (mut lines, mut section, mut chosen) = (Vec::new(), None, 0);
    for (i, row) in rows.iter().enumerate() {
        if section != Some(row.section) {
            if is_spacious && section.is_some() {
                lines.push(PickerLine::Blank);
            }
            section = Some(row.section);
            lines.push(PickerLine::Heading(row.section, rows.iter().filter(|r| r.section == row.section).count()));
        }
        if i == picker.position() {
            chosen = lines.len();
        }
        lines.push(PickerLine::Entry(i));
    }
    clip_lines(&lines, chosen, usize::from(height))
}

/// Keeps the lines around the chosen one; the first and the last tell how many rows are left out.
fn clip_lines(lines: &[PickerLine], chosen: usize, height: usize) -> Vec<PickerLine> {
    let first = chosen.saturating_sub(height / 2).min(lines.len().saturating_sub(height));
    let end = (first + height).min(lines.len());
    let mut shown = lines[first..end].to_vec();
    if height < 5 {
        return shown; // no room to tell
    }
    let entries = |of: &[PickerLine]| of.iter().filter(|line| matches!(line, PickerLine::Entry(_))).count();
    if let (1.., Some(line)) = (first, shown.first_mut()) {
        *line = PickerLine::Above(entries(&lines[..=first]));
    }
    if end < lines.len()
        && let Some(line) = shown.last_mut()
    {
        *line = PickerLine::Below(entries(&lines[end - 1..]));
    }
    shown
}

/// Returns the row under a point of the screen, as an index among the visible ones.
pub(in crate::tui) fn entry_at(picker: &Picker, screen: Rect, x: u16, y: u16) -> Option<usize> {
    let list = PickerLayout::compute(screen).list;
    if !list.contains((x, y).into()) {
        return None;
    }
    match list_lines(picker, list.height).get(usize::from(y - list.y)) {
        Some(PickerLine::Entry(i)) => Some(*i),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_that_goes_on_says_so_and_the_chosen_row_is_always_visible() {
        let mut picker = Picker::catalogue();
        let rows = picker.visible_rows().len();
        for height in [5, 8, 21, 37, 300] {
            for chosen in 0..rows {
                picker.choose(chosen);
                let lines = list_lines(&picker, height);
                assert!(lines.len() <= usize::from(height) && lines.contains(&PickerLine::Entry(chosen)));
                let shown = lines.iter().filter(|line| matches!(line, PickerLine::Entry(_))).count();
                let hidden: usize = lines
                    .iter()
                    .map(|line| if let PickerLine::Above(n) | PickerLine::Below(n) = line { *n } else { 0 })
                    .sum();
                assert_eq!(shown + hidden, rows, "{height} lines, row {chosen}");
            }
        }
    }

    #[test]
    fn click_chooses_the_row_that_is_drawn_there() {
        let mut picker = Picker::catalogue();
        let screen = Rect::new(0, 0, 120, 40);
        picker.choose(60);
        let list = PickerLayout::compute(screen).list;
        for (i, line) in list_lines(&picker, list.height).iter().enumerate() {
            let found = entry_at(&picker, screen, list.x + 3, list.y + i as u16);
            assert_eq!(found, if let PickerLine::Entry(at) = line { Some(*at) } else { None });
        }
        assert_eq!(entry_at(&picker, screen, 119, 10), None);
    }
}
