//! What each node of the language looks like: its arguments, properties and block, in tables.

/// Whether a node has a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    No,
    May,
    Must,
}

/// The outer form of one kind of node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub word: &'static str,
    /// How it is written, for messages.
    pub usage: &'static str,
    /// How many arguments, at least and at most.
    pub args: (usize, usize),
    pub props: &'static [&'static str],
    /// Any property is welcome: its name is a knob's.
    pub knobs: bool,
    pub block: Block,
}

const MANY: usize = usize::MAX;

const fn shape(word: &'static str, usage: &'static str, least: usize, most: usize) -> Shape {
    Shape { word, usage, args: (least, most), props: &[], knobs: false, block: Block::No }
}

impl Shape {
    const fn props(self, props: &'static [&'static str]) -> Self {
        Self { props, ..self }
    }

    const fn knobs(self) -> Self {
        Self { knobs: true, ..self }
    }

    const fn block(self, block: Block) -> Self {
        Self { block, ..self }
    }
}

/// Where a node stands, for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub name: &'static str,
    pub shapes: &'static [Shape],
}

/// At the top of a file.
pub(super) const TOP: Place = Place {
    name: "at the top of a scenario",
    shapes: &[
        shape("title", "title \"Two locks\"", 1, 1),
        shape("about", "about \"What it shows, in a sentence.\"", 1, 1),
        shape("group", "group locks", 1, 1),
        shape("ask", "ask \"What will happen?\"", 1, 1),
        shape("watch", "watch \"the queue\" \"the lanes\"", 1, MANY),
        shape("try", "try \"more workers: it keeps up\" workers=8", 1, MANY).knobs(),
        shape("knob", "knob hold \"2ms\" min=\"0us\" max=\"100ms\" help=\"...\"", 1, 2)
            .props(&["min", "max", "of", "text", "help"]),
        shape("mutex", "mutex account", 1, 1).props(&["kind", "count"]),
        shape("semaphore", "semaphore connection permits=4", 1, 1).props(&["permits", "count"]),
        shape("rwlock", "rwlock table policy=fair", 1, 1).props(&["policy", "count"]),
        shape("counter", "counter balance", 1, 1).props(&["initial", "count"]),
        shape("queue", "queue jobs capacity=8", 1, 1).props(&["capacity", "count"]),
        shape("condition", "condition not-empty of=account", 1, 1).props(&["of", "count"]),
        shape("event", "event ready", 1, 1).props(&["count"]),
        shape("barrier", "barrier round parties=4", 1, 1).props(&["parties", "count"]),
        shape("thread", "thread left { ... }", 1, 1).props(&["count"]).block(Block::Must),
        shape("process", "process left { ... }", 1, 1).props(&["count"]).block(Block::Must),
        shape("pool", "pool worker of=threads workers=4 { ... }", 1, 1)
            .props(&["of", "workers", "queue", "policy", "payload", "retries", "schedule", "on-crash"])
            .block(Block::Must),
        shape("expect", "expect deadlock within=\"5s\"", 1, 3)
            .props(&["within", "above", "below", "equals", "of", "when"]),
        shape("test", "test for=\"3s\"", 0, 0).props(&["for", "alone"]),
    ],
};

