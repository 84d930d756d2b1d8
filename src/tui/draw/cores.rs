//! The load of the machine: our part and that of all others, a row for each core, or one for all; and which worker ran
//! on which core.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::run_view::CoreLanes;
use super::super::theme::{Role, Theme};
use super::{RunScene, text};
use crate::model::CoreCell;
use crate::trace::format::compact_percent;

pub(super) const HEADS: [&str; 2] = ["busy", "by us"];

/// Fewest cores busy with other programs that are worth mentioning.
const MIN_OTHER_CORES: f64 = 0.2;

/// Load from which a cell has no room left above it, so that both parts can have their own height in it.
const FULL_FROM: f32 = 15.0 / 16.0;

pub(super) struct CoreRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) core: usize,
}

/// The mean load of all cores in one row.
pub(super) struct CoresRow<'a> {
    pub(super) scene: RunScene<'a>,
}

impl Widget for CoreRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, core } = self;
        let parts = scene.split_row(line);
        text::put_line(buf, parts.label, &format!(" cpu {core}"), Style::new());
        scene.view.with_core_cells(&scene.axis.window(), |cores| {
            let cells = cores.get(core).map_or(&[][..], Vec::as_slice);
            draw_strip(scene, parts.timeline, cells.iter().copied(), buf);
        });
        let is_online = scene.view.figures.cores.iter().any(|(number, load)| *number == core && load.is_some());
        let lately = scene.view.figures.core_use.get(core).copied().flatten().filter(|_| is_online);
        draw_use(scene, parts.figures, lately, buf);
    }
}

impl Widget for CoresRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let scene = self.scene;
        let parts = scene.split_row(line);
        let window = scene.axis.window();
        scene.view.with_core_cells(&window, |cores| {
            let means = (0..window.cells).map(|i| mean_use(cores.iter().map(|cells| cells.get(i).copied().flatten())));
            draw_strip(scene, parts.timeline, means, buf);
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
        draw_use(scene, parts.figures, mean_use(scene.view.figures.core_use.iter().copied()), buf);
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
    let swatch = theme.glyph("█", "#");
    let parts = [
        (swatch.to_owned(), theme.fg(Role::CoreOurs)),
        (format!(" this run {:.1}  ", load.run), faint),
        (swatch.to_owned(), theme.fg(Role::CoreOthers)),
        (format!(" others about {:.1}", load.others + load.viewer), faint),
        (format!(", of that contend {:.1}", load.viewer), faint),
    ];
    let mut rest = at;
    for (part, style) in parts {
        if part.width() > usize::from(rest.width) {
            break;
        }
        rest = text::put_line(buf, rest, &part, style);
    }
}

/// Draws the use of a core: its height is the load.
fn draw_strip(scene: RunScene<'_>, at: Rect, cells: impl Iterator<Item = Option<CoreCell>>, buf: &mut Buffer) {
    let lanes = scene.view.arrangement.core_lanes();
    for (cell, column) in cells.zip(scene.axis.blank_columns()..at.width) {
        let (Some(cell), Some(place)) = (cell, buf.cell_mut((at.x + column, at.y))) else { continue };
        match (lanes, cell.worker) {
            (CoreLanes::Workers, Some(worker)) if !scene.theme.has_colour() || !scene.theme.has_unicode => {
                let style = scene.theme.identity_style(worker.index());
                place.set_char(Theme::identity_letter(worker.index())).set_style(style);
            }
            (CoreLanes::Workers, Some(worker)) => {
                let style = scene.theme.identity_style(worker.index());
                place.set_symbol(scene.theme.level_glyph(cell.busy.into())).set_style(style);
            }
            (CoreLanes::Workers, None) => {
                let style = scene.theme.fg(Role::Guide);
                place.set_symbol(scene.theme.level_glyph(cell.busy.into())).set_style(style);
            }
            (CoreLanes::Load, _) => {
                let (level, style) = load_style(scene.theme, cell);
                place.set_symbol(scene.theme.level_glyph(level.into())).set_style(style);
            }
        }
    }
}

/// Returns the height and the style of a load. In a full cell our part stands below that of the others; in another one
/// the larger part has the cell, since it has room for two hues only.
fn load_style(theme: Theme, cell: CoreCell) -> (f32, Style) {
    let others = cell.busy - cell.ours;
    let (ours_style, others_style) = (theme.fg(Role::CoreOurs), theme.fg(Role::CoreOthers));
    let is_stack = cell.busy >= FULL_FROM && theme.has_colour() && theme.has_unicode;
    if is_stack && cell.ours < FULL_FROM && cell.ours >= 1.0 / 16.0 {
        return (cell.ours, Style { bg: others_style.fg, ..ours_style });
    }
    if others > cell.ours {
        return (cell.busy, if theme.has_colour() { others_style } else { theme.faint_style() });
    }
    (cell.busy, ours_style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_cell_stacks_both_parts_and_another_has_the_hue_of_the_larger() {
        let theme = Theme::dark();
        let cell = |busy, ours| CoreCell { busy, ours, worker: None };
        let (ours, others) = (theme.fg(Role::CoreOurs), theme.fg(Role::CoreOthers));
        assert_eq!(load_style(theme, cell(1.0, 0.5)), (0.5, Style { bg: others.fg, ..ours }));
        assert_eq!(load_style(theme, cell(1.0, 1.0)), (1.0, ours));
        assert_eq!(load_style(theme, cell(0.6, 0.4)), (0.6, ours));
        assert_eq!(load_style(theme, cell(0.6, 0.1)), (0.6, others));
    }

    #[test]
    fn mean_is_that_of_the_known_cores() {
        let cell = |busy, ours| Some(CoreCell { busy, ours, worker: None });
        assert_eq!(mean_use([cell(1.0, 0.5), None, cell(0.5, 0.5)].into_iter()), cell(0.75, 0.5));
        assert_eq!(mean_use([None].into_iter()), None);
    }
}
