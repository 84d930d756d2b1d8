//! The rows of a queue: its depth as an area with its scale, its rates, and where that leads.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::figures::QueueFigures;
use super::super::layout::FIGURE_WIDTH;
use super::super::run_view::Selection;
use super::super::theme::Role;
use super::area::{AreaLine, draw_area, draw_guide};
use super::{RunScene, text};
use crate::trace::format::{compact_count, compact_duration, compact_rate, compact_rate_value};
use crate::trace::{ResourceId, Span, State};
use crate::tui::axis::round_up_125;

pub(super) const HEADS: [&str; 3] = ["now", "in/s", "out/s"];

pub(super) const SHORT_HEADS: [&str; 2] = ["now", "grows"];

/// Share of the traffic below which a change of the depth is noise.
const STEADY_BELOW: f64 = 0.02;

/// One line of the area; `line_index` counts from its top.
pub(super) struct QueueRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) id: ResourceId,
    pub(super) line_index: u16,
    pub(super) line_count: u16,
}

impl Widget for QueueRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id, line_index, line_count } = self;
        let (view, theme) = (scene.view, scene.theme);
        let parts = scene.split_row(line);
        let Some(figures) = view.figures.queue(id) else { return };
        let area = AreaLine { at: parts.timeline, line_index, line_count };
        let scale = view.with_depth_cells(id, &scene.axis.window(), |cells| {
            let scale = area_scale(cells, figures.capacity);
            self.draw_area(area, cells, scale, figures.capacity, buf);
            scale
        });
        let Some(scale) = scale else { return };
        if area.is_top() {
            let name = view.shown_model().registry().resource_name(id);
            let beside = scene.draw_name(parts.label, name, scene.is_chosen(Selection::Queue(id)), buf);
            text::put_right(buf, beside, &compact_count(scale), theme.faint_style());
        } else if area.is_bottom() {
            let beside = Rect { width: parts.label.width.saturating_sub(1), ..parts.label };
            text::put_right(buf, beside, "0", theme.faint_style());
        }
        self.draw_line_figures(parts.figures, figures, buf);
    }
}

impl QueueRow<'_> {
    fn draw_area(&self, area: AreaLine, cells: &[f32], scale: u64, capacity: u32, buf: &mut Buffer) {
        let theme = self.scene.theme;
        let brightness = area.brightness();
        let (calm, full) = (theme.fg(Role::Queue), Style::new().fg(theme.state_colour(State::Full)));
        let full = if theme.has_colour() { full } else { theme.strong_style() };
        // Only the top of a full queue has the hue of waiting for room: a queue is often full for long.
        let levels = cells.iter().map(|depth| {
            let is_full = capacity > 0 && *depth >= capacity as f32;
            let style = if is_full && area.is_top() { full } else { calm };
            let share = (f64::from(*depth) / scale as f64).min(area.share_below_gap());
            (share, theme.shaded(style, brightness))
        });
        draw_area(self.scene, area, levels, buf);
        let is_capacity_line = area.is_top() && u64::from(capacity) == scale && capacity > 0;
        if is_capacity_line && area.line_count > 1 {
            draw_guide(self.scene, area.at, theme.glyph("▔", "-"), theme.shaded(theme.fg(Role::Capacity), 0.5), buf);
        }
    }

    /// Draws the figures that belong into this line.
    fn draw_line_figures(&self, at: Rect, figures: &QueueFigures, buf: &mut Buffer) {
        let (scene, theme) = (self.scene, self.scene.theme);
        let is_full = figures.depth >= figures.capacity && figures.capacity > 0;
        let now = if is_full { theme.full_queue_style() } else { theme.strong_style() };
        let outlook = outlook(figures);
        match self.line_index {
            0 => {
                let mut shown = vec![(compact_count(figures.depth.into()), now)];
                if self.has_rates() {
                    let rates = [figures.put_rate, figures.taken_rate];
                    shown.extend(rates.map(|rate| (compact_rate_value(rate), Style::new())));
                } else {
                    shown.push((growth_text(figures.growth_rate), self.outlook_style(outlook)));
                }
                scene.draw_figures(at, &shown, buf);
            }
            1 => {
                let (long, short) = (outlook.words(figures), outlook.short_words(figures));
                self.put_words(at, &[long, short], self.outlook_style(outlook), buf);
            }
            2 => {
                if let Some(words) = wait_words(figures) {
                    self.put_words(at, &words, theme.faint_style(), buf);
                }
            }
            3 => {
                let most = format!("most {}", compact_count(figures.max_depth.into()));
                let words = [format!("{most} of {}", room_text(figures.capacity)), most];
                self.put_words(at, &words, theme.faint_style(), buf);
            }
            _ => {}
        }
    }

    /// Draws the first of the texts that fits among the figures.
    fn put_words(&self, figures: Rect, texts: &[String], style: Style, buf: &mut Buffer) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        text::put_first_fitting(buf, self.scene.figures_area(figures), &texts, self.scene.theme.ellipsis(), style);
    }

    /// Whether there is room for both rates.
    fn has_rates(&self) -> bool {
        self.scene.has_wide_figures()
    }

    fn outlook_style(&self, outlook: Outlook) -> Style {
        let theme = self.scene.theme;
        match outlook {
            Outlook::Grows { .. } | Outlook::Full => theme.fg(Role::Warning),
            Outlook::Drains { .. } => theme.fg(Role::Good),
            Outlook::Steady | Outlook::Empty => theme.faint_style(),
        }
    }
}

