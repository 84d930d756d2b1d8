//! Runs a tiny program in every order of moves, with a model beside each.

use fastrand::Rng;

use crate::explorer::program::{Program, Size};
use crate::explorer::truth::Truth;
use crate::explorer::wire::Wire;
use crate::explorer::world::{Scene, World};
use crate::explorer::{named_workers, to_bits};

struct Orders<'a> {
    program: &'a Program,
    truth: Truth,
    rng: Rng,
    ends: u64,
    /// Limit of complete orders; the rest of the program is skipped.
    most: u64,
}

impl Orders<'_> {
    fn all(&mut self, world: &World, wire: Wire) -> Result<(), String> {
        if self.ends >= self.most {
            return Ok(());
        }
        let movable = world.movable(self.program);
        if movable.is_empty() {
            return self.end(world, wire);
        }
        for w in movable {
            let (mut world, mut wire) = (world.clone(), wire.clone());
            Scene { program: self.program, world: &mut world, sink: &mut wire }.step(w);
            while self.rng.f64() < 0.7 && wire.deliver(&mut self.rng) {}
            self.check(&world, &wire)?;
            self.all(&world, wire)?;
        }
        Ok(())
    }

    /// Checks that verdicts name no worker that can move again.
    fn check(&mut self, world: &World, wire: &Wire) -> Result<(), String> {
        let said = named_workers(&wire.model);
        match self.truth.stuck(self.program, world) {
            Some(stuck) if said & !stuck != 0 => Err(format!("false: {said:b} are said to be stuck, {stuck:b} are")),
            _ => Ok(()),
        }
    }

    /// Checks that verdicts name every remaining worker, when nothing moves any more and all events have arrived.
    fn end(&mut self, world: &World, mut wire: Wire) -> Result<(), String> {
        self.ends += 1;
        while wire.deliver(&mut self.rng) {
            self.check(world, &wire)?;
        }
        let (said, left) = (named_workers(&wire.model), to_bits(world.left()));
        if said == left { Ok(()) } else { Err(format!("missed: {said:b} are said to be stuck, {left:b} are left")) }
    }
}

/// Runs tiny programs in up to `most` orders each, and returns the number of orders.
pub fn explore(programs: std::ops::Range<u64>, most: u64) -> u64 {
    let mut ends = 0;
    for seed in programs {
        let mut rng = Rng::with_seed(seed);
        let mut program = Program::new(&mut rng, Size { workers: 2, steps: 2, kinds: 2 });
        program.add_selects(&mut Rng::with_seed(seed));
        if seed % 5 == 4 {
            program.add_forks(&mut Rng::with_seed(seed));
        } else if seed.is_multiple_of(3) {
            program.add_kills(&mut Rng::with_seed(seed));
            program.tasks = !program.processes && seed.is_multiple_of(2);
        }
        let mut wire = Wire::new(&program);
        let world = World::new(&program, &mut wire);
        let mut orders = Orders { program: &program, truth: Truth::default(), rng, ends: 0, most };
        orders.all(&world, wire).unwrap_or_else(|why| panic!("seed {seed}: {why}\n{program:?}"));
        ends += orders.ends;
    }
    ends
}
