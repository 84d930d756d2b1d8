//! Names: what each is declared for, and where.

use std::collections::HashMap;
use std::ops::Range;

use kdl::KdlEntry;

use super::Checker;
use super::node::value_span;
use crate::suggest::{all_of, suggest};

/// Longest name, in characters.
const LONGEST: usize = 32;

/// What a name refers to: a position in one of the scenario's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamedItem {
    Resource(usize),
    Workers(usize),
    Pool(usize),
}

#[derive(Debug, Default)]
pub(super) struct Names {
    items: HashMap<String, (NamedItem, Range<usize>)>,
    /// By knob of the scenario: its declaration, and whether it is used.
    pub knobs: Vec<KnobUse>,
}

/// The declaration of a knob, and whether it is used.
#[derive(Debug)]
pub(super) struct KnobUse {
    pub declared: Range<usize>,
    pub used: bool,
}

impl Names {
    pub(super) fn find(&self, name: &str) -> Option<NamedItem> {
        self.items.get(name).map(|(item, _)| *item)
    }

    /// Returns the names of all wanted items, in alphabetical order.
    pub(super) fn names_where(&self, wanted: impl Fn(NamedItem) -> bool) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.items.iter().filter(|(_, (item, _))| wanted(*item)).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

impl Checker {
    /// Reads a new name: a letter, followed by letters, digits, `-` and `_`.
    pub(super) fn identifier<'a>(&mut self, entry: &'a KdlEntry) -> Option<&'a str> {
        let name = self.text(entry)?;
        let fine = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if fine && name.len() <= LONGEST {
            return Some(name);
        }
        let title = if fine { "this name is longer than 32 characters" } else { "this is not a name" };
        let help = "a name is a letter followed by letters, digits, `-` and `_`, 32 at most";
        self.mistakes.error(value_span(entry), title).help(help);
        None
    }

    /// Declares a name; reports it if it is taken.
    pub(super) fn declare_name(&mut self, entry: &KdlEntry, item: NamedItem) -> Option<String> {
        let name = self.identifier(entry)?.to_owned();
        let here = value_span(entry);
        if let Some((_, first)) = self.names.items.get(&name) {
            let first = first.clone();
            let mistake = self.mistakes.error(here, format!("there are two `{name}`"));
            mistake.label("and here again").add_related(first, "declared here").help("give one of them another name");
            return Some(name);
        }
        self.names.items.insert(name.clone(), (item, here));
        Some(name)
    }

    /// Reports names that the members of an array or a group have, such as `fork-1`.
    pub(super) fn check_numbered_names(&mut self) {
        let mut taken: Vec<(Range<usize>, String)> = Vec::new();
        for (name, (_, here)) in &self.names.items {
            let Some((base, number)) = name.rsplit_once('-') else { continue };
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && self.names.items.contains_key(base) {
                taken.push((here.clone(), base.to_owned()));
            }
        }
        for (here, base) in taken {
            let title = format!("this name is also that of a member of `{base}`");
            self.mistakes
                .error(here, title)
                .help(format!("the members of `{base}` are called {base}-1, {base}-2, ..."));
        }
    }

    /// Resolves a name to an item of the wanted kind.
    pub(super) fn resolve(
        &mut self,
        entry: &KdlEntry,
        what: &str,
        wanted: impl Fn(&Self, NamedItem) -> bool,
    ) -> Option<NamedItem> {
        let name = self.text(entry)?;
        match self.find_item(name, what, wanted) {
            Ok(item) => Some(item),
            Err((title, help)) => {
                self.mistakes.error(value_span(entry), title).help(help);
                None
            }
        }
    }

    /// Finds the item of the wanted kind with this name.
    ///
    /// # Errors
    ///
    /// Title and help of the mistake.
    pub(super) fn find_item(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&Self, NamedItem) -> bool,
    ) -> Result<NamedItem, (String, String)> {
        let found = self.names.find(name);
        if let Some(item) = found.filter(|item| wanted(self, *item)) {
            return Ok(item);
        }
        let known = self.names.names_where(|item| wanted(self, item));
        let noun = what.split(' ').filter(|word| !matches!(*word, "a" | "an")).collect::<Vec<_>>().join(" ");
        let title = match found {
            Some(item) => format!("`{name}` is {}, not {what}", self.item_kind(item)),
            None => format!("there is no {noun} `{name}`"),
        };
        let help = match suggest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty()
                && found.is_none()
                && matches!(noun.as_str(), "mutex" | "counter" | "pipe" | "semaphore" | "rwlock") =>
            {
                format!("declare it at the top: {noun} {name}")
            }
            None if known.is_empty() => format!("this scenario has no {noun}"),
            None => format!("known: {}", all_of(known)),
        };
        Err((title, help))
    }

    fn item_kind(&self, item: NamedItem) -> &'static str {
        use crate::program::ResourceSpec::{
            Barrier, Condition, Counter, Event, Latch, Mutex, Pipe, Queue, Rwlock, Semaphore, Server, WaitGroup,
        };
        match item {
            NamedItem::Resource(at) => match self.scenario.resources.get(at).map(|resource| &resource.spec) {
                Some(Mutex { .. }) => "a mutex",
                Some(Counter { .. }) => "a counter",
                Some(Queue { .. }) => "a queue",
                Some(Pipe { .. }) => "a pipe",
                Some(Condition { .. }) => "a condition",
                Some(Event) => "an event",
                Some(Barrier { .. }) => "a barrier",
                Some(WaitGroup) => "a wait group",
                Some(Latch { .. }) => "a latch",
                Some(Semaphore { .. }) => "a semaphore",
                Some(Rwlock { .. }) => "an rwlock",
                Some(Server(_)) => "a server",
                None => "a resource",
            },
            NamedItem::Workers(_) => "a group of workers",
            NamedItem::Pool(_) => "a pool",
        }
    }
}
