//! Draws what `app` holds into a buffer: no clock, no terminal, no change of state.

mod answer;
mod axis;
mod cell;
mod cores;
mod counter;
mod detail;
mod findings;
mod graph;
mod guard;
mod header;
mod help;
mod lane;
mod legend;
mod lock;
mod log;
mod overlay;
mod picker;
mod pools;
mod question;
mod queue;
mod ring;
mod seen;
mod sketch;
mod text;
mod tune;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::app::{App, Mode, Showing};
use super::axis::Axis;
use super::plan::{Columns, Plan, Row, Section};
use super::theme::Theme;
use super::watch::{Chosen, Pane, View, Watch};

/// The whole screen.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    match (&app.question, &app.showing) {
        (Some(question), _) => question::Page { app, question }.render(area, buf),
        (None, Showing::Picker) => picker::Picker { app }.render(area, buf),
        (None, Showing::Tune) => {
            if let Some(sheet) = &app.sheet {
                tune::draw(app, sheet, area, buf);
            }
        }
        (None, Showing::Watch(watch)) => draw_run(app, watch, area, buf),
    }
    match &app.mode {
        Mode::Browse | Mode::Filter => {}
        Mode::Help { scroll } => help::Help { place: app.place(), theme: app.theme, scroll: *scroll }.render(area, buf),
        Mode::About { scroll } => overlay::about(app, *scroll, area, buf),
        Mode::Detail { scroll } => {
            if let Showing::Watch(watch) = &app.showing {
                detail::Detail { watch, theme: app.theme, scroll: *scroll }.render(area, buf);
            }
        }
        Mode::Answer { scroll } => {
            if let Showing::Watch(watch) = &app.showing {
                answer::Compared { watch, theme: app.theme, scroll: *scroll }.render(area, buf);
            }
        }
        Mode::Mistakes { name, text, scroll } => {
            let title = format!("{name} has mistakes: save it again when they are mended");
            overlay::Overlay { title: &title, lines: overlay::plain(text), scroll: *scroll, theme: app.theme }
                .render(area, buf);
        }
        Mode::Text { title, text, scroll } => {
            overlay::Overlay { title, lines: overlay::plain(text), scroll: *scroll, theme: app.theme }
                .render(area, buf);
        }
    }
    if !app.theme.unicode {
        spell_plainly(buf);
    }
}

/// Figures are spelled the same everywhere; a terminal without Unicode has no letter for a millionth, and no sign for about.
fn spell_plainly(buf: &mut Buffer) {
    for cell in &mut buf.content {
        match cell.symbol() {
            "µ" => drop(cell.set_symbol("u")),
            "±" => drop(cell.set_symbol("~")),
            _ => {}
        }
    }
}

/// What every row of the body is drawn from.
#[derive(Clone, Copy)]
struct Scene<'a> {
    watch: &'a Watch,
    theme: Theme,
    axis: Axis,
    columns: Columns,
}

/// A row's three columns.
#[derive(Clone, Copy)]
struct Parts {
    who: Rect,
    time: Rect,
    now: Rect,
}

impl Scene<'_> {
    fn parts(&self, line: Rect) -> Parts {
        let Columns { who, time, now, .. } = self.columns;
        let who = Rect { width: who.min(line.width), ..line };
        let time = Rect { x: who.right(), width: time.min(line.right() - who.right()), ..line };
        let now = Rect { x: time.right(), width: now.min(line.right() - time.right()), ..line };
        Parts { who, time, now }
    }

    /// A name, and what stands beside it: a letter and an age, or anything else that is short.
    fn who(&self, who: Rect, name: &str, chosen: bool, buf: &mut Buffer) -> Rect {
        let style = if chosen { self.theme.chosen() } else { self.theme.strong() };
        let width = self.columns.name.min(who.width.saturating_sub(1));
        let at = Rect { x: who.x + u16::from(who.width > 0), width, ..who };
        text::put(buf, at, &super::format::cut_name(name, usize::from(width), self.theme.dots()), style);
        let x = (at.right() + 1).min(who.right());
        Rect { x, width: (who.right() - x).saturating_sub(1), ..who }
    }

    /// Figures in columns of equal width, ranged right, after the rule that closes the time axis.
    fn figures(&self, now: Rect, figures: &[(String, ratatui::style::Style)], buf: &mut Buffer) {
        text::put(buf, Rect { width: now.width.min(1), ..now }, self.theme.line(), self.theme.faint());
        let mut x = now.x + now.width.min(1);
        for (figure, style) in figures {
            if x + super::plan::FIGURE > now.right() {
                break;
            }
            let at = Rect { x: x + 1, width: super::plan::FIGURE - 1, ..now };
            text::right(buf, at, figure, *style);
            x += super::plan::FIGURE;
        }
    }

    fn is_chosen(&self, this: Chosen) -> bool {
        self.watch.chosen == Some(this)
    }
}

