//! Which model to use: the richest one that the data identify.

use super::fit::{Boundary, Fit, fit};
use super::{Model, Triple, fit_regular};

/// The model to use, and why others are not.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Its fit; `None` where no model is identified.
    pub fit: Option<Fit>,
    /// Models passed over, in the order they were tried.
    pub passed: Vec<(Model, Passed)>,
}

/// Why a model was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// It cannot be fitted, or the search did not converge.
    NotFitted,
    /// Its fit is on a boundary.
    At(Boundary),
    /// Another one has the higher likelihood.
    LessLikely,
}

impl std::fmt::Display for Passed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFitted => formatter.write_str("cannot be fitted"),
            Self::At(boundary) => write!(formatter, "{boundary}"),
            Self::LessLikely => formatter.write_str("less likely than the model that serves"),
        }
    }
}

/// Log-likelihood that one more parameter, the number of events an order takes, must bring.
const WORTH_A_PARAMETER: f64 = 2.0;

/// Tries Pareto/NBD, then MBG/NBD, then NBD, and takes the first that converges inside its bounds with every
/// parameter identified. Where orders come more regularly than at random, MBG/CNBD-k with k > 1 takes their
/// place, if it is identified and more likely.
///
/// `log_gaps` as in [`fit_regular`].
pub fn choose(triples: &[Triple], log_gaps: f64) -> Chosen {
    let mut passed = Vec::new();
    let mut identified = |model: Model| match fit(model, triples) {
        Ok(fit) if !fit.converged => {
            passed.push((model, Passed::NotFitted));
            None
        }
        Ok(Fit { boundary: Some(boundary), .. }) => {
            passed.push((model, Passed::At(boundary)));
            None
        }
        Ok(fit) => Some(fit),
        Err(_) => {
            passed.push((model, Passed::NotFitted));
            None
        }
    };
    let found = identified(Model::ParetoNbd).or_else(|| identified(Model::MbgNbd)).or_else(|| identified(Model::Nbd));
    let regular = fit_regular(Model::MbgNbd, triples, log_gaps)
        .ok()
        .filter(|regular| regular.events_per_order > 1 && regular.fit.converged && regular.fit.boundary.is_none());
    match (found, regular) {
        (Some(fit), Some(regular)) if regular.fit.log_likelihood > fit.log_likelihood + WORTH_A_PARAMETER => {
            passed.push((fit.params.model, Passed::LessLikely));
            Chosen { fit: Some(regular.fit), passed }
        }
        (None, Some(regular)) => Chosen { fit: Some(regular.fit), passed },
        (fit, _) => Chosen { fit, passed },
    }
}
