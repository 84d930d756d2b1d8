//! Who waits for what now: the waiters of each thing, an arrow, and a box for the worker that holds it, with what it
//! does and the thing in its lower border.
//!
//! ```text
//! ▎teller-1  12.4 ms ─┐   ╭──────────────────╮
//! ▎teller-2   9.1 ms ─┼──▶│ teller-5         │
//! ▎teller-3   2.0 ms ─┤   │ runs 3 ms        │
//! … 4 more           ─┘   ╰─ account ────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::super::super::figures::{WaitGroup, WaitReason};
use super::super::super::run_view::RunView;
use super::super::super::theme::{Role, Theme};
use super::lines::draw_frame;
use super::{text, worker_name};
use crate::report::text_width::truncate_name;
use crate::trace::format::{compact_counted, compact_duration};
use crate::trace::{Span, Stamp, State, WorkerId};

/// Lines of a box.
const BOX_LINES: u16 = 4;

/// Most waiters of a group with a line of their own; where there is no room, fewer are tried.
const MOST_WAITERS: [usize; 4] = [12, 8, 5, 3];

/// Columns of the time that a waiter has waited, and of the arrow.
const AGE_WIDTH: u16 = 9;
const ARROW_WIDTH: u16 = 6;

/// Columns of a box.
const BOX_WIDTHS: std::ops::RangeInclusive<u16> = 14..=38;

pub(super) struct WaitsWidget<'a> {
    pub(super) view: &'a RunView,
    pub(super) theme: Theme,
}

/// What a box says: its two lines, the mark of their worker, and its lower border.
struct BoxText {
    worker: Option<WorkerId>,
    title: String,
    does: String,
    border: String,
    /// Whether the worker in the box waits itself.
    is_waiting: bool,
}

/// The columns of every group.
#[derive(Clone, Copy)]
struct WaitColumns {
    name: u16,
    bus: u16,
    box_x: u16,
    box_width: u16,
}

