//! All findings at the shown moment, each with its evidence and its fix.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::findings::{
    LineKind, NAME_WIDTH, finding_areas, finding_lines, has_names, needed_lines, sentence_area,
};
use super::super::run_view::{RunView, Selection};
use super::super::theme::Theme;
use super::{WrappedPane, text};
use crate::model::Finding;
use crate::trace::format::compact_counted;

pub(super) const PANE: WrappedPane = WrappedPane {
    title: |_| "FINDINGS".into(),
    lines: |view, width| needed_lines(view, width) + 1,
    draw: draw_findings,
};

fn draw_findings(view: &RunView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let findings = &view.figures.findings;
    if findings.is_empty() {
        text::put_line(buf, area, "No findings at this moment", theme.faint_style());
        return;
    }
    let chosen = match view.selection {
        Some(Selection::Finding(index)) => Some(index),
        _ => None,
    };
    let places = finding_areas(view, area);
    for (i, at) in &places {
        draw_finding(&findings[*i], chosen == Some(*i), theme, *at, buf);
    }
    let below = places.last().map_or(0, |(last, _)| findings.len() - last - 1);
    let last = places.last().map_or(area.y, |(_, at)| at.bottom());
    if below > 0 && last < area.bottom() {
        let at = Rect { y: area.bottom() - 1, height: 1, ..area };
        let words = compact_counted(below as u64, "more finding");
        text::put_line(buf, at, &format!("{} {words} below", theme.ellipsis()), theme.faint_style());
    }
}

fn draw_finding(finding: &Finding, chosen: bool, theme: Theme, area: Rect, buf: &mut Buffer) {
    let loud = theme.severity_style(finding.severity);
    let chosen = if chosen { loud.patch(theme.selection_style()) } else { loud };
    let rest = text::put_line(buf, area, theme.severity_mark(finding.severity), chosen);
    if has_names(area) {
        let name = Rect { x: rest.x + 1, width: NAME_WIDTH.min(rest.width.saturating_sub(1)), ..rest };
        text::put_line(buf, name, finding.id, chosen);
    }
    let beside = sentence_area(area);
    for (i, (line, kind)) in finding_lines(finding, area).into_iter().take(usize::from(area.height)).enumerate() {
        let style = if kind == LineKind::Evidence { theme.faint_style() } else { Style::new() };
        text::put_line(buf, text::nth_line(beside, i), &line, style);
    }
}
