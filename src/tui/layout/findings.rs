//! The area of each finding in the pane of findings, and its lines.

use ratatui::layout::Rect;

use crate::model::Finding;
use crate::report::text_width::wrap_text;
use crate::tui::run_view::{RunView, Selection};

/// Columns of a finding's name, on a pane wide enough for it.
pub(in crate::tui) const NAME_WIDTH: u16 = 18;

/// A line of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum LineKind {
    Sentence,
    Evidence,
    Fix,
}

/// Returns the visible findings and their areas. The list begins with the most severe one, or with the chosen one if it
/// would not be visible.
pub(in crate::tui) fn finding_areas(view: &RunView, area: Rect) -> Vec<(usize, Rect)> {
    let chosen = match view.selection {
        Some(Selection::Finding(index)) => index,
        _ => 0,
    };
    let mut first = 0;
    loop {
        let places = areas_from(view, area, first);
        if first >= chosen || places.iter().any(|(index, _)| *index == chosen) {
            return places;
        }
        first += 1;
    }
}

/// Returns the findings from this one on that have room, and their areas.
fn areas_from(view: &RunView, area: Rect, first: usize) -> Vec<(usize, Rect)> {
    let (mut places, mut rest) = (Vec::new(), area);
    for (i, finding) in view.figures.findings.iter().enumerate().skip(first) {
        let needed = u16::try_from(finding_lines(finding, area).len()).unwrap_or(u16::MAX);
        if rest.height == 0 || (needed > rest.height && !places.is_empty()) {
            break;
        }
        let height = needed.clamp(1, rest.height);
        places.push((i, Rect { height, ..rest }));
        let used = (height + 1).min(rest.height); // a blank line between two findings
        rest = Rect { y: rest.y + used, height: rest.height - used, ..rest };
    }
    places
}

/// Returns the finding on a line of the screen.
pub(in crate::tui) fn finding_at(view: &RunView, area: Rect, y: u16) -> Option<usize> {
    let on = |at: &Rect| (at.y..at.bottom()).contains(&y);
    finding_areas(view, area).into_iter().find(|(_, at)| on(at)).map(|(i, _)| i)
}

/// Whether there is a column for names.
pub(in crate::tui) const fn has_names(area: Rect) -> bool {
    area.width >= 100
}

/// Returns the area of the sentences, right of the names.
pub(in crate::tui) fn sentence_area(area: Rect) -> Rect {
    let name = if has_names(area) { NAME_WIDTH + 3 } else { 2 };
    let x = (area.x + name).min(area.right());
    Rect { x, width: (area.right() - x).saturating_sub(1), ..area }
}

/// Returns the lines of a finding: its name where it has no column, its sentence, the evidence and the fix.
pub(in crate::tui) fn finding_lines(finding: &Finding, area: Rect) -> Vec<(String, LineKind)> {
    let width = sentence_area(area).width;
    let name = if has_names(area) { String::new() } else { format!("{}: ", finding.id) };
    let texts = [
        (format!("{name}{}", finding.sentence), LineKind::Sentence),
        (finding.evidence.clone(), LineKind::Evidence),
        (finding.fix.clone(), LineKind::Fix),
    ];
    let texts = texts.into_iter().filter(|(text, _)| !text.is_empty());
    texts.flat_map(|(text, kind)| wrap_text(&text, width).into_iter().map(move |line| (line, kind))).collect()
}

/// Returns how many lines all findings need in a pane of this width.
pub(in crate::tui) fn needed_lines(view: &RunView, width: u16) -> usize {
    let area = Rect { width, ..Rect::default() };
    let findings = &view.figures.findings;
    findings.iter().map(|finding| finding_lines(finding, area).len() + 1).sum::<usize>().max(2) - 1
}
