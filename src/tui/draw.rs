//! Drawing of the state of `app` into a buffer, without a clock, a terminal or a change of state.

mod about;
mod area;
mod axis;
mod band;
mod caption;
mod cores;
mod counter;
mod detail;
mod explain;
mod filter_pill;
mod header;
mod help;
mod lane;
mod lane_cell;
mod lane_content;
mod lane_figures;
mod large;
mod legend;
mod lock;
mod overlay;
mod picker;
mod preview;
mod question;
mod queue;
mod resource_section;
mod response;
mod signal;
mod tabs;
mod throughput;
mod tune;
mod unguarded_notice;
mod unused;
mod waiters;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

pub(super) use detail::selection_details;

use super::app::{App, CurrentView, Mode};
use super::axis::TimeAxis;
use super::layout::{RowColumns, RunLayout, Section, TimelineRow};
use super::panes;
use super::run_view::{LetterSize, Pane, RunView, Selection, Viewport};
use super::text;
use super::theme::Theme;
use crate::report::text_width::truncate_name;
use crate::trace::format::compact_counted;

/// Draws the whole screen.
pub(super) fn draw_screen(app: &App, screen: Rect, buf: &mut Buffer) {
    let area = app.run_area(screen);
    if let Some(tour) = app.shown_tour() {
        let below = Rect { y: area.bottom(), height: screen.bottom() - area.bottom(), ..screen };
        caption::CaptionPanel { tour, theme: app.theme }.render(below, buf);
    }
    match (&app.question, &app.current_view) {
        (Some(question), _) => question::QuestionScreen { app, question }.render(area, buf),
        (None, CurrentView::Picker) => picker::PickerScreen { app }.render(area, buf),
        (None, CurrentView::Tune) => {
            if let Some(tune_view) = &app.tune_view {
                tune::draw_tune_view(app, tune_view, area, buf);
            }
        }
        (None, CurrentView::Run(view)) => draw_run(app, view, area, buf),
    }
    match &app.mode {
        Mode::Browse | Mode::Filter | Mode::RecordingPrompt { .. } | Mode::JumpTo { .. } => {}
        Mode::Help { scroll } => {
            let (above, context) = (app.tour_context(), app.key_context());
            help::HelpOverlay { above, context, theme: app.theme, scroll: *scroll }.render(area, buf);
        }
        Mode::About { scroll } => about::draw_about(app, *scroll, area, buf),
        Mode::Detail { scroll } => {
            if let CurrentView::Run(view) = &app.current_view {
                detail::DetailOverlay { view, theme: app.theme, scroll: *scroll }.render(area, buf);
            }
        }
        Mode::Explain { scroll } => {
            if let CurrentView::Run(view) = &app.current_view {
                explain::ExplainOverlay { view, theme: app.theme, scroll: *scroll }.render(area, buf);
            }
        }
        Mode::Mistakes { name, text, scroll } => {
            let title = format!("{name} has mistakes: fix them and save again");
            overlay::Overlay { title: &title, lines: overlay::plain_lines(text), scroll: *scroll, theme: app.theme }
                .render(area, buf);
        }
        Mode::Text { title, text, scroll } => {
            overlay::Overlay { title, lines: overlay::plain_lines(text), scroll: *scroll, theme: app.theme }
                .render(area, buf);
        }
    }
    app.theme.paint_background(buf);
    if !app.theme.has_unicode {
        replace_unicode(buf);
    }
}

/// Replaces the signs of texts that a terminal without Unicode cannot show. Other signs, such as those in a user's names, stay.
fn replace_unicode(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if let Some(stand_in) = ascii_stand_in(cell.symbol()) {
            cell.set_symbol(stand_in);
        }
    }
}

/// Returns the sign that stands for one in a text of ours: a unit, a range, a number of times.
fn ascii_stand_in(sign: &str) -> Option<&'static str> {
    Some(match sign {
        "µ" | "μ" => "u",
        "±" => "~",
        "·" | "–" | "—" => "-",
        "×" => "x",
        "…" => ".",
        "→" | "≥" => ">",
        "≤" => "<",
        _ => return None,
    })
}

/// Everything that the rows of the timeline are drawn from.
#[derive(Clone, Copy)]
struct RunScene<'a> {
    view: &'a RunView,
    theme: Theme,
    axis: TimeAxis,
    columns: RowColumns,
}

/// The three columns of a row.
#[derive(Clone, Copy)]
struct RowParts {
    label: Rect,
    timeline: Rect,
    figures: Rect,
}

