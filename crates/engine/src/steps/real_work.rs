//! Real work on numbers, bytes, files and pictures.

use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::step_runner::{StepResult, StepRunner, StopReason};
use crate::work::sieve;
use contend_scenario::{Expr, RealWork};
use contend_trace::State;

/// Bytes that are hashed or written at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Bytes of a file that are read at once: large pieces, because each is recorded with two events.
const READ_CHUNK_BYTES: usize = 1 << 20;

impl StepRunner {
    pub fn run_real_work(&mut self, work: &RealWork) -> StepResult {
        match work {
            RealWork::Primes(up_to) => {
                black_box(sieve::count_primes(up_to.eval(self).clamp(2.0, 1e8) as usize));
                Ok(())
            }
            RealWork::Hash(Some(bytes)) => {
                black_box(hash_of(self.eval_bytes(bytes)));
                Ok(())
            }
            RealWork::Hash(None) => self.hash_file(),
            RealWork::ReadFile => self.read_file("read-file", |piece| _ = black_box(piece)),
            RealWork::WriteFile(bytes) => {
                let bytes = self.eval_bytes(bytes);
                self.write_file(bytes)
            }
            RealWork::Grayscale => self.grayscale(),
        }
    }

    fn eval_bytes(&self, bytes: &Expr) -> usize {
        bytes.eval(self).clamp(0.0, 1_073_741_824.0) as usize
    }

    /// Returns the task's file.
    pub(super) fn task_file(&self, word: &str) -> Result<&'static Path, StopReason> {
        let run = self.run;
        self.file_task().and_then(|number| run.input_items.file(number)).ok_or_else(|| {
            StopReason::Failed(format!("this task has no file: `{word}` needs a pool that is fed with files"))
        })
    }

    fn hash_file(&mut self) -> StepResult {
        let mut hash = Sha256::new();
        self.read_file("hash", |piece| hash.update(piece))?;
        black_box(hash.finalize());
        Ok(())
    }

    /// Reads the task's file piece by piece.
    fn read_file(&mut self, word: &str, mut with: impl FnMut(&[u8])) -> StepResult {
        let path = self.task_file(word)?;
        let mut file = self.record_file_io(path, || std::fs::File::open(path))?;
        let mut piece = vec![0; READ_CHUNK_BYTES];
        loop {
            let read = self.record_file_io(path, || file.read(&mut piece))?;
            if read == 0 {
                return Ok(());
            }
            with(&piece[..read]);
            if self.should_stop() {
                return Err(StopReason::StopRequested);
            }
        }
    }

    /// Writes the worker's scratch file, over the one before.
    fn write_file(&mut self, bytes: usize) -> StepResult {
        let Some(scratch) = self.run.input_items.scratch() else {
            return Err(StopReason::Failed("this run has no directory for scratch files".into()));
        };
        let path = scratch.join(format!("written-{}", self.id().0));
        let piece = vec![0x5a; CHUNK_BYTES.min(bytes)];
        self.record_file_io(&path, || {
            let mut file = std::fs::File::create(&path)?;
            let mut left = bytes;
            while left > 0 {
                let n = left.min(piece.len());
                file.write_all(&piece[..n])?;
                left -= n;
            }
            file.sync_data()
        })
    }

    fn record_file_io<T>(
        &mut self,
        path: &Path,
        operation: impl FnOnce() -> std::io::Result<T>,
    ) -> Result<T, StopReason> {
        self.recorder.block(State::Io, None);
        let result = operation();
        self.recorder.resume();
        result.map_err(|e| StopReason::Failed(format!("{}: {e}", path.display())))
    }
}

/// Returns the SHA-256 of `bytes` equal bytes, computed piece by piece.
fn hash_of(bytes: usize) -> [u8; 32] {
    let piece = vec![0x5a; CHUNK_BYTES.min(bytes)];
    let mut hash = Sha256::new();
    let mut left = bytes;
    while left > 0 {
        let n = left.min(CHUNK_BYTES);
        hash.update(&piece[..n]);
        left -= n;
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_in_pieces_equals_hash_of_the_whole() {
        for bytes in [0, 1, CHUNK_BYTES, CHUNK_BYTES * 2 + 7] {
            assert_eq!(hash_of(bytes), <[u8; 32]>::from(Sha256::digest(vec![0x5a; bytes])), "{bytes}");
        }
    }
}
