//! The sections on customers and on what to do with them; conventions as in `data.rs`.

use super::data::Period;
use serde::Serialize;

/// RFM segments.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Segments {
    /// The R x F map; absent cells are empty.
    pub map: Vec<RfmCell>,
    /// Segments in reading order.
    pub rows: Vec<SegmentRow>,
    /// Whether their money is contribution instead of net sales.
    pub by_contribution: bool,
    /// Who moved since an earlier day.
    pub moves: Option<SegmentMoves>,
    /// The user's own segments.
    pub own: Vec<OwnSegment>,
    /// How many customers two of those share, most first.
    pub overlaps: Vec<SegmentOverlap>,
}

/// Moves between segments since an earlier day.
#[derive(Debug, Clone, Serialize, Default)]
pub struct SegmentMoves {
    /// The day compared with.
    pub since: String,
    /// The segments anybody is or was in, in reading order.
    pub segments: Vec<String>,
    /// Pairs of segments with a customer.
    pub cells: Vec<SegmentMove>,
    /// Customers moved by themselves, by the cut-points, by both and by how the rule splits ties, each with the money of
    /// now.
    pub causes: [(u64, i64); 4],
}

/// One way from segment to segment; `outside` for those without an order in the window.
#[derive(Debug, Clone, Serialize, Default)]
pub struct SegmentMove {
    /// The segment then.
    pub from: String,
    /// The segment now.
    pub to: String,
    /// Customers who went this way.
    pub customers: u64,
    /// What they were worth then.
    pub money_then: i64,
    /// What they are worth now.
    pub money_now: i64,
}

/// One of the user's own segments.
#[derive(Debug, Clone, Serialize, Default)]
pub struct OwnSegment {
    /// Its name.
    pub segment: String,
    /// Its description, or its condition where it has none.
    pub meaning: String,
    /// Customers in it.
    pub customers: u64,
    /// Their share of all customers.
    pub share: f64,
    /// Their net sales.
    pub net_sales: i64,
    /// Their contribution.
    pub contribution: i64,
}

/// Two of the user's segments that share customers.
#[derive(Debug, Clone, Serialize, Default)]
pub struct SegmentOverlap {
    /// One.
    pub segment: String,
    /// The other.
    pub other: String,
    /// Customers in both.
    pub customers: u64,
}

/// One cell of the R x F map.
#[derive(Debug, Clone, Serialize, Default)]
pub struct RfmCell {
    /// Recency score, 1 (long ago) to 5 (recent).
    pub recency: u32,
    /// Frequency score, 1 (rare) to 5 (often).
    pub frequency: u32,
    /// Customers with these scores.
    pub customers: u64,
    /// Segment: a key of [`SegmentRow::segment`].
    pub segment: String,
}

/// One segment.
#[derive(Debug, Clone, Serialize, Default)]
pub struct SegmentRow {
    /// `champions`, `loyal`, `potential_loyalist`, `new`, `promising`, `need_attention`,
    /// `about_to_sleep`, `at_risk`, `cannot_lose`, `hibernating`, `lost` (translated) or own text.
    pub segment: String,
    /// Customers.
    pub customers: u64,
    /// Share of all customers.
    pub share: f64,
    /// Net sales of the segment, or contribution.
    pub net_sales: i64,
    /// Average days since the last order.
    pub average_recency_days: f64,
}

/// Customers likely to leave.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Churn {
    /// Days ahead the probability speaks of.
    pub horizon_days: u32,
    /// The customers at risk worth the most, in reading order.
    pub customers: Vec<ChurnCustomer>,
    /// Risk bands, highest first.
    pub bands: Vec<RiskBand>,
    /// How well the model does on months it has not seen.
    pub model_card: Option<ModelCard>,
}

impl Churn {
    /// Customers with a probability.
    pub fn scored(&self) -> u64 {
        self.bands.iter().map(|row| row.customers).sum()
    }
}

