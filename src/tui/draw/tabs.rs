//! The last line: the tabs of the panes with the focus, and the key hints.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::super::app::App;
use super::super::layout::TabBar;
use super::super::run_view::RunView;
use super::super::theme::Role;
use super::{legend, text};

pub(super) struct TabLine<'a> {
    pub(super) app: &'a App,
    pub(super) view: &'a RunView,
}

impl Widget for TabLine<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        if line.is_empty() {
            return;
        }
        let theme = self.app.theme;
        let bar = TabBar::compute(self.view, line);
        let faint = theme.faint_style();
        for tab in &bar.tabs {
            let style = if tab.pane == self.view.pane { theme.pill_style(Role::Tab) } else { faint };
            text::put_line(buf, tab.at, &format!(" {} ", tab.label), style);
        }
        if bar.is_cut.0 {
            text::put_line(buf, Rect { width: 1, ..line }, theme.slider_marks().0, faint);
        }
        if let Some(at) = bar.cut_mark {
            text::put_line(buf, at, theme.slider_marks().1, faint);
        }
        legend::draw_hints(self.app, self.app.key_context(), bar.rest, buf);
    }
}