/// In the block of a thread, a process, a task, or a step.
pub(super) const STEPS: Place = Place {
    name: "among the steps",
    shapes: &[
        shape("compute", "compute \"5ms\"", 1, 1),
        shape("sleep", "sleep \"5ms\"", 1, 1),
        shape("io", "io \"20ms\"", 1, 1),
        shape("lock", "lock account { ... }", 1, 1).props(&["at"]).block(Block::May),
        shape("unlock", "unlock account", 1, 1).props(&["at"]),
        shape("try-lock", "try-lock account timeout=\"1ms\" { ... }", 1, 1)
            .props(&["at", "timeout"])
            .block(Block::Must),
        shape("acquire", "acquire connection { ... }", 1, 1).props(&["at", "permits"]).block(Block::May),
        shape("release", "release connection", 1, 1).props(&["at"]),
        shape("read", "read table { ... }", 1, 1).props(&["at"]).block(Block::Must),
        shape("write", "write table { ... }", 1, 1).props(&["at"]).block(Block::Must),
        shape("else", "else { ... }", 0, 0).block(Block::Must),
        shape("load", "load balance", 1, 1).props(&["at"]),
        shape("store", "store balance add=1", 1, 1).props(&["at", "add"]),
        shape("add", "add balance by=1", 1, 1).props(&["at", "by"]),
        shape("put", "put jobs", 1, 1).props(&["at"]),
        shape("take", "take jobs { ... }", 1, 1).props(&["at"]).block(Block::May),
        shape("try-put", "try-put jobs { ... }", 1, 1).props(&["at"]).block(Block::Must),
        shape("try-take", "try-take jobs { ... }", 1, 1).props(&["at"]).block(Block::Must),
        shape("close", "close jobs", 1, 1).props(&["at"]),
        shape("wait", "wait not-empty", 1, 1).props(&["at", "timeout"]),
        shape("notify", "notify not-empty", 1, 1).props(&["at"]),
        shape("notify-all", "notify-all not-empty", 1, 1).props(&["at"]),
        shape("set", "set ready", 1, 1).props(&["at"]),
        shape("clear", "clear ready", 1, 1).props(&["at"]),
        shape("meet", "meet round", 1, 1).props(&["at"]),
        shape("submit", "submit worker", 1, 1).props(&["task"]),
        shape("result", "result", 0, 0).block(Block::May),
        shape("shutdown", "shutdown worker how=cancel", 1, 1).props(&["how"]),
        shape("if", "if items above=0 { ... }", 1, 1).props(&["at", "above", "below", "equals"]).block(Block::Must),
        shape("while", "while items below=1 { ... }", 1, 1)
            .props(&["at", "above", "below", "equals"])
            .block(Block::Must),
        shape("repeat", "repeat 10 { ... }", 1, 1).block(Block::Must),
        shape("forever", "forever { ... }", 0, 0).block(Block::Must),
        shape("when", "when order=same { ... }", 0, 0).knobs().block(Block::Must),
        shape("thumbnail", "thumbnail 32 64 128", 1, 16),
        shape("choose", "choose { weight 9 { ... }; weight 1 { ... } }", 0, 0).block(Block::Must),
        shape("primes", "primes 200000", 1, 1),
        shape("hash", "hash \"64KiB\"", 0, 1),
        shape("read-file", "read-file", 0, 0),
        shape("write-file", "write-file \"64KiB\"", 1, 1),
        shape("grayscale", "grayscale", 0, 0),
        shape("panic", "panic \"why\"", 1, 1),
        shape("abort", "abort", 0, 0),
        shape("exit", "exit 3", 1, 1),
    ],
};

/// In the block of a choice.
pub(super) const WAYS: Place =
    Place { name: "in a choice", shapes: &[shape("weight", "weight 9 { ... }", 1, 1).block(Block::Must)] };

/// In the block of a pool.
pub(super) const POOL: Place = Place {
    name: "in a pool",
    shapes: &[
        shape("arrive", "arrive rate=\"200/s\"", 0, 0).props(&["rate", "chunk"]),
        shape("batch", "batch count=1000 chunk=16", 0, 0)
            .props(&["count", "chunk", "files", "dir", "out", "results", "timeout"]),
        shape("task", "task { ... }", 0, 0).block(Block::Must),
    ],
};

/// Every place, to say where a word belongs that stands at the wrong one.
pub(super) const PLACES: [Place; 4] = [TOP, STEPS, WAYS, POOL];

impl Place {
    pub(super) fn find(self, word: &str) -> Option<&'static Shape> {
        self.shapes.iter().find(|shape| shape.word == word)
    }
}
