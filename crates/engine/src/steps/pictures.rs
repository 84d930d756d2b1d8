//! The steps `thumbnail` and `grayscale`.

use crate::step_runner::{StepResult, StepRunner};

#[cfg(feature = "images")]
impl StepRunner {
    pub(super) fn thumbnail(&mut self, sizes: &[u32]) -> StepResult {
        use crate::work::picture::make_thumbnails;

        self.process_picture("thumbnail", |file, out, recorder| make_thumbnails(file, out, sizes, recorder))
    }

    pub(super) fn grayscale(&mut self) -> StepResult {
        self.process_picture("grayscale", crate::work::picture::make_grey_copy)
    }

    /// Runs `process` on the task's file, with the directory for results.
    fn process_picture(
        &mut self,
        step: &str,
        process: impl FnOnce(
            &std::path::Path,
            Option<&std::path::Path>,
            &mut crate::recorder::Recorder<'_>,
        ) -> image::ImageResult<()>,
    ) -> StepResult {
        let (file, run) = (self.task_file(step)?, self.run);
        process(file, run.input_items.output_dir(), &mut self.recorder)
            .map_err(|e| crate::step_runner::StopReason::Failed(format!("{}: {e}", file.display())))
    }
}

/// The plan refuses a scenario with these steps in a build without image support, so no run gets here.
#[cfg(not(feature = "images"))]
impl StepRunner {
    #[allow(clippy::unused_self, reason = "as in a build with image support")]
    pub(super) fn thumbnail(&self, _: &[u32]) -> StepResult {
        Err(crate::step_runner::StopReason::Failed("this build has no image support".to_owned()))
    }

    pub(super) fn grayscale(&self) -> StepResult {
        self.thumbnail(&[])
    }
}
