//! The row of a lock: who holds it, as spans in the holder's colour, or how many do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::figures::LockFigures;
use super::super::run_view::{RunView, Selection};
use super::super::theme::{Role, Theme};
use super::area::{AreaLine, draw_area, draw_guide, whole_scale};
use super::{RunScene, text};
use crate::model::{Lock, LockCapacity, LockCell};
use crate::report::text_width::truncate_name;
use crate::trace::format::{compact_duration, compact_percent};
use crate::trace::{ResourceId, Span, State, WorkerId};

pub(super) const HEADS: [&str; 4] = ["held", "waited", "p99", "max"];

/// Returns what the colours of the locks mean, from the longest text to the shortest.
pub(super) fn captions(view: &RunView) -> [&'static str; 3] {
    let known = || view.figures.locks.iter().filter_map(|(id, _)| view.shown_model().lock(*id));
    let is_any_used = known().any(|lock| lock.acquired() > 0);
    let locks = || known().filter(move |lock| !is_any_used || lock.acquired() > 0).map(Lock::capacity);
    let is_shared = |capacity| !has_one_holder(capacity);
    match (locks().all(is_shared), locks().any(is_shared)) {
        (true, _) => {
            ["height: how many hold it; dim while nobody waits", "height: how many hold it", "height: holders"]
        }
        (false, true) => [
            "coloured by holder, blue: how many hold it; dim while nobody waits",
            "coloured by holder, blue: how many hold it",
            "coloured by holder",
        ],
        (false, false) => {
            ["coloured by holder, dim while nobody waits", "coloured by holder, dim: no wait", "coloured by holder"]
        }
    }
}

/// Mean number of waiters from which a cell counts as contended.
const CONTENDED_FROM: f32 = 1.0 / 8.0;

/// Share from which a cell counts as held: however short the hold was, it shows.
const HELD_FROM: f32 = 1e-6;

/// Brightness of a hold that nobody waits for.
const CALM: f64 = 0.55;

/// Share of a span's cells from which there is room for the holder's name in it.
const SOLID_FROM: f32 = 15.0 / 16.0;

pub(super) struct LockRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) id: ResourceId,
    /// Whether the waiters have a row of their own.
    pub(super) has_waiters_row: bool,
}

impl Widget for LockRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id, .. } = self;
        let (view, theme) = (scene.view, scene.theme);
        let parts = scene.split_row(line);
        let name = view.shown_model().registry().resource_name(id);
        let beside = scene.draw_name(parts.label, name, scene.is_chosen(Selection::Lock(id)), buf);
        let Some(lock) = view.shown_model().lock(id) else { return };
        view.with_lock_cells(id, &scene.axis.window(), |cells| {
            draw_timeline(scene, parts.timeline, cells, lock.capacity(), buf);
        });
        let Some(figures) = view.figures.lock(id) else { return };
        self.draw_state(beside, figures, lock.capacity(), buf);
        let span = |s: Option<Span>| s.map_or_else(|| "-".to_owned(), compact_duration);
        let loud = |is_loud: bool| if is_loud { theme.state_style(State::Lock) } else { Style::new() };
        let is_contended = figures.contended_share.is_some_and(|share| share >= 0.5);
        let shown = [
            (compact_percent(figures.held_share), loud(is_contended && figures.held_share >= 0.9)),
            (waited_text(figures), loud(is_contended)),
            (span(figures.wait_p99), Style::new()),
            (span(figures.wait_max), Style::new()),
        ];
        scene.draw_figures(parts.figures, &shown, buf);
    }
}

impl LockRow<'_> {
    /// Draws who holds the lock now, and how many wait if no other row tells.
    fn draw_state(&self, at: Rect, figures: &LockFigures, capacity: LockCapacity, buf: &mut Buffer) {
        let theme = self.scene.theme;
        let mut rest = at;
        if !self.has_waiters_row && !figures.waiters.is_empty() {
            let waiting = format!("{} wait ", figures.waiters.len());
            rest = text::put_line(buf, rest, &waiting, theme.state_style(State::Lock));
        }
        let held = match (figures.owner, capacity) {
            (Some(owner), _) => {
                let name = self.scene.view.shown_model().registry().worker_name(owner);
                let room = usize::from(rest.width.saturating_sub(1));
                if room < 4 {
                    return;
                }
                let rest = text::put_line(buf, rest, theme.identity_mark(), theme.identity_style(owner.index()));
                text::put_line(buf, rest, &truncate_name(name, room, theme.ellipsis()), theme.faint_style());
                return;
            }
            (None, LockCapacity::Permits { permits, scoped: true }) => {
                Some(format!("{} of {permits}", figures.holders.len()))
            }
            (None, _) => readers_note(figures, usize::from(rest.width)),
        };
        if let Some(held) = held.filter(|held| held.width() <= usize::from(rest.width)) {
            text::put_line(buf, rest, &held, theme.faint_style());
        }
    }
}

/// Returns the share of the requests that waited, with a mark if it is not that of the program without its tracer.
fn waited_text(figures: &LockFigures) -> String {
    let about = if figures.is_distorted && figures.waited_acquisitions > 0 { "~" } else { "" };
    figures.contended_share.map_or_else(|| "- ".to_owned(), |share| format!("{about}{}", compact_percent(share)))
}

