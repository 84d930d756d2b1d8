//! Measures the coverage of inputs, by the counters of a build with `-C instrument-coverage`.

/// Number of inputs between two reads of the counters: there are many counters.
const BATCH: usize = 64;

/// The coverage so far. Without counters, no input ever reaches new code.
pub struct Guide {
    /// Counters that were 0 at the last read.
    unreached: Vec<usize>,
    batch: Vec<Vec<u8>>,
}

impl Guide {
    pub fn new() -> Self {
        (0..counters::count()).for_each(counters::clear);
        Self { unreached: (0..counters::count()).collect(), batch: Vec::new() }
    }

    /// Notes a tried input. Returns the recent inputs that reached new code.
    pub fn ran(&mut self, input: Vec<u8>, run: &mut impl FnMut(&[u8])) -> Vec<Vec<u8>> {
        self.batch.push(input);
        if self.batch.len() < BATCH {
            return Vec::new();
        }
        let mut batch = std::mem::take(&mut self.batch);
        let (mut fresh, unreached) = self.unreached.drain(..).partition::<Vec<_>, _>(|at| counters::is_reached(*at));
        self.unreached = unreached;
        for at in &fresh {
            counters::clear(*at);
        }
        batch.retain(|input| {
            let before = fresh.len();
            if before > 0 {
                run(input);
                fresh.retain(|at| !counters::is_reached(*at));
            }
            fresh.len() < before
        });
        batch
    }

    /// Returns a small part of a corpus with the coverage of the whole.
    pub fn reduce(mut corpus: Vec<Vec<u8>>, run: &mut impl FnMut(&[u8])) -> Option<Vec<Vec<u8>>> {
        corpus.sort();
        corpus.dedup();
        let mut each: Vec<(Vec<u8>, Vec<usize>)> = corpus
            .into_iter()
            .map(|input| {
                (0..counters::count()).for_each(counters::clear);
                run(&input);
                (input, (0..counters::count()).filter(|at| counters::is_reached(*at)).collect())
            })
            .collect();
        let mut known = vec![false; counters::count()];
        let mut kept = Vec::new();
        while counters::count() > 0 {
            for (_, reached) in &mut each {
                reached.retain(|at| !known[*at]);
            }
            each.retain(|(_, reached)| !reached.is_empty());
            // The input that adds most coverage for its length.
            let worth = |(input, reached): &(Vec<u8>, Vec<usize>)| reached.len() * 1_000 / (input.len() + 100);
            let Some(best) = (0..each.len()).max_by_key(|at| worth(&each[*at])) else { return Some(kept) };
            let (input, reached) = each.swap_remove(best);
            for at in reached {
                known[at] = true;
            }
            kept.push(input);
        }
        None
    }
}

#[cfg(not(guided))]
mod counters {
    pub const fn count() -> usize {
        0
    }

    pub const fn is_reached(_: usize) -> bool {
        false
    }

    pub const fn clear(_: usize) {}
}

#[cfg(guided)]
mod counters {
    #![expect(unsafe_code, reason = "reading the compiler's own counters")]

    // From LLVM's compiler-rt, lib/profile/InstrProfiling.h; every build with -C instrument-coverage has them.
    unsafe extern "C" {
        safe fn __llvm_profile_begin_counters() -> *mut u64;
        safe fn __llvm_profile_end_counters() -> *mut u64;
    }

    /// Returns the number of counters, one for every branch of the program.
    pub fn count() -> usize {
        (__llvm_profile_end_counters() as usize - __llvm_profile_begin_counters() as usize) / size_of::<u64>()
    }

    pub fn is_reached(at: usize) -> bool {
        assert!(at < count());
        // SAFETY: the pointer is to one of the program's counters; volatile, since the code in between changes them.
        unsafe { __llvm_profile_begin_counters().add(at).read_volatile() != 0 }
    }

    pub fn clear(at: usize) {
        assert!(at < count());
        // SAFETY: as above; no other thread reads them.
        unsafe { __llvm_profile_begin_counters().add(at).write_volatile(0) };
    }
}
