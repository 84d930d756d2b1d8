//! The mouse: a click chooses, a click on the timeline sets the cursor, a drag moves the window, the wheel zooms or
//! scrolls.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{App, CurrentView, Effect, Mode};
use crate::trace::Span;
use crate::tui::layout::{QuestionLayout, RunLayout, TabBar, TimelineRow, entry_at, findings};
use crate::tui::panes;
use crate::tui::run_view::{LetterSize, Pane, RunView, Selection, Viewport};

/// The state of the left button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Drag {
    #[default]
    None,
    /// Pressed in this column of the screen, not moved yet.
    Pressed(u16),
    /// Moving the window; the last column of the pointer.
    Moving(u16),
    /// Moving the position of a recording.
    Seeking,
}

impl App {
    pub(super) fn handle_mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        let wheel = match event.kind {
            MouseEventKind::ScrollUp => Some(true),
            MouseEventKind::ScrollDown => Some(false),
            _ => None,
        };
        if let Some(scroll) = self.mode.overlay_scroll() {
            match wheel {
                Some(up) => *scroll = scroll.saturating_add_signed(if up { -3 } else { 3 }),
                None if matches!(event.kind, MouseEventKind::Down(_)) => self.mode = Mode::Browse,
                None => {}
            }
            return Vec::new();
        }
        if self.question.is_some() {
            return self.handle_question_mouse(event, wheel);
        }
        let area = self.run_area(self.size);
        match &mut self.current_view {
            CurrentView::Picker => self.handle_picker_mouse(event, wheel),
            CurrentView::Tune => self.handle_levels_mouse(event, wheel),
            CurrentView::Run(view) if view.letters == LetterSize::Large => {} // a presenter points by keys
            CurrentView::Run(view) => {
                let layout = RunLayout::compute(view, area);
                match (event.kind, wheel) {
                    (_, Some(up)) => handle_wheel(view, &layout, event, up),
                    (MouseEventKind::Down(MouseButton::Left), _) => self.drag = handle_press(view, &layout, event),
                    (MouseEventKind::Drag(MouseButton::Left), _) if self.drag == Drag::Seeking => {
                        seek_to_pointer(view, &layout, event.column);
                    }
                    (MouseEventKind::Drag(MouseButton::Left), _) => {
                        self.drag = handle_drag(view, self.drag, event.column);
                    }
                    (MouseEventKind::Up(_), _) => {
                        if let Drag::Pressed(_) = self.drag {
                            set_cursor(view, &layout, event);
                        }
                        self.drag = Drag::None;
                    }
                    _ => {}
                }
            }
        }
        Vec::new()
    }

    /// Chooses the clicked guess; starts the run if it was chosen already.
    fn handle_question_mouse(&mut self, event: MouseEvent, wheel: Option<bool>) -> Vec<Effect> {
        let Some(question) = &mut self.question else { return Vec::new() };
        if let Some(up) = wheel {
            question.choose_by(if up { -1 } else { 1 });
        } else if event.kind == MouseEventKind::Down(MouseButton::Left)
            && let Some(guess) = QuestionLayout::compute(question, self.size).guess_at(event.column, event.row)
        {
            if question.chosen_guess == Some(guess) {
                return self.start_after_question();
            }
            question.choose(guess);
        }
        Vec::new()
    }

    fn handle_picker_mouse(&mut self, event: MouseEvent, wheel: Option<bool>) {
        if let Some(up) = wheel {
            self.picker.choose_by(if up { -1 } else { 1 });
        } else if event.kind == MouseEventKind::Down(MouseButton::Left)
            && let Some(position) = entry_at(&self.picker, self.size, event.column, event.row)
        {
            self.picker.choose(position);
        }
    }
}

fn handle_wheel(view: &mut RunView, layout: &RunLayout, event: MouseEvent, up: bool) {
    if layout.column_at(event.column, event.row).is_some() {
        view.zoom(!up);
    } else if layout.row_at(event.column, event.row).is_some() {
        view.move_selection(if up { -1 } else { 1 });
    } else if view.pane == Pane::Log {
        view.scroll = view.scroll.saturating_add_signed(if up { 3 } else { -3 });
    }
}

/// Chooses the clicked row. On the timeline, releasing the button sets the cursor.
fn handle_press(view: &mut RunView, layout: &RunLayout, event: MouseEvent) -> Drag {
    let (x, y) = (event.column, event.row);
    if view.player().is_some() && y == layout.axis.y && layout.column_at(x, y).is_some() {
        seek_to_pointer(view, layout, x);
        return Drag::Seeking;
    }
    match layout.row_at(x, y) {
        Some(TimelineRow::Lane { worker, .. }) => view.select(Selection::Lane(*worker)),
        Some(TimelineRow::Lock { id, .. } | TimelineRow::Waiters { id, .. }) => view.select(Selection::Lock(*id)),
        Some(TimelineRow::Queue { id, .. }) => view.select(Selection::Queue(*id)),
        _ => press_beside_rows(view, layout, x, y),
    }
    if layout.column_at(x, y).is_some() { Drag::Pressed(x) } else { Drag::None }
}

/// Goes to the clicked finding, in the band or in the pane of findings, or to the pane of the clicked tab.
fn press_beside_rows(view: &mut RunView, layout: &RunLayout, x: u16, y: u16) {
    let point = (x, y).into();
    let list = layout.panes.iter().find(|(pane, at)| *pane == Pane::Findings && at.contains(point));
    let listed = list.and_then(|(_, at)| findings::finding_at(view, panes::content_area(*at), y));
    let in_band = layout.band.contains(point).then(|| view.verdict().finding).flatten();
    if let Some(index) = listed.or(in_band) {
        view.go_to_finding(index);
    } else if let Some(pane) = TabBar::compute(view, layout.tabs).pane_at(x, y) {
        view.open_pane(pane);
    }
}

fn handle_drag(view: &mut RunView, drag: Drag, column: u16) -> Drag {
    match drag {
        Drag::Pressed(from) | Drag::Moving(from) => {
            view.pan_window(i64::from(from) - i64::from(column));
            Drag::Moving(column)
        }
        Drag::None | Drag::Seeking => drag,
    }
}

/// Shows the moment under the pointer, also of a pointer beside the timeline. The window stays.
fn seek_to_pointer(view: &mut RunView, layout: &RunLayout, column: u16) {
    let time = layout.timeline_area(layout.axis);
    if time.width == 0 {
        return; // the terminal became too narrow during a drag
    }
    let axis = view.axis(layout.columns.timeline);
    let column = column.clamp(time.x, time.right().saturating_sub(1)) - time.x;
    view.jump_to(axis.time_at(column.max(axis.blank_columns())) + Span(axis.cell.0 / 2));
    view.viewport = Viewport::Until(axis.end);
    view.refresh();
}

fn set_cursor(view: &mut RunView, layout: &RunLayout, event: MouseEvent) {
    let Some(column) = layout.column_at(event.column, event.row) else { return };
    let axis = view.axis(layout.columns.timeline);
    if column < axis.blank_columns() {
        return;
    }
    let middle = axis.time_at(column) + Span(axis.cell.0 / 2);
    view.viewport = Viewport::Until(axis.end);
    view.cursor = Some(view.nearest_shown_moment(middle));
    view.refresh();
}