impl RunScene<'_> {
    fn split_row(&self, line: Rect) -> RowParts {
        let RowColumns { label: who, timeline: time, figures: now, .. } = self.columns;
        let who = Rect { width: who.min(line.width), ..line };
        let time = Rect { x: who.right(), width: time.min(line.right() - who.right()), ..line };
        let now = Rect { x: time.right(), width: now.min(line.right() - time.right()), ..line };
        RowParts { label: who, timeline: time, figures: now }
    }

    /// Draws a name; returns the space beside it, which has room for a letter and an age.
    fn draw_name(&self, who: Rect, name: &str, chosen: bool, buf: &mut Buffer) -> Rect {
        let style = if chosen { self.theme.selection_style() } else { self.theme.strong_style() };
        let width = self.columns.name_width.min(who.width.saturating_sub(1));
        let at = Rect { x: who.x + u16::from(who.width > 0), width, ..who };
        text::put_line(buf, at, &truncate_name(name, usize::from(width), self.theme.ellipsis()), style);
        let x = (at.right() + 1).min(who.right());
        Rect { x, width: (who.right() - x).saturating_sub(1), ..who }
    }

    /// Draws right-aligned figures in columns of equal width, a gap away from the timeline.
    #[expect(clippy::unused_self, reason = "figures are drawn by the scene that places them")]
    fn draw_figures(&self, now: Rect, figures: &[(String, Style)], buf: &mut Buffer) {
        let mut x = now.x + now.width.min(1);
        for (figure, style) in figures {
            if x + super::layout::FIGURE_WIDTH > now.right() {
                break;
            }
            let at = Rect { x: x + 1, width: super::layout::FIGURE_WIDTH - 1, ..now };
            text::put_right(buf, at, figure, *style);
            x += super::layout::FIGURE_WIDTH;
        }
    }

    /// Returns the place of a text among the figures.
    #[expect(clippy::unused_self, reason = "figures are drawn by the scene that places them")]
    fn figures_area(&self, now: Rect) -> Rect {
        let gap = now.width.min(2);
        Rect { x: now.x + gap, width: now.width - gap, ..now }
    }

    /// Whether there is room for three figures or more.
    fn has_wide_figures(&self) -> bool {
        self.columns.figures >= 3 * super::layout::FIGURE_WIDTH
    }

    fn is_chosen(&self, this: Selection) -> bool {
        self.view.selection == Some(this)
    }
}

fn draw_run(app: &App, view: &RunView, area: Rect, buf: &mut Buffer) {
    if view.letters == LetterSize::Large {
        return large::draw_large_run(app, view, area, buf);
    }
    let theme = app.theme;
    let layout = RunLayout::compute(view, area);
    let scene = RunScene { view, theme, axis: view.axis(layout.columns.timeline), columns: layout.columns };
    header::RunHeader { view, theme, is_unguarded: app.is_unguarded, recording: app.recording.as_ref() }
        .render(layout.header, buf);
    band::VerdictBand { app, view }.render(layout.band, buf);
    if layout.body.height > 0 {
        axis::AxisLine { scene }.render(layout.axis, buf);
        for (i, row) in layout.rows.iter().enumerate() {
            draw_row(scene, row, layout.row_line(i), buf);
        }
        axis::AxisOverlay { scene, rows: &layout.rows, body: layout.body, axis: layout.axis }.render(layout.body, buf);
    }
    if app.shown_tour().is_some() {
        caption::draw_pointer(scene, &layout.rows, |index| layout.row_line(index), buf);
    }
    for (pane, at) in &layout.panes {
        panes::draw_pane(*pane, view, theme, *at, buf);
    }
    legend::Legend { app, view }.render(layout.legend, buf);
    tabs::TabLine { app, view }.render(layout.tabs, buf);
    draw_size_notice(theme, area, layout.size_notice, buf);
}

/// Says how large the screen must be, where it is too small.
fn draw_size_notice(theme: Theme, area: Rect, line: Rect, buf: &mut Buffer) {
    if line.is_empty() {
        return;
    }
    let times = if theme.has_unicode { "×" } else { "x" };
    let (width, height) = (super::layout::MIN_WIDTH, super::layout::MIN_HEIGHT);
    let words = format!(" Needs {width}{times}{height}, has {}{times}{}", area.width, area.height);
    text::put_line(buf, line, &words, theme.severity_style(crate::model::Severity::Warning));
}

