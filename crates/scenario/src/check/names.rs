//! What is declared under which name, and where.

use std::collections::HashMap;
use std::ops::Range;

use kdl::KdlEntry;

use super::Checker;
use super::node::value_span;
use crate::nearest::{all_of, nearest};

/// Longest name, in characters.
const LONGEST: usize = 32;

/// What a name stands for: a position in the scenario's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    Resource(usize),
    Workers(usize),
    Pool(usize),
}

#[derive(Debug, Default)]
pub(super) struct Names {
    things: HashMap<String, (Thing, Range<usize>)>,
    /// Where each knob is declared, and how it is used; positions are those of the scenario's knobs.
    pub knobs: Vec<KnobUse>,
}

/// Where a knob stands and what for.
#[derive(Debug)]
pub(super) struct KnobUse {
    pub declared: Range<usize>,
    pub used: bool,
}

impl Names {
    pub(super) fn find(&self, name: &str) -> Option<Thing> {
        self.things.get(name).map(|(thing, _)| *thing)
    }

    /// The names of the things wanted, in alphabetical order.
    pub(super) fn of(&self, wanted: impl Fn(Thing) -> bool) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.things.iter().filter(|(_, (thing, _))| wanted(*thing)).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

impl Checker {
    /// A name as the first argument declares it: letters, digits, `-` and `_`, a letter first.
    pub(super) fn identifier<'a>(&mut self, entry: &'a KdlEntry) -> Option<&'a str> {
        let name = self.text(entry)?;
        let fine = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if fine && name.len() <= LONGEST {
            return Some(name);
        }
        let title = if fine { "this name is longer than 32 characters" } else { "this is no name" };
        let help = "a name is a letter followed by letters, digits, `-` and `_`, 32 at most";
        self.mistakes.error(value_span(entry), title).help(help);
        None
    }

    /// Gives a name to a thing; says if it is taken.
    pub(super) fn declare_name(&mut self, entry: &KdlEntry, thing: Thing) -> Option<String> {
        let name = self.identifier(entry)?.to_owned();
        let here = value_span(entry);
        if let Some((_, first)) = self.names.things.get(&name) {
            let first = first.clone();
            let mistake = self.mistakes.error(here, format!("there are two `{name}`"));
            mistake.label("and here again").also(first, "declared here").help("give one of them another name");
            return Some(name);
        }
        self.names.things.insert(name.clone(), (thing, here));
        Some(name)
    }

    /// Members of arrays and groups are called `fork-1`, `fork-2`: nothing else may be called so.
    pub(super) fn check_numbered_names(&mut self) {
        let mut taken: Vec<(Range<usize>, String)> = Vec::new();
        for (name, (_, here)) in &self.names.things {
            let Some((base, number)) = name.rsplit_once('-') else { continue };
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && self.names.things.contains_key(base)
            {
                taken.push((here.clone(), base.to_owned()));
            }
        }
        for (here, base) in taken {
            let title = format!("this name may also be that of a `{base}`");
            self.mistakes.error(here, title).help(format!("several `{base}` are called {base}-1, {base}-2, ..."));
        }
    }

    /// What a name stands for, if it is of the wanted kind.
    pub(super) fn resolve(
        &mut self,
        entry: &KdlEntry,
        what: &str,
        wanted: impl Fn(&Self, Thing) -> bool,
    ) -> Option<Thing> {
        let name = self.text(entry)?;
        let found = self.names.find(name);
        if let Some(thing) = found.filter(|thing| wanted(self, *thing)) {
            return Some(thing);
        }
        let known: Vec<String> = self.names.of(|thing| wanted(self, thing)).into_iter().map(str::to_owned).collect();
        let known = known.iter().map(String::as_str);
        let noun = what.split_once(' ').map_or(what, |(_, noun)| noun);
        let title = match found {
            Some(thing) => format!("`{name}` is {}, not {what}", self.kind(thing)),
            None => format!("there is no {noun} `{name}`"),
        };
        let help = match nearest(name, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.len() == 0
                && found.is_none()
                && matches!(noun, "mutex" | "counter" | "pipe" | "semaphore" | "rwlock") =>
            {
                format!("declare it at the top: {noun} {name}")
            }
            None if known.len() == 0 => format!("this scenario has no {noun}"),
            None => format!("known are {}", all_of(known)),
        };
        self.mistakes.error(value_span(entry), title).help(help);
        None
    }

    fn kind(&self, thing: Thing) -> &'static str {
        use crate::program::ResourceSpec::{
            Barrier, Condition, Counter, Event, Mutex, Pipe, Queue, Rwlock, Semaphore, Server,
        };
        match thing {
            Thing::Resource(at) => match self.scenario.resources.get(at).map(|resource| &resource.spec) {
                Some(Mutex { .. }) => "a mutex",
                Some(Counter { .. }) => "a counter",
                Some(Queue { .. }) => "a queue",
                Some(Pipe { .. }) => "a pipe",
                Some(Condition { .. }) => "a condition",
                Some(Event) => "an event",
                Some(Barrier { .. }) => "a barrier",
                Some(Semaphore { .. }) => "a semaphore",
                Some(Rwlock { .. }) => "an rwlock",
                Some(Server(_)) => "a server",
                None => "a resource",
            },
            Thing::Workers(_) => "a group of workers",
            Thing::Pool(_) => "a pool",
        }
    }
}