/// A customer at risk.
#[derive(Debug, Clone, Serialize, Default)]
pub struct ChurnCustomer {
    /// Customer number.
    pub customer_id: String,
    /// Name; may be empty.
    pub name: String,
    /// Probability of churning within the horizon.
    pub probability: f64,
    /// Expected profit lost: probability x profit expected otherwise.
    pub profit_at_risk: i64,
    /// Reasons, strongest first, in the report's language.
    pub reasons: Vec<String>,
}

/// One band of churn probability.
#[derive(Debug, Clone, Serialize, Default)]
pub struct RiskBand {
    /// `high`, `medium`, `low` (translated) or own text.
    pub band: String,
    /// Lowest probability in the band.
    pub lower: f64,
    /// Highest probability in the band.
    pub upper: f64,
    /// Customers in it.
    pub customers: u64,
    /// Sum of their probabilities.
    pub expected_churners: f64,
    /// Sum of their profit at risk.
    pub profit_at_risk: i64,
}

/// The model against simple baselines.
#[derive(Debug, Clone, Serialize, Default)]
pub struct ModelCard {
    /// Name of the model.
    pub model: String,
    /// Names of the other models and rules.
    pub baselines: Vec<String>,
    /// Those of all that are naive rules.
    pub naive: Vec<String>,
    /// Days of the hold-out test.
    pub test_period: Period,
    /// Customers in the test.
    pub test_customers: u64,
    /// Metrics in reading order.
    pub metrics: Vec<MetricRow>,
    /// The model or baseline whose scores the report uses.
    pub winner: String,
    /// Its name today, where it rests on another model of orders than it was tested with.
    pub serving: Option<String>,
    /// Fewest customers that can be tested on, where there were fewer.
    pub too_few: Option<u64>,
}

impl ModelCard {
    /// Says the name of what serves today.
    pub fn serve_as(&mut self, name: &str) {
        self.serving = (name != self.winner).then(|| name.to_string());
    }
}

/// One metric of the model card; the report names the best of the row.
#[derive(Debug, Clone, Serialize, Default)]
pub struct MetricRow {
    /// Name of the metric (ROC AUC, Brier score, ...).
    pub metric: String,
    /// Whether a larger value is better.
    pub higher_is_better: bool,
    /// The best value there can be is 1, from both sides.
    pub best_at_one: bool,
    /// Value of the model.
    pub model: Option<f64>,
    /// Values of the baselines, in the order of their names.
    pub baselines: Vec<Option<f64>>,
}

/// Retention by cohort of the first order.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Cohorts {
    /// Cohorts, oldest first; the last 13 are shown.
    pub rows: Vec<CohortRow>,
}

/// One cohort.
#[derive(Debug, Clone, Serialize, Default)]
pub struct CohortRow {
    /// Month of the first order.
    pub cohort: String,
    /// Customers in it.
    pub customers: u64,
    /// Share active 0, 1, 2, ... months later; `None` is not yet observed (never 0).
    pub retention: Vec<Option<f64>>,
    /// What they brought up to now, minor units: net sales and contribution.
    pub brought: (i64, i64),
    /// Contribution of all of them up to and with 0, 1, 2, ... months later, as far as observed.
    pub contribution: Vec<i64>,
}

/// Association rules shown.
pub const RULES: usize = 12;

/// What to offer to whom.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Offers {
    /// Association rules, best first; as many as are shown.
    pub rules: Vec<AssociationRule>,
    /// How many rules there are.
    pub n_rules: u64,
    /// Rules that `max_rules` cut.
    pub rules_cut: u64,
    /// How all rules did on baskets that none was found on; `None` where none could be tried.
    pub replay: Option<Replay>,
    /// Offers made, by kind.
    pub counts: Vec<OfferCount>,
    /// Offers of the same product to the same customer that two kinds made: they count once in all.
    pub twice: u64,
    /// Offers that were not made, by guard: a key of [`OFFER_GUARDS`](crate::contracts::results::OFFER_GUARDS).
    pub removed: Vec<(String, u64)>,
}

