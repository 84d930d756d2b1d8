//! The rows of the throughput: results per second, against their ceiling.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::figures::{ThroughputFigures, ThroughputOf};
use super::super::theme::Role;
use super::area::{AreaLine, draw_area};
use super::{RunScene, text};
use crate::trace::format::{compact_count, compact_rate};
use crate::tui::axis::round_up_125;

/// One line of the strip; `line_index` counts from its top.
pub(super) struct ThroughputRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) line_index: u16,
    pub(super) line_count: u16,
}

impl Widget for ThroughputRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, line_index, line_count } = self;
        let (view, theme) = (scene.view, scene.theme);
        let parts = scene.split_row(line);
        let Some(figures) = view.figures.throughput else { return };
        let area = AreaLine { at: parts.timeline, line_index, line_count };
        let style = theme.shaded(theme.fg(Role::Throughput), area.brightness());
        let top = view.with_rate_cells(figures.of, &scene.axis.window(), |rates| {
            let top = scale_top(rates, figures.ceiling);
            draw_area(scene, area, rates.iter().map(|rate| (f64::from(*rate) / top, style)), buf);
            top
        });
        if area.is_top() {
            let beside = scene.draw_name(parts.label, self.name(figures.of), false, buf);
            text::put_right(buf, beside, &compact_count(top as u64), theme.faint_style());
            draw_rate(scene, parts.figures, figures, buf);
        }
    }
}

impl ThroughputRow<'_> {
    fn name(&self, of: ThroughputOf) -> &str {
        let registry = self.scene.view.shown_model().registry();
        match of {
            ThroughputOf::Pool(id) => registry.pools.get(id.index()).map_or("", |pool| pool.name.as_str()),
            ThroughputOf::Lock(id) => registry.resource_name(id),
        }
    }
}

/// Returns the counted unit, for the caption of the section.
pub(super) const fn caption(of: ThroughputOf) -> &'static str {
    match of {
        ThroughputOf::Pool(_) => "tasks ended per second",
        ThroughputOf::Lock(_) => "holds ended per second",
    }
}

/// How many times as high as the rates the ceiling may be: beyond that, they would be a flat line below it.
const MAX_HEADROOM: f64 = 5.0;

/// Returns the upper end of the scale: the ceiling if the rates stay near it, else a round number.
fn scale_top(rates: &[f32], ceiling: Option<f64>) -> f64 {
    let most = f64::from(rates.iter().copied().fold(1.0, f32::max));
    ceiling
        .filter(|ceiling| most <= 1.2 * ceiling && most * MAX_HEADROOM >= *ceiling)
        .map_or_else(|| round_up_125(most as u64) as f64, |top| top.max(most))
}

/// Draws the rate and the ceiling, as far as they fit.
fn draw_rate(scene: RunScene<'_>, at: Rect, figures: ThroughputFigures, buf: &mut Buffer) {
    let theme = scene.theme;
    let at = scene.figures_area(at);
    let rest = text::put_line(buf, at, &compact_rate(figures.rate), theme.strong_style());
    let Some(ceiling) = figures.ceiling else { return };
    let (long, short) = (format!(" of {} at most", compact_rate(ceiling)), format!(" of {}", compact_rate(ceiling)));
    let words = [long, short].into_iter().find(|words| words.len() <= usize::from(rest.width));
    text::put_line(buf, rest, &words.unwrap_or_default(), Style::new().patch(theme.faint_style()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_ends_at_the_ceiling_unless_that_is_out_of_sight() {
        let top = |rates: &[f32], ceiling| scale_top(rates, ceiling) as u64;
        assert_eq!(top(&[400.0, 380.0], Some(416.0)), 416);
        assert_eq!(top(&[430.0], Some(416.0)), 430, "a rate over a short time can be higher");
        assert_eq!(top(&[900.0], Some(416.0)), 1_000);
        assert_eq!(top(&[37.0], None), 50);
        assert_eq!(top(&[37.0], Some(4_000.0)), 50);
        assert_eq!(top(&[], None), 1);
    }
}
