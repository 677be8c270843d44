//! Survival curves of subscriptions, some of which have not ended yet.

/// One step of a [`survival_curve`]: a duration at which at least one subscription ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The duration.
    pub duration: u32,
    /// Subscriptions that lasted at least so long.
    pub at_risk: u64,
    /// Of those, ended at it.
    pub ended: u64,
    /// Estimated share that lasts longer.
    pub survival: f64,
    /// Ends of a 95 % confidence interval of the share.
    pub interval: (f64, f64),
}

/// Kaplan & Meier's (1958) estimate, with Greenwood's variance and an interval on the scale of `ln(-ln S)`, which
/// stays within 0 and 1 (Kalbfleisch & Prentice 1980).
///
/// `subscriptions`: how long each has lasted, and whether it has ended; one that has not is known to last at least so long.
pub fn survival_curve(subscriptions: &[(u32, bool)]) -> Vec<Step> {
    let mut sorted = subscriptions.to_vec();
    sorted.sort_unstable();
    let mut at_risk = sorted.len() as u64;
    let (mut survival, mut greenwood) = (1.0, 0.0);
    let mut steps = Vec::new();
    for group in sorted.chunk_by(|left, right| left.0 == right.0) {
        let ended = group.iter().filter(|subscription| subscription.1).count() as u64;
        if ended > 0 {
            let (n, d) = (at_risk as f64, ended as f64);
            survival *= 1.0 - d / n;
            greenwood += d / (n * (n - d));
            steps.push(Step {
                duration: group[0].0,
                at_risk,
                ended,
                survival,
                interval: interval(survival, greenwood),
            });
        }
        at_risk -= group.len() as u64;
    }
    steps
}

/// 97.5 % point of the standard normal distribution.
const POINT: f64 = 1.959_963_984_540_054;

fn interval(survival: f64, greenwood: f64) -> (f64, f64) {
    if survival <= 0.0 || survival >= 1.0 {
        return (survival, survival);
    }
    let spread = (POINT * greenwood.sqrt() / survival.ln().abs()).exp();
    (survival.powf(spread), survival.powf(1.0 / spread))
}

/// The share that lasts longer than a duration.
pub fn survival_at(steps: &[Step], duration: u32) -> f64 {
    let passed = steps.partition_point(|step| step.duration <= duration);
    passed.checked_sub(1).map_or(1.0, |at| steps[at].survival)
}

/// The shortest duration that no more than half outlast; `None` where more than half are still there.
pub fn median_duration(steps: &[Step]) -> Option<u32> {
    steps.iter().find(|step| step.survival <= 0.5).map(|step| step.duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_freireich_1963_as_printed_in_every_textbook() {
        // 6-mercaptopurine arm: weeks to relapse, + censored. S(6) .857, S(10) .753, S(13) .690, S(23) .448.
        let weeks = [
            (6, true),
            (6, true),
            (6, true),
            (6, false),
            (7, true),
            (9, false),
            (10, true),
            (10, false),
            (11, false),
            (13, true),
            (16, true),
            (17, false),
            (19, false),
            (20, false),
            (22, true),
            (23, true),
            (25, false),
            (32, false),
            (32, false),
            (34, false),
            (35, false),
        ];
        let steps = survival_curve(&weeks);
        let printed = [(6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448)];
        assert_eq!(steps.len(), printed.len());
        for (step, (duration, survival)) in steps.iter().zip(printed) {
            assert_eq!(step.duration, duration);
            assert!((step.survival - survival).abs() < 5e-4, "{step:?}");
            assert!(step.interval.0 < step.survival && step.survival < step.interval.1);
        }
        // Greenwood's standard error at 6 weeks is .0764.
        let greenwood: f64 = 3.0 / (21.0 * 18.0);
        assert!((steps[0].survival * greenwood.sqrt() - 0.0764).abs() < 5e-5);
        assert_eq!((survival_at(&steps, 5), survival_at(&steps, 12)), (1.0, steps[2].survival));
        assert_eq!(median_duration(&steps), Some(23));
    }

    #[test]
    fn nobody_has_no_curve() {
        assert!(survival_curve(&[]).is_empty());
        assert_eq!(median_duration(&[]), None);
        let all = survival_curve(&[(3, true), (3, true)]);
        assert_eq!((all[0].survival, all[0].interval), (0.0, (0.0, 0.0)));
    }
}