/// How rules did on later baskets.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Replay {
    /// The baskets.
    pub baskets: u64,
    /// Mean confidence where the rules were found, each rule as often as it could be tried.
    pub mined: f64,
    /// The same in the later baskets.
    pub realised: f64,
    /// The share of all later baskets that what the rules lead to was in.
    pub by_chance: f64,
}

/// One association rule.
#[derive(Debug, Clone, Serialize, Default)]
pub struct AssociationRule {
    /// Items bought.
    pub antecedent: Vec<String>,
    /// Item bought with them.
    pub consequent: String,
    /// Baskets with both sides.
    pub n_both: u64,
    /// Baskets with the antecedent.
    pub n_antecedent: u64,
    /// `n_both / n_antecedent`.
    pub confidence: f64,
    /// The same in later baskets; `None` where none of them has the antecedent.
    pub realised: Option<f64>,
    /// Confidence over the usual rate of the consequent.
    pub lift: f64,
    /// Lower confidence bound of the lift.
    pub lift_lower: f64,
    /// False discovery rate at which the rule is significant.
    pub q_value: f64,
}

/// Offers of one kind.
#[derive(Debug, Clone, Serialize, Default)]
pub struct OfferCount {
    /// `up_sell`, `cross_sell`, `replenish` (translated) or own text.
    pub kind: String,
    /// Customers with such an offer.
    pub customers: u64,
    /// Offers in all.
    pub offers: u64,
    /// What the rates are shares of: `customers` of the backtest who bought one of their first ten, or `offers` of it.
    pub measure: &'static str,
    /// The share that came true.
    pub hit_rate: Option<f64>,
    /// The same of the naive list.
    pub naive_hit_rate: Option<f64>,
    /// The naive list that the offers are no better than, or that serves in their place; empty where they are better.
    pub no_better_than: &'static str,
}

/// Whom to contact.
#[derive(Debug, Clone, Serialize, Default)]
pub struct FollowUpQueue {
    /// Agents in reading order.
    pub agents: Vec<AgentQueue>,
    /// From eligible to queued, by reason: `eligible = queued + no_consent + unreachable + over_cap + control`.
    pub reasons: Vec<ReasonCount>,
    /// The next contacts; the first 15 are shown.
    pub next_contacts: Vec<NextContact>,
    /// The exports have no consent at all, so nobody may be called or written to.
    pub nobody_consents: bool,
}

/// The queue of one agent.
#[derive(Debug, Clone, Serialize, Default)]
pub struct AgentQueue {
    /// Agent.
    pub agent: String,
    /// Contacts queued.
    pub contacts: u64,
    /// Most contacts the agent may get.
    pub cap: Option<u64>,
    /// Value of the contacts.
    pub value: i64,
}

/// What became of the customers with one reason.
#[derive(Debug, Clone, Serialize, Default)]
pub struct ReasonCount {
    /// `churn_risk`, `win_back`, `cross_sell`, `up_sell`, `new_customer` (translated) or own text.
    pub reason: String,
    /// Customers before consent and cap.
    pub eligible: u64,
    /// Left out: no consent to be contacted.
    pub no_consent: u64,
    /// Left out: over the cap of the agent.
    pub over_cap: u64,
    /// Left out because they are own people, have no telephone number or were contacted of late.
    pub unreachable: u64,
    /// Left out on purpose: control group.
    pub control: u64,
    /// In the queue.
    pub queued: u64,
}

/// One contact of the queue.
#[derive(Debug, Clone, Serialize, Default)]
pub struct NextContact {
    /// Agent.
    pub agent: String,
    /// Customer number.
    pub customer_id: String,
    /// Name; may be empty.
    pub name: String,
    /// A key of [`ReasonCount::reason`].
    pub reason: String,
    /// Channel as the data name it.
    pub channel: String,
    /// What to offer or say; may be empty.
    pub offer: String,
    /// Value of the contact.
    pub value: i64,
}

