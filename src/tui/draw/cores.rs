//! The load of the machine: our part and that of all others, a row for each core, or one for all; and which worker ran
//! on which core.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::run_view::CoreLanes;
use super::super::theme::{Role, Theme};
use super::area::AreaLine;
use super::{RunScene, text};
use crate::model::CoreCell;
use crate::trace::Span;
use crate::trace::format::compact_percent;

pub(super) const HEADS: [&str; 2] = ["busy", "by us"];

/// Fewest cores busy with other programs that are worth mentioning.
const MIN_OTHER_CORES: f64 = 0.2;

/// Load from which a cell has no room left above it, so that both parts can have their own height in it.
const FULL_FROM: f64 = 15.0 / 16.0;

/// The part of a line that leaves a gap above it.
const MOST_OF_LINE: f64 = 7.0 / 8.0;

/// Longest time until the sample of a core comes, with some delay, and how much of its colour is left of the load that
/// stands for it.
const SAMPLE_WAIT: Span = Span::from_millis(600);
const PENDING_SHADE: f64 = 0.6;

/// How much of its colour is left of the load of other programs, which is the background of ours.
const OTHERS_SHADE: f64 = 0.65;

/// One line of a core's load; `line_index` counts from its top.
pub(super) struct CoreRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) core: usize,
    pub(super) line_index: u16,
    pub(super) line_count: u16,
}

/// The mean load of all cores in one row.
pub(super) struct CoresRow<'a> {
    pub(super) scene: RunScene<'a>,
}

impl Widget for CoreRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, core, line_index, line_count } = self;
        let parts = scene.split_row(line);
        let area = AreaLine { at: parts.timeline, line_index, line_count };
        let is_online = scene.view.figures.cores.iter().any(|(number, load)| *number == core && load.is_some());
        let lately = scene.view.figures.core_use.get(core).copied().flatten().filter(|_| is_online);
        scene.view.with_core_cells(&scene.axis.window(), |cores| {
            let cells = cores.get(core).map_or(&[][..], Vec::as_slice);
            draw_strip(scene, area, cells, lately, buf);
        });
        if line_index > 0 {
            return;
        }
        text::put_line(buf, parts.label, &format!(" cpu {core}"), Style::new());
        draw_use(scene, parts.figures, lately, buf);
    }
}

impl Widget for CoresRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let scene = self.scene;
        let parts = scene.split_row(line);
        let window = scene.axis.window();
        let lately = mean_use(scene.view.figures.core_use.iter().copied());
        scene.view.with_core_cells(&window, |cores| {
            let mean = |i| mean_use(cores.iter().map(|cells| cells.get(i).copied().flatten()));
            let means: Vec<_> = (0..window.cells).map(mean).collect();
            draw_strip(scene, AreaLine::single(parts.timeline), &means, lately, buf);
        });
        let loads: Vec<f64> = scene.view.figures.cores.iter().filter_map(|(_, load)| *load).map(f64::from).collect();
        let beside = Rect {
            x: parts.label.x + parts.label.width.min(1),
            width: parts.label.width.saturating_sub(2),
            ..parts.label
        };
        let rest = text::put_line(buf, beside, "cores", Style::new());
        let others = scene.view.figures.cpu_load.map(|load| load.others).filter(|others| *others >= MIN_OTHER_CORES);
        let beside =
            others.map(|others| format!("others {others:.1}")).filter(|text| text.width() < usize::from(rest.width));
        let beside = beside.unwrap_or_else(|| per_core_loads(&loads, usize::from(rest.width)));
        text::put_right(buf, rest, &beside, Style::new());
        draw_use(scene, parts.figures, lately, buf);
    }
}

