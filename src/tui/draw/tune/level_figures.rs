//! All measurements at the current level.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::super::tune_view::time_slices;
use super::TuneScene;
use super::text;
use crate::model::Severity;
use crate::report::text_width::truncate;
use crate::trace::Span;
use crate::trace::format::{compact_counted, compact_duration, compact_percent, compact_rate, compact_rate_value};
use crate::tune::{
    Goal, Level, LimitingResource, Repetition, RepetitionPercentiles, headroom, ratio_to_best, resource_label,
    throughput_limits,
};

pub(super) struct LevelFigures<'a> {
    pub(super) scene: TuneScene<'a>,
}

/// Columns of a figure's label.
const LABEL_WIDTH: usize = 13;

type FigureLine = (String, String, Style);

/// Columns of a state's mark before its name.
const MARK_WIDTH: u16 = 3;

impl Widget for LevelFigures<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let theme = self.scene.theme;
        let area = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area };
        let Some(level) = self.scene.tune_view.current_level() else { return };
        text::put_line(
            buf,
            text::nth_line(area, 0),
            &self.scene.tune_view.subject().level_name(level.value),
            theme.strong_style(),
        );
        for (at, (label, value, style)) in self.lines(level).into_iter().enumerate() {
            let line = text::nth_line(area, at + 1);
            let label = truncate(&label, LABEL_WIDTH - 1, theme.ellipsis());
            let rest = text::put_line(buf, line, &format!("{label:<LABEL_WIDTH$}"), theme.faint_style());
            text::put_line(buf, rest, &value, style);
        }
        self.draw_marks(level, area, buf);
    }
}

