//! The mouse: click chooses, click on the timeline sets the cursor, drag moves the window, the wheel zooms or scrolls.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{App, Effect, Mode, Showing};
use crate::trace::Span;
use crate::tui::plan::{Plan, QuestionPlan, Row, entry_at, findings};
use crate::tui::watch::{Chosen, Pane, View, Watch};

/// A button that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Drag {
    #[default]
    None,
    /// Pressed in this column of the screen, not moved yet.
    Pressed(u16),
    /// Moving the window; last seen in this column.
    Moving(u16),
}

impl App {
    pub(super) fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        let wheel = match event.kind {
            MouseEventKind::ScrollUp => Some(true),
            MouseEventKind::ScrollDown => Some(false),
            _ => None,
        };
        match (&mut self.mode, wheel) {
            (Mode::Browse | Mode::Filter, _) => {}
            (
                Mode::Help { scroll }
                | Mode::About { scroll }
                | Mode::Detail { scroll }
                | Mode::Answer { scroll }
                | Mode::Mistakes { scroll, .. }
                | Mode::Text { scroll, .. },
                Some(up),
            ) => {
                *scroll = scroll.saturating_add_signed(if up { -3 } else { 3 });
                return Vec::new();
            }
            (mode, None) => {
                if matches!(event.kind, MouseEventKind::Down(_)) {
                    *mode = Mode::Browse;
                }
                return Vec::new();
            }
        }
        if self.question.is_some() {
            return self.mouse_at_question(event, wheel);
        }
        match &mut self.showing {
            Showing::Picker => self.mouse_in_picker(event, wheel),
            Showing::Tune => self.mouse_at_levels(event, wheel),
            Showing::Watch(watch) => {
                let plan = Plan::of(watch, self.size);
                match (event.kind, wheel) {
                    (_, Some(up)) => turn_wheel(watch, &plan, event, up),
                    (MouseEventKind::Down(MouseButton::Left), _) => self.drag = press(watch, &plan, event),
                    (MouseEventKind::Drag(MouseButton::Left), _) => self.drag = drag(watch, self.drag, event.column),
                    (MouseEventKind::Up(_), _) => {
                        if let Drag::Pressed(_) = self.drag {
                            set_cursor(watch, &plan, event);
                        }
                        self.drag = Drag::None;
                    }
                    _ => {}
                }
            }
        }
        Vec::new()
    }

    /// A click chooses a guess; a click on the chosen one runs.
    fn mouse_at_question(&mut self, event: MouseEvent, wheel: Option<bool>) -> Vec<Effect> {
        let Some(question) = &mut self.question else { return Vec::new() };
        if let Some(up) = wheel {
            question.choose_by(if up { -1 } else { 1 });
        } else if event.kind == MouseEventKind::Down(MouseButton::Left)
            && let Some(guess) = QuestionPlan::of(question, self.size).guess_at(event.column, event.row)
        {
            if question.chosen == Some(guess) {
                return self.begin();
            }
            question.choose(guess);
        }
        Vec::new()
    }

    fn mouse_in_picker(&mut self, event: MouseEvent, wheel: Option<bool>) {
        if let Some(up) = wheel {
            self.picker.choose_by(if up { -1 } else { 1 });
        } else if event.kind == MouseEventKind::Down(MouseButton::Left)
            && let Some(position) = entry_at(&self.picker, self.size, event.column, event.row)
        {
            self.picker.choose(position);
        }
    }
}

fn turn_wheel(watch: &mut Watch, plan: &Plan, event: MouseEvent, up: bool) {
    if plan.column_at(event.column, event.row).is_some() {
        watch.zoom(!up);
    } else if plan.row_at(event.column, event.row).is_some() {
        watch.choose_by(if up { -1 } else { 1 });
    } else if watch.pane == Pane::Log {
        watch.scroll = watch.scroll.saturating_add_signed(if up { 3 } else { -3 });
    }
}

/// Chooses what was clicked. On the timeline a click sets the cursor when the button is let go.
fn press(watch: &mut Watch, plan: &Plan, event: MouseEvent) -> Drag {
    let (x, y) = (event.column, event.row);
    match plan.row_at(x, y) {
        Some(Row::Lane { worker, .. }) => watch.choose(Chosen::Lane(*worker)),
        Some(Row::Lock(id)) => watch.choose(Chosen::Lock(*id)),
        Some(Row::Queue { id, .. }) => watch.choose(Chosen::Queue(*id)),
        _ if plan.findings.contains((x, y).into()) => {
            if let Some(index) = findings::at(watch, plan.findings, y) {
                watch.go_to_finding(index);
            }
        }
        _ => {}
    }
    if plan.column_at(x, y).is_some() { Drag::Pressed(x) } else { Drag::None }
}

fn drag(watch: &mut Watch, drag: Drag, column: u16) -> Drag {
    match drag {
        Drag::Pressed(from) | Drag::Moving(from) => {
            watch.pan(i64::from(from) - i64::from(column));
            Drag::Moving(column)
        }
        Drag::None => Drag::None,
    }
}

fn set_cursor(watch: &mut Watch, plan: &Plan, event: MouseEvent) {
    let Some(column) = plan.column_at(event.column, event.row) else { return };
    let axis = watch.axis(plan.columns.time);
    if column < axis.blank() {
        return;
    }
    let middle = axis.stamp(column) + Span(axis.cell.0 / 2);
    watch.view = View::Until(axis.end);
    watch.cursor = Some(middle.min(watch.now));
    watch.refresh();
}
