//! All that was measured at the level that is looked at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::super::format::{age, cut, percent, rate};
use super::super::super::tune::what;
use super::Scene;
use super::text;
use crate::model::Severity;
use crate::report::words::many;
use crate::trace::Span;
use crate::tune::{Goal, Level, Percentiles, Repetition, Resource, Standing, against, headroom, limits, resource};

pub(super) struct Figures<'a> {
    pub(super) scene: Scene<'a>,
}

/// Columns of what a figure is.
const LABEL: usize = 13;

type Line = (String, String, Style);

impl Widget for Figures<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let theme = self.scene.theme;
        let area = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area };
        let Some(level) = self.scene.sheet.level() else { return };
        text::put(buf, text::line(area, 0), &self.scene.sheet.subject().level(level.value), theme.strong());
        for (at, (label, value, style)) in self.lines(level).into_iter().enumerate() {
            let line = text::line(area, at + 1);
            let label = cut(&label, LABEL - 1, theme.dots());
            let rest = text::put(buf, line, &format!("{label:<LABEL$}"), theme.faint());
            text::put(buf, rest, &value, style);
        }
    }
}

impl Figures<'_> {
    fn lines(&self, level: &Level) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut say = |label: &str, value: String, style: Style| lines.push((label.to_owned(), value, style));
        let warning = self.scene.theme.severity(Severity::Warning);
        for why in &level.failures {
            say("fails", why.clone(), warning);
        }
        if !level.disturbed.is_empty() {
            say("left out", format!("{}, disturbed by others", many(level.disturbed.len() as u64, "run")), warning);
        }
        if !level.works() {
            return lines;
        }
        let plain = Style::new();
        say("throughput", Self::throughput(level), plain);
        say("", self.compared(level), plain);
        say("", "   p50     p90     p99     max".to_owned(), self.scene.theme.faint());
        if let Some(service) = level.percentiles(|repetition| repetition.service) {
            say("service", times(&service), plain);
        }
        let arriving = level.arriving().or_else(|| level.percentiles(|repetition| repetition.response));
        if let Some(response) = arriving {
            say("response", times(&response), plain);
        }
        for loaded in
            self.scene.sheet.tuning.loaded.iter().filter(|loaded| loaded.level.total_cmp(&level.value).is_eq())
        {
            let of = loaded.repetition.as_ref().and_then(|repetition| repetition.response);
            let words = of.map_or_else(|| "could not be done".to_owned(), |of| times(&of));
            say(&format!(" at {}", percent(loaded.load).trim_start()), words, plain);
        }
        lines.extend(self.spent(level));
        lines.extend(self.used(level));
        lines
    }

    fn throughput(level: &Level) -> String {
        let interval = level.interval().map(|found| {
            let (low, high) = (rate(found.low.max(0.0)), rate(found.high));
            format!("   95 %: {} to {high}", low.trim_end_matches("/s"))
        });
        format!("{}{}", rate(level.throughput()), interval.unwrap_or_default())
    }

    fn compared(&self, level: &Level) -> String {
        let curve = &self.scene.sheet.tuning.curve;
        let stands = self.scene.sheet.standing(level);
        if let Goal::Arrivals(due) = self.scene.sheet.tuned.question.demands.goal {
            let spare = headroom(level, due);
            let spare = if spare > 0.0 { format!("{} to spare: ", percent(spare).trim_start()) } else { String::new() };
            let word = match stands {
                Standing::Enough => "keeps up",
                Standing::Worse => "falls behind",
                Standing::Undecided => "not certain",
                Standing::Refused => "not what was demanded",
            };
            return format!("{spare}{word}");
        }
        let stands = match stands {
            Standing::Enough => "enough",
            Standing::Worse => "clearly less than the best",
            Standing::Undecided => "not to be told yet",
            Standing::Refused => "not what was demanded",
        };
        let part = curve.best().and_then(|best| against(level, best)).map(|found| percent(found.estimate));
        part.map_or_else(|| stands.to_owned(), |part| format!("{} of the best: {stands}", part.trim_start()))
    }

    /// Where the time of one unit of work goes.
    fn spent(&self, level: &Level) -> Vec<Line> {
        let theme = self.scene.theme;
        let parts = what(level);
        let whole: f64 = parts.iter().map(|part| part.each).sum();
        let head = (
            format!("one {}", self.scene.sheet.tuned.work.word()),
            format!("{} of workers", age(Span(whole as u64))),
            Style::new(),
        );
        let lines = parts.iter().map(|part| {
            let name = part.lock.as_ref().map_or_else(|| part.state.word().to_owned(), |lock| format!("for {lock}"));
            let value = format!("{:>7}  {}", age(Span(part.each as u64)), percent(part.each / whole));
            (format!(" {} {name}", theme.glyph(part.state)), value, Style::new())
        });
        std::iter::once(head).chain(lines).collect()
    }

    /// What of the machine and of the locks is in use.
    fn used(&self, level: &Level) -> Vec<Line> {
        let mean = |of: fn(&Repetition) -> f64| level.mean(of);
        let plain = Style::new();
        let cores = self.scene.sheet.tuned.question.cores;
        let mut lines = vec![
            ("utilization".to_owned(), percent(mean(Repetition::utilization)).trim_start().to_owned(), plain),
            ("cores".to_owned(), format!("{:.2} of {cores}", mean(|r| r.cores)), plain),
            (
                "switches".to_owned(),
                format!("{:.1} given up, {:.1} taken", mean(|r| r.switches.0), mean(|r| r.switches.1)),
                plain,
            ),
            ("memory".to_owned(), format!("{:.0} MiB", mean(|r| r.memory as f64) / 1_048_576.0), plain),
        ];
        let held = limits(level, cores).into_iter().filter(|limit| limit.resource != Resource::Cpu);
        lines.extend(held.take(3).map(|limit| {
            let words = format!("held {}: at most {}", percent(limit.used).trim_start(), rate(limit.per_second));
            (resource(&limit.resource).replace('`', ""), words, plain)
        }));
        let runs = |level: &Level| {
            level
                .throughputs()
                .iter()
                .rev()
                .take(6)
                .map(|one| rate(*one).trim_end_matches("/s").to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        lines.push((many(level.repetitions.len() as u64, "run"), runs(level), plain));
        if let Some(fresh) = self.scene.sheet.tuning.confirmed.find(level.value).filter(|fresh| fresh.works()) {
            lines.push(("fresh runs".to_owned(), runs(fresh), plain));
        }
        lines
    }
}

fn times(of: &Percentiles) -> String {
    [of.p50, of.p90, of.p99, of.max].map(|ns| format!("{:<8}", age(Span(ns as u64)))).concat()
}