/// Returns the mean of the cores of which anything is known.
fn mean_use(cores: impl Iterator<Item = Option<CoreCell>>) -> Option<CoreCell> {
    let (mut sum, mut count) = (CoreCell::default(), 0_u16);
    for cell in cores.flatten() {
        sum.busy += cell.busy;
        sum.ours += cell.ours;
        count += 1;
    }
    let count = f32::from(count);
    (count > 0.0).then(|| CoreCell { busy: sum.busy / count, ours: sum.ours / count, worker: None })
}

fn draw_use(scene: RunScene<'_>, at: Rect, lately: Option<CoreCell>, buf: &mut Buffer) {
    let shown = lately.map_or_else(
        || vec![("- ".to_owned(), Style::new())],
        |lately| {
            let ours = if lately.ours > 0.0 { scene.theme.fg(Role::CoreOurs) } else { scene.theme.faint_style() };
            vec![(compact_percent(lately.busy.into()), Style::new()), (compact_percent(lately.ours.into()), ours)]
        },
    );
    scene.draw_figures(at, &shown, buf);
}

/// Returns the load of each core, or of many cores the least and the highest, in fewer columns than `room`; empty if
/// neither fits.
fn per_core_loads(loads: &[f64], room: usize) -> String {
    let each = loads.iter().map(|load| format!("{:>5}", compact_percent(*load))).collect::<Vec<_>>().join(" ");
    let (least, most) = (loads.iter().copied().reduce(f64::min), loads.iter().copied().reduce(f64::max));
    let shown = |load: Option<f64>| load.map(compact_percent).unwrap_or_default();
    let range = format!("{} to {}", shown(least), shown(most));
    [each, range].into_iter().find(|text| text.width() < room).unwrap_or_default()
}

/// Draws what the hues mean, with how many cores each keeps busy; or that workers are shown.
pub(super) fn draw_load_owners(scene: RunScene<'_>, at: Rect, buf: &mut Buffer) {
    let (theme, faint) = (scene.theme, scene.theme.faint_style());
    if scene.view.arrangement.core_lanes() == CoreLanes::Workers {
        text::put_line(buf, at, "coloured by the worker that ran there longest", faint);
        return;
    }
    let Some(load) = scene.view.figures.cpu_load else { return };
    let swatch = if theme.has_colour() { theme.glyph("█", "#") } else { "" };
    let gap = if swatch.is_empty() { "" } else { " " };
    let parts = [
        (theme.fg(Role::CoreOurs), format!("{gap}this run {:.1}  ", load.run)),
        (others_style(theme, 1.0), format!("{gap}others about {:.1}", load.others + load.viewer)),
    ];
    let mut rest = at;
    for (style, words) in parts {
        if swatch.width() + words.trim_end().width() > usize::from(rest.width) {
            return;
        }
        rest = text::put_line(buf, rest, swatch, style);
        rest = text::put_line(buf, rest, &words, faint);
    }
    let viewer = format!(", of that contend {:.1}", load.viewer);
    if viewer.width() <= usize::from(rest.width) {
        text::put_line(buf, rest, &viewer, faint);
    }
}

/// Draws a line of the use of a core: its height is the load. Where the next sample is still to come, the mean of the
/// last seconds is shown, dimmed.
fn draw_strip(
    scene: RunScene<'_>,
    area: AreaLine,
    cells: &[Option<CoreCell>],
    lately: Option<CoreCell>,
    buf: &mut Buffer,
) {
    let measured = cells.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let columns = scene.axis.blank_columns()..area.at.width;
    for ((i, cell), column) in cells.iter().enumerate().zip(columns) {
        let is_pending = i >= measured && is_pending(scene, column);
        let cell = if is_pending { lately.map(|lately| CoreCell { worker: None, ..lately }) } else { *cell };
        let (Some(cell), Some(place)) = (cell, buf.cell_mut((area.at.x + column, area.at.y))) else { continue };
        draw_cell(scene, area, cell, place);
        if is_pending {
            place.set_style(scene.theme.shaded(place.style(), PENDING_SHADE));
        }
    }
}

