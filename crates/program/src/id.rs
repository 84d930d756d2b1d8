//! Ids of lanes, objects and tasks.

/// The number of a lane, an object or a task. Unique in a tree of processes; the reader does not look into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Id {
    #[default]
    None,
    Number(u64),
    /// A text, by its place in the table of texts.
    Text(u32),
}

impl Id {
    /// Returns the id with this number; 0 stands for none.
    pub const fn of(number: u64) -> Self {
        if number == 0 { Self::None } else { Self::Number(number) }
    }
}