fn draw_row(scene: RunScene<'_>, row: &TimelineRow, line: Rect, buf: &mut Buffer) {
    match row {
        TimelineRow::Blank => {}
        TimelineRow::Heading(section) => draw_section_heading(scene, *section, line, buf),
        TimelineRow::Lane { worker, line: part, of } => {
            lane::LaneRow { scene, worker: *worker, line_index: *part, line_count: *of }.render(line, buf);
        }
        TimelineRow::FoldedLanes(members) => lane::FoldedLanesRow { scene, members, group: None }.render(line, buf),
        TimelineRow::FoldedGroup(group, members) => {
            lane::FoldedLanesRow { scene, members, group: Some(group) }.render(line, buf);
        }
        TimelineRow::Lock { id, has_waiters_row } => {
            lock::LockRow { scene, id: *id, has_waiters_row: *has_waiters_row }.render(line, buf);
        }
        TimelineRow::Waiters { id, line: part, of } => {
            waiters::WaitersRow { scene, id: *id, line_index: *part, line_count: *of }.render(line, buf);
        }
        TimelineRow::MoreLocks(more) => {
            text::put_line(
                buf,
                scene.split_row(line).label,
                &format!(" {}", compact_counted(*more as u64, "more lock")),
                scene.theme.faint_style(),
            );
        }
        TimelineRow::Queue { id, line: part, of } => {
            queue::QueueRow { scene, id: *id, line_index: *part, line_count: *of }.render(line, buf);
        }
        TimelineRow::Signal(id) => signal::SignalRow { scene, id: *id }.render(line, buf),
        TimelineRow::Response { pool, line: part, of } => {
            response::ResponseRow { scene, pool: *pool, line_index: *part, line_count: *of }.render(line, buf);
        }
        TimelineRow::Throughput { line: part, of } => {
            throughput::ThroughputRow { scene, line_index: *part, line_count: *of }.render(line, buf);
        }
        TimelineRow::Counter { id, line: part, of } => {
            counter::CounterRow { scene, id: *id, line_index: *part, line_count: *of }.render(line, buf);
        }
        TimelineRow::Core { core, line: part, of } => {
            cores::CoreRow { scene, core: *core, line_index: *part, line_count: *of }.render(line, buf);
        }
        TimelineRow::Cores => cores::CoresRow { scene }.render(line, buf),
        TimelineRow::Unused { unused, zero } => unused::draw_unused(scene, unused, zero, line, buf),
    }
}

/// Draws a section's name and the headings of its figures.
fn draw_section_heading(scene: RunScene<'_>, section: Section, line: Rect, buf: &mut Buffer) {
    let parts = scene.split_row(line);
    let faint = scene.theme.faint_style();
    let heads: Vec<&str> = match section {
        Section::Workers => Vec::new(),
        section => resource_section::figure_heads(scene, section).to_vec(),
    };
    let inner =
        Rect { x: parts.label.x + parts.label.width.min(1), width: parts.label.width.saturating_sub(1), ..parts.label };
    draw_section_name(scene, section, inner, buf);
    let heads: Vec<_> = heads.into_iter().map(|h| (h.to_owned(), faint)).collect();
    scene.draw_figures(parts.figures, &heads, buf);
    match section {
        Section::Workers => lane_figures::draw_heading(scene, parts.figures, buf),
        section => resource_section::draw_caption(scene, section, parts.timeline, buf),
    }
}

/// Draws a section's name, emphasized where the keys act on it, and how its rows are arranged.
fn draw_section_name(scene: RunScene<'_>, section: Section, at: Rect, buf: &mut Buffer) {
    let pane = match section {
        Section::Workers => Some(Pane::Lanes),
        Section::Locks => Some(Pane::Locks),
        Section::Queues => Some(Pane::Queues),
        _ => None,
    };
    let (faint, arrangement) = (scene.theme.faint_style(), &scene.view.arrangement);
    let has_focus = pane.is_some_and(|pane| pane == scene.view.pane);
    let name = resource_section::name(section);
    let rest = text::put_line(buf, at, name, if has_focus { scene.theme.strong_style() } else { faint });
    let arranged = match (section, arrangement.hidden_count(), arrangement.order().describe()) {
        (Section::Workers, 0, Some(by)) => format!(" by {by}"),
        (Section::Workers, hidden, _) if hidden > 0 => format!(" {hidden} hidden"),
        _ => String::new(),
    };
    text::put_line(buf, rest, &arranged, faint);
}

/// Whether the window ends at now and moves with it.
fn is_following(view: &RunView) -> bool {
    view.viewport == Viewport::Follow
}
