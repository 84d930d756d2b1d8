//! The verdict on an expectation: seen, not seen, or not judged.

use super::bound_check::BoundCheck;
use super::doubt::Doubt;

/// The verdict on one expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The expectation as written.
    pub text: String,
    pub judgement: Judgement,
    /// The measured figures.
    pub evidence: String,
    /// The measured figure and its bound, if the expectation is about a figure that could be measured.
    pub bound_check: Option<BoundCheck>,
}

/// Whether a run showed an expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    Seen,
    NotSeen,
    /// Not seen, but this run could not show it: other programs used the cores that it needs, or this machine lacks
    /// what it takes.
    NotJudged(Doubt),
}

impl Judgement {
    pub(super) const fn from_seen(seen: bool) -> Self {
        if seen { Self::Seen } else { Self::NotSeen }
    }

    /// Returns the word in a text report.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::NotSeen => "not seen",
            Self::NotJudged(_) => "not judged",
        }
    }
}

impl Verdict {
    pub fn is_seen(&self) -> bool {
        self.judgement == Judgement::Seen
    }

    /// Whether the run contradicts the expectation: not seen, and no other program can be the reason.
    pub fn is_missed(&self) -> bool {
        self.judgement == Judgement::NotSeen
    }

    /// Returns why it cannot be judged.
    pub fn not_judged_reason(&self) -> Option<String> {
        match &self.judgement {
            Judgement::NotJudged(doubt) => Some(doubt.to_string()),
            Judgement::Seen | Judgement::NotSeen => None,
        }
    }

    /// Returns the verdict on a run that may be unable to show the expectation: one that is not seen is not judged.
    pub(super) fn with_doubt(self, doubt: Option<Doubt>) -> Self {
        match (&self.judgement, doubt) {
            (Judgement::NotSeen, Some(doubt)) => {
                let evidence = format!("{doubt}; {}", self.evidence);
                Self { judgement: Judgement::NotJudged(doubt), evidence, ..self }
            }
            _ => self,
        }
    }
}
