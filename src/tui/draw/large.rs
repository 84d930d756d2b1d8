//! Large letters for projectors: the verdict and its decisive number as blocks, lanes several lines high.

mod block_letters;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::layout::{RunLayout, TimelineRow};
use super::super::run_view::RunView;
use super::super::theme::{Role, Theme};
use super::super::verdict::{Tone, Verdict, emphasize};
use super::{RunScene, legend, text};
use crate::report::text_width::{truncate, wrap_text};
use block_letters::{PixelSize, draw_text, text_width};

/// Columns at the left of the verdict, and between its name and its number.
const MARGIN: u16 = 3;

/// The verdict: its name and its number as blocks, and its sentence.
pub(super) struct LargeVerdict<'a> {
    pub(super) verdict: &'a Verdict,
    pub(super) theme: Theme,
}

impl Widget for LargeVerdict<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let style = match self.verdict.tone {
            Tone::Problem(severity) => theme.severity_style(severity),
            Tone::Good => theme.fg(Role::Good),
            Tone::Neutral => theme.strong_style(),
        };
        for y in area.top()..area.bottom() {
            text::put_line(buf, Rect { y, height: 1, ..area }, theme.band_bar(), style);
        }
        let left = MARGIN.min(area.width);
        let inner = Rect { x: area.x + left, width: area.width - left, ..area };
        let used = self.draw_blocks(inner, style, buf).min(inner.height);
        let below = Rect { y: inner.y + used, height: inner.height - used, ..inner };
        self.draw_sentence(below, buf);
    }
}

impl LargeVerdict<'_> {
    /// Draws name and number in the largest letters with room for both; returns the lines in use.
    fn draw_blocks(&self, at: Rect, style: Style, buf: &mut Buffer) -> u16 {
        let theme = self.theme;
        let name = self.verdict.name.as_ref();
        let number = decisive_number(&self.verdict.sentence);
        let sizes = [
            (PixelSize::Whole, Some(PixelSize::Whole)),
            (PixelSize::Half, Some(PixelSize::Whole)),
            (PixelSize::Half, Some(PixelSize::Half)),
            (PixelSize::Whole, None),
            (PixelSize::Half, None),
        ];
        let fits = |&(name_size, number_size): &(PixelSize, Option<PixelSize>)| {
            let beside = number_size.map_or(0, |size| text_width(&number, size) + MARGIN);
            let lines = name_size.lines(theme).max(number_size.map_or(0, |size| size.lines(theme)));
            text_width(name, name_size) + beside < at.width
                && lines + 2 < at.height
                && number.is_empty() == number_size.is_none()
        };
        let Some((name_size, number_size)) = sizes.into_iter().find(fits) else {
            text::put_line(buf, at, &truncate(name, usize::from(at.width), theme.ellipsis()), style);
            return 2;
        };
        draw_text(name, name_size, theme, at, style, buf);
        if let Some(size) = number_size {
            let width = text_width(&number, size);
            let right = Rect { x: at.right() - width - 1, width, ..at };
            draw_text(&number, size, theme, right, theme.strong_style(), buf);
        }
        1 + name_size.lines(theme).max(number_size.map_or(0, |size| size.lines(theme)))
    }

    fn draw_sentence(&self, at: Rect, buf: &mut Buffer) {
        let lines = wrap_text(&self.verdict.sentence, at.width.saturating_sub(1));
        for (i, line) in lines.iter().take(usize::from(at.height)).enumerate() {
            let mut rest = text::nth_line(at, i);
            for (part, is_strong) in emphasize(line, &self.verdict.subjects) {
                let style = if is_strong { self.theme.strong_style() } else { Style::new() };
                rest = text::put_line(buf, rest, part, style);
            }
        }
    }
}

/// Returns the first number of a sentence with its unit: `97 %`, `105/s`. Empty if it has none.
fn decisive_number(sentence: &str) -> String {
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let parts = emphasize(sentence, &[]);
    let strong: Vec<(usize, &str)> =
        parts.iter().enumerate().filter(|(_, (_, is))| *is).map(|(at, (text, _))| (at, *text)).collect();
    // A count of workers is not what decides: a share, a rate or a time says more.
    let with_unit = |&(at, text): &(usize, &str)| {
        let unit = strong.iter().find(|(next, other)| *next > at && *next <= at + 2 && !is_number(other));
        match unit {
            Some((_, unit)) if is_number(text) => Some(format!("{text} {unit}")),
            _ if is_number(text) && text.ends_with("/s") => Some(text.to_owned()),
            _ => None,
        }
    };
    let best = strong.iter().find_map(with_unit);
    best.or_else(|| strong.iter().find(|(_, text)| is_number(text)).map(|(_, text)| (*text).to_owned()))
        .unwrap_or_default()
}

/// Draws the state of each lane in words below its name.
pub(super) fn draw_states(scene: RunScene<'_>, layout: &RunLayout, buf: &mut Buffer) {
    for (i, row) in layout.rows.iter().enumerate() {
        let TimelineRow::Lane { worker, line: 1, .. } = row else { continue };
        let Some(shown) = scene.view.figures.lane(*worker).and_then(|lane| lane.shown_state) else { continue };
        let label = scene.split_row(layout.row_line(i)).label;
        let at = Rect { x: label.x + label.width.min(2), width: label.width.saturating_sub(3), ..label };
        text::put_line(buf, at, legend::state_word(shown.state), scene.theme.state_style(shown.state));
    }
}

/// Draws the only keys of a screen for projectors.
pub(super) fn draw_keys(view: &RunView, theme: Theme, line: Rect, buf: &mut Buffer) {
    let names = &view.filter;
    let filter = if names.is_empty() { String::new() } else { format!("/{names}  ") };
    text::put_right(buf, line, &format!("{filter}P small letters  ? help  q quit "), theme.faint_style());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisive_number_has_its_unit_and_is_no_count_if_there_is_a_share() {
        assert_eq!(decisive_number("account-lock is held 97 % of the time; 8 tellers wait."), "97 %");
        assert_eq!(decisive_number("4 workers finish 288/s, 200/s arrive."), "288/s");
        assert_eq!(decisive_number("2 workers are stuck forever."), "2");
        assert_eq!(decisive_number("Nobody waits."), "");
    }
}
