//! The area of each finding, and its lines.

use ratatui::layout::Rect;

use crate::model::Finding;
use crate::report::text_width::wrap_text;
use crate::trace::RunEnd;
use crate::tui::run_view::{PlayState, RunView, Selection};

/// Columns of a finding's name, on a screen wide enough for it.
pub(in crate::tui) const NAME_WIDTH: u16 = 18;

/// Height of the area from which the evidence is shown too.
const ROOM_FOR_EVIDENCE: u16 = 8;

/// Returns the visible findings and their areas. The list begins with the most severe one, or with the chosen one if it
/// would not be visible.
pub(in crate::tui) fn finding_areas(view: &RunView, area: Rect) -> Vec<(usize, Rect)> {
    let chosen = match view.selection {
        Some(Selection::Finding(index)) => index,
        _ => 0,
    };
    let in_sight = usize::from(area.height / 2).max(1);
    let first = if chosen >= in_sight { chosen } else { 0 };
    let (mut places, mut rest) = (Vec::new(), area_below_abort(view, area));
    for (i, finding) in view.figures.findings.iter().enumerate().skip(first) {
        let height = u16::try_from(sentences(finding, area).len()).unwrap_or(u16::MAX);
        let height = height.clamp(1, rest.height.max(1));
        if rest.height == 0 {
            break;
        }
        places.push((i, Rect { height, ..rest }));
        rest = Rect { y: rest.y + height, height: rest.height - height, ..rest };
    }
    places
}

/// Returns why the run broke off, if it did.
pub(in crate::tui) fn abort_reason(view: &RunView) -> Option<String> {
    match view.play_state() {
        PlayState::Ended(RunEnd::Crashed(why)) => Some(format!("The run broke off: {why}; press r to restart")),
        _ => None,
    }
}

/// Returns the area for findings below the reason why the run broke off.
pub(in crate::tui) fn area_below_abort(view: &RunView, area: Rect) -> Rect {
    let used = abort_reason(view).map_or(0, |why| wrap_text(&why, area.width.saturating_sub(4)).len());
    let used = u16::try_from(used).unwrap_or(u16::MAX).min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
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
    let name = if has_names(area) { NAME_WIDTH + 3 } else { 3 };
    let x = (area.x + name).min(area.right());
    Rect { x, width: (area.right() - x).saturating_sub(1), ..area }
}

/// Returns the lines of a finding: its sentence, then evidence and fix, which are marked as faint. Without a column for
/// names, the sentence begins with the name.
pub(in crate::tui) fn sentences(finding: &Finding, area: Rect) -> Vec<(String, bool)> {
    let width = sentence_area(area).width;
    let name = if has_names(area) { String::new() } else { format!("{}: ", finding.id) };
    let sentence = wrap_text(&format!("{name}{}", finding.sentence), width).into_iter().map(|line| (line, false));
    let evidence = if area.height >= ROOM_FOR_EVIDENCE { finding.evidence.as_str() } else { "" };
    let more = [evidence, &finding.fix].into_iter().flat_map(|t| wrap_text(t, width)).map(|line| (line, true));
    sentence.chain(more).collect()
}
