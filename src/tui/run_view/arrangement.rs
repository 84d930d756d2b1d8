//! The arrangement of the lanes by hand: their order, and which are pinned, hidden or folded; and muted findings.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::{RunView, Selection};
use crate::trace::{Span, State, WorkerId};
use crate::tui::keys::with_keys;

/// How long an order by figures is kept, so that rows do not keep changing places.
const ORDER_INTERVAL: Span = Span::from_millis(3_000);

/// What the lanes are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::tui) enum LaneOrder {
    /// In the order of the scenario.
    #[default]
    Declared,
    Name,
    /// By how long the present state has lasted.
    Age,
    /// By the share of the visible time in a state.
    Share(State),
}

/// What the rows of cores show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::tui) enum CoreLanes {
    /// Our load and that of others.
    #[default]
    Load,
    /// Which worker ran there.
    Workers,
}

/// The order of lanes, and which of them are shown how.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct Arrangement {
    order: LaneOrder,
    core_lanes: CoreLanes,
    is_reversed: bool,
    pinned: Vec<WorkerId>,
    hidden: BTreeSet<WorkerId>,
    /// Groups whose lanes share one row.
    folded: BTreeSet<String>,
    /// Ids of findings that are not listed.
    muted: BTreeSet<&'static str>,
    /// All workers in this order, as of the last time they were put in order.
    sorted: Vec<WorkerId>,
    sorted_at: crate::trace::Stamp,
}

impl LaneOrder {
    /// Returns what the lanes are ordered by, in words: nothing for the order of the scenario.
    pub(in crate::tui) const fn describe(self) -> Option<&'static str> {
        match self {
            Self::Declared => None,
            Self::Name => Some("name"),
            Self::Age => Some("age"),
            Self::Share(state) => Some(state.word()),
        }
    }
}

impl Arrangement {
    pub(in crate::tui) fn hidden_count(&self) -> usize {
        self.hidden.len()
    }

    pub(in crate::tui) fn order(&self) -> LaneOrder {
        self.order
    }

    pub(in crate::tui) fn core_lanes(&self) -> CoreLanes {
        self.core_lanes
    }

    /// Shows the workers in the rows of cores, or their load again.
    pub(super) fn switch_core_lanes(&mut self) -> CoreLanes {
        self.core_lanes = match self.core_lanes {
            CoreLanes::Load => CoreLanes::Workers,
            CoreLanes::Workers => CoreLanes::Load,
        };
        self.core_lanes
    }

    pub(in crate::tui) fn is_folded(&self, group: &str) -> bool {
        self.folded.contains(group)
    }

    pub(in crate::tui) fn is_pinned(&self, worker: WorkerId) -> bool {
        self.pinned.contains(&worker)
    }

    pub(in crate::tui) fn is_muted(&self, id: &str) -> bool {
        self.muted.contains(id)
    }

    /// Returns an arrangement that mutes the same findings and leaves the lanes as the scenario has them.
    pub(in crate::tui) fn with_muted_only(&self) -> Self {
        Self { muted: self.muted.clone(), ..Self::default() }
    }

    pub(in crate::tui) fn mute(&mut self, id: &'static str) {
        self.muted.insert(id);
    }
}

impl RunView {
    /// Shows which worker ran on which core, or the load again. Returns a response.
    pub(in crate::tui) fn toggle_core_workers(&mut self) -> String {
        let is_known = self.shown_model().cores().has_placements();
        match self.arrangement.switch_core_lanes() {
            CoreLanes::Load => "Cores: the load, of this run and of others".into(),
            CoreLanes::Workers if is_known => "Cores: the worker that ran there longest; W shows the load again".into(),
            CoreLanes::Workers => "Cores: nothing says which worker ran where; W shows the load again".into(),
        }
    }

    /// Returns the lanes of these workers as they are arranged: pinned ones first, without hidden ones.
    pub(in crate::tui) fn arrange(&self, workers: Vec<WorkerId>) -> Vec<WorkerId> {
        let arrangement = &self.arrangement;
        let mut lanes = workers;
        lanes.retain(|worker| !arrangement.hidden.contains(worker));
        if arrangement.order != LaneOrder::Declared || arrangement.is_reversed {
            let place = |worker: &WorkerId| arrangement.sorted.iter().position(|other| other == worker);
            lanes.sort_by_cached_key(|worker| place(worker).unwrap_or(usize::MAX));
        }
        // The sort is stable: the others keep their order.
        lanes.sort_by_key(|worker| arrangement.pinned.iter().position(|other| other == worker).unwrap_or(usize::MAX));
        lanes
    }

    /// Puts the workers in order, if that is due.
    pub(in crate::tui) fn sort_lanes(&mut self) {
        let known = self.figures.workers().count();
        let is_stale = self.now.span_since(self.arrangement.sorted_at) >= ORDER_INTERVAL
            || self.arrangement.sorted_at > self.now
            || self.arrangement.sorted.len() != known;
        if is_stale || self.time_before_end().is_some() {
            self.sort_lanes_now();
        }
    }

    fn sort_lanes_now(&mut self) {
        let order = self.arrangement.order;
        let mut sorted: Vec<WorkerId> = self.figures.workers().collect();
        sorted.sort_by(|a, b| self.compare_lanes(order, *a, *b));
        if self.arrangement.is_reversed {
            sorted.reverse();
        }
        (self.arrangement.sorted, self.arrangement.sorted_at) = (sorted, self.now);
    }