/// What came in and what was wrong with it.
#[derive(Debug, Clone, Serialize, Default)]
pub struct DataQuality {
    /// Row arithmetic by source.
    pub sources: Vec<SourceRows>,
    /// Rejected rows by code.
    pub rejects: Vec<RejectCode>,
    /// Control totals compared.
    pub control_totals_checked: u64,
    /// Control totals that do not match.
    pub control_mismatches: Vec<ControlMismatch>,
    /// What arrived by branch and day, and what is open; absent where there are no branches.
    pub arrivals: Option<Arrivals>,
    /// Other remarks of the run, in the report's language.
    pub notices: Vec<String>,
}

/// What arrived of each branch on each day.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Arrivals {
    /// The days, `YYYY-MM-DD`.
    pub days: Vec<String>,
    /// The branches.
    pub branches: Vec<BranchArrivals>,
    /// Exceptions that are open, the gravest first.
    pub exceptions: Vec<OpenException>,
    /// What is held back, in the report's language.
    pub held: Vec<String>,
}

/// A branch's days.
#[derive(Debug, Clone, Serialize, Default)]
pub struct BranchArrivals {
    /// Branch.
    pub branch: String,
    /// One for each of the days.
    pub days: Vec<Arrival>,
}

/// What became of a branch's day.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Arrival {
    /// `ok`, `missing`, …: a status of the arrival grid.
    pub status: &'static str,
    /// Orders that arrived.
    pub orders: u64,
}

/// An exception somebody has to deal with.
#[derive(Debug, Clone, Serialize, Default)]
pub struct OpenException {
    /// What is wrong, in the report's language.
    pub what: String,
    /// The likeliest cause, in the report's language.
    pub cause: String,
    /// Whether it is an error.
    pub is_error: bool,
    /// Branch.
    pub branch: String,
    /// Who answers for it.
    pub owner: String,
    /// Day, `YYYY-MM-DD`, or nothing.
    pub day: String,
    /// How it stands.
    pub state: String,
    /// Age in days.
    pub age_days: u64,
    /// Amount it touches.
    pub amount: i64,
    /// Customers it touches.
    pub customers: u64,
}

/// `received = accepted + rejected + duplicate + superseded`; the report checks it.
#[derive(Debug, Clone, Serialize, Default)]
pub struct SourceRows {
    /// Source.
    pub source: String,
    /// Rows received.
    pub received: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows received twice.
    pub duplicate: u64,
    /// Rows replaced by a later version.
    pub superseded: u64,
}

/// Rejected rows with one code.
#[derive(Debug, Clone, Serialize, Default)]
pub struct RejectCode {
    /// Code.
    pub code: String,
    /// Rows.
    pub rows: u64,
    /// Where the example is (file and line).
    pub location: String,
    /// The example as received.
    pub example: String,
}

/// A control total that does not match.
#[derive(Debug, Clone, Serialize, Default)]
pub struct ControlMismatch {
    /// Branch.
    pub branch: String,
    /// Day.
    pub day: String,
    /// Total the branch announced.
    pub expected: i64,
    /// Total of the rows.
    pub actual: i64,
    /// `actual - expected`.
    pub difference: i64,
}

/// Method and provenance.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Footer {
    /// Definitions; when empty the report prints its own.
    pub definitions: Vec<Definition>,
    /// Settings worth knowing when reading the figures.
    pub settings: Vec<Setting>,
    /// Version of the program.
    pub program_version: String,
    /// Hash over the input files.
    pub input_manifest_hash: String,
}

/// One definition.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Definition {
    /// Term.
    pub term: String,
    /// What it means.
    pub text: String,
}

/// One setting.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Setting {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}
