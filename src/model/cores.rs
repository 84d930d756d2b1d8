//! Load of the machine's cores.

use crate::trace::Stamp;

use super::shares::Window;

#[derive(Debug, Clone, Default)]
pub struct Cores {
    now: Vec<f32>,
}

impl Cores {
    pub fn count(&self) -> usize {
        self.now.len()
    }

    /// Newest load of a core, 0 to 1.
    pub fn now(&self, core: usize) -> Option<f32> {
        self.now.get(core).copied()
    }

    /// Mean load in each cell; none where nothing was measured.
    pub fn cells(&self, _core: usize, w: &Window, out: &mut Vec<Option<f32>>) {
        out.clear();
        out.resize(w.cells, None);
    }

    /// Load of a core around `t`.
    pub fn at(&self, _core: usize, _t: Stamp) -> Option<f32> {
        None
    }

    /// Load of a core over the whole run.
    pub fn mean(&self, _core: usize) -> Option<f32> {
        None
    }
}
