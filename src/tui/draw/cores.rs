//! How busy the machine is: a strip for each core, or one for all.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::format::percent;
use super::{Scene, text};

pub(super) const HEADS: [&str; 1] = ["load"];

pub(super) struct CoreRow<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) core: usize,
}

/// All cores as one: their mean.
pub(super) struct CoresRow<'a> {
    pub(super) scene: Scene<'a>,
}

impl Widget for CoreRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, core } = self;
        let parts = scene.parts(line);
        text::put(buf, parts.who, &format!(" cpu {core}"), Style::new());
        let mut cells = Vec::new();
        scene.watch.shown().cores().cells(core, &scene.axis.window(), &mut cells);
        strip(scene, parts.time, &cells, buf);
        let now = scene.watch.figures.cores.iter().find(|(number, _)| *number == core).and_then(|(_, load)| *load);
        let load = now.map_or_else(|| "- ".to_owned(), |load| percent(load.into())); // it is not there now
        scene.figures(parts.now, &[(load, Style::new())], buf);
    }
}

impl Widget for CoresRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let scene = self.scene;
        let parts = scene.parts(line);
        let cores = scene.watch.shown().cores();
        let window = scene.axis.window();
        let mut sums = vec![(0.0_f32, 0_u16); window.cells];
        let mut cells = Vec::new();
        for core in cores.seen() {
            cores.cells(core, &window, &mut cells);
            for ((sum, known), load) in sums.iter_mut().zip(&cells) {
                *sum += load.unwrap_or(0.0);
                *known += u16::from(load.is_some());
            }
        }
        let mean = |(sum, known): &(f32, u16)| (*known > 0).then(|| sum / f32::from(*known));
        strip(scene, parts.time, &sums.iter().map(mean).collect::<Vec<_>>(), buf);
        let loads: Vec<f64> = scene.watch.figures.cores.iter().filter_map(|(_, load)| *load).map(f64::from).collect();
        let beside =
            Rect { x: parts.who.x + parts.who.width.min(1), width: parts.who.width.saturating_sub(2), ..parts.who };
        let rest = text::put(buf, beside, "cores", Style::new());
        text::right(buf, rest, &each_of(&loads, usize::from(rest.width)), Style::new());
        let mean = loads.iter().sum::<f64>() / loads.len() as f64;
        let mean = if loads.is_empty() { String::new() } else { percent(mean) };
        scene.figures(parts.now, &[(mean, Style::new())], buf);
    }
}

/// The load of each core, or of many the least and the most, in fewer columns than `room`; nothing if that is too few.
fn each_of(loads: &[f64], room: usize) -> String {
    let each = loads.iter().map(|load| percent(*load)).collect::<Vec<_>>().join(" ");
    let (least, most) = (loads.iter().copied().reduce(f64::min), loads.iter().copied().reduce(f64::max));
    let shown = |load: Option<f64>| load.map(percent).unwrap_or_default().trim_start().to_owned();
    let range = format!("{} to {}", shown(least), shown(most));
    [each, range].into_iter().find(|text| text.width() < room).unwrap_or_default()
}

fn strip(scene: Scene<'_>, at: Rect, cells: &[Option<f32>], buf: &mut Buffer) {
    for (load, column) in cells.iter().zip(scene.axis.blank()..at.width) {
        if let Some(load) = load {
            let place = Rect { x: at.x + column, width: 1, ..at };
            text::put(buf, place, scene.theme.level(f64::from(*load)), scene.theme.area());
        }
    }
}
