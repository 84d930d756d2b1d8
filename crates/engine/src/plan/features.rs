//! Refuses scenarios that need a feature that this build lacks.

use super::PlanError;
use crate::input_items::makes_pictures;
use contend_scenario::{AttemptKind, ResourceSpec, Scenario, Step};

/// Returns an error if a scenario needs a cargo feature that this build was made without.
pub(super) fn check_features(scenario: &Scenario) -> Result<(), PlanError> {
    if !cfg!(feature = "net") && needs_net(scenario) {
        return Err(PlanError::NoFeature { support: "network", feature: "net" });
    }
    if !cfg!(feature = "images") && makes_pictures(scenario) {
        return Err(PlanError::NoFeature { support: "image", feature: "images" });
    }
    Ok(())
}

/// Whether a scenario has a server or sends requests.
fn needs_net(scenario: &Scenario) -> bool {
    let is_request = |step: &Step| matches!(step, Step::Attempt(a) if matches!(a.kind, AttemptKind::HttpGet { .. }));
    scenario.resources.iter().any(|resource| matches!(resource.spec, ResourceSpec::Server(_)))
        || scenario.any_step(is_request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input_items::InputItems;
    use crate::plan::Plan;
    use contend_scenario::{Source, check};

    fn plan_of(text: &str) -> Result<Plan, PlanError> {
        let source = Source { name: "x".into(), path: None, text: text.into() };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        Plan::new(&scenario, &scenario.default_settings(), &InputItems::default())
    }

    fn assert_needs(text: &str, has_feature: bool, message: &str) {
        match plan_of(text) {
            Ok(_) => assert!(has_feature, "this build accepts {text:?}"),
            Err(error) => assert_eq!((has_feature, error.to_string()), (false, message.to_owned())),
        }
    }

    #[test]
    fn scenario_with_requests_needs_the_feature_net() {
        let message = "this build has no network support: build with --features net";
        assert_needs("server site\nthread w { sleep \"1ms\" }\n", cfg!(feature = "net"), message);
        assert_needs("thread w { http-get \"http://127.0.0.1:1/\" }\n", cfg!(feature = "net"), message);
    }

    #[test]
    fn scenario_with_pictures_needs_the_feature_images() {
        let message = "this build has no image support: build with --features images";
        let text =
            "knob dir text=#true\npool w of=threads workers=1 { batch files=\"jpg\" dir=$dir; task { grayscale } }\n";
        assert_needs(text, cfg!(feature = "images"), message);
    }

    #[test]
    fn scenario_without_either_needs_no_feature() {
        assert!(plan_of("thread w { sleep \"1ms\" }\n").is_ok());
    }
}
