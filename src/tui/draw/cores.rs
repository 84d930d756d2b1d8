//! How busy the machine is: a strip for each core, or one for all.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::format::percent;
use super::{Scene, text};

pub(super) const HEADS: [&str; 1] = ["load"];

/// Cores that other programs must keep busy to be worth a word.
const WORTH: f64 = 0.2;

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
        strip(scene, parts.time, &cells, &scene.watch.shown().is_others(&scene.axis.window()), buf);
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
        let means = sums.iter().map(mean).collect::<Vec<_>>();
        strip(scene, parts.time, &means, &scene.watch.shown().is_others(&window), buf);
        let loads: Vec<f64> = scene.watch.figures.cores.iter().filter_map(|(_, load)| *load).map(f64::from).collect();
        let beside =
            Rect { x: parts.who.x + parts.who.width.min(1), width: parts.who.width.saturating_sub(2), ..parts.who };
        let rest = text::put(buf, beside, "cores", Style::new());
        let others = scene.watch.figures.load.map(|load| load.others).filter(|others| *others >= WORTH);
        let beside =
            others.map(|others| format!("others {others:.1}")).filter(|text| text.width() < usize::from(rest.width));
        let beside = beside.unwrap_or_else(|| each_of(&loads, usize::from(rest.width)));
        text::right(buf, rest, &beside, Style::new());
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

/// Whose load the cores have: the run's, this program's, and that of other programs, which is known about.
pub(super) fn whose(scene: Scene<'_>, at: Rect, buf: &mut Buffer) {
    let Some(load) = scene.watch.figures.load else { return };
    let style = if load.others >= WORTH { scene.theme.strong() } else { scene.theme.faint() };
    let faint = scene.theme.faint();
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
        rest = text::put(buf, rest, &part, style);
    }
}

/// `others`: in which cells other programs have more of the load than the run. They are drawn faintly.
fn strip(scene: Scene<'_>, at: Rect, cells: &[Option<f32>], others: &[bool], buf: &mut Buffer) {
    for (i, (load, column)) in cells.iter().zip(scene.axis.blank()..at.width).enumerate() {
        if let Some(load) = load {
            let place = Rect { x: at.x + column, width: 1, ..at };
            let style = if others.get(i) == Some(&true) { scene.theme.faint() } else { scene.theme.area() };
            text::put(buf, place, scene.theme.level(f64::from(*load)), style);
        }
    }
}