fn room_text(capacity: u32) -> String {
    if capacity == 0 { "any number".into() } else { compact_count(capacity.into()) }
}

/// Returns how long tasks waited, or by Little's law how long a new item will wait; in many words and in few.
fn wait_words(figures: &QueueFigures) -> Option<[String; 2]> {
    if let Some((p50, p99)) = figures.wait {
        let (p50, p99) = (compact_duration(p50), compact_duration(p99));
        return Some([format!("wait p50 {p50} p99 {p99}"), format!("p99 {p99}")]);
    }
    let wait = f64::from(figures.depth) / figures.taken_rate;
    let wait = wait.is_finite().then(|| compact_duration(Span::from_secs(wait)))?;
    Some([format!("a new item waits {wait}"), format!("waits {wait}")])
}

/// Where the rates lead if they stay as they are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outlook {
    Empty,
    Full,
    Steady,
    /// It is full after this time, if it has a capacity.
    Grows {
        full_in: Option<Span>,
    },
    /// It is empty after this time.
    Drains {
        empty_in: Span,
    },
}

fn outlook(figures: &QueueFigures) -> Outlook {
    let QueueFigures { depth, capacity, growth_rate, .. } = *figures;
    let traffic = figures.put_rate.max(figures.taken_rate);
    let until = |items: f64| Span::from_secs(items / growth_rate.abs());
    if capacity > 0 && depth >= capacity {
        Outlook::Full
    } else if growth_rate.abs() <= (STEADY_BELOW * traffic).max(0.5) {
        if depth == 0 { Outlook::Empty } else { Outlook::Steady }
    } else if growth_rate > 0.0 {
        let full_in = (capacity > 0).then(|| until(f64::from(capacity - depth)));
        Outlook::Grows { full_in }
    } else if depth == 0 {
        Outlook::Empty
    } else {
        Outlook::Drains { empty_in: until(f64::from(depth)) }
    }
}

impl Outlook {
    fn words(self, figures: &QueueFigures) -> String {
        match self {
            Self::Empty => "empty".into(),
            Self::Full => "full".into(),
            Self::Steady => "steady".into(),
            Self::Grows { full_in: None } => format!("grows {}", rate_text(figures.growth_rate)),
            Self::Grows { full_in: Some(span) } => {
                format!("grows {}, full in {}", rate_text(figures.growth_rate), compact_duration(span))
            }
            Self::Drains { empty_in } => format!("drains in {}", compact_duration(empty_in)),
        }
    }

    /// Returns the same in fewer words.
    fn short_words(self, figures: &QueueFigures) -> String {
        match self {
            Self::Grows { full_in: Some(span) } => format!("full in {}", compact_duration(span)),
            other => other.words(figures),
        }
    }
}

/// Returns a rate with its sign, without its unit where that would not fit.
fn growth_text(per_second: f64) -> String {
    let sign = if per_second > 0.0 { "+" } else { "" };
    let whole = format!("{sign}{}", compact_rate(per_second));
    if whole.len() < usize::from(FIGURE_WIDTH) { whole } else { format!("{sign}{}", compact_rate_value(per_second)) }
}

/// Returns a rate, without its unit where that would not fit.
fn rate_text(per_second: f64) -> String {
    let whole = compact_rate(per_second);
    if whole.len() < usize::from(FIGURE_WIDTH) { whole } else { compact_rate_value(per_second) }
}

/// Returns the scale of the area: the capacity if the queue comes near it, otherwise the next round number, so that it
/// rarely changes.
fn area_scale(cells: &[f32], capacity: u32) -> u64 {
    let deepest = cells.iter().copied().fold(0.0_f32, f32::max) as u64;
    let round = round_up_125(deepest.max(4));
    if capacity > 0 && round.saturating_mul(2) >= u64::from(capacity) { capacity.into() } else { round }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_is_round_or_the_capacity() {
        assert_eq!(area_scale(&[], 0), 5);
        assert_eq!(area_scale(&[3.0, 37.0], 1_000), 50);
        assert_eq!(area_scale(&[450.0], 1_000), 1_000);
        assert_eq!(area_scale(&[2.0], 8), 8);
        assert_eq!(area_scale(&[f32::NAN, f32::INFINITY], 0), u64::MAX);
    }

    #[test]
    fn outlook_says_where_the_rates_lead() {
        let queue = |depth, capacity, growth_rate| QueueFigures {
            depth,
            capacity,
            growth_rate,
            put_rate: 200.0,
            ..QueueFigures::default()
        };
        let words = |figures: QueueFigures| outlook(&figures).words(&figures);
        assert_eq!(words(queue(0, 10, 0.1)), "empty");
        assert_eq!(words(queue(10, 10, 0.0)), "full");
        assert_eq!(words(queue(5, 10, 3.0)), "steady");
        assert_eq!(words(queue(168, 0, -88.0)), "drains in 1.9 s");
        assert_eq!(words(queue(168, 0, 105.0)), "grows 105/s");
        assert_eq!(words(queue(100, 500, 100.0)), "grows 100/s, full in 4.0 s");
        assert_eq!(words(queue(0, 0, -5.0)), "empty");
    }
}
