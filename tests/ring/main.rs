//! The ring that events travel in: on its own, and in every order that two processors can do things in.

mod alone;
mod orders;
