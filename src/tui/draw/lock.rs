//! A lock's row: held, held while others wait, free; and by whom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::format::{age, cut_name, percent};
use super::super::theme::Hold;
use super::super::watch::Chosen;
use super::{Scene, text};
use crate::model::LockCell;
use crate::trace::ResourceId;

pub(super) const HEADS: [&str; 4] = ["cont", "w.p99", "held", "hold"];

/// From this mean number of waiters on a cell is one others wait in.
const WANTED: f32 = 1.0 / 8.0;

/// From this share on a cell is held; less is still drawn when somebody held it at all.
const HELD: f32 = 1e-6;

pub(super) struct LockRow<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) id: ResourceId,
}

impl Widget for LockRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id } = self;
        let (watch, theme) = (scene.watch, scene.theme);
        let parts = scene.parts(line);
        let cast = watch.shown().cast();
        let beside = scene.who(parts.who, cast.resource_name(id), scene.is_chosen(Chosen::Lock(id)), buf);
        let Some(figures) = watch.figures.lock(id) else { return };
        if let Some(owner) = figures.owner {
            let name = cut_name(cast.worker_name(owner), usize::from(beside.width), theme.dots());
            text::put(buf, beside, &name, theme.faint());
        }
        if let Some(lock) = watch.shown().lock(id) {
            let mut cells = Vec::new();
            lock.cells(&scene.axis.window(), watch.now, &mut cells);
            timeline(scene, parts.time, &cells, buf);
        }
        let span = |s: Option<crate::trace::Span>| s.map_or_else(|| "-".to_owned(), age);
        let loud = if figures.contended.is_some_and(|share| share >= 0.5) {
            theme.hold_style(Hold::Wanted)
        } else {
            Style::new()
        };
        let shown = [
            (figures.contended.map_or_else(|| "- ".to_owned(), percent), loud),
            (span(figures.wait_p99), Style::new()),
            (percent(figures.held), Style::new()),
            (span(figures.hold_mean), Style::new()),
        ];
        scene.figures(parts.now, &shown, buf);
    }
}

fn hold(cell: &LockCell) -> Hold {
    match cell {
        LockCell { wanted, .. } if *wanted >= WANTED => Hold::Wanted,
        LockCell { held, .. } if *held >= HELD => Hold::Held,
        _ => Hold::Free,
    }
}

fn timeline(scene: Scene<'_>, at: Rect, cells: &[LockCell], buf: &mut Buffer) {
    let theme = scene.theme;
    let columns = scene.axis.blank()..at.width;
    for (cell, column) in cells.iter().zip(columns.clone()) {
        let hold = hold(cell);
        text::put(buf, Rect { x: at.x + column, width: 1, ..at }, theme.hold(hold), theme.hold_style(hold));
    }
    let mut column = columns.start;
    for run in cells.chunk_by(|a, b| a.holder == b.holder && hold(a) == hold(b)) {
        let width = u16::try_from(run.len()).unwrap_or(u16::MAX);
        if let Some(holder) = run[0].holder {
            let name = scene.watch.shown().cast().worker_name(holder);
            let name_width = u16::try_from(name.width()).unwrap_or(u16::MAX).saturating_add(2);
            if width >= name_width.saturating_add(2) {
                let x = at.x.saturating_add(column).saturating_add((width - name_width) / 2);
                let place = Rect { x, width: at.right().saturating_sub(x), ..at };
                text::put(buf, place, &format!(" {name} "), theme.holder(hold(&run[0])));
            }
        }
        column = column.saturating_add(width);
    }
}
