//! Large letters for projectors: the verdict and its decisive number as blocks, lanes several lines high.

mod block_letters;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::app::App;
use super::super::keys::{self, Action};
use super::super::layout::{LargeLayout, TimelineRow};
use super::super::panes;
use super::super::run_view::RunView;
use super::super::theme::Theme;
use super::super::verdict::Verdict;
use super::{RunScene, axis, band, caption, draw_row, header, legend, text};
use crate::model::Finding;
use crate::report::text_width::{truncate, wrap_text};
use crate::trace::format::compact_duration;
use block_letters::{PixelSize, draw_text, text_width};

/// Columns at the left of the verdict, and between its name and its number.
const MARGIN: u16 = 3;

/// Units that stand beside their number.
const UNITS: [&str; 6] = ["%", "ns", "µs", "ms", "s", "min"];

pub(super) fn draw_large_run(app: &App, view: &RunView, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let layout = LargeLayout::compute(view, area);
    let scene = RunScene { view, theme, axis: view.axis(layout.columns.timeline), columns: layout.columns };
    header::RunHeader { view, theme, is_unguarded: app.is_unguarded, recording: app.recording.as_ref() }
        .render(layout.header, buf);
    let slow_motion = app.slow_motion.as_ref().map(|slow| slow.caption());
    Headline::of(view, theme, slow_motion).draw(theme, layout.verdict, buf);
    if layout.body.height > 0 {
        axis::AxisLine { scene }.render(layout.axis, buf);
        for (i, row) in layout.rows.iter().enumerate() {
            draw_row(scene, row, layout.row_line(i), buf);
        }
        axis::AxisOverlay { scene, rows: &layout.rows, body: layout.body, axis: layout.axis }.render(layout.body, buf);
        draw_states(scene, &layout, buf);
    }
    if app.shown_tour().is_some() {
        caption::draw_pointer(scene, &layout.rows, |index| layout.row_line(index), buf);
    }
    if let Some((pane, at)) = layout.pane {
        panes::draw_pane(pane, view, theme, at, buf);
    }
    draw_keys(app, view, layout.keys, buf);
}

/// The problem, or the state of the run.
struct Headline {
    name: String,
    sentence: String,
    /// The number that decides; may be empty.
    number: String,
    style: Style,
}

impl Headline {
    fn of(view: &RunView, theme: Theme, slow_motion: Option<String>) -> Self {
        let is_slow_motion = slow_motion.is_some();
        let verdict = slow_motion.map_or_else(|| view.verdict(), Verdict::of_slow_motion);
        let finding = verdict.finding.and_then(|index| view.figures.findings.get(index));
        let number = decisive_number(&verdict.sentence).filter(|_| !is_slow_motion);
        Self {
            name: verdict.name.into_owned(),
            number: number.or_else(|| Some(age_of(finding?, view))).unwrap_or_default(),
            style: band::tone_style(theme, verdict.tone),
            sentence: verdict.sentence,
        }
    }

    /// Draws name and number as blocks, and the sentence below.
    fn draw(&self, theme: Theme, area: Rect, buf: &mut Buffer) {
        for y in area.top()..area.bottom() {
            text::put_line(buf, Rect { y, height: 1, ..area }, theme.band_bar(), self.style);
        }
        let left = MARGIN.min(area.width);
        let inner = Rect { x: area.x + left, width: area.width - left, ..area };
        let used = self.draw_blocks(theme, inner, buf).min(inner.height);
        let below = Rect { y: inner.y + used, height: inner.height - used, ..inner };
        let lines = wrap_text(&self.sentence, below.width.saturating_sub(1));
        for (i, line) in lines.iter().take(usize::from(below.height)).enumerate() {
            text::put_line(buf, text::nth_line(below, i), line, theme.strong_style());
        }
    }

