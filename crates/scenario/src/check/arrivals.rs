//! Feeds that last as long as the run: arrivals at a rate, and clients.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::node::{entry_span, prop, span_of};
use super::number_rule::{BURST, CLIENTS, NumberRule, PERIOD, RATE, SHARE, TIME};
use crate::choice::Choice;
use crate::expr::Expr;
use crate::program::{ArrivalSpacing, Arrivals, Feed, RateCurve};

/// Lowest rate of a day as a share of its highest, if it is not given.
const NIGHT: f64 = 0.25;

impl Checker {
    /// Reads `arrive rate="200/s" pattern=poisson`.
    pub(super) fn arrivals(&mut self, node: &KdlNode) -> Option<Feed> {
        let Some(rate) = prop(node, "rate") else {
            self.mistakes.error(span_of(node), "`arrive` has no rate").help("add rate=\"200/s\"");
            return None;
        };
        let rate = self.number(rate, RATE);
        let spacing = prop(node, "pattern")
            .and_then(|entry| self.choice(entry, ("pattern", "pattern of arrivals"), &ArrivalSpacing::ALL));
        let burst = self.number_or_default(node, "burst", BURST, 1.0);
        let curve = self.rate_curve(node);
        Some(Feed::OpenLoop(Arrivals {
            rate: rate?.expr,
            spacing: spacing.unwrap_or(Choice::Fixed(ArrivalSpacing::Steady)),
            burst,
            curve,
        }))
    }

    fn rate_curve(&mut self, node: &KdlNode) -> RateCurve {
        let mut given = |name: &str, want: NumberRule| {
            prop(node, name).map(|entry| (entry, self.number(entry, want).map_or(Expr::Number(want.max), |n| n.expr)))
        };
        let (on, off) = (given("on", PERIOD), given("off", TIME.without_index()));
        let (day, night) = (given("day", PERIOD), given("night", SHARE.without_index()));
        match (on, off, day, night) {
            (None, None, None, None) => RateCurve::Constant,
            (Some((_, on)), Some((_, off)), None, None) => RateCurve::OnOff { on, off },
            (None, None, Some((_, length)), night) => {
                let night = night.map_or(Expr::Number(NIGHT), |(_, night)| night);
                RateCurve::Day { length, night }
            }
            (on, off, day, night) => {
                self.incomplete_curve([on, off, day, night].map(|given| given.map(|(entry, _)| entry)));
                RateCurve::Constant
            }
        }
    }

    /// Reports pauses without a length, a night without a day, or both pauses and days.
    fn incomplete_curve(&mut self, given: [Option<&KdlEntry>; 4]) {
        let (at, title, help) = match given {
            [Some(pauses), _, Some(_), _] | [_, Some(pauses), Some(_), _] => {
                (pauses, "arrivals have either pauses or days", "remove `on` and `off`, or remove `day`")
            }
            [Some(on), None, ..] => (on, "these arrivals have no pause", "add off=\"900ms\", or remove `on`"),
            [None, Some(off), ..] => {
                (off, "it is not known when this pause comes", "add on=\"100ms\", or remove `off`")
            }
            [.., Some(night)] => (night, "there is no day", "add day=\"10s\", or remove `night`"),
            _ => return,
        };
        self.mistakes.error(entry_span(at), title).help(help);
    }

    /// Reads `clients count=20 think="50ms"`.
    pub(super) fn clients(&mut self, node: &KdlNode) -> Option<Feed> {
        let Some(count) = prop(node, "count") else {
            self.mistakes.error(span_of(node), "`clients` has no count").help("add count=20");
            return None;
        };
        let (count, think) = (self.number(count, CLIENTS), self.number_or_default(node, "think", TIME, 0.0));
        Some(Feed::Clients { count: count?.expr, think })
    }
}
