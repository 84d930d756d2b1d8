//! The knobs in the header: the chosen one as a slider, the others with their values, and how many have no room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::super::super::knob_text::spell_value;
use super::super::super::run_view::RunView;
use super::super::super::theme::{Role, Theme};
use super::text;
use crate::trace::KnobId;

/// Columns between two knobs.
const GAP: usize = 2;

/// A knob as it is drawn.
struct KnobText {
    name: String,
    value: String,
    is_chosen: bool,
}

impl KnobText {
    fn width(&self) -> usize {
        let slider = if self.is_chosen { 6 } else { 0 }; // a blank and a mark at both ends
        self.name.width() + 1 + self.value.width() + slider + GAP
    }
}

/// Returns the columns that all knobs need.
pub(super) fn knobs_width(view: &RunView, theme: Theme) -> u16 {
    let width = knob_texts(view, theme).iter().map(KnobText::width).sum::<usize>();
    u16::try_from(width).unwrap_or(u16::MAX)
}

/// Draws the knobs. If not all fit, those before the chosen one are left out first. None is cut.
pub(super) fn draw_knobs(view: &RunView, theme: Theme, at: Rect, buf: &mut Buffer) {
    if view.scenario.is_program() {
        // The sentence about a process seen from outside; otherwise empty.
        let seen = view.scenario.about.as_str();
        let short = seen.split([':', ';']).next().unwrap_or_default();
        text::put_first_fitting(buf, at, &[seen, short, ""], theme.ellipsis(), theme.faint_style());
        return;
    }
    let knobs = knob_texts(view, theme);
    let all = knobs.iter().map(KnobText::width).sum::<usize>();
    let room = usize::from(at.width).saturating_sub(if all > usize::from(at.width) { 9 } else { 0 });
    let chosen = knobs.iter().position(|knob| knob.is_chosen).unwrap_or(0);
    let upto = |from: usize| knobs.iter().take(chosen + 1).skip(from).map(KnobText::width).sum::<usize>();
    let first = (0..=chosen).find(|from| upto(*from) <= room).unwrap_or(chosen);
    let mut rest = at;
    let mut used = 0;
    let mut shown = 0;
    for knob in knobs.iter().skip(first) {
        used += knob.width();
        let is_only = knob.is_chosen && shown == 0 && knob.width() < usize::from(at.width) + GAP;
        if used > room && !is_only {
            break;
        }
        shown += 1;
        rest = draw_knob(knob, theme, rest, buf);
        rest = text::put_line(buf, rest, "  ", Style::new());
    }
    let hidden = knobs.len() - shown;
    let words = [format!("+{hidden} {}", if hidden == 1 { "knob" } else { "knobs" }), format!("+{hidden}")];
    let fitting = words.iter().find(|words| words.width() + GAP <= usize::from(rest.width));
    if let Some(words) = fitting.filter(|_| hidden > 0) {
        text::put_line(buf, rest, words, theme.faint_style());
    }
}

fn draw_knob(knob: &KnobText, theme: Theme, at: Rect, buf: &mut Buffer) -> Rect {
    if knob.is_chosen {
        let (left, right) = theme.slider_marks();
        let style = theme.pill_style(Role::Selection);
        return text::put_line(buf, at, &format!(" {} {left} {} {right} ", knob.name, knob.value), style);
    }
    let rest = text::put_line(buf, at, &format!("{} ", knob.name), theme.faint_style());
    text::put_line(buf, rest, &knob.value, Style::new())
}

fn knob_texts(view: &RunView, theme: Theme) -> Vec<KnobText> {
    let text = |(i, knob): (usize, &crate::scenario::Knob)| {
        let (value, next) = view.knob_value(KnobId::from(i));
        let next = next.map(|next| format!("{}{}", theme.arrow(), spell_value(&next))).unwrap_or_default();
        let is_chosen = view.knob.index() == i && view.has_control();
        KnobText { name: knob.name.clone(), value: format!("{}{next}", spell_value(&value)), is_chosen }
    };
    view.scenario.knobs.iter().enumerate().map(text).collect()
}
