//! What a pool did with every number of workers it has had, side by side.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::format::{age, count, percent, rate};
use super::super::seen::{Did, Level};
use super::super::theme::Theme;
use super::super::watch::Watch;
use super::text;
use crate::trace::{Span, State};

pub(super) struct Levels<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
}

/// A column of figures: its head, its width, and the narrowest pane that has it.
struct Column {
    head: &'static str,
    width: u16,
    from: u16,
    of: fn(&Did) -> String,
}

const COLUMNS: [Column; 7] = [
    Column { head: "tasks/s", width: 9, from: 0, of: |did| rate(did.throughput()).trim_end_matches("/s").to_owned() },
    Column { head: "p50", width: 8, from: 50, of: |did| time(did.response(50.0)) },
    Column { head: "p99", width: 8, from: 24, of: |did| time(did.response(99.0)) },
    Column { head: "busy", width: 6, from: 30, of: |did| percent(did.busy()) },
    Column { head: "lock", width: 6, from: 36, of: |did| percent(did.share(State::Lock)) },
    Column { head: "ready", width: 6, from: 42, of: |did| percent(did.share(State::Ready)) },
    Column { head: "for", width: 7, from: 57, of: |did| age(did.time) },
];

/// Columns of the number of workers, with a mark before it.
const WORKERS: u16 = 8;

impl Widget for Levels<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let all = self.watch.seen.all();
        Self::row(text::line(area, 0), "workers", theme.faint(), |column| (column.head.to_owned(), theme.faint()), buf);
        let mut line = 1;
        let mut before: Option<&Level> = None;
        let several = self.watch.shown().cast().pools.len() > 1;
        for (level, did, goes_on) in all.iter().skip(self.watch.scroll.min(all.len().saturating_sub(1))) {
            let same = |other: &Level| (other.pool, &other.with) == (level.pool, &level.with);
            if !before.is_some_and(same) && (several || !level.with.is_empty() || before.is_some()) {
                text::put(buf, text::line(area, line), &self.title(level, several), theme.faint());
                line += 1;
            }
            let mark = match goes_on {
                true if theme.unicode => "▸",
                true => ">",
                false => " ",
            };
            let name = format!("{mark}{:>6}", level.workers);
            let style = if *goes_on { theme.strong() } else { Style::new() };
            Self::row(text::line(area, line), &name, style, |column| ((column.of)(did), style), buf);
            line += 1;
            if let (true, Some(backlog)) = (*goes_on, did.backlog) {
                let (was, left) = (count(backlog.was.into()), count(backlog.left.into()));
                let words =
                    format!("  {was} tasks waited at the change, {left} now: this backlog lengthens p50 and p99");
                text::put(buf, text::line(area, line), &words, theme.faint());
                line += 1;
            }
            before = Some(level);
        }
        if all.is_empty() {
            text::put(buf, text::line(area, 1), "nothing yet: it is looked at for a moment first", theme.faint());
        } else if all.len() == 1 {
            text::put(
                buf,
                text::line(area, line + 1),
                "turn `workers` with + and -: each level is kept",
                theme.faint(),
            );
        }
    }
}

impl Levels<'_> {
    fn row(line: Rect, name: &str, style: Style, cell: impl Fn(&Column) -> (String, Style), buf: &mut Buffer) {
        let at = Rect { width: WORKERS.min(line.width), ..line };
        text::put(buf, at, name, style);
        let mut rest = Rect { x: at.right(), width: line.right() - at.right(), ..line };
        for column in COLUMNS.iter().filter(|column| line.width >= column.from) {
            let at = Rect { width: column.width.min(rest.width), ..rest };
            let (words, style) = cell(column);
            text::right(buf, at, &words, style);
            rest = Rect { x: at.right(), width: rest.right() - at.right(), ..rest };
        }
    }

    /// Which pool, and what else was turned.
    fn title(&self, level: &Level, several: bool) -> String {
        let name = self.watch.shown().cast().pools.get(level.pool.index()).map_or("", |pool| pool.name.as_str());
        let with =
            if level.with.is_empty() { "as the scenario has it".to_owned() } else { format!("with {}", level.with) };
        if several { format!("{name}, {with}") } else { with }
    }
}

fn time(span: Option<Span>) -> String {
    span.map_or_else(|| "-".to_owned(), age)
}
