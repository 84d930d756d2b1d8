//! Expectations of a run, and how they are tested.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Boolean, Integer, NameOf, Number, Special, Text};
use super::{IfOmitted, NodeFamily, NodeRule, Parameter, ValueKind, node_rule, optional, required};
use crate::check::expect::{NEEDED_CORES, WITHIN};
use crate::check::test_config::TEST_DURATION;

const VALUE: ValueKind = Special("a number; for a share `50%`, for a duration `5ms`");
const ONE_OF_THREE: IfOmitted = Means("one of the three, for a measure");
const NO_RATIO: IfOmitted = Means("compares with the number itself");

const WHAT: Parameter = required(
    "what",
    Special("`deadlock`, `no-deadlock`, `finding`, `no-finding`, `share`, a measure, `json` or a condition in quotes"),
    "see the conditions and the measures",
);
const WHOSE: Parameter = optional(
    "of",
    Special("a name"),
    Means("nothing, for a deadlock"),
    "the finding, the state, the subject of the measure, or the path in the report",
);

const WITHIN_TIME: Parameter =
    optional("within", Number(WITHIN), Means("no limit"), "the deadlock must happen within this time");
const ABOVE: Parameter = optional("above", VALUE, ONE_OF_THREE, "it must be more than this");
const BELOW: Parameter = optional("below", VALUE, ONE_OF_THREE, "it must be less than this");
const EQUALS: Parameter = optional("equals", VALUE, ONE_OF_THREE, "it must be exactly this");
const GROUP: Parameter =
    optional("of", NameOf("a group of workers"), Means("all workers"), "the workers whose time `share` measures");

const NEEDS_CORES: Parameter = optional(
    "needs-cores",
    Integer(NEEDED_CORES.0, NEEDED_CORES.1),
    Means("any machine can show it"),
    "cores on which its workers must run at once to show it: a run without them that does not show it does not refute \
     it either",
);
const NEEDS_PHYSICAL_CORES: Parameter = optional(
    "needs-physical-cores",
    Integer(NEEDED_CORES.0, NEEDED_CORES.1),
    Means("any machine can show it"),
    "likewise, for an effect between the caches of cores: two threads of one physical core count as one, and on a \
     virtual machine it is unknown which cores are such threads",
);

/// An expectation of the run that a guess is about.
pub(super) const CLAIM: NodeRule = node_rule(
    "expect",
    "expect deadlock",
    "What the run must show for the guess to be right. If there are several, all must hold.",
)
.args(&[WHAT, WHOSE])
.props(&[
    WITHIN_TIME,
    ABOVE,
    BELOW,
    EQUALS,
    optional("times", Special("a name"), NO_RATIO, "makes the number a ratio to the same measure of this name"),
    GROUP,
    NEEDS_CORES,
    NEEDS_PHYSICAL_CORES,
]);

pub(super) const EXPECT: NodeFamily = NodeFamily {
    title: "Expectations",
    rules: &[
        node_rule(
            "expect",
            "expect deadlock within=\"5s\"",
            "What a run must show. `contend test` runs the scenario once for each combination of knobs that its \
             expectations name, and reports each expectation. Can be repeated.",
        )
        .args(&[WHAT, WHOSE])
        .props(&[
            WITHIN_TIME,
            ABOVE,
            BELOW,
            EQUALS,
            optional(
                "times",
                Special("`knob=value` with spaces between, or a name"),
                NO_RATIO,
                "makes the number a ratio: to a run with these knobs, or to the same measure of this name in the same \
                 run",
            ),
            GROUP,
            NEEDS_CORES,
            NEEDS_PHYSICAL_CORES,
            optional(
                "when",
                Special("`knob=value` with spaces between; `kind=std|fair` for several values"),
                Means("the defaults"),
                "the knobs of the run",
            ),
        ]),
        node_rule(
            "optimum",
            "optimum workers from=9 to=11 limit=account because=\"9 ms outside, 1 ms inside\"",
            "The right answer of `contend tune`, if it can be calculated; `contend tune --check` compares. The bounds \
             can use `cores`, the number of usable cores.",
        )
        .args(&[required("knob", NameOf("a knob with a number"), "the knob that is tuned")])
        .props(&[
            required("from", Special("a number in the knob's unit"), "smallest right answer"),
            required("to", Special("a number in the knob's unit"), "largest right answer"),
            optional(
                "limit",
                Special("`cpu`, or the name of a lock or a semaphore"),
                Means("not given"),
                "the resource that is exhausted there",
            ),
            optional("noisy", Boolean, SameAs("#false"), "whether \"too noisy to say\" is right as well"),
            optional("because", Text, Means("not given"), "how it is calculated"),
        ]),
        node_rule("test", "test for=\"3s\"", "How `contend test` runs the scenario.").props(&[
            optional("for", Number(TEST_DURATION), SameAs("2s"), "how long a condition \"until the end\" is observed"),
            optional("alone", Boolean, Means("if it computes"), "whether other runs at the same time would disturb it"),
        ]),
    ],
};