fn draw_run(app: &App, watch: &Watch, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let plan = Plan::of(watch, area);
    let scene = Scene { watch, theme, axis: watch.axis(plan.columns.time), columns: plan.columns };
    header::Header { watch, theme, unguarded: app.unguarded }.render(plan.header, buf);
    if plan.body.height > 0 {
        let heads_in_rows = plan.rows.iter().any(|r| matches!(r, Row::Head(_)));
        axis::AxisLine { scene, heads: !heads_in_rows }.render(plan.axis, buf);
        for (i, row) in plan.rows.iter().enumerate() {
            draw_row(scene, row, plan.line(i), buf);
        }
        axis::Lines { scene, rows: &plan.rows, body: plan.body, axis: plan.axis }.render(plan.body, buf);
    }
    for (pane, at) in &plan.panes {
        draw_pane(app, watch, *pane, *at, buf);
    }
    findings::Findings { watch, theme }.render(plan.findings, buf);
    legend::Legend { app, watch }.render(plan.legend, buf);
}

fn draw_row(scene: Scene<'_>, row: &Row, line: Rect, buf: &mut Buffer) {
    match row {
        Row::Blank => {}
        Row::Head(section) => head(scene, *section, line, buf),
        Row::Lane { worker, line: part, of } => {
            lane::LaneRow { scene, worker: *worker, part: *part, of: *of }.render(line, buf);
        }
        Row::Fold(members) => lane::FoldRow { scene, members }.render(line, buf),
        Row::Lock(id) => lock::LockRow { scene, id: *id }.render(line, buf),
        Row::MoreLocks(more) => {
            text::put(
                buf,
                scene.parts(line).who,
                &format!(" {}", super::format::counted(*more as u64, "more lock")),
                scene.theme.faint(),
            );
        }
        Row::Queue { id, line: part, of } => {
            queue::QueueRow { scene, id: *id, part: *part, of: *of }.render(line, buf);
        }
        Row::Counter(id) => counter::CounterRow { scene, id: *id }.render(line, buf),
        Row::Core(core) => cores::CoreRow { scene, core: *core }.render(line, buf),
        Row::Cores => cores::CoresRow { scene }.render(line, buf),
    }
}

/// A section's name, and what its figures are.
fn head(scene: Scene<'_>, section: Section, line: Rect, buf: &mut Buffer) {
    let parts = scene.parts(line);
    let faint = scene.theme.faint();
    let (name, heads): (_, Vec<&str>) = match section {
        Section::Workers => ("Workers", lane::figures_of(scene).iter().map(|f| f.head).collect()),
        Section::Locks => ("Locks", lock::HEADS.to_vec()),
        Section::Queues => ("Queues", queue::HEADS.to_vec()),
        Section::Counters => ("Counters", counter::HEADS.to_vec()),
        Section::Cores => ("Cores", cores::HEADS.to_vec()),
    };
    text::put(buf, Rect { x: parts.who.x + parts.who.width.min(1), ..parts.who }, name, faint);
    let heads: Vec<_> = heads.into_iter().map(|h| (h.to_owned(), faint)).collect();
    scene.figures(parts.now, &heads, buf);
    match section {
        Section::Workers => {
            text::put(buf, parts.time, &pools::in_a_line(scene.watch), faint);
        }
        Section::Locks => {
            let rest = legend::holds(scene.theme, parts.time, buf);
            if scene.watch.totals_are_of_the_end() {
                text::right(buf, rest, "cont, w.p99, hold: whole run ", faint);
            }
        }
        Section::Queues | Section::Counters | Section::Cores => {}
    }
}

fn draw_pane(app: &App, watch: &Watch, pane: Pane, at: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let title = match pane {
        Pane::Graph if watch.deadlock_then().is_some() => "Deadlock",
        Pane::Graph => "Who waits for whom",
        Pane::Levels if watch.is_past() => "Levels seen so far, up to now",
        Pane::Levels => "Levels seen so far",
        Pane::Pools if watch.totals_are_of_the_end() => "Pools: counts and times of the whole run",
        Pane::Pools => "Pools",
        _ => "Log",
    };
    let style = if watch.pane == pane { theme.strong() } else { theme.faint() };
    let inner = text::titled(buf, at, title, style);
    match pane {
        Pane::Graph => graph::Graph { watch, theme }.render(inner, buf),
        Pane::Levels => seen::Levels { watch, theme }.render(inner, buf),
        Pane::Pools => pools::Pools { watch, theme }.render(inner, buf),
        _ => log::Log { watch, theme }.render(inner, buf),
    }
}

/// Whether the window ends at now and moves with it.
fn follows(watch: &Watch) -> bool {
    watch.view == View::Follow
}