/// Returns how many read and how many writers wait, in as many words as fit.
fn readers_note(figures: &LockFigures, room: usize) -> Option<String> {
    let readers = figures.readers;
    if readers == 0 {
        return None;
    }
    let writers = match figures.waiting_writers {
        0 => String::new(),
        1 => ", writer waits".to_owned(),
        n => format!(", {n} writers wait"),
    };
    let short = if figures.waiting_writers > 0 {
        format!("{readers} in, {} w", figures.waiting_writers)
    } else {
        String::new()
    };
    let texts = [format!("{readers} reading{writers}"), short, format!("{readers} reading"), format!("{readers} in")];
    texts.into_iter().find(|text| !text.is_empty() && text.width() <= room)
}

fn is_contended(cell: &LockCell) -> bool {
    cell.mean_waiters >= CONTENDED_FROM
}

/// Whether a lock's cells are coloured by their holder: not where several hold it at once.
const fn has_one_holder(capacity: LockCapacity) -> bool {
    matches!(capacity, LockCapacity::Exclusive | LockCapacity::Permits { permits: 1, scoped: true })
}

fn draw_timeline(scene: RunScene<'_>, at: Rect, cells: &[LockCell], capacity: LockCapacity, buf: &mut Buffer) {
    let theme = scene.theme;
    let names_holder = has_one_holder(capacity) || capacity == LockCapacity::ReadersWriter;
    if names_holder {
        for (cell, column) in cells.iter().zip(scene.axis.blank_columns()..at.width) {
            if let Some(holder) = cell.holder {
                draw_held_cell(theme, (at.x + column, at.y), cell, holder, buf);
            }
        }
    }
    let most_readers = whole_scale(cells.iter().map(|cell| cell.mean_holders));
    let shared = cells.iter().map(|cell| {
        let share = match capacity {
            _ if names_holder && cell.holder.is_some() => 0.0,
            LockCapacity::ReadersWriter => f64::from(cell.mean_holders) / most_readers,
            _ => cell.held_share.into(),
        };
        let style = theme.shaded(theme.fg(Role::Queue), if is_contended(cell) { 1.0 } else { CALM });
        (share, style)
    });
    draw_area(scene, AreaLine::single(at), shared, buf);
    draw_guide(scene, at, theme.glyph("·", "."), theme.fg(Role::Guide), buf);
    if names_holder {
        draw_names(scene, at, cells, buf);
    }
}

/// Draws the part of a cell in which the lock was held, in the holder's colour. Where that cannot be shown, the
/// holder's letter stands for it, reversed while others wait.
fn draw_held_cell(theme: Theme, at: (u16, u16), lock: &LockCell, holder: WorkerId, buf: &mut Buffer) {
    let Some(cell) = buf.cell_mut(at).filter(|_| lock.held_share >= HELD_FROM) else { return };
    if theme.has_colour() && theme.has_unicode {
        let style = holder_style(theme, theme.identity_style(holder.index()), is_contended(lock));
        cell.set_symbol(theme.level_glyph(f64::from(lock.held_share))).set_style(style);
        return;
    }
    let is_solid = is_contended(lock);
    let style = if is_solid { theme.identity_area(holder.index()) } else { theme.identity_style(holder.index()) };
    cell.set_char(Theme::identity_letter(holder.index())).set_style(style);
}

fn holder_style(theme: Theme, style: Style, is_contended: bool) -> Style {
    if is_contended { style } else { theme.shaded(style, CALM) }
}

/// Draws the holder's name into each span that has room for it.
fn draw_names(scene: RunScene<'_>, at: Rect, cells: &[LockCell], buf: &mut Buffer) {
    let theme = scene.theme;
    let key = |cell: &LockCell| (cell.holder, is_contended(cell), cell.held_share >= SOLID_FROM);
    let mut column = scene.axis.blank_columns();
    for span in cells.chunk_by(|a, b| key(a) == key(b)) {
        let width = u16::try_from(span.len()).unwrap_or(u16::MAX);
        if let (Some(holder), contended, true) = key(&span[0]) {
            let name = scene.view.shown_model().registry().worker_name(holder);
            let name_width = u16::try_from(name.width()).unwrap_or(u16::MAX);
            if width >= name_width.saturating_add(4) {
                let x = at.x.saturating_add(column).saturating_add((width - name_width) / 2);
                let place = Rect { x, width: name_width.min(at.right().saturating_sub(x)), ..at };
                text::put_line(buf, place, name, name_style(theme, holder, contended));
            }
        }
        column = column.saturating_add(width);
    }
}

/// Returns the style of a holder's name on its span.
fn name_style(theme: Theme, holder: WorkerId, is_contended: bool) -> Style {
    let area = theme.identity_area(holder.index());
    if is_contended || !theme.has_colour() {
        return area;
    }
    // The ink stays as it is: it is chosen for the full colour, and only the area is dim.
    let dim = theme.shaded(area, CALM);
    Style { fg: dim.bg.map(|ground| theme.ink_on(ground)), ..dim }
}
