//! The picker: a list of scenarios in groups, and beside it a description of the chosen one with its question and a
//! preview.

pub(super) mod description;
mod list;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::app::{App, Mode};
use super::super::keys::{KeyContext, with_keys};
use super::super::layout::PickerLayout;
use super::super::picker::SearchWords;
use super::super::theme::{Role, Theme};
use super::{legend, text, unguarded_notice};
use crate::trace::format::compact_counted;

pub(super) struct PickerScreen<'a> {
    pub(super) app: &'a App,
}

impl Widget for PickerScreen<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let app = self.app;
        let layout = PickerLayout::compute(area);
        let words = SearchWords::of(&app.picker.filter);
        draw_head(app, inset(text::nth_line(layout.head, 0)), buf);
        list::draw_list(app, &layout, &words, buf);
        if let Some(entry) = app.picker.chosen_entry() {
            description::draw_description(app, entry, &words, layout.about, buf);
        }
        let foot = inset(layout.foot);
        match legend::status_line(app, &app.picker.filter) {
            Some((said, style)) => drop(text::put_line(buf, foot, &said, style)),
            None => legend::draw_hints(app, KeyContext::Picker, foot, buf),
        }
    }
}

/// Draws the first line: what the program is for, and at the right how many scenarios there are, or the filter.
fn draw_head(app: &App, line: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let line = unguarded_notice::draw_notice(app.is_unguarded, theme, line, buf);
    let left = text::put_line(buf, line, "contend", theme.strong_style());
    let (found, all) = app.picker.counts();
    let filter = &app.picker.filter;
    if filter.is_empty() && app.mode != Mode::Filter {
        let rest = text::put_line(buf, left, "  see threads and processes contend", theme.faint_style());
        let count = format!("{} ", compact_counted(all as u64, "scenario"));
        if count.width() + 2 <= usize::from(rest.width) {
            text::put_right(buf, rest, &count, theme.faint_style());
        }
        return;
    }
    let left = text::put_line(buf, left, "  ", Style::new());
    let caret = if app.mode == Mode::Filter { "_" } else { "" };
    let pill = format!(" / {filter}{caret} ");
    let left = text::put_line(buf, left, &pill, theme.pill_style(Role::Tab));
    let left = text::put_line(
        buf,
        left,
        &format!("  {found} of {}", compact_counted(all as u64, "scenario")),
        theme.fg(Role::Text),
    );
    let keys = with_keys("{back} shows all ");
    if keys.width() + 2 <= usize::from(left.width) {
        text::put_right(buf, left, &keys, theme.faint_style());
    }
}

/// Writes a line in which the words of the filter are marked: by a colour too, where no area is below them. Returns the
/// rest of the line.
pub(super) fn put_marked(buf: &mut Buffer, at: Rect, line: &str, style: Style, look: (&SearchWords, Theme)) -> Rect {
    let (words, theme) = look;
    let mark = if style.bg.is_some() { Style::new() } else { theme.fg(Role::Mark) };
    let rest = text::put_line(buf, at, line, style);
    for columns in words.columns_in(line) {
        let from = at.x.saturating_add(columns.start);
        let part = Rect { x: from, width: columns.end - columns.start, height: 1, ..at }.intersection(at);
        buf.set_style(part, mark.add_modifier(Modifier::UNDERLINED | Modifier::BOLD));
    }
    rest
}

fn inset(line: Rect) -> Rect {
    Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line }
}
