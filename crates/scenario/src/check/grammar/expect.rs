//! What a run must show, and how that is tested.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Boolean, NameOf, Number, Special, Text};
use super::{IfOmitted, NodeFamily, NodeRule, Parameter, ValueKind, node_rule, optional, required};
use crate::check::expect::WITHIN;
use crate::check::test_config::TEST_DURATION;

const VALUE: ValueKind = Special("a number; of a share `50%`, of a duration `5ms`");
const ONE_OF_THREE: IfOmitted = Means("one of the three, for a measure");

const WHAT: Parameter = required(
    "what",
    Special("`deadlock`, `no-deadlock`, `finding`, `no-finding`, `share` or a measure"),
    "see the measures",
);
const WHOSE: Parameter =
    optional("of", Special("a name"), Means("nothing, for a deadlock"), "the finding, the state, or what is measured");

const WITHIN_TIME: Parameter = optional("within", Number(WITHIN), Means("ever"), "a deadlock must be there by then");
const ABOVE: Parameter = optional("above", VALUE, ONE_OF_THREE, "it must be more");
const BELOW: Parameter = optional("below", VALUE, ONE_OF_THREE, "it must be less");
const EQUALS: Parameter = optional("equals", VALUE, ONE_OF_THREE, "it must be exactly this");
const GROUP: Parameter =
    optional("of", NameOf("a group of workers"), Means("all workers"), "whose time `share` is about");

/// An expectation of the run at hand.
pub(super) const CLAIM: NodeRule = node_rule(
    "expect",
    "expect deadlock",
    "What the run must show for the guess to be right. All of several must hold.",
)
.args(&[WHAT, WHOSE])
.props(&[
    WITHIN_TIME,
    ABOVE,
    BELOW,
    EQUALS,
    optional(
        "times",
        Special("a name"),
        Means("it is compared with the number itself"),
        "the number is how many times as much as of something else",
    ),
    GROUP,
]);

pub(super) const EXPECT: NodeFamily = NodeFamily {
    title: "Expectations",
    rules: &[
        node_rule(
            "expect",
            "expect deadlock within=\"5s\"",
            "What a run must show. `contend test` runs the scenario once for each way its knobs have to stand and says \
             of everything whether it was seen. May stand several times.",
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
                Means("it is compared with the number itself"),
                "the number is how many times as much: as in a run with these knobs turned as well, or as of something \
                 else in the same run",
            ),
            GROUP,
            optional(
                "when",
                Special("`knob=value` with spaces between; `kind=std|fair` for several"),
                Means("the defaults"),
                "how the knobs stand for it",
            ),
        ]),
        node_rule(
            "optimum",
            "optimum workers from=9 to=11 limit=account because=\"9 ms outside, 1 ms inside\"",
            "Where `contend tune` should end up, when that can be calculated; `contend tune --check` compares. The ends \
             know `cores`, those that may be used.",
        )
        .args(&[required("knob", NameOf("a knob with a number"), "which one is tuned")])
        .props(&[
            required("from", Special("a number of the knob's unit"), "the least that is right"),
            required("to", Special("a number of the knob's unit"), "the most that is right"),
            optional("limit", Special("`cpu`, or the name of a lock or a semaphore"), Means("not said"), "what is used up there"),
            optional("noisy", Boolean, SameAs("#false"), "whether \"too noisy to say\" is right as well"),
            optional("because", Text, Means("not said"), "how it is calculated"),
        ]),
        node_rule("test", "test for=\"3s\"", "How `contend test` runs the scenario.").props(&[
            optional("for", Number(TEST_DURATION), SameAs("2s"), "for how long what must hold to the end has to hold"),
            optional("alone", Boolean, Means("if it computes"), "whether other runs beside it would disturb it"),
        ]),
    ],
};
