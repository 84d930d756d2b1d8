//! How a ring closed: who took what and who began to wait, in the order of time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::super::super::run_view::RunView;
use super::super::super::theme::{Role, Theme};
use super::{text, worker_name};
use crate::model::Deadlock;
use crate::report::text_width::{truncate, truncate_name};
use crate::trace::format::{compact_duration, format_stamp};
use crate::trace::{ResourceId, Stamp, WorkerId};

/// Columns of a moment.
const TIME_WIDTH: u16 = 11;

/// Fewest columns of a shortened name.
const MIN_NAME_WIDTH: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Takes,
    Waits,
    /// The wait that closed the ring.
    Closes,
}

pub(super) struct Closing<'a> {
    pub(super) view: &'a RunView,
    pub(super) deadlock: &'a Deadlock,
    pub(super) theme: Theme,
}

impl Closing<'_> {
    /// Returns the steps in the order of time; those that the events do not tell are missing.
    fn steps(&self) -> Vec<(Stamp, Step, WorkerId, ResourceId)> {
        let mut steps = Vec::new();
        for link in &self.deadlock.cycle {
            let lock = self.view.figures.lock(link.holds);
            let holds = lock.into_iter().flat_map(|lock| &lock.holders);
            let taken = holds.filter(|(worker, _)| *worker == link.worker).map(|(_, since)| *since).min();
            steps.extend(taken.map(|since| (since, Step::Takes, link.worker, link.holds)));
            let step = if link.since == self.deadlock.closed_at { Step::Closes } else { Step::Waits };
            steps.push((link.since, step, link.worker, link.wants));
        }
        steps.sort_unstable();
        // Several waits can begin at one moment: the last one closes the ring.
        let last = steps.iter().rposition(|(_, step, ..)| *step == Step::Closes);
        for (_, step, ..) in &mut steps[..last.unwrap_or(0)] {
            *step = if *step == Step::Closes { Step::Waits } else { *step };
        }
        steps
    }

    /// Returns the lines that it wants, its heading included.
    pub(super) fn lines(&self) -> u16 {
        u16::try_from(self.steps().len()).unwrap_or(u16::MAX).saturating_add(1)
    }

    /// Returns the columns that it wants.
    pub(super) fn width(&self) -> u16 {
        let registry = self.view.shown_model().registry();
        let steps = self.steps();
        let texts = steps
            .iter()
            .map(|(_, step, worker, on)| registry.worker_name(*worker).width() + self.describe(*step, *on).width());
        u16::try_from(texts.max().unwrap_or(0)).unwrap_or(u16::MAX).saturating_add(TIME_WIDTH + 5)
    }

    /// Returns the columns that it wants without the workers' names, of which the marks remain.
    pub(super) fn brief_width(&self) -> u16 {
        let words = self.steps().into_iter().map(|(_, step, _, on)| self.brief(step, on).width());
        u16::try_from(words.max().unwrap_or(0)).unwrap_or(u16::MAX).saturating_add(TIME_WIDTH + 3)
    }

    fn brief(&self, step: Step, on: ResourceId) -> String {
        if step == Step::Closes { "ring closed".to_owned() } else { self.describe(step, on) }
    }

    fn describe(&self, step: Step, on: ResourceId) -> String {
        let on = self.view.shown_model().registry().resource_name(on);
        match step {
            Step::Takes => format!("takes {on}"),
            Step::Waits => format!("waits for {on}"),
            Step::Closes => format!("waits for {on}: ring closed"),
        }
    }

    /// Returns a worker's name and what it does, in as many words as fit: the mark before them tells the worker as
    /// well.
    fn fitting_words(&self, (step, worker, on): (Step, WorkerId, ResourceId), room: usize) -> (String, String) {
        let name = format!("{} ", self.view.shown_model().registry().worker_name(worker));
        let words = self.describe(step, on);
        if name.width() + words.width() <= room {
            return (name, words);
        }
        let brief = self.brief(step, on);
        let ellipsis = self.theme.ellipsis();
        let for_name = room.saturating_sub(brief.width() + 1);
        if for_name >= MIN_NAME_WIDTH {
            return (format!("{} ", truncate_name(name.trim_end(), for_name, ellipsis)), brief);
        }
        (String::new(), truncate(&brief, room, ellipsis))
    }

    /// Draws as many steps as fit; waits that did not close the ring are left out first, then the oldest steps.
    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let mut steps = self.steps();
        let room = usize::from(area.height.saturating_sub(1));
        if steps.len() > room {
            steps.retain(|(_, step, ..)| *step != Step::Waits);
        }
        let hidden = steps.len().saturating_sub(room);
        let Some((origin, ..)) = steps.first().copied() else { return };
        let rest = text::put_line(buf, area, "HOW IT CLOSED  ", theme.faint_style());
        let more = if hidden > 0 { format!(", {hidden} earlier steps are not shown") } else { String::new() };
        let from = format!("from {}", format_stamp(origin));
        let texts = [&format!("{from}{more}"), from.as_str(), ""];
        text::put_first_fitting(buf, rest, &texts, theme.ellipsis(), theme.faint_style());
        for (i, (at, step, worker, on)) in steps.into_iter().skip(hidden).enumerate() {
            let line = text::nth_line(area, i + 1);
            let time =
                if at == origin { "0".to_owned() } else { format!("+{}", compact_duration(at.span_since(origin))) };
            text::put_right(buf, Rect { width: TIME_WIDTH.min(line.width), ..line }, &time, theme.faint_style());
            let x = (line.x + TIME_WIDTH + 2).min(line.right());
            let rest = Rect { x, width: line.right() - x, ..line };
            let rest = worker_name::put_mark(buf, rest, theme, worker);
            let (name, words) = self.fitting_words((step, worker, on), usize::from(rest.width));
            let rest = text::put_line(buf, rest, &name, theme.strong_style());
            let style = match step {
                Step::Takes => theme.fg(Role::Text),
                Step::Waits => theme.faint_style(),
                Step::Closes => theme.fg(Role::Error),
            };
            text::put_line(buf, rest, &words, style);
        }
    }
}
