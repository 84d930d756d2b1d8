//! What a run must show, and how that is tested.

use super::Unless::{Is, Then};
use super::Value::{Number, Of, Own, Switch, Text};
use super::{Family, Shape, Slot, Unless, Value, may, must, shape};
use crate::check::expect::WITHIN;
use crate::check::test::FOR;

const VALUE: Value = Own("a number; of a share `50%`, of a duration `5ms`");
const ONE_OF_THREE: Unless = Then("one of the three, for a measure");

const WHAT: Slot =
    must("what", Own("`deadlock`, `no-deadlock`, `finding`, `no-finding`, `share` or a measure"), "see the measures");
const WHOSE: Slot =
    may("of", Own("a name"), Then("nothing, for a deadlock"), "the finding, the state, or what is measured");

const WITHIN_TIME: Slot = may("within", Number(WITHIN), Then("ever"), "a deadlock must be there by then");
const ABOVE: Slot = may("above", VALUE, ONE_OF_THREE, "it must be more");
const BELOW: Slot = may("below", VALUE, ONE_OF_THREE, "it must be less");
const EQUALS: Slot = may("equals", VALUE, ONE_OF_THREE, "it must be exactly this");
const GROUP: Slot = may("of", Of("a group of workers"), Then("all workers"), "whose time `share` is about");

/// An expectation of the run at hand.
pub(super) const CLAIM: Shape =
    shape("expect", "expect deadlock", "What the run must show for the guess to be right. All of several must hold.")
        .args(&[WHAT, WHOSE])
        .props(&[
            WITHIN_TIME,
            ABOVE,
            BELOW,
            EQUALS,
            may(
                "times",
                Own("a name"),
                Then("it is compared with the number itself"),
                "the number is how many times as much as of something else",
            ),
            GROUP,
        ]);

pub(super) const EXPECT: Family = Family {
    title: "Expectations",
    shapes: &[
        shape(
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
            may(
                "times",
                Own("`knob=value` with spaces between, or a name"),
                Then("it is compared with the number itself"),
                "the number is how many times as much: as in a run with these knobs turned as well, or as of something \
                 else in the same run",
            ),
            GROUP,
            may(
                "when",
                Own("`knob=value` with spaces between; `kind=std|fair` for several"),
                Then("the defaults"),
                "how the knobs stand for it",
            ),
        ]),
        shape(
            "optimum",
            "optimum workers from=9 to=11 limit=account because=\"9 ms outside, 1 ms inside\"",
            "Where `contend tune` should end up, when that can be calculated; `contend tune --check` compares. The ends \
             know `cores`, those that may be used.",
        )
        .args(&[must("knob", Of("a knob with a number"), "which one is tuned")])
        .props(&[
            must("from", Own("a number of the knob's unit"), "the least that is right"),
            must("to", Own("a number of the knob's unit"), "the most that is right"),
            may("limit", Own("`cpu`, or the name of a lock or a semaphore"), Then("not said"), "what is used up there"),
            may("noisy", Switch, Is("#false"), "whether \"too noisy to say\" is right as well"),
            may("because", Text, Then("not said"), "how it is calculated"),
        ]),
        shape("test", "test for=\"3s\"", "How `contend test` runs the scenario.").props(&[
            may("for", Number(FOR), Is("2s"), "for how long what must hold to the end has to hold"),
            may("alone", Switch, Then("if it computes"), "whether other runs beside it would disturb it"),
        ]),
    ],
};
