//! What is wrong, in words, at a fixed place; until something is, what to look at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::theme::Theme;
use super::super::watch::{Chosen, Life, Watch};
use super::text;
use crate::model::{Finding, Severity};
use crate::trace::RunEnd;

/// Columns of a finding's name, on a screen wide enough for it.
const NAME: u16 = 16;

/// Lines of the whole area from which on the evidence is shown too.
const ROOM_FOR_EVIDENCE: u16 = 8;

pub(super) struct Findings<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
}

impl Widget for Findings<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let findings = &self.watch.figures.findings;
        let rest = self.broken_off(area, buf);
        if findings.is_empty() {
            return self.hint(rest, buf);
        }
        let chosen = match self.watch.chosen {
            Some(Chosen::Finding(index)) => Some(index),
            _ => None,
        };
        for (i, at) in places(self.watch, area) {
            self.finding(&findings[i], chosen == Some(i), at, buf);
        }
    }
}

/// Which findings are in sight, and where. The list begins at the most severe one, or at the chosen one where that would
/// not be in sight.
fn places(watch: &Watch, area: Rect) -> Vec<(usize, Rect)> {
    let chosen = match watch.chosen {
        Some(Chosen::Finding(index)) => index,
        _ => 0,
    };
    let in_sight = usize::from(area.height / 2).max(1);
    let first = if chosen >= in_sight { chosen } else { 0 };
    let (mut places, mut rest) = (Vec::new(), below_broken_off(watch, area));
    for (i, finding) in watch.figures.findings.iter().enumerate().skip(first) {
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

/// Why the run broke off, if it did.
fn why_broken_off(watch: &Watch) -> Option<String> {
    match watch.life() {
        Life::Ended(RunEnd::Crashed(why)) => Some(format!("the run broke off: {why}; r starts it anew")),
        _ => None,
    }
}

/// What is left of the area for findings when the run broke off.
fn below_broken_off(watch: &Watch, area: Rect) -> Rect {
    let used = why_broken_off(watch).map_or(0, |why| text::wrap(&why, area.width.saturating_sub(4)).len());
    let used = u16::try_from(used).unwrap_or(u16::MAX).min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

/// The finding that a line of the screen speaks of.
pub(super) fn at(watch: &Watch, area: Rect, y: u16) -> Option<usize> {
    let on = |at: &Rect| (at.y..at.bottom()).contains(&y);
    places(watch, area).into_iter().find(|(_, at)| on(at)).map(|(i, _)| i)
}

/// Whether there is a column for names.
const fn names(area: Rect) -> bool {
    area.width >= 100
}

/// Where sentences stand, right of the names.
fn beside(area: Rect) -> Rect {
    let name = if names(area) { NAME + 3 } else { 3 };
    let x = (area.x + name).min(area.right());
    Rect { x, width: (area.right() - x).saturating_sub(1), ..area }
}

/// What is wrong, then evidence and cure, in lines; true for those that are less loud. Without a column for names the sentence begins
/// with the finding's.
fn sentences(finding: &Finding, area: Rect) -> Vec<(String, bool)> {
    let width = beside(area).width;
    let name = if names(area) { String::new() } else { format!("{}: ", finding.id) };
    let sentence = text::wrap(&format!("{name}{}", finding.sentence), width).into_iter().map(|line| (line, false));
    let evidence = if area.height >= ROOM_FOR_EVIDENCE { finding.evidence.as_str() } else { "" };
    let more = [evidence, &finding.cure].into_iter().flat_map(|t| text::wrap(t, width)).map(|line| (line, true));
    sentence.chain(more).collect()
}

impl Findings<'_> {
    /// Said before all findings; returns what is left for them.
    fn broken_off(&self, area: Rect, buf: &mut Buffer) -> Rect {
        if let Some(why) = why_broken_off(self.watch) {
            let loud = self.theme.severity(Severity::Error);
            let inner = Rect { x: area.x + area.width.min(3), width: area.width.saturating_sub(4), ..area };
            text::put(
                buf,
                Rect { x: area.x + area.width.min(1), width: area.width.min(2), ..area },
                self.theme.bullet(),
                loud,
            );
            for (i, line) in text::wrap(&why, inner.width).iter().enumerate() {
                text::put(buf, text::line(inner, i), line, loud);
            }
        }
        below_broken_off(self.watch, area)
    }

    fn finding(&self, finding: &Finding, chosen: bool, area: Rect, buf: &mut Buffer) {
        let loud = self.theme.severity(finding.severity);
        let chosen = if chosen { loud.patch(self.theme.chosen()) } else { loud };
        let first = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(1), height: 1, ..area };
        let beside = beside(area);
        let rest = text::put(buf, first, self.theme.bullet(), chosen);
        if names(area) {
            let name = Rect { x: rest.x + 1, width: NAME, ..rest };
            text::put(buf, name, finding.id, chosen);
        }
        for (i, (line, cure)) in sentences(finding, area).into_iter().take(usize::from(area.height)).enumerate() {
            let style = if cure { self.theme.faint() } else { Style::new() };
            text::put(buf, text::line(beside, i), &line, style);
        }
    }

    /// For a stranger: the question, and where to look.
    fn hint(&self, area: Rect, buf: &mut Buffer) {
        let scenario = &self.watch.scenario;
        let watch = scenario.watch.first().map(|w| ("watch: ", w));
        let ask = scenario.ask.as_ref().map(|a| ("ask: ", &a.text));
        let inner = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area };
        let mut n = 0;
        for (label, sentence) in watch.into_iter().chain(ask) {
            for line in text::wrap(&format!("{label}{sentence}"), inner.width) {
                text::put(buf, text::line(inner, n), &line, self.theme.faint());
                n += 1;
            }
        }
    }
}
