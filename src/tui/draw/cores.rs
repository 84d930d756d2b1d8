//! The load of the machine: a row for each core, or one for all.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::{RunScene, text};
use crate::trace::format::compact_percent;

pub(super) const HEADS: [&str; 1] = ["load"];

/// Fewest cores busy with other programs that are worth mentioning.
const MIN_OTHER_CORES: f64 = 0.2;

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
        let mut cells = Vec::new();
        scene.view.shown_model().cores().cells(core, &scene.axis.window(), &mut cells);
        draw_strip(
            scene,
            parts.timeline,
            &cells,
            &scene.view.shown_model().cells_dominated_by_others(&scene.axis.window()),
            buf,
        );
        let now = scene.view.figures.cores.iter().find(|(number, _)| *number == core).and_then(|(_, load)| *load);
        let load = now.map_or_else(|| "- ".to_owned(), |load| compact_percent(load.into()));
        scene.draw_figures(parts.figures, &[(load, Style::new())], buf);
    }
}

impl Widget for CoresRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let scene = self.scene;
        let parts = scene.split_row(line);
        let cores = scene.view.shown_model().cores();
        let window = scene.axis.window();
        let mut sums = vec![(0.0_f32, 0_u16); window.cells];
        let mut cells = Vec::new();
        for core in cores.known_cores() {
            cores.cells(core, &window, &mut cells);
            for ((sum, known), load) in sums.iter_mut().zip(&cells) {
                *sum += load.unwrap_or(0.0);
                *known += u16::from(load.is_some());
            }
        }
        let mean = |(sum, known): &(f32, u16)| (*known > 0).then(|| sum / f32::from(*known));
        let means = sums.iter().map(mean).collect::<Vec<_>>();
        draw_strip(scene, parts.timeline, &means, &scene.view.shown_model().cells_dominated_by_others(&window), buf);
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
        let mean = loads.iter().sum::<f64>() / loads.len() as f64;
        let mean = if loads.is_empty() { String::new() } else { compact_percent(mean) };
        scene.draw_figures(parts.figures, &[(mean, Style::new())], buf);
    }
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

/// Draws how much of the load is the run's, this program's and, approximately, that of other programs.
pub(super) fn draw_load_owners(scene: RunScene<'_>, at: Rect, buf: &mut Buffer) {
    let Some(load) = scene.view.figures.cpu_load else { return };
    let style = if load.others >= MIN_OTHER_CORES { scene.theme.strong_style() } else { scene.theme.faint_style() };
    let faint = scene.theme.faint_style();
    let parts = |run: &str, others: &str| {
        [
            (format!("{run} {:.1}, ", load.run), faint),
            (format!("{others} {:.1}", load.others), style),
            (format!(", contend {:.1}", load.viewer), faint),
        ]
    };
    let long = parts("cores busy: this run", "other programs about");
    let width: usize = long.iter().map(|(part, _)| part.width()).sum();
    let parts = if width <= usize::from(at.width) { long } else { parts("busy: run", "others") };
    let mut rest = at;
    for (part, style) in parts {
        rest = text::put_line(buf, rest, &part, style);
    }
}

/// Draws a row of loads. Cells in which `others` have more of the load than the run are faint.
fn draw_strip(scene: RunScene<'_>, at: Rect, cells: &[Option<f32>], others: &[bool], buf: &mut Buffer) {
    for (i, (load, column)) in cells.iter().zip(scene.axis.blank_columns()..at.width).enumerate() {
        if let Some(load) = load {
            let place = Rect { x: at.x + column, width: 1, ..at };
            let style = if others.get(i) == Some(&true) { scene.theme.faint_style() } else { scene.theme.area_style() };
            text::put_line(buf, place, scene.theme.level_glyph(f64::from(*load)), style);
        }
    }
}