impl WaitsWidget<'_> {
    fn groups(&self) -> &[WaitGroup] {
        &self.view.figures.wait_groups
    }

    /// Returns the lines that it wants.
    pub(super) fn lines(&self) -> usize {
        let of = |group: &WaitGroup| usize::from(group_lines(group, MOST_WAITERS[0])) + 1;
        self.groups().iter().map(of).sum::<usize>().max(2)
    }

    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer) {
        let groups = self.groups();
        if groups.is_empty() {
            let words = if self.view.figures.is_exact() {
                "No worker waits for another"
            } else {
                "Waits of so long ago are not kept"
            };
            text::put_line(buf, area, words, self.theme.faint_style());
            return;
        }
        let height = |most: usize| groups.iter().map(|group| group_lines(group, most) + 1).fold(0, u16::saturating_add);
        let most = MOST_WAITERS.into_iter().find(|most| height(*most) <= area.height.saturating_add(1));
        match (most, self.columns(area.width)) {
            (Some(most), Some(columns)) => {
                let mut y = area.y;
                for group in groups {
                    let lines = group_lines(group, most);
                    self.draw_group(group, columns, Rect { y, height: lines, ..area }, buf);
                    y += lines + 1;
                }
            }
            _ => self.draw_lines(area, buf),
        }
    }

    /// Returns the columns, if boxes have room.
    fn columns(&self, width: u16) -> Option<WaitColumns> {
        let registry = self.view.shown_model().registry();
        let names = self.groups().iter().flat_map(|group| &group.waiters);
        let longest = names.map(|(worker, _)| registry.worker_name(*worker).width()).max().unwrap_or(0) as u16;
        let texts = self.groups().iter().map(|group| self.box_text(group));
        let widest = texts.map(|text| text.title.width().max(text.does.width()).max(text.border.width() + 2)).max()?;
        let wanted = (widest as u16).saturating_add(5).clamp(*BOX_WIDTHS.start(), *BOX_WIDTHS.end());
        let name = longest.clamp(6, (width / 3).max(6));
        let bus = 1 + name + AGE_WIDTH + 1;
        let box_x = bus + ARROW_WIDTH;
        let box_width = wanted.min(width.saturating_sub(box_x));
        (box_width >= *BOX_WIDTHS.start()).then_some(WaitColumns { name, bus, box_x, box_width })
    }

    fn draw_group(&self, group: &WaitGroup, columns: WaitColumns, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let shown = shown_waiters(group, usize::from(area.height));
        let waiters = shown + usize::from(shown < group.waiter_count);
        let (first, top) = (area.y + (area.height - waiters as u16) / 2, area.y + (area.height - BOX_LINES) / 2);
        let line = |y: u16| Rect { y, height: 1, ..area };
        for (i, (worker, since)) in group.waiters.iter().take(shown).enumerate() {
            let at = line(first + i as u16);
            let name = self.view.shown_model().registry().worker_name(*worker);
            worker_name::put_worker(buf, at, theme, (*worker, name), usize::from(columns.name));
            let age = Rect { x: at.x + 1 + columns.name, width: AGE_WIDTH, ..at };
            let style = if i == 0 { theme.state_style(State::Lock) } else { theme.faint_style() };
            text::put_right(buf, age, &self.age(*since), style);
        }
        if shown < waiters {
            let more = format!("{} {} more", theme.ellipsis(), group.waiter_count - shown);
            text::put_line(buf, line(first + shown as u16), &more, theme.faint_style());
        }
        let arrow_y = top + 1;
        self.draw_bus((first, waiters as u16), arrow_y, columns, area, buf);
        self.draw_box(group, Rect::new(area.x + columns.box_x, top, columns.box_width, BOX_LINES), buf);
    }

    /// Draws the lines that join the waiters to one arrow.
    fn draw_bus(&self, (first, waiters): (u16, u16), arrow_y: u16, columns: WaitColumns, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let style = theme.state_style(State::Lock);
        for y in first..first + waiters {
            let (is_first, is_last, has_arrow) = (y == first, y + 1 == first + waiters, y == arrow_y);
            let joint = match (is_first, is_last, has_arrow) {
                (true, true, _) => theme.glyph("─", "-"),
                (true, _, true) => theme.glyph("┬", "+"),
                (true, _, false) => theme.glyph("╮", "+"),
                (_, true, true) => theme.glyph("┴", "+"),
                (_, true, false) => theme.glyph("╯", "+"),
                (_, _, true) => theme.glyph("┼", "+"),
                _ => theme.glyph("┤", "+"),
            };
            let shaft = if has_arrow { theme.glyph("──▶", "-->") } else { "" };
            let words = format!("{}{joint}{shaft}", theme.glyph("─", "-"));
            text::put_line(buf, Rect::new(area.x + columns.bus, y, ARROW_WIDTH, 1), &words, style);
        }
    }

    fn draw_box(&self, group: &WaitGroup, at: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let text = self.box_text(group);
        let border = text.worker.map_or_else(|| theme.fg(Role::Faint), |worker| theme.identity_style(worker.index()));
        draw_frame(theme, at, &text.border, border, buf);
        let inside = |line: u16| Rect { x: at.x + 2, y: at.y + line, width: at.width.saturating_sub(4), height: 1 };
        let cut = |words: &str| truncate_name(words, usize::from(at.width.saturating_sub(4)), theme.ellipsis());
        text::put_line(buf, inside(1), &cut(&text.title), theme.strong_style());
        let style = if text.is_waiting { theme.state_style(State::Lock) } else { theme.faint_style() };
        text::put_line(buf, inside(2), &cut(&text.does), style);
    }

    fn box_text(&self, group: &WaitGroup) -> BoxText {
        let registry = self.view.shown_model().registry();
        let name = registry.resource_name(group.on);
        let border = match group.reason {
            WaitReason::Join => "joined".to_owned(),
            WaitReason::Room => format!("{name}, full"),
            WaitReason::Item | WaitReason::Task => format!("{name}, empty"),
            WaitReason::Lock | WaitReason::Signal => name.to_owned(),
        };
        let role = match group.reason {
            WaitReason::Lock => "holds it",
            WaitReason::Join => "",
            WaitReason::Room => "takes from it",
            WaitReason::Item | WaitReason::Task => "puts into it",
            WaitReason::Signal => "can signal it",
        };
        match group.holders.as_slice() {
            [] => {
                let does = match group.reason {
                    WaitReason::Lock => "free, or its holder is unknown",
                    _ => "supplied by workers outside",
                };
                BoxText { worker: None, title: name.to_owned(), does: does.into(), border, is_waiting: false }
            }
            [(worker, since)] => {
                let (does, is_waiting) = self.describe_holder(*worker, *since);
                let title = registry.worker_name(*worker).to_owned();
                BoxText { worker: Some(*worker), title, does, border, is_waiting }
            }
            several => {
                let first = registry.worker_name(several[0].0);
                let title = format!("{first} and {} more", several.len() - 1);
                let plural = role.replacen("holds", "hold", 1).replacen("takes", "take", 1).replacen("puts", "put", 1);
                BoxText { worker: Some(several[0].0), title, does: plural, border, is_waiting: false }
            }
        }
    }

    /// Returns what a holder does, and whether it waits for something itself.
    fn describe_holder(&self, worker: WorkerId, since: Option<Stamp>) -> (String, bool) {
        let registry = self.view.shown_model().registry();
        let lane = self.view.figures.lane(worker);
        let Some(shown) = lane.and_then(|lane| lane.shown_state) else {
            return (since.map_or_else(String::new, |since| format!("for {}", self.age(since))), false);
        };
        let on = lane.and_then(|lane| lane.activity?.resource);
        let is_waiting = matches!(shown.state, State::Lock | State::Full | State::Empty | State::Signal);
        let held = since.map_or_else(String::new, |since| format!(", holds it {}", self.age(since)));
        match on.filter(|_| is_waiting) {
            Some(on) => {
                let what = registry.resource_name(on);
                (format!("waits {} for {what}", compact_duration(shown.duration)), true)
            }
            None => (format!("{} {}{held}", shown.state.word(), compact_duration(shown.duration)), false),
        }
    }

    fn age(&self, since: Stamp) -> String {
        compact_duration(self.view.figures.taken_at.span_since(since).max(Span(0)))
    }

    /// Draws a line for each group, and counts those without a line.
    fn draw_lines(&self, area: Rect, buf: &mut Buffer) {
        let (theme, registry) = (self.theme, self.view.shown_model().registry());
        let (groups, height) = (self.groups(), usize::from(area.height));
        let shown = if groups.len() > height { height.saturating_sub(1) } else { groups.len() };
        for (i, group) in groups.iter().take(shown).enumerate() {
            let (waiter, since) = group.longest();
            let name = registry.worker_name(waiter);
            let at = text::nth_line(area, i);
            let rest =
                worker_name::put_worker(buf, at, theme, (waiter, name), name.width().min(usize::from(area.width / 3)));
            let more = match group.waiter_count {
                0 | 1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            let rest = text::put_line(buf, rest, &format!("{more} {} ", self.age(since)), Style::new());
            let rest = text::put_line(buf, rest, theme.glyph("──▶", "-->"), theme.state_style(State::Lock));
            let box_text = self.box_text(group);
            let rest = text::put_line(buf, rest, &format!(" {} ", box_text.border), theme.strong_style());
            if let Some(worker) = box_text.worker {
                let rest = worker_name::put_mark(buf, rest, theme, worker);
                let long = format!("{}, {}", box_text.title, box_text.does);
                let texts = [long.as_str(), box_text.title.as_str()];
                text::put_first_fitting(buf, rest, &texts, theme.ellipsis(), theme.faint_style());
            }
        }
        if shown < groups.len() {
            let more = compact_counted((groups.len() - shown) as u64, "more wait");
            text::put_line(buf, text::nth_line(area, shown), &more, theme.faint_style());
        }
    }
}

/// Returns the lines of a group with at most this many waiters.
fn group_lines(group: &WaitGroup, most: usize) -> u16 {
    let lines = if group.waiter_count > most { most + 1 } else { group.waiter_count };
    (lines as u16).max(BOX_LINES)
}

/// Returns how many waiters have a line of their own in a group of this height.
fn shown_waiters(group: &WaitGroup, height: usize) -> usize {
    if group.waiter_count <= height { group.waiters.len() } else { height.saturating_sub(1).min(group.waiters.len()) }
}
