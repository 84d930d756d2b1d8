//! What a colour stands for, besides states: text, severities, curves, cores.

/// What a colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::tui) enum Role {
    Text,
    /// Labels, headings and captions.
    Faint,
    /// Rules, grid lines and borders.
    Guide,
    Strong,
    Good,
    Warning,
    Error,
    Note,
    /// A moment: a change of the run, a mark of the user.
    Mark,
    /// The depth of a queue.
    Queue,
    /// Response times.
    Response,
    Throughput,
    /// The line that an area cannot pass.
    Capacity,
    /// This program's share of a core.
    CoreOurs,
    /// Everybody else's share of a core.
    CoreOthers,
    /// The background of what keys act on.
    Selection,
    /// The background of the focused tab.
    Tab,
}

impl Role {
    /// Every role, in the order of their declaration.
    pub(in crate::tui) const ALL: [Self; 17] = [
        Self::Text,
        Self::Faint,
        Self::Guide,
        Self::Strong,
        Self::Good,
        Self::Warning,
        Self::Error,
        Self::Note,
        Self::Mark,
        Self::Queue,
        Self::Response,
        Self::Throughput,
        Self::Capacity,
        Self::CoreOurs,
        Self::CoreOthers,
        Self::Selection,
        Self::Tab,
    ];
}
