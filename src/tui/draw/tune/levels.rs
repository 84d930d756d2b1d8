//! The levels, a line each: what was measured there, and where the time of a unit of work goes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::super::format::{age, counted, cut, percent, rate};
use super::super::super::theme::Theme;
use super::super::super::tune::{Spent, TunePlan, p99, what, widths};
use super::Scene;
use super::text;
use crate::trace::{Span, State};
use crate::tune::{Level, against};

pub(super) struct Levels<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) plan: &'a TunePlan,
}

/// A column of figures: its head, its width, and the narrowest screen that has it.
struct Column {
    head: &'static str,
    width: u16,
    from: u16,
    of: fn(Scene<'_>, &Level) -> String,
}

const COLUMNS: [Column; 7] = [
    Column { head: "/s", width: 9, from: 0, of: |_, level| rate(level.throughput()).trim_end_matches("/s").to_owned() },
    Column { head: "±", width: 6, from: 40, of: uncertainty },
    Column { head: "of best", width: 8, from: 100, of: of_best },
    Column {
        head: "p50",
        width: 8,
        from: 140,
        of: |_, level| time(level.percentiles(|r| r.service).map(|all| all.p50)),
    },
    Column { head: "p99", width: 8, from: 60, of: |_, level| time(p99(level)) },
    Column { head: "cores", width: 7, from: 100, of: |_, level| format!("{:.2}", level.mean(|r| r.cores)) },
    Column { head: "runs", width: 5, from: 70, of: |_, level| level.repetitions.len().to_string() },
];

/// Columns of a level's value, with the sign before it.
const NAME: u16 = 10;

/// Columns for the whole time after its bar.
const WHOLE: u16 = 9;

impl Widget for Levels<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let (scene, theme) = (self.scene, self.scene.theme);
        let head = text::line(area, 0);
        let name = Rect { width: NAME.min(area.width), ..head };
        text::right(buf, name, &scene.sheet.knob().name, theme.faint());
        let mut rest = Rect { x: name.right(), width: head.right() - name.right(), ..head };
        for column in shown(area.width) {
            let at = Rect { width: column.width.min(rest.width), ..rest };
            text::right(buf, at, column.head, theme.faint());
            rest = Rect { x: at.right(), width: rest.right() - at.right(), ..rest };
        }
        let word = scene.sheet.tuned.work.word();
        text::put(buf, rest, &format!("  workers' time for one {word}"), theme.faint());
        let levels = scene.sheet.levels();
        let most = levels.iter().map(whole).fold(0.0, f64::max);
        for (place, level) in levels.iter().enumerate() {
            if let Some(line) = self.plan.line(place) {
                self.level(level, most, line, buf);
            }
        }
        self.more(levels.len(), area, buf);
    }
}

fn shown(width: u16) -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().filter(move |column| width >= column.from)
}

impl Levels<'_> {
    fn level(&self, level: &Level, most: f64, line: Rect, buf: &mut Buffer) {
        let (scene, theme) = (self.scene, self.scene.theme);
        let sign = Rect { x: line.x + line.width.min(1), width: line.width.min(2).saturating_sub(1), ..line };
        text::put(buf, sign, scene.sign(level), theme.strong());
        let name = Rect { x: sign.right(), width: NAME.saturating_sub(2).min(line.right() - sign.right()), ..line };
        text::right(buf, name, &scene.sheet.knob().show(level.value), scene.style(level));
        let mut rest = Rect { x: name.right(), width: line.right() - name.right(), ..line };
        if !level.works() {
            let why = level.failures.first().map_or("no run counts: others disturbed them", String::as_str);
            let why = cut(why, usize::from(rest.width.saturating_sub(3)), theme.dots());
            text::put(buf, rest, &format!("  {why}"), theme.state(State::Crashed));
            return;
        }
        for column in shown(line.width) {
            let at = Rect { width: column.width.min(rest.width), ..rest };
            text::right(buf, at, &(column.of)(scene, level), Style::new());
            rest = Rect { x: at.right(), width: rest.right() - at.right(), ..rest };
        }
        let bar = Rect { x: rest.x + 2.min(rest.width), width: rest.width.saturating_sub(2 + WHOLE), ..rest };
        let end = stacked(&what(level), most, bar, theme, buf);
        let after = Rect { x: end + 1, width: rest.right().saturating_sub(end + 1), ..rest };
        text::put(buf, after, &age(Span(whole(level) as u64)), theme.faint());
    }

    /// What there is no room for is said.
    fn more(&self, count: usize, area: Rect, buf: &mut Buffer) {
        let seen = (0..count).filter(|place| self.plan.line(*place).is_some()).count();
        if seen < count {
            let below = text::line(area, seen + 1);
            let words = format!("{}: up and down", counted((count - seen) as u64, "more level"));
            text::put(
                buf,
                Rect { x: below.x + 3.min(below.width), width: below.width.saturating_sub(3), ..below },
                &words,
                self.scene.theme.faint(),
            );
        }
    }
}

/// The parts beside each other, a lock with its name where that fits. Returns where they end.
fn stacked(parts: &[Spent], most: f64, at: Rect, theme: Theme, buf: &mut Buffer) -> u16 {
    let mut x = at.x;
    for (part, width) in parts.iter().zip(widths(parts, most, at.width)) {
        let cells = Rect { x, width, ..at };
        let style = theme.cell(part.state);
        text::put(buf, cells, &theme.glyph(part.state).repeat(width.into()), style);
        if let Some(name) = part.lock.as_ref().filter(|name| name.width() + 2 <= usize::from(width)) {
            let within = Rect { x: x + 1, width: width - 1, ..at };
            text::put(buf, within, name, theme.holder(super::super::super::theme::Hold::Wanted));
        }
        x += width;
    }
    x
}

/// All time of workers for one unit of work, ns.
fn whole(level: &Level) -> f64 {
    what(level).iter().map(|part| part.each).sum()
}

fn time(ns: Option<f64>) -> String {
    ns.map_or_else(|| "-".to_owned(), |ns| age(Span(ns as u64)))
}

fn uncertainty(_: Scene<'_>, level: &Level) -> String {
    let half = level.interval().map(|found| (found.high - found.low) / 2.0 / level.throughput().max(1e-9));
    half.map_or_else(|| "-".to_owned(), |half| percent(half).trim_start().to_owned())
}

fn of_best(scene: Scene<'_>, level: &Level) -> String {
    let best = scene.sheet.tuning.curve.best();
    best.and_then(|best| against(level, best)).map_or_else(|| "-".to_owned(), |found| percent(found.estimate))
}