    /// Compares two lanes: the greater figure comes first.
    fn compare_lanes(&self, order: LaneOrder, a: WorkerId, b: WorkerId) -> Ordering {
        let registry = self.shown_model().registry();
        let figure = |worker| {
            let lane = self.figures.lane(worker);
            match order {
                LaneOrder::Age => lane.and_then(|lane| lane.shown_state).map_or(0.0, |shown| shown.duration.0 as f64),
                LaneOrder::Share(state) => lane.map_or(0.0, |lane| lane.shares.share(state)),
                LaneOrder::Declared | LaneOrder::Name => 0.0,
            }
        };
        let by_order = match order {
            LaneOrder::Declared => Ordering::Equal,
            LaneOrder::Name => registry.worker_name(a).cmp(registry.worker_name(b)),
            LaneOrder::Age | LaneOrder::Share(_) => figure(b).total_cmp(&figure(a)),
        };
        by_order.then(a.cmp(&b))
    }

    /// Orders the lanes by the next column. Returns what to tell the user.
    pub(in crate::tui) fn next_order(&mut self) -> String {
        let mut orders = vec![LaneOrder::Declared, LaneOrder::Name, LaneOrder::Age];
        let shares = State::ALL.into_iter().filter(|state| state.is_alive() && self.states.has(*state));
        orders.extend(shares.map(LaneOrder::Share));
        let here = orders.iter().position(|order| *order == self.arrangement.order).unwrap_or(0);
        self.arrangement.order = orders[(here + 1) % orders.len()];
        self.sort_lanes_now();
        self.describe_order()
    }

    pub(in crate::tui) fn reverse_order(&mut self) -> String {
        self.arrangement.is_reversed = !self.arrangement.is_reversed;
        self.sort_lanes_now();
        self.describe_order()
    }

    fn describe_order(&self) -> String {
        let reversed = if self.arrangement.is_reversed { ", reversed" } else { "" };
        let by = match self.arrangement.order {
            LaneOrder::Declared => "in the order of the scenario".to_owned(),
            LaneOrder::Name => "by name".to_owned(),
            LaneOrder::Age => "by the age of their state".to_owned(),
            LaneOrder::Share(state) => format!("by their share of {}", state.word()),
        };
        format!("Lanes {by}{reversed}   o: next column · O: reverse")
    }

    /// Pins the chosen lane to the top, or releases it. Returns what to tell the user.
    pub(in crate::tui) fn toggle_pin(&mut self) -> String {
        let Some(worker) = self.chosen_lane() else { return "Choose a worker first: Down or j".to_owned() };
        let name = self.shown_model().registry().worker_name(worker).to_owned();
        let pinned = &mut self.arrangement.pinned;
        if let Some(at) = pinned.iter().position(|other| *other == worker) {
            pinned.remove(at);
            format!("{name} is no longer pinned")
        } else {
            pinned.push(worker);
            format!("{name} is pinned to the top; ^ again: release it")
        }
    }

    /// Hides the chosen lane. Returns what to tell the user.
    pub(in crate::tui) fn hide_lane(&mut self) -> String {
        let Some(worker) = self.chosen_lane() else { return "Choose a worker first: Down or j".to_owned() };
        let name = self.shown_model().registry().worker_name(worker).to_owned();
        self.arrangement.hidden.insert(worker);
        self.selection = None;
        self.refresh();
        format!("{name} is hidden, {} in all; A shows them again", self.arrangement.hidden.len())
    }

    /// Shows all hidden lanes and muted findings, and unfolds all groups. Returns what to tell the user.
    pub(in crate::tui) fn show_all(&mut self) -> String {
        let arrangement = &mut self.arrangement;
        let is_nothing = arrangement.hidden.is_empty() && arrangement.folded.is_empty() && arrangement.muted.is_empty();
        arrangement.hidden.clear();
        arrangement.folded.clear();
        arrangement.muted.clear();
        self.refresh();
        if is_nothing { "Nothing is hidden".to_owned() } else { "All lanes and findings are shown".to_owned() }
    }

    /// Folds the lanes of the chosen worker's group into one row. Returns what to tell the user.
    pub(in crate::tui) fn fold_group(&mut self) -> String {
        let Some(worker) = self.chosen_lane() else { return "Choose a worker first: Down or j".to_owned() };
        let Some(group) = self.shown_model().registry().worker(worker).map(|info| info.group.clone()) else {
            return String::new();
        };
        let response = format!("The lanes of {group} share one row; A shows them again");
        self.arrangement.folded.insert(group);
        self.selection = None;
        self.refresh();
        response
    }

    /// Mutes findings of the chosen one's kind. Returns what to tell the user.
    pub(in crate::tui) fn mute_finding(&mut self) -> String {
        let chosen = match self.selection {
            Some(Selection::Finding(index)) => self.figures.findings.get(index).map(|finding| finding.id),
            _ => None,
        };
        let Some(id) = chosen else { return with_keys("Choose a finding first: {next-pane}, then {down}") };
        self.arrangement.mute(id);
        self.selection = None;
        self.refresh();
        format!("Findings {id} are muted; A shows them again")
    }

    fn chosen_lane(&self) -> Option<WorkerId> {
        match self.selection {
            Some(Selection::Lane(worker)) => Some(worker),
            _ => None,
        }
    }

    /// Returns the groups whose lanes share a row, each with those that would be shown.
    pub(in crate::tui) fn folded_groups(&self) -> Vec<(String, Vec<WorkerId>)> {
        let registry = self.shown_model().registry();
        let mut groups: Vec<(String, Vec<WorkerId>)> = Vec::new();
        for worker in self.figures.workers() {
            let Some(info) = registry.worker(worker).filter(|info| self.arrangement.is_folded(&info.group)) else {
                continue;
            };
            if self.arrangement.hidden.contains(&worker) {
                continue;
            }
            match groups.iter_mut().find(|(group, _)| *group == info.group) {
                Some((_, members)) => members.push(worker),
                None => groups.push((info.group.clone(), vec![worker])),
            }
        }
        groups
    }
}
