//! The list of the picker.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::super::super::app::App;
use super::super::super::keys::start_label;
use super::super::super::layout::{PickerLayout, PickerLine, list_lines};
use super::super::super::picker::{PickerRow, PickerSection, SearchWords};
use super::super::super::theme::{Role, Theme};
use super::super::text;
use super::put_marked;
use crate::report::text_width::truncate;

/// Columns of a name beside a title.
const NAME_WIDTH: u16 = 28;

/// Columns of `[1] ` before the scenarios to start with.
const KEY_WIDTH: u16 = 4;

/// What all rows are drawn with.
struct RowLook<'a> {
    theme: Theme,
    words: &'a SearchWords,
    chosen: usize,
    has_titles: bool,
}

pub(super) fn draw_list(app: &App, layout: &PickerLayout, words: &SearchWords, buf: &mut Buffer) {
    let (theme, list) = (app.theme, layout.list);
    let rows = app.picker.visible_rows();
    let look = RowLook { theme, words, chosen: app.picker.position(), has_titles: layout.has_titles() };
    for (i, line) in list_lines(&app.picker, list.height).into_iter().enumerate() {
        let at = text::nth_line(list, i);
        let inner = Rect { x: at.x + at.width.min(1), width: at.width.saturating_sub(1), ..at };
        let more = |mark: &str, count: usize| format!("{mark} {count} more");
        match line {
            PickerLine::Blank => {}
            PickerLine::Heading(section, count) => draw_heading(theme, section, count, inner, buf),
            PickerLine::Entry(nth) => {
                if let Some(row) = rows.get(nth) {
                    draw_row(&look, nth, row, at, buf);
                }
            }
            PickerLine::Above(count) => {
                text::put_line(buf, inner, &more(theme.glyph("▴", "^"), count), theme.faint_style());
            }
            PickerLine::Below(count) => {
                text::put_line(buf, inner, &more(theme.glyph("▾", "v"), count), theme.faint_style());
            }
        }
    }
    if rows.is_empty() {
        let message = format!(" No match for \"{}\"", app.picker.filter);
        text::put_line(buf, list, &message, theme.faint_style());
        let hint = " The search looks at names, titles, questions and knobs.";
        text::put_line(buf, text::nth_line(list, 1), hint, theme.faint_style());
    }
}

fn draw_heading(theme: Theme, section: PickerSection, count: usize, at: Rect, buf: &mut Buffer) {
    let rest = text::put_line(buf, at, &section.heading().to_uppercase(), theme.faint_style());
    if section != PickerSection::StartHere {
        text::put_line(buf, rest, &format!("  {count}"), theme.fg(Role::Guide));
    }
}

fn draw_row(look: &RowLook<'_>, nth: usize, row: &PickerRow<'_>, at: Rect, buf: &mut Buffer) {
    let theme = look.theme;
    let is_chosen = nth == look.chosen;
    if is_chosen {
        buf.set_style(at, theme.selection_style());
    }
    let styled = |style| if is_chosen { theme.selection_style() } else { style };
    let mark = if is_chosen { theme.glyph("▸", ">") } else { " " };
    let rest = text::put_line(buf, at, &format!("{mark} "), styled(theme.fg(Role::Text)));
    // The rows to start with are the first ones, and number keys run them.
    let rest = match row.section {
        PickerSection::StartHere => {
            text::put_line(buf, rest, &format!("{} ", start_label(nth + 1)), styled(theme.faint_style()))
        }
        PickerSection::Group(_) => rest,
    };
    let style = match &row.entry.scenario {
        Ok(_) => theme.fg(Role::Text),
        Err(_) => theme.fg(Role::Error),
    };
    let room = usize::from(rest.width);
    let name = truncate(&row.entry.name, room, theme.ellipsis());
    let after = put_marked(buf, rest, &name, styled(style), (look.words, theme));
    let title_x = at.x + 2 + KEY_WIDTH + NAME_WIDTH;
    if look.has_titles && after.x < title_x {
        let beside = Rect { x: title_x, width: at.right().saturating_sub(title_x), ..at };
        let title = truncate(row.entry.title(), usize::from(beside.width), theme.ellipsis());
        put_marked(buf, beside, &title, styled(theme.faint_style()), (look.words, theme));
    } else if is_chosen && name.width() < room {
        text::put_line(buf, after, " ", theme.selection_style());
    }
}