impl LevelFigures<'_> {
    fn lines(&self, level: &Level) -> Vec<FigureLine> {
        let mut lines = Vec::new();
        let mut say = |label: &str, value: String, style: Style| lines.push((label.to_owned(), value, style));
        let warning = self.scene.theme.severity_style(Severity::Warning);
        for why in &level.failures {
            say("fails", why.clone(), warning);
        }
        if !level.disturbed.is_empty() {
            say(
                "left out",
                format!("{}, disturbed by other programs", compact_counted(level.disturbed.len() as u64, "run")),
                warning,
            );
        }
        if !level.is_working() {
            return lines;
        }
        let plain = Style::new();
        say("throughput", Self::throughput_text(level), plain);
        say("", self.comparison_text(level), plain);
        say("", "   p50     p90     p99     max".to_owned(), self.scene.theme.faint_style());
        if let Some(service) = level.percentiles(|repetition| repetition.service) {
            say("service", percentiles_text(&service), plain);
        }
        let arriving = level.arrival_response().or_else(|| level.percentiles(|repetition| repetition.response));
        if let Some(response) = arriving {
            say("response", percentiles_text(&response), plain);
        }
        for loaded in
            self.scene.tune_view.tuning.open_loop.iter().filter(|loaded| loaded.level.total_cmp(&level.value).is_eq())
        {
            let of = loaded.repetition.as_ref().and_then(|repetition| repetition.response);
            let words = of.map_or_else(|| "could not be run".to_owned(), |of| percentiles_text(&of));
            say(&format!(" at {}", compact_percent(loaded.load_share)), words, plain);
        }
        lines.extend(self.time_lines(level));
        lines.extend(self.usage_lines(level));
        lines
    }

    fn throughput_text(level: &Level) -> String {
        let interval = level.interval().map(|found| {
            let (low, high) = (compact_rate(found.low.max(0.0)), compact_rate(found.high));
            format!("   95 %: {} to {high}", low.trim_end_matches("/s"))
        });
        format!("{}{}", compact_rate(level.throughput()), interval.unwrap_or_default())
    }

    fn comparison_text(&self, level: &Level) -> String {
        let curve = &self.scene.tune_view.tuning.curve;
        let stands = self.scene.tune_view.standing(level);
        if let Goal::Arrivals(due) = self.scene.tune_view.setup.question.demands.goal {
            let spare = headroom(level, due);
            let spare = if spare > 0.0 { format!("{} to spare: ", compact_percent(spare)) } else { String::new() };
            let word = self.scene.status_word(stands);
            return format!("{spare}{word}");
        }
        let stands = self.scene.status_word(stands);
        let part =
            curve.best().and_then(|best| ratio_to_best(level, best)).map(|found| compact_percent(found.estimate));
        part.map_or_else(|| stands.to_owned(), |part| format!("{part} of the best: {stands}"))
    }

    /// Returns how the time of one unit of work is spent.
    fn time_lines(&self, level: &Level) -> Vec<FigureLine> {
        let theme = self.scene.theme;
        let parts = time_slices(level);
        let whole: f64 = parts.iter().map(|part| part.ns).sum();
        let head =
            (self.time_heading(), format!("{} of workers' time", compact_duration(Span(whole as u64))), Style::new());
        let lines = parts.iter().map(|part| {
            let name = part.lock.as_ref().map_or_else(|| part.state.word().to_owned(), |lock| format!("for {lock}"));
            let value =
                format!("{:>7}  {:>5}", compact_duration(Span(part.ns as u64)), compact_percent(part.ns / whole));
            (format!("{:1$}{name}", "", usize::from(MARK_WIDTH)), value, theme.state_style(part.state))
        });
        std::iter::once(head).chain(lines).collect()
    }

    /// Draws the marks of the states before the lines of a task's time.
    fn draw_marks(&self, level: &Level, area: Rect, buf: &mut Buffer) {
        let lines = self.lines(level);
        let is_head = |line: &FigureLine| line.0 == self.time_heading();
        let Some(head) = lines.iter().position(is_head) else { return };
        for (at, part) in time_slices(level).iter().enumerate() {
            let (glyph, style) = self.scene.theme.swatch(part.state);
            let line = text::nth_line(area, head + at + 2); // below the level's name and the heading
            text::put_line(buf, Rect { x: line.x + line.width.min(1), width: line.width.min(1), ..line }, glyph, style);
        }
    }

    fn time_heading(&self) -> String {
        format!("one {}", self.scene.tune_view.setup.work.word())
    }

    /// Returns how much of the machine and of the locks is in use.
    fn usage_lines(&self, level: &Level) -> Vec<FigureLine> {
        let mean = |of: fn(&Repetition) -> f64| level.mean(of);
        let plain = Style::new();
        let cores = self.scene.tune_view.setup.question.usable_cores;
        let mut lines = vec![
            ("utilization".to_owned(), compact_percent(mean(Repetition::utilization)), plain),
            ("cores".to_owned(), format!("{:.2} of {cores}", mean(|r| r.cores_used)), plain),
            (
                "switches".to_owned(),
                format!("{:.1} blocked, {:.1} preempted", mean(|r| r.switches.0), mean(|r| r.switches.1)),
                plain,
            ),
            ("memory".to_owned(), format!("{:.0} MiB", mean(|r| r.memory as f64) / 1_048_576.0), plain),
        ];
        let held = throughput_limits(level, cores).into_iter().filter(|limit| limit.resource != LimitingResource::Cpu);
        lines.extend(held.take(3).map(|limit| {
            let words =
                format!("held {}: at most {}", compact_percent(limit.utilization), compact_rate(limit.max_rate));
            (resource_label(&limit.resource).replace('`', ""), words, plain)
        }));
        let runs = |level: &Level| {
            level.throughputs().iter().rev().take(6).map(|one| compact_rate_value(*one)).collect::<Vec<_>>().join(" ")
        };
        lines.push((compact_counted(level.repetitions.len() as u64, "run"), runs(level), plain));
        if let Some(fresh) =
            self.scene.tune_view.tuning.confirmation.find(level.value).filter(|fresh| fresh.is_working())
        {
            lines.push(("fresh runs".to_owned(), runs(fresh), plain));
        }
        lines
    }
}

fn percentiles_text(of: &RepetitionPercentiles) -> String {
    [of.p50, of.p90, of.p99, of.max].map(|ns| format!("{:<8}", compact_duration(Span(ns as u64)))).concat()
}