    /// Draws name and number in the largest letters with room for both; returns the lines in use.
    fn draw_blocks(&self, theme: Theme, at: Rect, buf: &mut Buffer) -> u16 {
        let (name, number) = (self.name.as_str(), self.number.as_str());
        let sizes = [
            (PixelSize::Whole, Some(PixelSize::Whole)),
            (PixelSize::Half, Some(PixelSize::Whole)),
            (PixelSize::Half, Some(PixelSize::Half)),
            (PixelSize::Whole, None),
            (PixelSize::Half, None),
        ];
        let lines_of = |(name, number): (PixelSize, Option<PixelSize>)| {
            name.lines(theme).max(number.map_or(0, |size| size.lines(theme)))
        };
        let fits = |sizes: &(PixelSize, Option<PixelSize>)| {
            let beside = sizes.1.map_or(0, |size| text_width(number, size) + MARGIN);
            let is_wanted = sizes.1.is_none() || !number.is_empty();
            is_wanted && text_width(name, sizes.0) + beside < at.width && lines_of(*sizes) + 2 <= at.height
        };
        let Some(sizes) = sizes.into_iter().find(fits) else {
            text::put_line(buf, at, &truncate(name, usize::from(at.width), theme.ellipsis()), self.style);
            return 2;
        };
        draw_text(name, sizes.0, theme, at, self.style, buf);
        if let Some(size) = sizes.1 {
            let width = text_width(number, size);
            let right = Rect { x: at.right() - width - 1, width, ..at };
            draw_text(number, size, theme, right, theme.strong_style(), buf);
        }
        lines_of(sizes) + 1
    }
}

/// Returns the number that a sentence is about, with its unit: `97 %`, `105/s`. A share, a rate or a time says more
/// than a count of workers.
fn decisive_number(sentence: &str) -> Option<String> {
    let words: Vec<&str> = sentence.split(' ').map(|word| word.trim_end_matches(['.', ',', ';', ':', ')'])).collect();
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let with_unit = words.windows(2).find_map(|pair| match pair {
        [number, unit] if is_number(number) && UNITS.contains(unit) => Some(format!("{number} {unit}")),
        [number, _] if is_number(number) && number.ends_with("/s") => Some((*number).to_owned()),
        _ => None,
    });
    with_unit.or_else(|| words.iter().find(|word| is_number(word)).map(|word| (*word).to_owned()))
}

/// Returns for how long a finding has been true.
fn age_of(finding: &Finding, view: &RunView) -> String {
    finding.at.map(|at| compact_duration(view.figures_time().span_since(at))).unwrap_or_default()
}

/// Draws the state of each lane in words below its name, if there is a line.
fn draw_states(scene: RunScene<'_>, layout: &LargeLayout, buf: &mut Buffer) {
    for (i, row) in layout.rows.iter().enumerate() {
        let TimelineRow::Lane { worker, line: 0, .. } = row else { continue };
        let Some(shown) = scene.view.figures.lane(*worker).and_then(|lane| lane.shown_state) else { continue };
        let label = scene.split_row(layout.row_line(i + 1)).label;
        let at = Rect { x: label.x + label.width.min(2), width: label.width.saturating_sub(3), ..label };
        text::put_line(buf, at, legend::state_word(shown.state), scene.theme.state_style(shown.state));
    }
}

/// Draws the only keys of a screen for projectors, or a response to the last key.
fn draw_keys(app: &App, view: &RunView, line: Rect, buf: &mut Buffer) {
    let inner = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(2), ..line };
    if let Some((words, style)) = legend::status_line(app, &view.filter) {
        text::put_line(buf, inner, &words, style);
        return;
    }
    let small = keys::key_name(Action::LargeLetters);
    text::put_right(buf, inner, &format!("{small} small letters  ? help  q quit"), app.theme.faint_style());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisive_number_has_its_unit_and_is_no_count_if_there_is_a_share() {
        let number = |sentence| decisive_number(sentence).unwrap_or_default();
        assert_eq!(number("account-lock is held 97 % of the time; 8 tellers wait."), "97 %");
        assert_eq!(number("4 workers finish 288/s, 200/s arrive."), "288/s");
        assert_eq!(number("2 workers are stuck forever."), "2");
        assert_eq!(number("Nobody waits."), "");
    }
}