/// Whether the sample that covers this column has not come yet.
fn is_pending(scene: RunScene<'_>, column: u16) -> bool {
    let (at, now) = (scene.axis.time_at(column), scene.view.now);
    at < now && now.span_since(at) <= SAMPLE_WAIT
}

fn draw_cell(scene: RunScene<'_>, area: AreaLine, cell: CoreCell, place: &mut Cell) {
    let theme = scene.theme;
    let level = area.fill(cell.busy.into());
    if level <= 0.0 {
        return;
    }
    match (scene.view.arrangement.core_lanes(), cell.worker) {
        (CoreLanes::Workers, Some(worker)) if !theme.has_colour() || !theme.has_unicode => {
            let style = theme.identity_style(worker.index());
            place.set_char(Theme::identity_letter(worker.index())).set_style(style);
        }
        (CoreLanes::Workers, worker) => {
            let style = worker.map_or(theme.fg(Role::Guide), |worker| theme.identity_style(worker.index()));
            place.set_symbol(theme.level_glyph(level)).set_style(style);
        }
        (CoreLanes::Load, _) => {
            let (level, style) = load_style(theme, area, cell);
            place.set_symbol(theme.level_glyph(level)).set_style(style);
        }
    }
}

/// Returns the style of other programs' load, in a line of this brightness.
fn others_style(theme: Theme, brightness: f64) -> Style {
    theme.shaded(theme.fg(Role::CoreOthers), OTHERS_SHADE.min(brightness))
}

/// Returns the height and the style of a load in a line of it. Our part stands below that of the others where a cell
/// is full; in another one the larger part has the cell, since it has room for two hues only. A core that others use
/// alone does not reach the one above it.
fn load_style(theme: Theme, area: AreaLine, cell: CoreCell) -> (f64, Style) {
    let (busy, ours) = (area.fill(cell.busy.into()), area.fill(cell.ours.into()));
    let ours_style = theme.fg(Role::CoreOurs);
    let others_style = others_style(theme, area.brightness());
    let is_stack = busy >= FULL_FROM && theme.has_colour() && theme.has_unicode;
    if is_stack && (1.0 / 16.0..FULL_FROM).contains(&ours) {
        return (ours, Style { bg: others_style.fg, ..ours_style });
    }
    if busy - ours > ours {
        let level = if area.is_top() { busy.min(MOST_OF_LINE) } else { busy };
        return (level, if theme.has_colour() { others_style } else { theme.faint_style() });
    }
    (busy, ours_style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_cell_stacks_both_parts_and_another_has_the_hue_of_the_larger() {
        let theme = Theme::dark();
        let cell = |busy, ours| CoreCell { busy, ours, worker: None };
        let (ours, others) = (theme.fg(Role::CoreOurs), others_style(theme, 1.0));
        let line = |line_index, line_count| AreaLine { at: Rect::default(), line_index, line_count };
        let single = |busy, ours| load_style(theme, line(0, 1), cell(busy, ours));
        assert_eq!(single(1.0, 0.5), (0.5, Style { bg: others.fg, ..ours }));
        assert_eq!(single(1.0, 1.0), (1.0, ours));
        assert_eq!(single(0.75, 0.5), (0.75, ours));
        assert_eq!(single(0.75, 0.125), (0.75, others));
        assert_eq!(single(1.0, 0.0), (0.875, others), "the next core above stays apart");
        let lines = [0, 1].map(|index| load_style(theme, line(index, 2), cell(1.0, 0.75)));
        assert_eq!(lines, [(0.5, Style { bg: others.fg, ..ours }), (2.0, ours)], "our part begins at the bottom");
    }

    #[test]
    fn mean_is_that_of_the_known_cores() {
        let cell = |busy, ours| Some(CoreCell { busy, ours, worker: None });
        assert_eq!(mean_use([cell(1.0, 0.5), None, cell(0.5, 0.5)].into_iter()), cell(0.75, 0.5));
        assert_eq!(mean_use([None].into_iter()), None);
    }
}
